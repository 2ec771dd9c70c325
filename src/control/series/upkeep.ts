/**
 * Rolls minutes up into hours, and deletes what is older than it is kept. One controller at a time does it. All of it
 * can be done again at any time: an hour is made anew from its minutes, not added to.
 */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Timer } from '#std/clock.ts'
import type { ControlContext } from '../context.ts'
import { takeLease } from '../lease.ts'
import type { Db, Tx } from '../store/database.ts'
import { gaugeColumns } from './counters.ts'
import { HOUR_MS } from './limits.ts'
import { configurationsIn, oldestAt } from './reading.ts'
import { type Retention, readRetention } from './retention.ts'
import { noteRolled, ROLLED_AGAIN_HOURS, rolledUntil } from './rolled.ts'
import { type TableKind, tables } from './rows.ts'

const EVERY_MS = 5 * 60_000
const LEASE_MS = 10 * 60_000
const LEASE = 'series'
/** An hour is rolled up when it has been over for so long: the last minutes have arrived then. */
const SETTLED_MS = 2 * 60_000
const MINUTES_DELETED_AT_ONCE = 30
const HOURS_DELETED_AT_ONCE = 24

export class SeriesUpkeep {
  readonly #context: Pick<ControlContext, 'db' | 'clock' | 'log'>
  readonly #holder = randomUUID()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor(context: Pick<ControlContext, 'db' | 'clock' | 'log'>) {
    this.#context = context
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#context
    try {
      if (await takeLease(this.#context, LEASE, this.#holder, LEASE_MS)) await keepUp(this.#context, () => this.#closed)
    } catch (error) {
      log.error({ error: String(error) }, 'the series could not be rolled up; trying again')
    }
    if (this.#closed) return
    this.#timer = clock.after(EVERY_MS, () => {
      this.#running = this.#run()
    })
  }
}

/** Rolls up what is due and deletes what is too old, in many short transactions. */
export async function keepUp(
  { db, clock }: Pick<ControlContext, 'db' | 'clock'>,
  isOver: () => boolean = () => false,
): Promise<void> {
  const now = clock.wall()
  for (const { org_id: org } of await db.selectFrom('series_baselines').select('org_id').distinct().execute()) {
    const retention = await readRetention(db, org)
    const until = await rollUp(db, org, now, isOver)
    if (isOver()) return
    // Minutes stay until they stand in an hour, also when nobody was there to roll them up.
    const minutesFrom = Math.min(now - retention.minute_hours * HOUR_MS, until - ROLLED_AGAIN_HOURS * HOUR_MS)
    await deleteOlder(db, org, 60, minutesFrom, MINUTES_DELETED_AT_ONCE * 60_000, isOver)
    await deleteOlder(db, org, 3600, hoursFrom(now, retention), HOURS_DELETED_AT_ONCE * HOUR_MS, isOver)
    await db
      .deleteFrom('series_baselines')
      .where('org_id', '=', org)
      .where('seen_at', '<', hoursFrom(now, retention))
      .execute()
  }
}

const hourOf = (ms: number) => Math.floor(ms / HOUR_MS) * HOUR_MS
const hoursFrom = (now: number, { hour_days }: Retention) => now - hour_days * 24 * HOUR_MS

/** Returns the end of the last hour that is rolled up. */
async function rollUp(db: Db, org: string, now: number, isOver: () => boolean): Promise<number> {
  const until = hourOf(now - SETTLED_MS)
  const before = await rolledUntil(db, org)
  if (before >= until) return before
  const again = before - ROLLED_AGAIN_HOURS * HOUR_MS
  for (const kind of Object.keys(tables) as TableKind[])
    for (const configuration of await configurationsIn(db, org, tables[kind].table)) {
      const { table } = tables[kind]
      const next = (from: number) => oldestAt(db, org, configuration, 60, table, from)
      for (let at = await next(again); at !== undefined && hourOf(at) < until; at = await next(hourOf(at) + HOUR_MS)) {
        const hour = hourOf(at)
        if (isOver()) return before
        await db.transaction().execute((tx) => rollHour(tx, org, configuration, kind, hour))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  await noteRolled(db, org, until)
  return until
}

/** Of gauges the highest minute stays. */
async function rollHour(tx: Tx, org: string, configuration: string, kind: TableKind, at: number): Promise<void> {
  const { table, names, values } = tables[kind]
  const refs = (list: readonly string[]) => sql.join(list.map((name) => sql.ref(name)))
  const type = sql.raw(kind === 'estimates' ? 'double precision' : 'bigint')
  const sums = values.map((name) => {
    const isGauge = (gaugeColumns as readonly string[]).includes(name)
    return sql`CAST(${isGauge ? sql`max` : sql`sum`}(${sql.ref(name)}) AS ${name === 'samples' ? sql`bigint` : type})`
  })
  const key = ['org_id', 'configuration', 'step', 'at', ...names]
  const set = sql.join(values.map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`))
  await sql`INSERT INTO ${sql.table(table)} (${refs([...key, ...values])})
    SELECT org_id, configuration, 3600, ${sql.lit(at)}, ${refs(names)}, ${sql.join(sums)} FROM ${sql.table(table)}
    WHERE org_id = ${org} AND configuration = ${configuration} AND step = 60
    AND at >= ${at} AND at < ${at + HOUR_MS}
    GROUP BY org_id, configuration, ${refs(names)}
    ON CONFLICT (${refs(key)}) DO UPDATE SET ${set}`.execute(tx)
}

/** A piece of time after the other, so that no transaction is long. */
async function deleteOlder(
  db: Db,
  org: string,
  step: 60 | 3600,
  before: number,
  atOnceMs: number,
  isOver: () => boolean,
): Promise<void> {
  for (const { table } of Object.values(tables))
    for (const configuration of await configurationsIn(db, org, table)) {
      for (let from = await oldestAt(db, org, configuration, step, table, 0); from !== undefined && from < before; ) {
        if (isOver()) return
        await sql`DELETE FROM ${sql.table(table)} WHERE org_id = ${org} AND configuration = ${configuration}
          AND step = ${step} AND at < ${Math.min(from + atOnceMs, before)}`.execute(db)
        await new Promise((resolve) => setImmediate(resolve))
        from = await oldestAt(db, org, configuration, step, table, from)
      }
    }
}
