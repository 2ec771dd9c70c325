/**
 * What agents come with: registration tokens (`sgr_…`), credentials of their own (`sga_…`), client certificates, or nothing
 * where that is allowed. Only hashes are stored. A gateway's own secret is derived from its id with the controller's key, so
 * that complete connection settings can be offered again at any time.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Labels } from '#contract/fleet.ts'
import { Secret } from '#std/secret.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { ControlContext } from '../context.ts'
import { DEFAULT_ORG, type Tx } from '../store/database.ts'
import type { Gateway } from './gateway.ts'

export const TOKEN_PREFIX = 'sgr_'
export const CREDENTIAL_PREFIX = 'sga_'
const TOKEN_BYTES = 32
/** Of a token, to tell one from another. */
export const SHOWN_CHARACTERS = 10
const SECRET_CHARACTERS_MAX = 256

export interface AgentPrincipal {
  org: string
  /** See `Gateway.holder`. */
  holder: string
  /** Registration token that it came with, or that its credential came from. */
  tokenId: string | undefined
  /** The gateway that its credential was made for. */
  uid: string | undefined
  /** False: it may only speak for gateways that are known already. */
  mayRegister: boolean
  /** From the token. */
  configuration: string | null
  labels: Labels
}

export type AgentAuthority = Pick<ControlContext, 'db' | 'clock' | 'box'>

/** Where nothing is asked for. */
export const openAgent: AgentPrincipal = {
  org: DEFAULT_ORG,
  holder: 'open',
  tokenId: undefined,
  uid: undefined,
  mayRegister: true,
  configuration: null,
  labels: {},
}
/** Holder of a gateway whose credential was revoked: nobody speaks for it until it is forgotten. */
export const REVOKED = 'revoked'

/** Undefined: the secret is not valid, or not any more. */
export async function authenticateAgent(
  { db, clock }: AgentAuthority,
  secret: Secret,
): Promise<AgentPrincipal | undefined> {
  const text = secret.reveal()
  if (text.length > SECRET_CHARACTERS_MAX) return undefined
  const hash = hashOf(text)
  if (text.startsWith(TOKEN_PREFIX)) return tokenPrincipal({ db, clock }, hash)
  if (!text.startsWith(CREDENTIAL_PREFIX)) return undefined
  const row = await db.selectFrom('gateway_credentials').selectAll().where('hash', '=', hash).executeTakeFirst()
  if (row === undefined || row.revoked_at !== null) return undefined
  if (row.seen_at === null)
    await db.updateTable('gateway_credentials').set({ seen_at: clock.wall() }).where('hash', '=', hash).execute()
  const { org_id: org, uid } = row
  return { ...openAgent, org, uid, holder: `credential:${row.id}`, tokenId: row.token_id ?? undefined }
}

/** `subject`: of a certificate that the listener has verified. It belongs to the default organisation. */
export async function authenticateCertificate(
  { db }: AgentAuthority,
  subject: string,
): Promise<AgentPrincipal | undefined> {
  const hash = certificateHash(subject)
  const row = await db
    .selectFrom('gateway_credentials')
    .select('revoked_at')
    .where('hash', '=', hash)
    .executeTakeFirst()
  if (row !== undefined && row.revoked_at !== null) return undefined
  return { ...openAgent, holder: `certificate:${hash}` }
}

/**
 * True: this agent may speak for the gateway. A uid belongs to whoever came with it first; its own credential takes the place
 * of the registration token, and any credential that of none.
 */
export function mayClaim(gateway: Gateway, { holder, uid }: AgentPrincipal): boolean {
  if (gateway.holder === REVOKED) return false
  return gateway.holder === holder || gateway.holder === 'open' || gateway.uid === uid
}

