/** The embedded database: kysely over the SQLite that Node brings. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { type Generated, Kysely, SqliteDialect } from 'kysely'
import { StreamgateError } from '#contract/error.ts'
import { migrations } from './migrations.ts'

/** Every row belongs to an organisation; there is one until credentials say more. */
export const DEFAULT_ORG = 'default'

export interface Tables {
  rules: {
    org_id: string
    id: string
    position: Generated<number>
    type: string
    /** JSON. */
    params: string
    when: string | null
    required: number | null
    on_error: string | null
  }
  outputs: {
    org_id: string
    position: Generated<number>
    type: string
    url: string | null
    /** JSON of the whole output as it was posted. */
    body: string
  }
  settings: { org_id: string; name: string; value: string }
  published: { org_id: string; manifest: string; hash: string; published_at: number }
}

export type Database = Kysely<Tables>

/** How long a writer waits for another process that writes. */
const BUSY_TIMEOUT_MS = 5_000

/** Opens or creates the database. `:memory:` keeps nothing. Throws `SG_STORE`. */
export function openDatabase(file: string): Database {
  try {
    if (file !== ':memory:') prepare(file)
    const sqlite = new DatabaseSync(file)
    // WAL with synchronous=FULL: what was acknowledged survives a power cut.
    sqlite.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
    migrate(sqlite)
    return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(sqlite) }) })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const remedy = 'make the data directory writable, or name another with --data-dir'
    throw new StreamgateError('SG_STORE', `cannot open ${file}: ${reason}; ${remedy}`, { cause: error })
  }
}

/** Outputs hold credentials: a new file is its owner's alone, and so is what SQLite puts beside it. */
function prepare(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
}

/** Runs the migrations that this database has not seen, each in a transaction of its own. */
function migrate(sqlite: DatabaseSync): void {
  const found = versionOf(sqlite)
  if (found > migrations.length) throw new Error('a newer version of this program has written it')
  for (let version = found; version < migrations.length; version++) {
    sqlite.exec('BEGIN IMMEDIATE')
    try {
      // Another process may have been faster while this one waited for the lock.
      if (versionOf(sqlite) === version) sqlite.exec(`${migrations[version]}; PRAGMA user_version = ${version + 1}`)
      sqlite.exec('COMMIT')
    } catch (error) {
      sqlite.exec('ROLLBACK')
      throw error
    }
  }
}

function versionOf(sqlite: DatabaseSync): number {
  return Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
}

/** What kysely's SQLite dialect expects of a database. */
function adapt(sqlite: DatabaseSync) {
  return {
    close: () => sqlite.close(),
    prepare(sql: string) {
      const statement = sqlite.prepare(sql)
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      }
    },
  }
}
