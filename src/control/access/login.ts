/**
 * Logins. Whatever is wrong, the answer is the same and takes the same work; an account that does not exist is locked like
 * one that does.
 */
import type { ControlContext } from '../context.ts'
import { DEFAULT_ORG, type Tx } from '../store/database.ts'
import { type Attempt, admit, forgive, isNoted } from './attempts.ts'
import { writeAudit } from './audit.ts'
import { normaliseEmail, type Passwords } from './passwords.ts'
import { systemPrincipal } from './principal.ts'
import { type Origin, openSession, type UserRow } from './sessions.ts'
import { takeCode } from './totp.ts'
import { principalOf } from './users.ts'

export interface Credentials {
  email: string
  password: string
  code?: string | undefined
}

export type LoginOutcome =
  | { kind: 'in'; token: string; user: UserRow }
  | { kind: 'wrong' }
  | { kind: 'locked'; lockedMs: number }

export async function logIn(
  context: ControlContext,
  passwords: Passwords,
  credentials: Credentials,
  origin: Origin,
): Promise<LoginOutcome> {
  const { db, clock, box } = context
  const email = normaliseEmail(credentials.email)
  const attempt = await admit(context, email, origin.address)
  if ('lockedMs' in attempt) return { kind: 'locked', lockedMs: attempt.lockedMs }
  const found = await db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
  const fits = await passwords.verify(found?.password_hash ?? null, credentials.password)
  const now = clock.wall()
  return await db.transaction().execute(async (tx) => {
    const user = fits ? await stillThere(tx, found!) : undefined
    const isIn =
      user !== undefined && (user.totp_confirmed === 0 || (await takeCode(tx, box, user, credentials.code ?? '', now)))
    if (!isIn) {
      if (isNoted(attempt.failures)) await noteFailure(tx, found, attempt, origin, now)
      return { kind: 'wrong' }
    }
    await forgive(tx, attempt)
    await tx
      .updateTable('users')
      .set({ last_login_at: now })
      .where('org_id', '=', user.org_id)
      .where('id', '=', user.id)
      .execute()
    const note = { action: 'login', object: `users/${user.id}`, detail: { address: origin.address } }
    await writeAudit(tx, principalOf(user, origin.via), now, note)
    return { kind: 'in', token: await openSession(tx, user, origin, now), user }
  })
}

export type Proof = 'right' | 'wrong' | { lockedMs: number }

/**
 * Proves once more who is at the keyboard, before something that a stolen session must not be able to do. Counts as a login
 * that failed, unless all of it is right. With `code`, that of the second factor must be as well.
 */
export async function prove(
  context: ControlContext,
  passwords: Passwords,
  user: UserRow,
  { password, code }: { password: string; code?: string },
  address: string,
): Promise<Proof> {
  const { db, clock, box } = context
  const attempt = await admit(context, user.email, address)
  if ('lockedMs' in attempt) return attempt
  if (!(await passwords.verify(user.password_hash, password))) return 'wrong'
  return await db.transaction().execute(async (tx) => {
    if (code !== undefined && !(await takeCode(tx, box, user, code, clock.wall()))) return 'wrong'
    await forgive(tx, attempt)
    return 'right'
  })
}

/** As it is now: hashing took a while. */
async function stillThere(tx: Tx, { org_id, id, password_hash }: UserRow): Promise<UserRow | undefined> {
  return await tx
    .selectFrom('users')
    .selectAll()
    .where('org_id', '=', org_id)
    .where('id', '=', id)
    .where('password_hash', '=', password_hash)
    .where('disabled', '=', 0)
    .executeTakeFirst()
}

/** What was typed as an address may be a password: of an account that does not exist, nothing is written down. */
async function noteFailure(
  tx: Tx,
  user: UserRow | undefined,
  { failures }: Attempt,
  { address, via }: Origin,
  now: number,
): Promise<void> {
  const name = user?.email ?? 'unknown'
  const principal = { ...systemPrincipal, org: user?.org_id ?? DEFAULT_ORG, name, via }
  const object = user === undefined ? 'users' : `users/${user.id}`
  await writeAudit(tx, principal, now, { action: 'login.failed', object, detail: { address, failures } })
}
