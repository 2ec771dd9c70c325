/** Who comes in, with what, and what they may: logins, users, API keys, organisations, the audit log. */
import { z } from 'zod'
import { authModes, EMAIL_CHARACTERS_MAX, GRANTS_MAX, grantable, permissions, roles } from './permissions.ts'

export * from './permissions.ts'

export const role = z.enum(roles)
export const grant = z.enum(grantable)

/** Compared without regard to case and to forms of the same letter. */
const email = z
  .string()
  .max(EMAIL_CHARACTERS_MAX)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address')
/** Of a login: whatever it is, it is only compared. */
const typed = z.string().max(1024)
const code = z.string().max(64).optional().describe('Of the authenticator app, or a recovery code.')
const grants = z.array(grant).max(GRANTS_MAX).default([])
const at = z.number().describe('Unix milliseconds')

export const loginState = z
  .object({
    auth_mode: z.enum(authModes),
    has_users: z.boolean().describe('False: the first owner is yet to be made.'),
  })
  .meta({ id: 'LoginState' })
export const loginBody = z.strictObject({ email: typed, password: typed, code })
export const setupBody = z.strictObject({
  token: z.string().max(256).describe('From the link: what stands behind `#token=`.'),
  email,
  password: typed,
  code,
})

export const me = z
  .object({
    name: z.string(),
    kind: z.enum(['user', 'key', 'open', 'system']),
    role,
    permissions: z.array(z.enum(permissions)),
    org: z.string(),
    totp: z.boolean().describe('A second factor is asked for at the login.'),
    totp_required: z.boolean().describe('Nothing else can be done before a second factor is set up.'),
    csrf_token: z
      .string()
      .nullable()
      .describe('For the header `x-csrf-token` of every write with the cookie. Null: there is no session.'),
    auth_mode: z.enum(authModes),
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof me>

export const passwordChange = z.strictObject({ password: typed, new_password: typed })
export const passwordProof = z.strictObject({ password: typed })
export const totpProof = z.strictObject({ password: typed, code: z.string().max(64) })
export const totpEnrolment = z.object({
  uri: z.string().describe('`otpauth://totp/…`, for a QR code. Shown once.'),
  secret: z.string().describe('The same in base32, to type in.'),
})
export const totpConfirmation = z.strictObject({ code: z.string().max(64) })
export const recoveryCodes = z.object({ recovery_codes: z.array(z.string()).describe('Each works once. Shown once.') })

export const session = z
  .object({
    id: z.string(),
    created_at: at,
    used_at: at,
    expires_at: at,
    address: z.string(),
    client: z.string().describe('What the browser says it is.'),
    current: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof session>

export const user = z
  .object({
    id: z.string(),
    email: z.string(),
    role,
    grants: z.array(grant),
    disabled: z.boolean(),
    totp: z.boolean(),
    invited: z.boolean().describe('Has no password yet.'),
    created_at: at,
    last_login_at: at.nullable(),
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof user>

export const userAdded = z.strictObject({
  email,
  role,
  grants,
  password: typed.optional().describe('Without it the answer has a token with which the user sets one.'),
})
export type UserAdded = z.infer<typeof userAdded>
export const userChanged = z.strictObject({
  role: role.optional(),
  grants: z.array(grant).max(GRANTS_MAX).optional(),
  disabled: z.boolean().optional(),
})
export type UserChanged = z.infer<typeof userChanged>
/** A one-time token, for the link `/setup#token=…`. */
export const invitation = z.object({ token: z.string().describe('Shown once.'), expires_at: at })
export type Invitation = z.infer<typeof invitation>
export const userAddedAnswer = z.object({ user, invitation: invitation.nullable() })
export type UserAddedAnswer = z.infer<typeof userAddedAnswer>

export const apiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('How the key begins.'),
    role,
    grants: z.array(grant),
    personal: z.boolean().describe('Ends with its user, and may never do more than they.'),
    created_by: z.string(),
    created_at: at,
    expires_at: at.nullable(),
    last_used_at: at.nullable(),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof apiKey>
export const apiKeyAdded = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
      'must be 1 to 64 letters, digits or _ . : - and begin with one of the first',
    ),
  role,
  grants,
  expires_at: z.number().int().positive().nullable().default(null).describe('Unix milliseconds; null: never.'),
  personal: z.boolean().optional().describe("Only owners may make keys that are nobody's; for others it is true."),
})
export const apiKeyAddedAnswer = z.object({ key: z.string().describe('Shown once.'), api_key: apiKey })
export type ApiKeyAddedAnswer = z.infer<typeof apiKeyAddedAnswer>

export const org = z.object({ id: z.string(), name: z.string(), created_at: at }).meta({ id: 'Organisation' })
export type Organisation = z.infer<typeof org>
export const orgAdded = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 small letters, digits or - and begin with no -'),
  name: z.string().min(1).max(128),
})
export const orgAddedAnswer = z.object({ org, invitation })
export type OrganisationAddedAnswer = z.infer<typeof orgAddedAnswer>
export const accessSettings = z
  .strictObject({ require_totp: z.boolean().describe('Users without a second factor can only set one up.') })
  .meta({ id: 'AccessSettings' })
export type AccessSettings = z.infer<typeof accessSettings>

export const auditEntry = z
  .object({
    seq: z.number(),
    at,
    actor: z.string(),
    via: z.string(),
    action: z.string(),
    object: z.string(),
    detail: z.unknown(),
    reason: z.string().nullable(),
    previous_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof auditEntry>
export const auditVerified = z.object({
  entries: z.number().describe('That fit, from the first on.'),
  broken_at: z.number().nullable().describe('The first entry that does not fit; null: all do.'),
})
export type AuditVerified = z.infer<typeof auditVerified>
