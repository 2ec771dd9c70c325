/**
 * Observations out of the series by minute. Those have no row where nothing happened: a minute without one is known to be quiet
 * when a run of a gateway has lasted over it, since its counters cover it then, and unknown otherwise.
 */
import { type RawBuilder, sql } from 'kysely'
import type { AlertScope } from '#contract/alert.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { Db } from '../store/database.ts'
import { type AlertSource, type GatewayObservation, MINUTE_MS, type MinuteObservation, matches } from './source.ts'

const STEP_SECONDS = 60

/** What gateways have said last, of those that talk to this controller: `LiveStats` of the series is one. */
export interface LiveBooks {
  list(org: string): { gateway: string; configuration: string; stats: NodeStats }[]
}

/** Without it, pipelines in the state `hold` or `bypass` are seen by the bytes that they bypass only. */
interface Options {
  live?: LiveBooks | undefined
  gateways: (org: string) => Promise<GatewayObservation[]>
}

export class StoredSource implements AlertSource {
  readonly #db: Db
  readonly #live: LiveBooks | undefined
  readonly gateways: (org: string) => Promise<GatewayObservation[]>
  constructor(db: Db, { live, gateways }: Options) {
    this.#db = db
    this.#live = live
    this.gateways = gateways
  }

  async minutes(org: string, scope: AlertScope, from: number, to: number): Promise<MinuteObservation[]> {
    const range: Range = { org, from, to }
    const uids = scope.gateway === undefined ? undefined : await this.#uidsOf(org, scope)
    const flow = await (uids === undefined ? this.#pipelines(range, scope) : this.#gatewayFlow(range, scope, uids))
    const outputs = uids === undefined && scope.pipeline === undefined ? await this.#outputs(range, scope) : undefined
    const flowAt = new Map(flow.map((row) => [row.at, row]))
    const outputsAt = new Map(outputs?.map((row) => [row.at, row]))
    // Mostly there is something in each minute, and of a large fleet the runs are many.
    const isComplete = flow.length * MINUTE_MS === to - from
    const runs = isComplete ? [] : await this.#runs(range, uids)
    const held = scope.gateway === undefined ? this.#heldAt(org, scope) : () => false
    const minutes: MinuteObservation[] = []
    for (let at = from; at < to; at += MINUTE_MS) {
      const [through, out] = [flowAt.get(at), outputsAt.get(at)]
      const isKnown = through !== undefined || out !== undefined || covers(runs, at)
      if (!isKnown) continue
      minutes.push({
        at,
        in: { records: through?.in_records ?? 0, bytes: through?.in_bytes ?? 0 },
        out: { records: through?.out_records ?? 0, bytes: through?.out_bytes ?? 0 },
        bypassedBytes: through?.bypassed_bytes ?? 0,
        held: held(at),
        spoolBytes: outputs === undefined ? null : (out?.spool_bytes ?? 0),
        deadLetters: outputs === undefined ? null : (out?.rejected_records ?? 0),
        lost: outputs === undefined ? null : (out?.lost_records ?? 0),
      })
    }
    return minutes
  }

  async #uidsOf(org: string, scope: AlertScope): Promise<string[]> {
    const gateways = await this.gateways(org)
    return gateways.filter(({ name }) => matches(scope.gateway, name)).map(({ uid }) => uid)
  }

  async #pipelines(range: Range, scope: AlertScope): Promise<Flow[]> {
    const rowsOf = await this.#rowsOf('series_pipelines', 'pipeline', range, scope.configuration, by(scope.pipeline))
    if (rowsOf === undefined) return []
    const { rows } = await sql<Flow>`SELECT at, ${total('in_records')} AS in_records, ${total('in_bytes')} AS in_bytes,
      ${total('forwarded_records')} AS out_records, ${total('forwarded_bytes')} AS out_bytes,
      ${total('bypassed_bytes')} AS bypassed_bytes
      FROM series_pipelines WHERE ${rowsOf} GROUP BY at`.execute(this.#db)
    return rows
  }

