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
  where: RawBuilder<unknown>
}

export type SumRow = Record<string, string | number>

/** Rows whose columns have these values. Steps of an hour or more begin with the hour. */
export async function sourceOf(
  db: Db | Tx,
  { org, configuration, from, to, stepMs }: Range,
  table: string,
  filters: Readonly<Record<string, string>> = {},
): Promise<Source> {
  const start = Math.floor(from / stepMs) * stepMs
  const settled = stepMs === MINUTE_MS ? 0 : Math.floor((await hoursEndAt(db, org)) / HOUR_MS) * HOUR_MS
  const conditions = [
    sql`org_id = ${org}`,
    sql`configuration = ${configuration}`,
    sql`((step = 3600 AND at >= ${start} AND at < ${Math.min(settled, to)})
      OR (step = 60 AND at >= ${Math.max(settled, start)} AND at < ${to}))`,
    ...Object.entries(filters).map(([name, value]) => sql`${sql.ref(name)} = ${value}`),
  ]
  return { table, where: sql.join(conditions, sql` AND `) }
}

/**
 * Sums of `values` by `names`; `at` among them is the step's begin. Gauges: the highest value. `top`: only the largest, those
 * first. `only`: rows whose `names` are among `wanted`.
 */
export async function sumsBy(
  db: Db | Tx,
  { table, where }: Source,
  names: readonly string[],
  values: readonly string[],
  stepMs?: number,
  top?: { by: string; limit: number },
  only?: { names: readonly string[]; wanted: readonly (readonly string[])[] },
): Promise<SumRow[]> {
  if (only !== undefined && only.names.length > 0 && only.wanted.length === 0) return []
  const groups = names.map((name) => (name === 'at' ? stepBegin(stepMs!) : sql.ref(name)))
  const isDouble = table === 'series_estimates'
  const sums = values.map((name) => {
    const total = (gaugeColumns as readonly string[]).includes(name)
      ? sql`max(${sql.ref(name)})`
      : sql`sum(${sql.ref(name)})`
    const type = sql.raw(isDouble && name !== 'samples' ? 'double precision' : 'bigint')
    return sql`CAST(${total} AS ${type}) AS ${sql.ref(name)}`
  })
  const shown = groups.map((group, i) => sql`${group} AS ${sql.ref(names[i]!)}`)
  const among = only === undefined || only.names.length === 0 ? sql`` : sql`AND (${oneOf(only)})`
  const grouped = groups.length === 0 ? sql`` : sql`GROUP BY ${sql.join(groups)}`
  // A sum over no rows at all is one row of nothing.
  const having = sql`HAVING count(*) > 0`
  const order =
    top === undefined
      ? sql``
      : sql`ORDER BY sum(${sql.ref(top.by)}) DESC ${names.length > 0 ? sql`, ${sql.join(groups)}` : sql``}
        LIMIT ${top.limit}`
  const { rows } = await sql<SumRow>`SELECT ${sql.join([...shown, ...sums])} FROM ${sql.table(table)}
    WHERE ${where} ${among} ${grouped} ${having} ${order}`.execute(db)
  return rows
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
