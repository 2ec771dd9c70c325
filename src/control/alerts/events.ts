/** What rules have made: firing and resolved, newest first. */
import type { AlertEvent } from '#contract/alert.ts'
import type { Db, Tx } from '../store/database.ts'
import type { AlertTables } from '../store/tables/alerts.ts'

export type EventRow = AlertTables['alert_events']

/** For each organisation; the oldest resolved ones go first. */
export const ALERT_EVENTS_MAX = 10_000

export interface EventFilter {
  state: 'firing' | 'resolved' | undefined
  rule: string | undefined
  /** Id of the last one of the page before. */
  before: string | undefined
}

export function listEvents(db: Db, org: string, filter: EventFilter, limit: number): Promise<EventRow[]> {
  let query = db.selectFrom('alert_events').selectAll().where('org_id', '=', org)
  if (filter.state === 'firing') query = query.where('resolved_at', 'is', null)
  if (filter.state === 'resolved') query = query.where('resolved_at', 'is not', null)
  if (filter.rule !== undefined) query = query.where('rule', '=', filter.rule)
  if (filter.before !== undefined) query = query.where('id', '<', filter.before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export function findEvent(db: Db, org: string, id: string): Promise<EventRow | undefined> {
  return db.selectFrom('alert_events').selectAll().where('org_id', '=', org).where('id', '=', id).executeTakeFirst()
}

export async function insertEvent(tx: Tx, event: EventRow): Promise<void> {
  await tx.insertInto('alert_events').values(event).execute()
  const { org_id: org } = event
  const { count } = await tx
    .selectFrom('alert_events')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  const surplus = Number(count) - ALERT_EVENTS_MAX
  if (surplus <= 0) return
  const old = tx
    .selectFrom('alert_events')
    .select('id')
    .where('org_id', '=', org)
    .where('resolved_at', 'is not', null)
    .orderBy('id')
    .limit(surplus)
  await tx.deleteFrom('alert_events').where('org_id', '=', org).where('id', 'in', old).execute()
}

/** Undefined: it is gone, or was resolved already. */
export async function resolveEvent(
  tx: Tx,
  org: string,
  id: string,
  at: number,
  by: NonNullable<AlertEvent['resolved_by']>,
): Promise<EventRow | undefined> {
  const result = await tx
    .updateTable('alert_events')
    .set({ resolved_at: at, resolved_by: by })
    .where('org_id', '=', org)
    .where('id', '=', id)
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1 ? findEvent(tx, org, id) : undefined
}

export async function markNotified(tx: Tx, org: string, id: string): Promise<void> {
  await tx.updateTable('alert_events').set({ notified: 1 }).where('org_id', '=', org).where('id', '=', id).execute()
}

/** The first who does so stays. False: somebody has, or it is gone. */
export async function acknowledgeEvent(
  tx: Tx,
  org: string,
  id: string,
  { at, by, note }: { at: number; by: string; note: string },
): Promise<boolean> {
  const result = await tx
    .updateTable('alert_events')
    .set({ acknowledged_at: at, acknowledged_by: by, acknowledged_note: note })
    .where('org_id', '=', org)
    .where('id', '=', id)
    .where('acknowledged_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

export function showEvent(row: EventRow): AlertEvent {
  const { id, rule, rule_name, kind, severity, cause, value, started_at, resolved_at, resolved_by } = row
  const acknowledged =
    row.acknowledged_at === null
      ? null
      : { at: row.acknowledged_at, by: row.acknowledged_by ?? '', note: row.acknowledged_note ?? '' }
  return {
    id,
    rule,
    rule_name,
    kind,
    severity: severity as AlertEvent['severity'],
    state: resolved_at === null ? 'firing' : 'resolved',
    cause: cause as AlertEvent['cause'],
    value,
    subjects: JSON.parse(row.subjects),
    started_at,
    resolved_at,
    resolved_by: resolved_by as AlertEvent['resolved_by'],
    silenced: row.notified === 0,
    acknowledged,
  }
}
