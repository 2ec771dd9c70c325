/** Users of an organisation. There is always one owner who can come in, once there has been one. */
import type { Permission, Role, User } from '#contract/access.ts'
import { uuidv7 } from '#std/uuid.ts'
import { Problem } from '../api/problem.ts'
import type { Db, Tx } from '../store/database.ts'
import { normaliseEmail } from './passwords.ts'
import { type Principal, permissionsOf } from './principal.ts'
import { closeSessions, type UserRow } from './sessions.ts'
import { dropTotp } from './totp.ts'

export const USERS_MAX = 10_000

export interface NewUser {
  email: string
  role: Role
  grants: readonly Permission[]
  passwordHash: string | null
}

/** Changes of an organisation's users wait for each other from here to the end of the transaction. */
export async function lockOrg(tx: Tx, org: string): Promise<void> {
  await tx.updateTable('orgs').set({ org_id: org }).where('org_id', '=', org).execute()
}

export async function hasUsers(db: Db, org: string): Promise<boolean> {
  return (await db.selectFrom('users').select('id').where('org_id', '=', org).limit(1).executeTakeFirst()) !== undefined
}

/** Throws a `Problem` when the address is taken, in whatever organisation. */
export async function addUser(tx: Tx, org: string, user: NewUser, now: number): Promise<UserRow> {
  const { count } = await tx
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  if (Number(count) >= USERS_MAX) throw new Problem(422, `there are ${USERS_MAX} users already, which is the limit`)
  const row: UserRow = {
    org_id: org,
    id: uuidv7(now),
    email: normaliseEmail(user.email),
    password_hash: user.passwordHash,
    role: user.role,
    grants: JSON.stringify(user.grants),
    disabled: 0,
    totp_sealed: null,
    totp_confirmed: 0,
    totp_last_step: 0,
    created_at: now,
    last_login_at: null,
  }
  const added = await tx
    .insertInto('users')
    .values(row)
    .onConflict((conflict) => conflict.column('email').doNothing())
    .executeTakeFirst()
  if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0) {
    throw new Problem(409, `there is a user ${row.email} already`, [{ pointer: '/email', detail: 'is taken' }])
  }
  return row
}

/** 404 for a user of another organisation. */
export async function userOf(db: Db, org: string, id: string): Promise<UserRow> {
  const row = await db.selectFrom('users').selectAll().where('org_id', '=', org).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem(404, `there is no user "${id}"`)
  return row
}

export interface UserChange {
  role?: Role | undefined
  grants?: readonly Permission[] | undefined
  disabled?: boolean | undefined
}

/** Throws a `Problem` for the last owner. The caller has locked the organisation before it read `user`. */
export async function changeUser(tx: Tx, user: UserRow, change: UserChange): Promise<UserRow> {
  const { org_id, id } = user
  const set = {
    role: change.role ?? user.role,
    grants: change.grants === undefined ? user.grants : JSON.stringify(change.grants),
    disabled: change.disabled === undefined ? user.disabled : Number(change.disabled),
  }
  const changed = { ...user, ...set }
  if (!isActiveOwner(changed)) await keepAnOwner(tx, user)
  await tx.updateTable('users').set(set).where('org_id', '=', org_id).where('id', '=', id).execute()
  if (changed.disabled === 1) await closeSessions(tx, org_id, id)
  return changed
}

/** With all that is theirs. */
export async function removeUser(tx: Tx, user: UserRow): Promise<void> {
  await keepAnOwner(tx, user)
  const { org_id, id } = user
  await closeSessions(tx, org_id, id)
  await dropTotp(tx, org_id, id)
  await tx.deleteFrom('api_keys').where('org_id', '=', org_id).where('user_id', '=', id).execute()
  await tx.deleteFrom('one_time_tokens').where('org_id', '=', org_id).where('user_id', '=', id).execute()
  await tx.deleteFrom('users').where('org_id', '=', org_id).where('id', '=', id).execute()
}

export function principalOf(user: UserRow, via: string): Principal {
  const { org_id: org, id, email: name } = user
  const role = user.role as Role
  return { org, kind: 'user', id, name, via, role, permissions: permissionsOf(role, grantsOf(user)) }
}

export function grantsOf({ grants }: { grants: string }): Permission[] {
  return JSON.parse(grants) as Permission[]
}

export function userBody(user: UserRow): User {
  return {
    id: user.id,
    email: user.email,
    role: user.role as Role,
    grants: grantsOf(user) as User['grants'],
    disabled: user.disabled === 1,
    totp: user.totp_confirmed === 1,
    invited: user.password_hash === null,
    created_at: user.created_at,
    last_login_at: user.last_login_at,
  }
}

/** What the entity tag of a user stands for: a login is no change. */
export function userState(user: UserRow): string {
  return JSON.stringify({ ...userBody(user), last_login_at: null })
}

async function keepAnOwner(tx: Tx, user: UserRow): Promise<void> {
  if (!isActiveOwner(user)) return
  const other = await tx
    .selectFrom('users')
    .select('id')
    .where('org_id', '=', user.org_id)
    .where('id', '!=', user.id)
    .where('role', '=', 'owner')
    .where('disabled', '=', 0)
    .where('password_hash', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  if (other === undefined) throw new Problem(409, `${user.email} is the last owner; make somebody else an owner first`)
}

/** Somebody who was only invited may never come. */
function isActiveOwner({ role, disabled, password_hash }: UserRow): boolean {
  return role === 'owner' && disabled === 0 && password_hash !== null
}
