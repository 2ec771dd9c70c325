/**
 * Evaluates the rules of all organisations once a minute. Of several controllers the one with the lease does it; and should two
 * ever believe that they have it, a rule's row says which minute comes next, so that only one of them goes on from there.
 */
import type { Timer } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { ControlContext } from '../context.ts'
import { takeLease } from '../lease.ts'
import type { Tx } from '../store/database.ts'
import { type Evaluation, evaluate, type Standing, type Transition } from './evaluate.ts'
import { type EventRow, findEvent, insertEvent, markNotified, resolveEvent } from './events.ts'
import { notify } from './notices.ts'
import { lookbackMinutes, type Observations, pointsOf, watchesGateways } from './points.ts'
import { definitionOf, type RuleRow, silenceOf, standingOf } from './rules.ts'
import { SharedReader } from './shared-reader.ts'
import { type AlertSource, MINUTE_MS } from './source.ts'
import { watchDeadLetters } from './watch-dead-letters.ts'
import { watchGateways } from './watch-gateways.ts'

const TICK_MS = 10_000
const LEASE = 'alerts'
const LEASE_MS = 3 * TICK_MS
/** Gateways report every 10 seconds: a minute is complete so long after its end. */
export const SETTLE_MS = 20_000
/** Minutes that were missed are made up for so far back. */
export const CATCH_UP_MS = 24 * 60 * MINUTE_MS
const RULES_AT_ONCE = 500

export type AlertingContext = Pick<ControlContext, 'db' | 'clock' | 'log'>

export class Alerting {
  readonly #context: AlertingContext
  readonly #source: AlertSource
  readonly #holder: string
  #timer: Timer | undefined
  #running: Promise<unknown> = Promise.resolve()
  #isStopped = true

  /** `holder`: names this controller among those of the database. */
  constructor(context: AlertingContext, source: AlertSource, holder: string) {
    this.#context = context
    this.#source = source
    this.#holder = holder
  }

  start(): void {
    this.#isStopped = false
    this.#schedule()
  }

