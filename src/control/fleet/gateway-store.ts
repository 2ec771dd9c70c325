/** Queries on gateways, what they report and their attempts. */
import { type Insertable, sql } from 'kysely'
import type { Db, Tx } from '../store/database.ts'
import type { FleetTables } from '../store/tables/fleet.ts'
import { REVOKED } from './credentials.ts'
import type { Attempt, Gateway } from './gateway.ts'
import { attemptOf, attemptRowOf, type GatewayRow, gatewayOf, rowOf } from './records.ts'
import type { Reports } from './reports.ts'

/** Rows of one statement; SQLite takes 32,766 values at most. */
const ROWS_AT_ONCE = 250

export interface StoredGateway {
  gateway: Gateway
  attempts: Map<string, Attempt>
}

/** What is to be kept of one gateway. */
export interface Save {
  gateway: Gateway
  attempts: ReadonlyMap<string, Attempt>
  /** Hashes of attempts that were changed. */
  changed: Set<string>
  removed: Set<string>
  reports: Reports
  /** Set when a gateway is seen for the first time: from its registration token. */
  labels: string
  /** The command to restart was sent that was asked for then. */
  restartSent: number | null
}

export async function loadGateway(db: Db | Tx, org: string, uid: string): Promise<StoredGateway | undefined> {
  const row = await db
    .selectFrom('gateways')
    .selectAll()
    .where('org_id', '=', org)
    .where('uid', '=', uid)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { gateway: gatewayOf(row), attempts: await loadAttempts(db, org, uid) }
}

export async function loadAttempts(db: Db | Tx, org: string, uid: string): Promise<Map<string, Attempt>> {
  const rows = await db
    .selectFrom('gateway_attempts')
    .selectAll()
    .where('org_id', '=', org)
    .where('uid', '=', uid)
    .execute()
  return new Map(rows.map((row) => [row.hash, attemptOf(row)]))
}

export function loadReports(db: Db | Tx, org: string, uid: string) {
  return db
    .selectFrom('gateway_reports')
    .selectAll()
    .where('org_id', '=', org)
    .where('uid', '=', uid)
    .executeTakeFirst()
}

/** Up to `limit`, behind `after`, by uid. */
export function listGateways(
  db: Db | Tx,
  org: string,
  after: string | undefined,
  limit: number,
): Promise<GatewayRow[]> {
  let query = db.selectFrom('gateways').selectAll().where('org_id', '=', org).orderBy('uid').limit(limit)
  if (after !== undefined) query = query.where('uid', '>', after)
  return query.execute()
}

/** Version and result of attempts at `hashes`; by uid and hash. */
export async function attemptsOf(db: Db | Tx, org: string, uids: readonly string[]) {
  const byUid = new Map<string, Map<string, Pick<Attempt, 'hash' | 'version' | 'result'>>>()
  if (uids.length === 0) return byUid
  const rows = await db
    .selectFrom('gateway_attempts')
    .select(['uid', 'hash', 'version', 'result'])
    .where('org_id', '=', org)
    .where('uid', 'in', uids)
    .execute()
  for (const { uid, hash, version, result } of rows) {
    const attempts = byUid.get(uid) ?? new Map()
    byUid.set(uid, attempts.set(hash, { hash, version, result }))
  }
  return byUid
}

/** In one transaction, in the order of the keys, so that two controllers never wait for each other. */
export async function saveGateways(db: Db, saves: readonly Save[]): Promise<void> {
  const sorted = [...saves].sort((a, b) => (keyOf(a.gateway) < keyOf(b.gateway) ? -1 : 1))
  await db.transaction().execute(async (tx) => {
    for (const part of chunks(sorted)) await saveRows(tx, part)
    for (const part of chunks(sorted.flatMap(attemptRows))) await saveAttempts(tx, part)
    for (const { gateway, removed, restartSent, reports } of sorted) {
      const { org, uid } = gateway
      if (removed.size > 0)
        await tx
          .deleteFrom('gateway_attempts')
          .where('org_id', '=', org)
          .where('uid', '=', uid)
          .where('hash', 'in', [...removed])
          .execute()
      if (restartSent !== null)
        await tx
          .updateTable('gateways')
          .set({ restart_requested_at: null })
          .where('org_id', '=', org)
          .where('uid', '=', uid)
          .where('restart_requested_at', '<=', restartSent)
          .execute()
      await saveReports(tx, org, uid, reports)
    }
  })
}

