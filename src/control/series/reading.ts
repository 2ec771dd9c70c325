/** Sums over rows of a time: from the rows of hours where they are settled, from those of minutes after that. */
import { type RawBuilder, sql } from 'kysely'
import type { Db, Tx } from '../store/database.ts'
import { gaugeColumns } from './counters.ts'
import { HOUR_MS } from './limits.ts'
import { hoursEndAt } from './rolled.ts'
import { MINUTE_MS } from './spread.ts'

/** `to` is not included. */
export interface Range {
  org: string
  configuration: string
  from: number
  to: number
  stepMs: number
}

export interface Source {
  table: string
  /** Conditions that hold for all pieces. */
  where: RawBuilder<unknown>
  /** Short times of which no row belongs to two; `step` of the rows, in seconds. */
  pieces: readonly { step: 60 | 3600; from: number; to: number }[]
}

export type SumRow = Record<string, string | number>

/** How much is read at once: SQLite stops everything else in this thread for that long. */
const MINUTES_AT_ONCE_MS = HOUR_MS
const HOURS_AT_ONCE_MS = 24 * HOUR_MS

/** Rows whose columns have the values of `filters`. Steps of an hour or more begin with the hour. */
export async function sourceOf(
  db: Db | Tx,
  { org, configuration, from, to, stepMs }: Range,
  table: string,
  filters: Readonly<Record<string, string>> = {},
): Promise<Source> {
  const start = Math.floor(from / stepMs) * stepMs
  const settled = stepMs === MINUTE_MS ? 0 : await hoursEndAt(db, org)
  const conditions = [
    sql`org_id = ${org}`,
    sql`configuration = ${configuration}`,
    ...Object.entries(filters).map(([name, value]) => sql`${sql.ref(name)} = ${value}`),
  ]
  const firstAt = async (step: 60 | 3600, at: number, until: number) =>
    at < until ? await oldestAt(db, org, configuration, step, table, at) : undefined
  const hours = await firstAt(3600, start, Math.min(settled, to))
  const minutes = await firstAt(60, Math.max(settled, start), to)
  const pieces = [
    ...piecesOf(3600, hours, Math.min(settled, to), HOURS_AT_ONCE_MS),
    ...piecesOf(60, minutes, to, MINUTES_AT_ONCE_MS),
  ]
  return { table, where: sql.join(conditions, sql` AND `), pieces }
}

function piecesOf(step: 60 | 3600, first: number | undefined, to: number, length: number): Source['pieces'] {
  const pieces: { step: 60 | 3600; from: number; to: number }[] = []
  for (let from = first ?? to; from < to; from += length) pieces.push({ step, from, to: Math.min(from + length, to) })
  return pieces
}

/**
 * Sums of `values` by `names`; `at` among them is the step's begin. Gauges: the highest value. `top`: only the largest,
 * those first. `only`: rows whose `names` are among `wanted`.
 */
export async function sumsBy(
  db: Db | Tx,
  { table, where, pieces }: Source,
  names: readonly string[],
  values: readonly string[],
  stepMs?: number,
  top?: { by: string; limit: number },
  only?: { names: readonly string[]; wanted: readonly (readonly string[])[] },
): Promise<SumRow[]> {
  if (only !== undefined && only.names.length > 0 && only.wanted.length === 0) return []
  const groups = names.map((name) => (name === 'at' ? stepBegin(stepMs!) : sql.ref(name)))
  const shown = groups.map((group, i) => sql`${group} AS ${sql.ref(names[i]!)}`)
  const columns = sql.join([...shown, ...values.map((name) => sumOf(table, name))])
  const among = only === undefined || only.names.length === 0 ? sql`` : sql`AND (${oneOf(only)})`
  const grouped = groups.length === 0 ? sql`` : sql`GROUP BY ${sql.join(groups)}`
  const sums = new Map<string, SumRow>()
  for (const { step, from, to } of pieces) {
    // Without a group, a sum over no rows at all would be one row of nothing.
    const { rows } = await sql<SumRow>`SELECT ${columns} FROM ${sql.table(table)}
      WHERE ${where} AND step = ${step} AND at >= ${from} AND at < ${to} ${among}
      ${grouped} HAVING count(*) > 0`.execute(db)
    for (const row of rows) merge(sums, row, names, values)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const all = [...sums.values()]
  if (top === undefined) return all
  const size = (row: SumRow) => row[top.by] as number
  const keyed = all.map((row) => ({ row, key: keyIn(row, names) }))
  keyed.sort((a, b) => size(b.row) - size(a.row) || (a.key < b.key ? -1 : 1))
  return keyed.slice(0, top.limit).map(({ row }) => row)
}

const isGauge = (name: string) => (gaugeColumns as readonly string[]).includes(name)
const keyIn = (row: SumRow, names: readonly string[]) => names.map((name) => row[name]).join('\0')

function sumOf(table: string, name: string): RawBuilder<unknown> {
  const type = sql.raw(table === 'series_estimates' && name !== 'samples' ? 'double precision' : 'bigint')
  return sql`CAST(${isGauge(name) ? sql`max` : sql`sum`}(${sql.ref(name)}) AS ${type}) AS ${sql.ref(name)}`
}

function merge(sums: Map<string, SumRow>, row: SumRow, names: readonly string[], values: readonly string[]): void {
  const key = keyIn(row, names)
  const known = sums.get(key)
  if (known === undefined) {
    sums.set(key, row)
    return
  }
  for (const name of values) {
    const [a, b] = [known[name] as number, row[name] as number]
    known[name] = isGauge(name) ? Math.max(a, b) : a + b
  }
}

/** From one name to the next in the order of the key: a scan would read every row of the organisation. */
export async function configurationsIn(db: Db | Tx, org: string, table: string): Promise<string[]> {
  const found: string[] = []
  for (let last = ''; ; ) {
    const { rows } = await sql<{ next: string | null }>`SELECT min(configuration) AS next FROM ${sql.table(table)}
      WHERE org_id = ${org} AND configuration > ${last}`.execute(db)
    const next = rows[0]?.next ?? null
    if (next === null) return found
    found.push(next)
    last = next
  }
}

/** When the oldest row from `from` on begins. */
export async function oldestAt(
  db: Db | Tx,
  org: string,
  configuration: string,
  step: 60 | 3600,
  table: string,
  from: number,
): Promise<number | undefined> {
  const { rows } = await sql<{ oldest: number | null }>`SELECT min(at) AS oldest FROM ${sql.table(table)}
    WHERE org_id = ${org} AND configuration = ${configuration} AND step = ${step} AND at >= ${from}`.execute(db)
  return rows[0]?.oldest ?? undefined
}

function stepBegin(stepMs: number): RawBuilder<unknown> {
  const step = sql.lit(stepMs)
  return sql`(at / ${step}) * ${step}`
}

function oneOf({ names, wanted }: { names: readonly string[]; wanted: readonly (readonly string[])[] }) {
  const each = wanted.map((parts) => {
    const equals = names.map((name, i) => sql`${sql.ref(name)} = ${parts[i]!}`)
    return sql`(${sql.join(equals, sql` AND `)})`
  })
  return sql.join(each, sql` OR `)
}
