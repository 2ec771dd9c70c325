/** Alert rules as they are stored, each with its standing in the same row. */
import type { AlertRule, AlertRuleBody, Silence } from '#contract/alert.ts'
import type { Db, Tx } from '../store/database.ts'
import type { AlertTables } from '../store/tables/alerts.ts'
import { NEVER_EVALUATED, type Standing } from './evaluate.ts'
import { resolveEvent } from './events.ts'
import { notify } from './notices.ts'

export type RuleRow = AlertTables['alert_rules']

/** Who does something, and when (Unix milliseconds). */
export interface Doing {
  by: string
  at: number
}

export function listRules(db: Db, org: string, after: string | undefined, limit: number): Promise<RuleRow[]> {
  let query = db.selectFrom('alert_rules').selectAll().where('org_id', '=', org)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.orderBy('id').limit(limit).execute()
}

export function findRule(db: Db, org: string, id: string): Promise<RuleRow | undefined> {
  return db.selectFrom('alert_rules').selectAll().where('org_id', '=', org).where('id', '=', id).executeTakeFirst()
}

/** As `findRule`; nobody else changes or evaluates the rule before the transaction ends. */
export async function lockRule(tx: Tx, org: string, id: string): Promise<RuleRow | undefined> {
  await tx
    .updateTable('alert_rules')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .where('org_id', '=', org)
    .where('id', '=', id)
    .execute()
  return findRule(tx, org, id)
}

export async function countRules(db: Db, org: string): Promise<number> {
  const { count } = await db
    .selectFrom('alert_rules')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Undefined: there is one with this id. */
export async function insertRule(
  tx: Tx,
  org: string,
  id: string,
  body: AlertRuleBody,
  { by, at }: Doing,
): Promise<RuleRow | undefined> {
  const row: RuleRow = {
    org_id: org,
    id,
    definition: JSON.stringify(body),
    enabled: body.enabled ? 1 : 0,
    revision: 1,
    updated_at: at,
    updated_by: by,
    silence: null,
    standing: JSON.stringify(NEVER_EVALUATED),
    evaluated_to: null,
    event_id: null,
  }
  const result = await tx
    .insertInto('alert_rules')
    .values(row)
    .onConflict((conflict) => conflict.columns(['org_id', 'id']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1 ? row : undefined
}

/** `row` comes from `lockRule`. What is measured anew begins anew: an open event is resolved then. */
export async function replaceRule(tx: Tx, row: RuleRow, body: AlertRuleBody, { by, at }: Doing): Promise<RuleRow> {
  const before = definitionOf(row)
  const isSame = body.enabled === before.enabled && measured(body) === measured(before)
  if (!isSame) await closeEvent(tx, row, before, at, body.enabled ? 'rule_changed' : 'rule_disabled')
  const changed: RuleRow = {
    ...row,
    definition: JSON.stringify(body),
    enabled: body.enabled ? 1 : 0,
    updated_at: at,
    updated_by: by,
    ...(!isSame && { standing: JSON.stringify(NEVER_EVALUATED), evaluated_to: null, event_id: null }),
  }
  const { org_id, id, ...values } = changed
  await tx.updateTable('alert_rules').set(values).where('org_id', '=', org_id).where('id', '=', id).execute()
  return changed
}

/** `row` comes from `lockRule`. Its events stay. */
export async function deleteRule(tx: Tx, row: RuleRow, at: number): Promise<void> {
  await closeEvent(tx, row, definitionOf(row), at, 'rule_deleted')
  await tx.deleteFrom('alert_rules').where('org_id', '=', row.org_id).where('id', '=', row.id).execute()
}

export async function silenceRule(tx: Tx, row: RuleRow, silence: Silence | null): Promise<RuleRow> {
  const text = silence === null ? null : JSON.stringify(silence)
  await tx
    .updateTable('alert_rules')
    .set({ silence: text })
    .where('org_id', '=', row.org_id)
    .where('id', '=', row.id)
    .execute()
  return { ...row, silence: text }
}

export function definitionOf({ definition }: RuleRow): AlertRuleBody {
  return JSON.parse(definition)
}

export function standingOf({ standing }: RuleRow): Standing {
  return JSON.parse(standing)
}

/** Null: there is none at that time. */
export function silenceOf({ silence }: RuleRow, at: number): Silence | null {
  const it: Silence | null = silence === null ? null : JSON.parse(silence)
  return it !== null && it.until > at ? it : null
}

export function showRule(row: RuleRow, at: number): AlertRule {
  const { state, since, value } = standingOf(row)
  return {
    id: row.id,
    ...definitionOf(row),
    silence: silenceOf(row, at),
    status: { state, since, value, evaluated_to: row.evaluated_to, event: row.event_id },
    updated_at: row.updated_at,
    updated_by: row.updated_by,
  }
}

/** What the standing of a rule hangs on. */
function measured({ condition, scope, for_minutes, resolve_minutes, no_data }: AlertRuleBody): string {
  return JSON.stringify([condition, Object.entries(scope).sort(), for_minutes, resolve_minutes, no_data])
}

async function closeEvent(
  tx: Tx,
  { org_id, event_id }: RuleRow,
  rule: AlertRuleBody,
  at: number,
  by: 'rule_changed' | 'rule_disabled' | 'rule_deleted',
): Promise<void> {
  if (event_id === null) return
  const event = await resolveEvent(tx, org_id, event_id, at, by)
  if (event?.notified === 1) await notify(tx, rule, event, at)
}