/** Numbers and times of messages that have changed nothing else. */
export async function saveSeen(db: Db, gateways: readonly Gateway[]): Promise<void> {
  const sorted = [...gateways].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  for (const part of chunks(sorted)) {
    const values = part.map(({ org, uid, seq, lastSeenAt }) => {
      return sql`(${org}, ${uid}, ${seq === null ? null : String(seq)}, cast(${lastSeenAt} as bigint))`
    })
    await sql`with seen(org_id, uid, seq, at) as (values ${sql.join(values)})
      update gateways set seq = seen.seq, last_seen_at = seen.at from seen
      where gateways.org_id = seen.org_id and gateways.uid = seen.uid
        and gateways.last_seen_at <= seen.at`.execute(db)
  }
}

/** They have left this controller. One that another controller has by now stays as it is there. */
export async function saveGone(db: Db, gateways: readonly Gateway[]): Promise<void> {
  const sorted = [...gateways].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  for (const part of chunks(sorted)) {
    const values = part.map(({ org, uid, seq, lastSeenAt, connectedAt }) => {
      const numbers = sql`cast(${lastSeenAt} as bigint), cast(${connectedAt} as bigint)`
      return sql`(${org}, ${uid}, ${seq === null ? null : String(seq)}, ${numbers})`
    })
    await sql`with gone(org_id, uid, seq, at, connected_at) as (values ${sql.join(values)})
      update gateways set seq = gone.seq, last_seen_at = gone.at, connected_at = null from gone
      where gateways.org_id = gone.org_id and gateways.uid = gone.uid
        and gateways.connected_at = gone.connected_at`.execute(db)
  }
}

/** All that is known of it; its credentials stay, so that what is revoked stays so. */
export async function deleteGateway(tx: Tx, org: string, uid: string): Promise<void> {
  for (const table of ['gateway_attempts', 'gateway_reports', 'gateways'] as const)
    await tx.deleteFrom(table).where('org_id', '=', org).where('uid', '=', uid).execute()
}

async function saveRows(tx: Tx, saves: readonly Save[]): Promise<void> {
  const rows = saves.map(({ gateway, labels }) => ({
    ...rowOf(gateway),
    labels,
    name: null,
    configuration: gateway.configuration,
    touched_at: gateway.touchedAt,
    restart_requested_at: null,
  }))
  const { org_id: _, uid: __, first_seen_at: ___, ...changing } = rowOf(saves[0]!.gateway)
  const columns = Object.keys(changing) as (keyof typeof changing)[]
  await tx
    .insertInto('gateways')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['org_id', 'uid']).doUpdateSet((eb) => {
        const set = Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)]))
        // What a person has revoked in the meantime stays revoked.
        const holder = sql<string>`case when gateways.holder = ${REVOKED} then gateways.holder else excluded.holder end`
        return { ...set, holder }
      }),
    )
    .execute()
}

function attemptRows({ gateway, attempts, changed }: Save): Insertable<FleetTables['gateway_attempts']>[] {
  return [...changed].flatMap((hash) => {
    const attempt = attempts.get(hash)
    return attempt === undefined ? [] : [attemptRowOf(gateway.org, gateway.uid, attempt)]
  })
}

async function saveAttempts(tx: Tx, rows: Insertable<FleetTables['gateway_attempts']>[]): Promise<void> {
  const { org_id: _, uid: __, hash: ___, ...changing } = rows[0]!
  const columns = Object.keys(changing) as (keyof typeof changing)[]
  await tx
    .insertInto('gateway_attempts')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['org_id', 'uid', 'hash']).doUpdateSet((eb) => {
        return Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)]))
      }),
    )
    .execute()
}

async function saveReports(tx: Tx, org: string, uid: string, reports: Reports): Promise<void> {
  const { components, ...parts } = reports
  const texts = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, JSON.stringify(value)]))
  if (Object.keys(texts).length > 0) {
    await tx
      .insertInto('gateway_reports')
      .values({ org_id: org, uid, description: null, health: null, effective: null, ...texts })
      .onConflict((conflict) => conflict.columns(['org_id', 'uid']).doUpdateSet(texts))
      .execute()
  }
  if (components === undefined) return
  await tx
    .insertInto('gateway_components')
    .values({ org_id: org, hash: components.hash, tree: JSON.stringify(components.tree) })
    .onConflict((conflict) => conflict.columns(['org_id', 'hash']).doNothing())
    .execute()
}

export function keyOf({ org, uid }: Pick<Gateway, 'org' | 'uid'>): string {
  return `${org}/${uid}`
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / ROWS_AT_ONCE) }, (_, i) =>
    items.slice(i * ROWS_AT_ONCE, (i + 1) * ROWS_AT_ONCE),
  )
}
