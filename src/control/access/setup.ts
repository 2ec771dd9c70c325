/** One-time tokens: for the first owner of an organisation, and for users who set a (new) password. */
import { Problem } from '../api/problem.ts'
import type { ControlContext } from '../context.ts'
import { DEFAULT_ORG, type Tx } from '../store/database.ts'
import { writeAudit } from './audit.ts'
import { normaliseEmail, type Passwords, passwordComplaint } from './passwords.ts'
import { closeSessions, hashOf, type Origin, openSession, randomToken, type UserRow } from './sessions.ts'
import { takeCode } from './totp.ts'
import { addUser, hasUsers, lockOrg, principalOf } from './users.ts'

export const TOKEN_LIFE_MS = 24 * 60 * 60_000
/** Instead of a user: the token makes the first owner. */
const FIRST_OWNER = ''

/**
 * The link with which the first owner of the default organisation comes in, to be shown to whoever started the
 * controller; undefined when there is a user. One from before does not work any more. `address` is the API's, such as
 * `http://127.0.0.1:8000`.
 */
export async function firstAdminLink({ db, clock }: ControlContext, address: string): Promise<string | undefined> {
  return await db.transaction().execute(async (tx) => {
    await lockOrg(tx, DEFAULT_ORG)
    if (await hasUsers(tx, DEFAULT_ORG)) return undefined
    const { token } = await issueToken(tx, DEFAULT_ORG, FIRST_OWNER, clock.wall())
    return `${address}/setup#token=${token}`
  })
}

/** For an organisation that has no user yet. */
export function issueOwnerToken(tx: Tx, org: string, now: number): Promise<{ token: string; expires_at: number }> {
  return issueToken(tx, org, FIRST_OWNER, now)
}

/** Takes the place of an earlier one for the same user. */
export async function issueToken(
  tx: Tx,
  org_id: string,
  user_id: string,
  now: number,
): Promise<{ token: string; expires_at: number }> {
  const token = randomToken()
  const values = { token_hash: hashOf(token), expires_at: now + TOKEN_LIFE_MS }
  await tx
    .insertInto('one_time_tokens')
    .values({ org_id, user_id, ...values })
    .onConflict((conflict) => conflict.columns(['org_id', 'user_id']).doUpdateSet(values))
    .execute()
  return { token, expires_at: values.expires_at }
}

interface Setup {
  token: string
  email: string
  password: string
  code?: string | undefined
}

/** Uses a token up, sets the password and logs in. Throws a `Problem`: 422 for the password, 401 for the rest. */
export async function setUp(
  { db, clock, box }: ControlContext,
  passwords: Passwords,
  { token, email, password, code }: Setup,
  origin: Origin,
): Promise<{ token: string; user: UserRow }> {
  const now = clock.wall()
  const tokenHash = hashOf(token)
  const known = await db
    .selectFrom('one_time_tokens')
    .select('org_id')
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (known === undefined) throw notValid()
  const complaint = passwordComplaint(password, normaliseEmail(email))
  if (complaint !== undefined)
    throw new Problem(422, `the password ${complaint}`, [{ pointer: '/password', detail: complaint }])
  const passwordHash = await passwords.hash(password)
  return await db.transaction().execute(async (tx) => {
    await lockOrg(tx, known.org_id)
    // Of two who come at once, one finds it.
    const taken = await tx.deleteFrom('one_time_tokens').where('token_hash', '=', tokenHash).returningAll().execute()
    const row = taken[0]
    if (row === undefined) throw notValid()
    const user =
      row.user_id === FIRST_OWNER
        ? await firstOwner(tx, row.org_id, email, passwordHash, now)
        : await invited(tx, row, email, passwordHash)
    if (user.totp_confirmed === 1 && !(await takeCode(tx, box, user, code ?? '', now))) throw notValid()
    await tx
      .updateTable('users')
      .set({ last_login_at: now })
      .where('org_id', '=', user.org_id)
      .where('id', '=', user.id)
      .execute()
    const note = { action: 'user.set_up', object: `users/${user.id}`, detail: { address: origin.address } }
    await writeAudit(tx, principalOf(user, origin.via), now, note)
    return { token: await openSession(tx, user, origin, now), user }
  })
}

async function firstOwner(tx: Tx, org: string, email: string, passwordHash: string, now: number): Promise<UserRow> {
  if (await hasUsers(tx, org)) throw notValid()
  return await addUser(tx, org, { email, role: 'owner', grants: [], passwordHash }, now)
}

async function invited(
  tx: Tx,
  { org_id, user_id }: { org_id: string; user_id: string },
  email: string,
  passwordHash: string,
): Promise<UserRow> {
  const user = await tx
    .selectFrom('users')
    .selectAll()
    .where('org_id', '=', org_id)
    .where('id', '=', user_id)
    .where('disabled', '=', 0)
    .executeTakeFirst()
  if (user === undefined || user.email !== normaliseEmail(email)) throw notValid()
  const set = { password_hash: passwordHash }
  await tx.updateTable('users').set(set).where('org_id', '=', org_id).where('id', '=', user_id).execute()
  await closeSessions(tx, org_id, user_id)
  return { ...user, ...set }
}

function notValid(): Problem {
  return new Problem(401, 'the link does not work: it has been used or is too old, or was made for somebody else')
}
