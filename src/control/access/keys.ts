/** API keys: `sg_<id>_<secret>`. The organisation's own live until they are revoked, personal ones as long as their user. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Permission, Role } from '#contract/access.ts'
import { Problem } from '../api/problem.ts'
import type { ControlContext } from '../context.ts'
import type { Tx } from '../store/database.ts'
import type { AccessTables } from '../store/tables/access.ts'
import { writeAudit } from './audit.ts'
import { type Principal, permissionsOf } from './principal.ts'
import { hashOf, randomToken, TOUCH_EVERY_MS } from './sessions.ts'
import { grantsOf, principalOf } from './users.ts'

export const KEYS_MAX = 1000
const ID_BYTES = 8
const PATTERN = /^sg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

export type KeyRow = AccessTables['api_keys']

export interface NewKey {
  name: string
  role: Role
  grants: readonly Permission[]
  expires_at: number | null
  personal: boolean
}

/** Throws a `Problem`: a key may do no more than its maker, and only owners make keys that are nobody's. */
export async function addKey(
  tx: Tx,
  principal: Principal,
  { name, role, grants, expires_at, personal }: NewKey,
  now: number,
): Promise<{ key: string; row: KeyRow }> {
  const { org } = principal
  const beyond = [...permissionsOf(role, grants)].filter((permission) => !principal.permissions.has(permission))
  if (beyond.length > 0) throw new Problem(403, `a key may do no more than who makes it; you lack ${beyond.join(', ')}`)
  if (personal && principal.kind !== 'user') throw new Problem(422, 'only users have personal keys')
  if (!personal && !principal.permissions.has('admin')) throw new Problem(403, 'you may only make personal keys')
  if (expires_at !== null && expires_at <= now)
    throw new Problem(422, 'the key would have expired already', [
      { pointer: '/expires_at', detail: 'must be in the future' },
    ])
  const { count } = await tx
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  if (Number(count) >= KEYS_MAX) throw new Problem(422, `there are ${KEYS_MAX} keys already, which is the limit`)
  const secret = randomToken()
  const row: KeyRow = {
    org_id: org,
    id: randomBytes(ID_BYTES).toString('hex'),
    name,
    secret_hash: hashOf(secret),
    role,
    grants: JSON.stringify(grants),
    user_id: personal ? principal.id : null,
    created_by: principal.name,
    created_at: now,
    expires_at,
    last_used_at: null,
  }
  const added = await tx
    .insertInto('api_keys')
    .values(row)
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doNothing())
    .executeTakeFirst()
  if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0)
    throw new Problem(409, `there is a key "${name}" already`, [{ pointer: '/name', detail: 'is taken' }])
  return { key: `sg_${row.id}_${secret}`, row }
}

/** Whose key it is; undefined when it is none, has expired or was revoked, or its user may not come in any more. */
export async function principalOfKey(
  { db, clock }: ControlContext,
  key: string,
  via: string,
): Promise<Principal | undefined> {
  const [, id, secret] = PATTERN.exec(key) ?? []
  if (id === undefined || secret === undefined) return undefined
  const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined || !timingSafeEqual(Buffer.from(row.secret_hash), Buffer.from(hashOf(secret)))) return undefined
  const now = clock.wall()
  if (row.expires_at !== null && row.expires_at <= now) return undefined
  const role = row.role as Role
  let permissions = permissionsOf(role, grantsOf(row))
  if (row.user_id !== null) {
    const user = await db
      .selectFrom('users')
      .selectAll()
      .where('org_id', '=', row.org_id)
      .where('id', '=', row.user_id)
      .where('disabled', '=', 0)
      .executeTakeFirst()
    if (user === undefined) return undefined
    permissions = permissions.intersection(principalOf(user, via).permissions)
  }
  const principal: Principal = { org: row.org_id, kind: 'key', id, name: `key:${row.name}`, via, role, permissions }
  await noteUse(db, principal, row.last_used_at, now)
  return principal
}

/** Written down once a minute at most; the first time also in the audit log. */
async function noteUse(
  db: ControlContext['db'],
  principal: Principal,
  last: number | null,
  now: number,
): Promise<void> {
  const { org, id } = principal
  const ofKey = (tx: Pick<Tx, 'updateTable'>) =>
    tx.updateTable('api_keys').set({ last_used_at: now }).where('org_id', '=', org).where('id', '=', id)
  if (last !== null) {
    if (last <= now - TOUCH_EVERY_MS) await ofKey(db).execute()
    return
  }
  await db.transaction().execute(async (tx) => {
    const first = await ofKey(tx).where('last_used_at', 'is', null).executeTakeFirst()
    if (Number(first.numUpdatedRows) === 1)
      await writeAudit(tx, principal, now, { action: 'key.first_use', object: `keys/${id}` })
  })
}