  async #gatewayFlow(range: Range, scope: AlertScope, uids: readonly string[]): Promise<Flow[]> {
    const wanted = new Set(uids)
    const rowsOf = await this.#rowsOf('series_gateways', 'gateway', range, scope.configuration, (uid) =>
      wanted.has(uid),
    )
    if (rowsOf === undefined) return []
    const { rows } = await sql<Flow>`SELECT at, ${total('in_records')} AS in_records, ${total('in_bytes')} AS in_bytes,
      ${total('out_records')} AS out_records, ${total('out_bytes')} AS out_bytes, 0 AS bypassed_bytes
      FROM series_gateways WHERE ${rowsOf} GROUP BY at`.execute(this.#db)
    return rows
  }

  async #outputs(range: Range, scope: AlertScope): Promise<Outputs[]> {
    const rowsOf = await this.#rowsOf('series_outputs', 'output', range, scope.configuration, by(scope.output))
    if (rowsOf === undefined) return []
    const { rows } =
      await sql<Outputs>`SELECT at, ${total('spool_bytes')} AS spool_bytes, ${total('rejected_records')} AS rejected_records,
      CAST(sum(overwritten_records + expired_records + lost_records) AS bigint) AS lost_records
      FROM series_outputs WHERE ${rowsOf} GROUP BY at`.execute(this.#db)
    return rows
  }

  /**
   * Patterns become the names that they match: databases differ in what LIKE means. Undefined: nothing matches. The key of the
   * series begins with the configuration, so it is always named.
   */
  async #rowsOf(
    table: Table,
    column: 'pipeline' | 'output' | 'gateway',
    { org, from, to }: Range,
    configuration: string | undefined,
    isWanted: ((name: string) => boolean) | undefined,
  ): Promise<RawBuilder<unknown> | undefined> {
    const configurations = (await this.#configurations(table, org)).filter((it) => matches(configuration, it))
    if (configurations.length === 0) return undefined
    const range = sql`org_id = ${org} AND configuration IN (${sql.join(configurations)}) AND step = ${STEP_SECONDS}
      AND at >= ${from} AND at < ${to}`
    if (isWanted === undefined) return range
    const { rows } = await sql<{ name: string }>`SELECT DISTINCT ${sql.ref(column)} AS name FROM ${sql.table(table)}
      WHERE ${range}`.execute(this.#db)
    const names = rows.map((row) => row.name).filter(isWanted)
    if (names.length === 0) return undefined
    if (names.length === rows.length) return range
    return sql`${range} AND ${sql.ref(column)} IN (${sql.join(names.slice(0, NAMES_MAX))})`
  }

  /** Jumps from one to the next in the key, over all of their rows. */
  async #configurations(table: Table, org: string): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`WITH RECURSIVE found(name) AS (
      SELECT min(configuration) FROM ${sql.table(table)} WHERE org_id = ${org}
      UNION ALL
      SELECT (SELECT min(configuration) FROM ${sql.table(table)} WHERE org_id = ${org} AND configuration > found.name)
        FROM found WHERE found.name IS NOT NULL
    ) SELECT name FROM found WHERE name IS NOT NULL`.execute(this.#db)
    return rows.map(({ name }) => name)
  }

  async #runs({ org, from, to }: Range, uids: readonly string[] | undefined): Promise<Run[]> {
    const rows = await this.#db
      .selectFrom('series_baselines')
      .select(['gateway', 'started_at', 'seen_at'])
      .where('org_id', '=', org)
      .where('seen_at', '>=', from)
      .where('started_at', '<', to)
      .execute()
    const names = uids === undefined ? undefined : new Set(uids)
    return merged(names === undefined ? rows : rows.filter(({ gateway }) => names.has(gateway)))
  }

  /** Only what is so now can be said, from when on. */
  #heldAt(org: string, scope: AlertScope): (at: number) => boolean {
    const since = (this.#live?.list(org) ?? [])
      .filter(({ configuration }) => matches(scope.configuration, configuration))
      .flatMap(({ stats }) => stats.pipelines)
      .filter(({ id, state }) => matches(scope.pipeline, id) && (state === 'bypass' || state === 'hold'))
      .map((pipeline) => pipeline.since)
    const first = Math.min(...since)
    return (at) => first < at + MINUTE_MS
  }
}

type Table = 'series_pipelines' | 'series_outputs' | 'series_gateways'

/** Below what one statement may have of values in either database, and above what the series have of names. */
const NAMES_MAX = 30_000

interface Range {
  org: string
  /** Unix milliseconds, multiples of a minute. */
  from: number
  to: number
}

interface Run {
  started_at: number
  seen_at: number
}

interface Flow {
  at: number
  in_records: number
  in_bytes: number
  out_records: number
  out_bytes: number
  bypassed_bytes: number
}

interface Outputs {
  at: number
  spool_bytes: number
  rejected_records: number
  lost_records: number
}

const total = (column: string) => sql<number>`CAST(sum(${sql.ref(column)}) AS bigint)`

/** Undefined: all of them. */
function by(pattern: string | undefined): ((name: string) => boolean) | undefined {
  return pattern === undefined ? undefined : (name) => matches(pattern, name)
}

/** Thousands of gateways that run side by side become one. */
function merged(runs: readonly Run[]): Run[] {
  const all: Run[] = []
  for (const { started_at, seen_at } of runs.toSorted((a, b) => a.started_at - b.started_at)) {
    const last = all.at(-1)
    if (last !== undefined && started_at <= last.seen_at) last.seen_at = Math.max(last.seen_at, seen_at)
    else all.push({ started_at, seen_at })
  }
  return all
}

function covers(runs: readonly Run[], at: number): boolean {
  return runs.some(({ started_at, seen_at }) => started_at < at + MINUTE_MS && seen_at >= at)
}
