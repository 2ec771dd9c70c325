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

/** Hours kept at once; the one that was made first goes first, and is read again from the rows when it is needed. */
const HOURS_MAX = 1024

export class Limits {
  readonly #hours = new Map<string, HourOfNames>()

  /** Of the hour in which `at` lies; read from the rows when it is new here. */
  async hour(tx: Tx, org: string, configuration: string, at: number): Promise<HourOfNames> {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS
    const key = [org, configuration, hour].join('\0')
    let known = this.#hours.get(key)
    if (known === undefined) {
      const sets = {} as Record<LimitedKind, Set<string>>
      for (const kind of Object.keys(limits) as LimitedKind[])
        sets[kind] = await namesOf(tx, org, configuration, hour, kind)
      known = new HourOfNames(sets)
      this.#hours.set(key, known)
      if (this.#hours.size > HOURS_MAX) this.#hours.delete(this.#hours.keys().next().value!)
    }
    return known
  }
}

/** Remembers in memory which names an hour has; another controller at the same time can admit as many again. */
export class HourOfNames {
  readonly #sets: Record<LimitedKind, Set<string>>

  constructor(sets: Record<LimitedKind, Set<string>>) {
    this.#sets = sets
  }

  /** The names under which to write the row: as they are, or `other` for all but the first `free` of them. */
  admit(kind: LimitedKind, names: string[]): string[] {
    const known = this.#sets[kind]
    const name = names.length === 1 ? names[0]! : names.join('\0')
    if (known.has(name)) return names
    const { max, free } = limits[kind]
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
