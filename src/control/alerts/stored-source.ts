/**
 * Observations out of the series by minute. Those have no row where nothing happened: a minute without one is known to be quiet
 * when a run of a gateway has lasted over it, since its counters cover it then, and unknown otherwise.
 */
import { sql } from 'kysely'
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
    const runs = await this.#runs(range, uids)
    const flowAt = new Map(flow.map((row) => [row.at, row]))
    const outputsAt = new Map(outputs?.map((row) => [row.at, row]))
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
    const places = await this.#places('series_pipelines', 'pipeline', range, scope.configuration, scope.pipeline)
    const total = (column: string) => sql<number>`CAST(sum(${sql.ref(column)}) AS bigint)`
    const { rows } = await sql<Flow>`SELECT at, ${total('in_records')} AS in_records, ${total('in_bytes')} AS in_bytes,
      ${total('forwarded_records')} AS out_records, ${total('forwarded_bytes')} AS out_bytes,
      ${total('bypassed_bytes')} AS bypassed_bytes
      FROM series_pipelines WHERE ${within(range)} AND ${places} GROUP BY at`.execute(this.#db)
    return rows
  }

  async #gatewayFlow(range: Range, scope: AlertScope, uids: readonly string[]): Promise<Flow[]> {
    if (uids.length === 0) return []
    const names = new Set(uids)
    const rows = await this.#db
      .selectFrom('series_gateways')
      .select(['at', 'configuration', 'gateway', 'in_records', 'in_bytes', 'out_records', 'out_bytes'])
      .where('org_id', '=', range.org)
      .where('step', '=', STEP_SECONDS)
      .where('at', '>=', range.from)
      .where('at', '<', range.to)
      .execute()
    const sums = new Map<number, Flow>()
    for (const { at, configuration, gateway, ...row } of rows) {
      if (!names.has(gateway) || !matches(scope.configuration, configuration)) continue
      const sum = sums.get(at) ?? { at, in_records: 0, in_bytes: 0, out_records: 0, out_bytes: 0, bypassed_bytes: 0 }
      sum.in_records += row.in_records
      sum.in_bytes += row.in_bytes
      sum.out_records += row.out_records
      sum.out_bytes += row.out_bytes
      sums.set(at, sum)
    }
    return [...sums.values()]
  }

  async #outputs(range: Range, scope: AlertScope): Promise<Outputs[]> {
    const places = await this.#places('series_outputs', 'output', range, scope.configuration, scope.output)
    const { rows } = await sql<Outputs>`SELECT at, CAST(sum(spool_bytes) AS bigint) AS spool_bytes,
      CAST(sum(rejected_records) AS bigint) AS rejected_records,
      CAST(sum(overwritten_records + expired_records + lost_records) AS bigint) AS lost_records
      FROM series_outputs WHERE ${within(range)} AND ${places} GROUP BY at`.execute(this.#db)
    return rows
  }

  /** Patterns become the names that they match: databases differ in what LIKE means. */
  async #places(
    table: 'series_pipelines' | 'series_outputs',
    column: 'pipeline' | 'output',
    range: Range,
    configuration: string | undefined,
    name: string | undefined,
  ) {
    if (configuration === undefined && name === undefined) return sql`1 = 1`
    const { rows } = await sql<{ configuration: string; name: string }>`SELECT DISTINCT configuration,
      ${sql.ref(column)} AS name FROM ${sql.table(table)} WHERE ${within(range)}`.execute(this.#db)
    const found = rows.filter((row) => matches(configuration, row.configuration) && matches(name, row.name))
    if (found.length === 0) return sql`1 = 0`
    const pairs = found.slice(0, PLACES_MAX).map((row) => sql`(${row.configuration}, ${row.name})`)
    return sql`(configuration, ${sql.ref(column)}) IN (VALUES ${sql.join(pairs)})`
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
    return names === undefined ? rows : rows.filter(({ gateway }) => names.has(gateway))
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

/** Below what one statement may have of values in either database; more pairs of names than that are not looked at. */
const PLACES_MAX = 5000

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

function within({ org, from, to }: Range) {
  return sql`org_id = ${org} AND step = ${STEP_SECONDS} AND at >= ${from} AND at < ${to}`
}

function covers(runs: readonly Run[], at: number): boolean {
  return runs.some(({ started_at, seen_at }) => started_at < at + MINUTE_MS && seen_at >= at)
}
