/** Rows to add to, gathered in memory and written with one statement for each table. */
import { sql } from 'kysely'
import type { Db, Tx } from '../store/database.ts'
import { addTo, columns, gaugeColumns, nameColumns } from './counters.ts'
import { estimateColumns } from './estimates.ts'
import { gatewayColumns } from './gateway-totals.ts'

interface Table {
  table: string
  names: readonly string[]
  values: readonly string[]
}

/** In this order they are written, by every controller: so no two wait for each other. */
export const tables = {
  pipelines: { table: 'series_pipelines', names: nameColumns.pipelines, values: [...columns.pipelines, 'held'] },
  rules: { table: 'series_rules', names: nameColumns.rules, values: columns.rules },
  outputs: { table: 'series_outputs', names: nameColumns.outputs, values: [...columns.outputs, ...gaugeColumns] },
  gateways: {
    table: 'series_gateways',
    names: ['gateway'],
    values: gatewayColumns,
  },
  estimates: {
    table: 'series_estimates',
    names: ['dimension', 'pipeline', 'name'],
    values: ['samples', ...estimateColumns],
  },
} as const satisfies Record<string, Table>
export type TableKind = keyof typeof tables

/** Parameters of a statement are limited: 32,766 in SQLite. */
const ROWS_AT_ONCE = 400

interface Row {
  place: (string | number)[]
  values: number[]
}

export class Rows {
  readonly #tables = new Map<TableKind, Map<string, Row>>()

  /** Adds to what the row of this minute will be given. */
  add(
    kind: TableKind,
    org: string,
    configuration: string,
    at: number,
    names: readonly string[],
    values: readonly number[],
  ): void {
    let rows = this.#tables.get(kind)
    if (rows === undefined) {
      rows = new Map()
      this.#tables.set(kind, rows)
    }
    const place = [org, configuration, 60, at, ...names]
    const key = place.join('\0')
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { place, values: [...values] })
    else addTo(row.values, values)
  }

  addAll(other: Rows): void {
    for (const [kind, rows] of other.#tables)
      for (const { place, values } of rows.values()) {
        const [org, configuration, , at, ...names] = place as [string, string, number, number, ...string[]]
        this.add(kind, org, configuration, at, names, values)
      }
  }

  /** Up to `max` of the rows, which are no longer here then. */
  take(max: number): Rows {
    const taken = new Rows()
    for (const [kind, rows] of this.#tables) {
      const some = [...rows.entries()].slice(0, max - taken.size)
      for (const [key] of some) rows.delete(key)
      if (some.length > 0) taken.#tables.set(kind, new Map(some))
    }
    return taken
  }

  get size(): number {
    let size = 0
    for (const rows of this.#tables.values()) size += rows.size
    return size
  }

  /** In one go, within a transaction. */
  async write(tx: Tx): Promise<void> {
    for (const kind of Object.keys(tables) as TableKind[]) {
      const rows = [...(this.#tables.get(kind) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
      for (let i = 0; i < rows.length; i += ROWS_AT_ONCE) await upsert(tx, kind, rows.slice(i, i + ROWS_AT_ONCE))
    }
  }
}

/** Each piece by itself, with time for other things in between. What fails stays, and so does what comes behind it. */
export async function writeInPieces(db: Db, rows: Rows, rowsAtOnce: number): Promise<void> {
  for (let piece = rows.take(rowsAtOnce); piece.size > 0; piece = rows.take(rowsAtOnce)) {
    try {
      await db.transaction().execute((tx) => piece.write(tx))
    } catch (error) {
      rows.addAll(piece)
      throw error
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function upsert(tx: Tx, kind: TableKind, rows: readonly Row[]): Promise<void> {
  const { table, names, values } = tables[kind]
  const key = ['org_id', 'configuration', 'step', 'at', ...names]
  const all = sql.join([...key, ...values].map((name) => sql.ref(name)))
  const tuples = sql.join(rows.map((row) => sql`(${sql.join([...row.place, ...row.values])})`))
  const sums = sql.join(
    values.map((name) => sql`${sql.ref(name)} = ${sql.ref(`${table}.${name}`)} + ${sql.ref(`excluded.${name}`)}`),
  )
  await sql`INSERT INTO ${sql.table(table)} (${all}) VALUES ${tuples}
    ON CONFLICT (${sql.join(key.map((name) => sql.ref(name)))}) DO UPDATE SET ${sums}`.execute(tx)
}