  /** Resolves when nothing runs any more; another controller may go on at once. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#running
    const { db, log } = this.#context
    await db
      .deleteFrom('leases')
      .where('name', '=', LEASE)
      .where('holder', '=', this.#holder)
      .execute()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'the lease of the alerts could not be given back'))
  }

  /** Returns how many rules were evaluated: 0 where another controller does it. Rejects when the store fails. */
  async evaluateDue(): Promise<number> {
    const { db, clock } = this.#context
    if (!(await takeLease(this.#context, LEASE, this.#holder, LEASE_MS))) return 0
    const to = Math.floor((clock.wall() - SETTLE_MS) / MINUTE_MS) * MINUTE_MS
    await watchDeadLetters(this.#context, this.#source, to, CATCH_UP_MS)
    await watchGateways(this.#context, this.#source)
    let evaluated = 0
    let after: { org_id: string; id: string } | undefined
    for (;;) {
      const rows = await dueRules(db, to, after)
      for (const [org, rules] of Map.groupBy(rows, ({ org_id }) => org_id))
        evaluated += await this.#evaluateOrg(org, rules, to)
      after = rows.at(-1)
      if (rows.length < RULES_AT_ONCE) return evaluated
    }
  }

  #schedule(): void {
    this.#timer = this.#context.clock.after(TICK_MS, () => {
      this.#running = this.evaluateDue()
        .catch((error: unknown) => {
          this.#context.log.error(
            { error: String(error) },
            'alerts could not be evaluated; what was missed is made up for',
          )
        })
        .finally(() => {
          if (!this.#isStopped) this.#schedule()
        })
    })
  }

  async #evaluateOrg(org: string, rows: readonly RuleRow[], to: number): Promise<number> {
    const reader = new SharedReader(this.#source, org, to)
    const found: { row: RuleRow; evaluation: Evaluation }[] = []
    for (const row of rows) {
      try {
        found.push({ row, evaluation: await evaluateRow(row, reader, to) })
      } catch (error) {
        this.#context.log.error({ org, rule: row.id, error: String(error) }, 'an alert rule could not be evaluated')
      }
    }
    const { db, clock } = this.#context
    let kept = 0
    await db.transaction().execute(async (tx) => {
      for (const { row, evaluation } of found) if (await keep(tx, row, evaluation, to, clock.wall())) kept++
    })
    return kept
  }
}

function dueRules(db: AlertingContext['db'], to: number, after: { org_id: string; id: string } | undefined) {
  let query = db
    .selectFrom('alert_rules')
    .selectAll()
    .where('enabled', '=', 1)
    .where((eb) => eb.or([eb('evaluated_to', 'is', null), eb('evaluated_to', '<', to)]))
  if (after !== undefined) {
    const { org_id, id } = after
    query = query.where((eb) =>
      eb.or([eb('org_id', '>', org_id), eb.and([eb('org_id', '=', org_id), eb('id', '>', id)])]),
    )
  }
  return query.orderBy('org_id').orderBy('id').limit(RULES_AT_ONCE).execute()
}

async function evaluateRow(row: RuleRow, reader: SharedReader, to: number): Promise<Evaluation> {
  const rule = definitionOf(row)
  const from = Math.max(row.evaluated_to ?? to - MINUTE_MS, to - CATCH_UP_MS)
  const observations: Observations = watchesGateways(rule.condition)
    ? { minutes: [], gateways: await reader.gateways() }
    : { minutes: await reader.minutes(rule.scope, from - lookbackMinutes(rule.condition) * MINUTE_MS), gateways: [] }
  return evaluate(rule, pointsOf(rule, observations, from, to), standingOf(row), to - MINUTE_MS)
}

/** False: somebody has changed or evaluated it in the meantime, and nothing was done. */
async function keep(tx: Tx, row: RuleRow, evaluation: Evaluation, to: number, now: number): Promise<boolean> {
  const { transitions, ...standing } = evaluation
  const steps = eventsOf(row, transitions)
  const open = steps.length === 0 ? row.event_id : (steps.at(-1)!.opened?.id ?? null)
  if (!(await advance(tx, row, standing, open, to))) return false
  const rule = definitionOf(row)
  const isSilent = silenceOf(row, now) !== null
  for (const { opened, resolved } of steps) {
    if (opened !== undefined) await insertEvent(tx, { ...opened, notified: isSilent ? 0 : 1 })
    if (opened !== undefined && !isSilent) await notify(tx, rule, opened, now)
    if (resolved === undefined) continue
    const event = await resolveEvent(tx, row.org_id, resolved.id, resolved.at, 'condition')
    // Who was not told that it fired is not told that it ended.
    if (event?.notified === 1) await notify(tx, rule, event, now)
  }
  if (open !== null && open === row.event_id && !isSilent) await tellLate(tx, row, open, now)
  return true
}

/** A silence has ended and the rule still fires. */
async function tellLate(tx: Tx, row: RuleRow, id: string, now: number): Promise<void> {
  const event = await findEvent(tx, row.org_id, id)
  if (event === undefined || event.notified === 1) return
  await markNotified(tx, row.org_id, id)
  await notify(tx, definitionOf(row), event, now)
}

interface Step {
  opened?: EventRow
  resolved?: { id: string; at: number }
}

function eventsOf(row: RuleRow, transitions: readonly Transition[]): Step[] {
  let open = row.event_id
  const steps: Step[] = []
  for (const transition of transitions) {
    if (transition.kind === 'fired') {
      const opened = eventFor(row, transition)
      open = opened.id
      steps.push({ opened })
    } else {
      steps.push(open === null ? {} : { resolved: { id: open, at: transition.at } })
      open = null
    }
  }
  return steps
}

function eventFor(row: RuleRow, { at, value, cause, subjects }: Extract<Transition, { kind: 'fired' }>): EventRow {
  const { name, severity, condition } = definitionOf(row)
  return {
    org_id: row.org_id,
    id: uuidv7(at),
    rule: row.id,
    rule_name: name,
    kind: condition.kind,
    severity,
    cause,
    value,
    subjects: JSON.stringify(subjects),
    started_at: at,
    resolved_at: null,
    resolved_by: null,
    notified: 0,
    acknowledged_at: null,
    acknowledged_by: null,
    acknowledged_note: null,
  }
}

/** The row says where it was read; whoever comes second changes nothing. */
async function advance(tx: Tx, row: RuleRow, standing: Standing, event: string | null, to: number): Promise<boolean> {
  let query = tx
    .updateTable('alert_rules')
    .set({ standing: JSON.stringify(standing), evaluated_to: to, event_id: event })
    .where('org_id', '=', row.org_id)
    .where('id', '=', row.id)
    .where('revision', '=', row.revision)
  query =
    row.evaluated_to === null
      ? query.where('evaluated_to', 'is', null)
      : query.where('evaluated_to', '=', row.evaluated_to)
  return Number((await query.executeTakeFirst()).numUpdatedRows) === 1
}
