/**
 * Sessions of people: a random token in a cookie, of which the store has the hash. The CSRF token is derived from it, so
 * that nobody can tell it who has not the cookie's value.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { uuidv7 } from '#std/uuid.ts'
import type { Db, Tx } from '../store/database.ts'
import type { AccessTables } from '../store/tables/access.ts'

export const SESSION_COOKIE = 'sg_session'
export const IDLE_MAX_MS = 12 * 60 * 60_000
export const LIFE_MAX_MS = 7 * 24 * 60 * 60_000
/** The use of a session or key is written down at most this often. */
export const TOUCH_EVERY_MS = 60_000
const SESSIONS_OF_USER_MAX = 32
const CLIENT_CHARACTERS_MAX = 256
const TOKEN_BYTES = 32

export type SessionRow = AccessTables['sessions']
export type UserRow = AccessTables['users']

/** Where a request came from. */
export interface Origin {
  address: string
  /** What the browser says it is. */
  client: string
  via: string
  /** Of the session that it has already; the login ends that one. */
  token: string | undefined
}

/** Opens a session; resolves to the token for the cookie. The oldest ones of a user who has too many end. */
export async function openSession(tx: Tx, user: UserRow, origin: Origin, now: number): Promise<string> {
  const { org_id, id: user_id } = user
  if (origin.token !== undefined) await closeSession(tx, origin.token)
  await tx
    .deleteFrom('sessions')
    .where('org_id', '=', org_id)
    .where('user_id', '=', user_id)
    .where((eb) => eb.or([eb('created_at', '<=', now - LIFE_MAX_MS), eb('used_at', '<=', now - IDLE_MAX_MS)]))
    .execute()
  const others = await tx
    .selectFrom('sessions')
    .select('token_hash')
    .where('org_id', '=', org_id)
    .where('user_id', '=', user_id)
    .orderBy('created_at', 'desc')
    .execute()
  const tooMany = others.slice(SESSIONS_OF_USER_MAX - 1).map(({ token_hash }) => token_hash)
  if (tooMany.length > 0) await tx.deleteFrom('sessions').where('token_hash', 'in', tooMany).execute()
  const token = randomToken()
  const client = origin.client.slice(0, CLIENT_CHARACTERS_MAX)
  const times = { created_at: now, used_at: now }
  const row = { token_hash: hashOf(token), org_id, id: uuidv7(now), user_id, ...times, address: origin.address, client }
  await tx.insertInto('sessions').values(row).execute()
  return token
}

/** The session and its user; undefined when it has ended, or the user may not come in any more. */
export async function findSession(
  db: Db,
  token: string,
  now: number,
): Promise<{ session: SessionRow; user: UserRow } | undefined> {
  const session = await db
    .selectFrom('sessions')
    .selectAll()
    .where('token_hash', '=', hashOf(token))
    .where('created_at', '>', now - LIFE_MAX_MS)
    .where('used_at', '>', now - IDLE_MAX_MS)
    .executeTakeFirst()
  if (session === undefined) return undefined
  const user = await db
    .selectFrom('users')
    .selectAll()
    .where('org_id', '=', session.org_id)
    .where('id', '=', session.user_id)
    .where('disabled', '=', 0)
    .executeTakeFirst()
  if (user === undefined) return undefined
  if (session.used_at <= now - TOUCH_EVERY_MS)
    await db.updateTable('sessions').set({ used_at: now }).where('token_hash', '=', session.token_hash).execute()
  return { session, user }
}

export async function closeSession(tx: Tx, token: string): Promise<void> {
  await tx.deleteFrom('sessions').where('token_hash', '=', hashOf(token)).execute()
}

/** All of a user but the one with `except`. */
export async function closeSessions(tx: Tx, org: string, userId: string, except = ''): Promise<void> {
  await tx
    .deleteFrom('sessions')
    .where('org_id', '=', org)
    .where('user_id', '=', userId)
    .where('id', '!=', except)
    .execute()
}

/** The newest first. `before`: the last one of the page before. */
export function sessionsOf(
  db: Db,
  org: string,
  userId: string,
  now: number,
  before: string | undefined,
  limit: number,
): Promise<SessionRow[]> {
  const query = db
    .selectFrom('sessions')
    .selectAll()
    .where('org_id', '=', org)
    .where('user_id', '=', userId)
    .where('created_at', '>', now - LIFE_MAX_MS)
    .where('used_at', '>', now - IDLE_MAX_MS)
  return (before === undefined ? query : query.where('id', '<', before)).orderBy('id', 'desc').limit(limit).execute()
}

export function sessionEnd({ created_at, used_at }: SessionRow): number {
  return Math.min(created_at + LIFE_MAX_MS, used_at + IDLE_MAX_MS)
}

/** `set-cookie` of a session; without a token: ends it. */
export function sessionCookie(token: string | undefined, secure: boolean): string {
  const life = token === undefined ? 0 : LIFE_MAX_MS / 1000
  const attributes = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${SESSION_COOKIE}=${token ?? ''}; ${attributes}`
}

/** Of the header `cookie` (RFC 6265, section 4.2.1). */
export function sessionTokenIn(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=')
    if (name === SESSION_COOKIE && /^[A-Za-z0-9_-]{43}$/.test(value ?? '')) return value
  }
  return undefined
}

export function csrfTokenOf(token: string): string {
  return createHmac('sha256', token).update('csrf').digest('base64url')
}

/** 256 bits. */
export function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** What the store has of a random token: nobody guesses 256 bits, so it needs no slow hash. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
