/** Roles and permissions. A role brings permissions; `publish` and `tap:raw` are granted beside it, one by one. */
import { z } from 'zod'

export const permissions = [
  /** One's own name, password, second factor, sessions and keys. Every role has it. */
  'self',
  /** Look at everything but records and secrets. */
  'read',
  /** Look at records, redacted: taps, samples, dead letters. */
  'tap',
  /** Look at records as they came. */
  'tap:raw',
  /** Change drafts, prices, alerts. */
  'edit',
  /** Put a version to work. */
  'publish',
  /** Restart gateways, retry, replay. */
  'operate',
  /** Users, keys, secrets, settings. */
  'admin',
] as const
export type Permission = (typeof permissions)[number]

export const roles = ['viewer', 'operator', 'editor', 'owner'] as const
export type Role = (typeof roles)[number]

/** What may be granted to anybody beside their role. */
export const grantable = ['publish', 'tap:raw'] as const satisfies readonly Permission[]

export const rolePermissions: Record<Role, readonly Permission[]> = {
  viewer: ['self', 'read'],
  operator: ['self', 'read', 'tap', 'operate'],
  editor: ['self', 'read', 'tap', 'edit'],
  owner: permissions,
}

export const role = z.enum(roles)
export const grant = z.enum(grantable)

export const PASSWORD_CHARACTERS_MIN = 12
export const PASSWORD_CHARACTERS_MAX = 256
export const EMAIL_CHARACTERS_MAX = 254
export const GRANTS_MAX = grantable.length

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

export const authModes = ['open', 'required'] as const
export type AuthMode = (typeof authModes)[number]

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
export const userChanged = z.strictObject({
  role: role.optional(),
  grants: z.array(grant).max(GRANTS_MAX).optional(),
  disabled: z.boolean().optional(),
})
/** A one-time token, for the link `/setup#token=…`. */
export const invitation = z.object({ token: z.string().describe('Shown once.'), expires_at: at })
export const userAddedAnswer = z.object({ user, invitation: invitation.nullable() })

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

export const org = z.object({ id: z.string(), name: z.string(), created_at: at }).meta({ id: 'Organisation' })
export const orgAdded = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 small letters, digits or - and begin with no -'),
  name: z.string().min(1).max(128),
})
export const orgAddedAnswer = z.object({ org, invitation })
export const accessSettings = z
  .strictObject({ require_totp: z.boolean().describe('Users without a second factor can only set one up.') })
  .meta({ id: 'AccessSettings' })

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
