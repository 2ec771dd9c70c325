/** What a store holds, so that a test can say that a request has changed nothing. */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '#control/store/database.ts'

/** By table: how many rows, and a hash of all that stands in them. */
export type StoreState = Record<string, string>

export async function storeState({ db, dialect }: Database): Promise<StoreState> {
  const state: StoreState = {}
  for (const table of await tablesOf({ db, dialect })) {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(db)
    const lines = rows.map((row) => JSON.stringify(row)).sort()
    const hash = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
    state[table] = `${rows.length} rows ${hash}`
  }
  return state
}

/** Names of the tables that differ, with their rows before and after. Empty: nothing has changed. */
export function changed(before: StoreState, after: StoreState, except: readonly string[] = []): string[] {
  return Object.keys({ ...before, ...after })
    .filter((table) => before[table] !== after[table] && !except.includes(table))
    .map((table) => `${table}: ${before[table]} → ${after[table]}`)
}

async function tablesOf({ db, dialect }: Pick<Database, 'db' | 'dialect'>): Promise<string[]> {
  const { rows } =
    dialect === 'sqlite'
      ? await sql<{ name: string }>`select name from sqlite_master where type = 'table' order by name`.execute(db)
      : await sql<{
          name: string
        }>`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`.execute(
          db,
        )
  return rows.map(({ name }) => name)
}
