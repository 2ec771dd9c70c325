/**
 * A small database in the data directory for what was kept beside the way: dead letters, and what rules dropped. Rows are
 * gathered in memory and written together, several times a second, so keeping something costs the wire thread little.
 */
import { open } from 'node:fs/promises'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Clock, Timer } from '#std/clock.ts'

const OURS_ALONE = 0o600
const FLUSH_MS = 100
/** Rows that are written before others have their turn: some ten milliseconds of small ones. */
const ROWS_AT_ONCE_MAX = 4_000
/** What may wait to be written; beyond it, rows are lost and counted. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024

type Row = SQLInputValue[]

export class Archive {
  readonly #path: string
  readonly #clock: Clock
  #database: DatabaseSync | undefined
  #pending: { sql: string; row: Row; bytes: number }[] = []
  #pendingBytes = 0
  readonly #statements = new Map<string, StatementSync>()
  #timer: Timer | undefined
  readonly #afterFlush: (() => void)[] = []
  /** Rows that could not be kept. */
  lost = 0
  /** What the database says while it fails. */
  failure: string | undefined

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** Opens the database. Rejects when it cannot be used. */
  async open(): Promise<void> {
    if (this.#database !== undefined) return
    const { DatabaseSync } = await import('node:sqlite')
    // The database takes a file as it finds it, and what it puts beside it gets the same mode.
    await (await open(this.#path, 'a', OURS_ALONE)).close()
    const database = new DatabaseSync(this.#path)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000')
    database.exec(SCHEMA)
    this.#database = database
  }

  /** Writes a row soon. `bytes`: about how much it is. Never throws. */
  insert(sql: string, row: Row, bytes: number): void {
    if (this.#database === undefined || this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      this.lost++
      return
    }
    this.#pending.push({ sql, row, bytes })
    this.#pendingBytes += bytes
    this.#timer ??= this.#clock.after(FLUSH_MS, () => this.#write(ROWS_AT_ONCE_MAX))
  }

  /** Called after rows were written: a chance to keep within bounds. */
  onFlush(callback: () => void): void {
    this.#afterFlush.push(callback)
  }

  /** Writes what is pending now. Never throws; what cannot be written is tried again with the next. */
  flush(): void {
    this.#write(Number.POSITIVE_INFINITY)
  }

  /** At most `rowsMax` of them: the wire thread has other things to do. */
  #write(rowsMax: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#pending.length === 0 || this.#database === undefined) return
    const rows = this.#pending.slice(0, rowsMax)
    try {
      this.#database.exec('BEGIN')
      for (const { sql, row } of rows) this.statement(sql).run(...row)
      this.#database.exec('COMMIT')
      this.#pending = this.#pending.slice(rows.length)
      for (const { bytes } of rows) this.#pendingBytes -= bytes
      if (this.#pending.length > 0) this.#timer = this.#clock.after(FLUSH_MS / 4, () => this.#write(rowsMax))
      this.failure = undefined
      for (const callback of this.#afterFlush) callback()
    } catch (error) {
      this.failure = String((error as Error).message ?? error)
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#timer = this.#clock.after(10 * FLUSH_MS, () => this.#write(ROWS_AT_ONCE_MAX))
    }
  }

  /** A prepared statement, made once. Throws what the database throws. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database!.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  get isOpen(): boolean {
    return this.#database !== undefined
  }

  close(): void {
    this.flush()
    this.#timer?.cancel()
    this.lost += this.#pending.length
    this.#pending = []
    this.#statements.clear()
    this.#database?.close()
    this.#database = undefined
  }
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    output TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS dead_letters_by_output ON dead_letters (output, id);
  CREATE TABLE IF NOT EXISTS dropped (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pipeline TEXT NOT NULL,
    rule TEXT NOT NULL,
    at INTEGER NOT NULL,
    records INTEGER NOT NULL,
    ends BLOB NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS dropped_by_rule ON dropped (pipeline, rule, id);
`
