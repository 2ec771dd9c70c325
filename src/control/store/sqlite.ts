/** The embedded database: kysely over `node:sqlite`. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/** How long a writer waits for another process that writes. */
const BUSY_TIMEOUT_MS = 5_000

export function openSqlite(file: string): Database {
  if (file !== ':memory:') prepareFile(file)
  const sqlite = new DatabaseSync(file)
  // WAL with synchronous=FULL: what was acknowledged survives a power cut.
  sqlite.exec(
    `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON`,
  )
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(sqlite) }) })
  return { db, dialect: 'sqlite', where: file, close: () => db.destroy() }
}

/** Statements that are kept compiled, and how long each may be: those with many rows come in many lengths. */
const PREPARED_MAX = 200
const PREPARED_CHARACTERS_MAX = 4096

/** It holds credentials: a new file is its owner's alone, and so is what SQLite puts beside it. */
function prepareFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
}

/** What kysely's SQLite dialect expects of a database. Compiling a statement costs more than most take to run. */
function adapt(sqlite: DatabaseSync) {
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  return {
    close: () => sqlite.close(),
    prepare(sql: string) {
      const known = prepared.get(sql)
      // Behind all others, so that the first is the one that was not used for longest.
      if (known !== undefined) prepared.delete(sql)
      else if (prepared.size >= PREPARED_MAX) prepared.delete(prepared.keys().next().value!)
      const statement = known ?? prepare(sql)
      if (sql.length <= PREPARED_CHARACTERS_MAX) prepared.set(sql, statement)
      return statement
    },
  }
  function prepare(sql: string) {
    // A transaction that reads before it writes could otherwise fail at its first write, when another process was faster.
    const statement = sqlite.prepare(sql === 'begin' ? 'begin immediate' : sql)
    const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
      run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
      iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
    }
  }
}