/** Nobody speaks for this gateway any more until it is forgotten; its own credential is not valid ever again. */
export async function revokeGateway(tx: Tx, org: string, gateway: Gateway, at: number): Promise<void> {
  const [kind, id] = gateway.holder.split(':')
  if (kind === 'certificate') {
    const row = { hash: id!, org_id: org, id: id!, kind: 'certificate' as const, uid: gateway.uid, token_id: null }
    await tx
      .insertInto('gateway_credentials')
      .values({ ...row, created_at: at, seen_at: at, revoked_at: at })
      .onConflict((conflict) => conflict.column('hash').doUpdateSet({ revoked_at: at }))
      .execute()
  }
  await tx
    .updateTable('gateway_credentials')
    .set({ revoked_at: at })
    .where('org_id', '=', org)
    .where('uid', '=', gateway.uid)
    .where('revoked_at', 'is', null)
    .execute()
  await tx
    .updateTable('gateways')
    .set({ holder: REVOKED, touched_at: at })
    .where('org_id', '=', org)
    .where('uid', '=', gateway.uid)
    .execute()
}

/** The credential of this gateway, made when there is none. `tokenId`: registration token that it came with. */
export async function ownCredential(
  { db, clock, box }: AgentAuthority,
  org: string,
  uid: string,
  tokenId: string | undefined,
): Promise<Secret> {
  const existing = await db
    .selectFrom('gateway_credentials')
    .select('id')
    .where('org_id', '=', org)
    .where('uid', '=', uid)
    .where('kind', '=', 'bearer')
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  if (existing !== undefined) return secretOf(box, existing.id)
  const id = uuidv7(clock.wall())
  const secret = secretOf(box, id)
  const hash = hashOf(secret.reveal())
  const made = { hash, org_id: org, id, kind: 'bearer' as const, uid, token_id: tokenId ?? null }
  const times = { created_at: clock.wall(), seen_at: null, revoked_at: null }
  await db
    .insertInto('gateway_credentials')
    .values({ ...made, ...times })
    .execute()
  return secret
}

/** Counts a registration: a uid that came with the token for the first time. False: the token has no use left. */
export async function countUse({ db, clock }: AgentAuthority, org: string, tokenId: string): Promise<boolean> {
  const result = await db
    .updateTable('registration_tokens')
    .set((eb) => ({ uses: eb('uses', '+', 1), last_used_at: clock.wall() }))
    .where('org_id', '=', org)
    .where('id', '=', tokenId)
    .where((eb) => eb.or([eb('uses_max', 'is', null), eb('uses', '<', eb.ref('uses_max'))]))
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

export function newToken(): Secret {
  return new Secret(TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url'))
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function certificateHash(subject: string): string {
  return hashOf(`certificate\n${subject}`)
}

function secretOf(box: ControlContext['box'], id: string): Secret {
  return new Secret(
    CREDENTIAL_PREFIX + Buffer.from(box.fingerprint(`agent credential ${id}`), 'hex').toString('base64url'),
  )
}

/** A token that has expired or is used up stays good for the gateways that have nothing else. */
async function tokenPrincipal(
  { db, clock }: Pick<AgentAuthority, 'db' | 'clock'>,
  hash: string,
): Promise<AgentPrincipal | undefined> {
  const row = await db.selectFrom('registration_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
  if (row === undefined || row.revoked_at !== null) return undefined
  const { org_id: org, id, configuration } = row
  const labels: Labels = JSON.parse(row.labels)
  const principal = { ...openAgent, org, holder: `token:${id}`, tokenId: id, configuration, labels }
  const isExpired = row.expires_at !== null && row.expires_at <= clock.wall()
  const isUsedUp = row.uses_max !== null && row.uses >= row.uses_max
  if (!isExpired && !isUsedUp) return principal
  const user = await db
    .selectFrom('gateways')
    .select('uid')
    .where('org_id', '=', org)
    .where('holder', '=', principal.holder)
    .limit(1)
    .executeTakeFirst()
  return user === undefined ? undefined : { ...principal, mayRegister: false }
}
