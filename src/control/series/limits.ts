/** How many rows a configuration can have in an hour. What comes beyond is taken together under the name `other`. */
import { sql } from 'kysely'
import type { Tx } from '../store/database.ts'
import { OTHER } from './counters.ts'
import { MINUTE_MS } from './spread.ts'

export const HOUR_MS = 60 * MINUTE_MS

/** Of a configuration and hour. Services: pairs of pipeline and service. */
export const PIPELINES_MAX = 256
export const RULES_MAX = 5000
export const OUTPUTS_MAX = 1024
export const GATEWAYS_MAX = 20_000
export const SERVICES_MAX = 200
export const SEVERITIES_MAX = 7 * PIPELINES_MAX

export type LimitedKind = 'pipelines' | 'rules' | 'outputs' | 'gateways' | 'service' | 'severity'

const limits: Record<LimitedKind, { max: number; table: string; names: readonly string[]; free: number }> = {
  pipelines: { max: PIPELINES_MAX, table: 'series_pipelines', names: ['pipeline'], free: 0 },
  rules: { max: RULES_MAX, table: 'series_rules', names: ['pipeline', 'rule', 'type'], free: 1 },
  outputs: { max: OUTPUTS_MAX, table: 'series_outputs', names: ['output', 'type'], free: 0 },
  gateways: { max: GATEWAYS_MAX, table: 'series_gateways', names: ['gateway'], free: 0 },
  service: { max: SERVICES_MAX, table: 'series_estimates', names: ['pipeline', 'name'], free: 1 },
  severity: { max: SEVERITIES_MAX, table: 'series_estimates', names: ['pipeline', 'name'], free: 1 },
}

/** Sets kept at once; the one that was made first goes first, and is read again from the rows when it is needed. */
const SETS_MAX = 4096

/** Remembers in memory which names an hour has; another controller at the same time can admit as many again. */
export class Limits {
  readonly #sets = new Map<string, Set<string>>()

  /** The names under which to write the row: as they are, or `other` for all but the first `free` of them. */
  async admit(
    tx: Tx,
    org: string,
    configuration: string,
    at: number,
    kind: LimitedKind,
    names: string[],
  ): Promise<string[]> {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS
    const key = [org, configuration, kind, hour].join('\0')
    let known = this.#sets.get(key)
    if (known === undefined) {
      known = await namesOf(tx, org, configuration, hour, kind)
      this.#sets.set(key, known)
      if (this.#sets.size > SETS_MAX) this.#sets.delete(this.#sets.keys().next().value!)
    }
    const name = names.join('\0')
    const { max, free } = limits[kind]
    if (known.has(name)) return names
    if (known.size >= max) return names.map((part, i) => (i < free ? part : OTHER))
    known.add(name)
    return names
  }
}

async function namesOf(
  tx: Tx,
  org: string,
  configuration: string,
  hour: number,
  kind: LimitedKind,
): Promise<Set<string>> {
  const { table, names } = limits[kind]
  const columns = sql.join(names.map((name) => sql.ref(name)))
  const isDimension = table === 'series_estimates' ? sql`AND dimension = ${kind}` : sql``
  const { rows } = await sql<Record<string, string>>`SELECT DISTINCT ${columns} FROM ${sql.table(table)}
    WHERE org_id = ${org} AND configuration = ${configuration} AND step = 60
    AND at >= ${hour} AND at < ${hour + HOUR_MS} ${isDimension}`.execute(tx)
  return new Set(rows.map((row) => names.map((name) => row[name]).join('\0')))
}
