/**
 * Where the controller keeps what it knows: the SQLite that Node brings, or PostgreSQL. One schema, one set of queries
 * (kysely); what differs between the two stands in `sqlite.ts` and `postgres.ts`.
 */
import type { Kysely, Transaction } from 'kysely'
import { StreamgateError } from '#contract/error.ts'
import type { Secret } from '#std/secret.ts'
import { migrate } from './migrate.ts'
import type { Tables } from './tables.ts'

/** Every row belongs to an organisation. The first one is there from the start; it is the one that Redis serves. */
export const DEFAULT_ORG = 'default'

/** For queries: the database itself, or a transaction. Inside a transaction only that one may be used. */
export type Db = Kysely<Tables>
export type Tx = Transaction<Tables>

export type DatabaseLocation = { file: string } | { url: Secret }

export interface Database {
  readonly db: Db
  readonly dialect: 'sqlite' | 'postgres'
  /** For people, without credentials. */
  readonly where: string
  close(): Promise<void>
}

/** Opens or creates, and brings the schema up to date. `{ file: ':memory:' }` keeps nothing. Rejects with `SG_STORE`. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const where = 'file' in location ? location.file : postgresText(location.url.reveal())
  let database: Database | undefined
  try {
    // Only what is used is loaded: a controller on SQLite carries no PostgreSQL client.
    database =
      'file' in location
        ? (await import('./sqlite.ts')).openSqlite(location.file)
        : await (await import('./postgres.ts')).openPostgres(location.url, where)
    await migrate(database)
    return database
  } catch (error) {
    await database?.close().catch(() => undefined)
    const reason = error instanceof Error ? error.message : String(error)
    const remedy =
      'file' in location
        ? 'make the data directory writable, or name another with --data-dir'
        : 'check DATABASE_URL and that the server answers'
    throw new StreamgateError('SG_STORE', `cannot open ${where}: ${reason}; ${remedy}`, { cause: error })
  }
}

/** Host and database only: the rest may be a credential. */
function postgresText(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? 'the database at DATABASE_URL' : `postgres://${parsed.host}${parsed.pathname}`
}
