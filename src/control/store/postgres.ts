/** PostgreSQL, for several controllers at once: kysely over a pool of `pg`. */
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Secret } from '#std/secret.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

const CONNECTIONS_MAX = 10
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
/** A statement that takes longer is a fault of ours or a lock that somebody forgot. */
const STATEMENT_TIMEOUT_MS = 30_000

const INT8 = 20

/** Rejects when the server does not answer. */
export async function openPostgres(url: Secret, where: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'streamgate',
    types: { getTypeParser },
  })
  // A connection that breaks while it is idle: the pool makes another when one is needed.
  pool.on('error', () => undefined)
  // One that breaks while it is in use: the statement says so; unheard, the event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    await pool.query('SELECT 1')
  } catch (error) {
    await pool.end()
    throw error
  }
  return { db, dialect: 'postgres', where, close: () => db.destroy() }
}

/** Our 64-bit integers are times and counts below 2^53. */
function getTypeParser(id: number, format?: unknown): (value: string) => unknown {
  return id === INT8 ? Number : (pg.types.getTypeParser(id, format as 'text') as (value: string) => unknown)
}
