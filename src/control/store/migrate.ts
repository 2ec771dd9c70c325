/**
 * Brings a database up to date. Each step runs once, in a transaction of its own, which only one process at a time can hold;
 * the table `migrations` says which have run.
 */
import { sql } from 'kysely'
import type { Database, Db, Tx } from './database.ts'
import { type Migration, migrations } from './migrations.ts'

/** Any number that nothing else on the server locks: "sgmigrat" as bytes would not fit, so its CRC-32C. */
const ADVISORY_LOCK = 0x5347_4d47
/** Of the file format before there was the table: programs of that time refuse what has a greater number. */
const USER_VERSION = 1000
const FIRST = '0001-rules'

/** Rejects when a newer version of this program has written the database, or a step fails; then that step has not been. */
export async function migrate({ db, dialect }: Database, steps: readonly Migration[] = migrations): Promise<void> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
  if (dialect === 'sqlite') await adoptUserVersion(db)
  for (const step of steps) {
    await db.transaction().execute(async (tx) => {
      if (dialect === 'postgres') await sql`SELECT pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(tx)
      if (!(await applied(tx)).has(step.name)) {
        await step.up(tx, dialect)
        await note(tx, step.name)
      }
    })
  }
  const known = new Set(steps.map(({ name }) => name))
  const unknown = [...(await applied(db))].filter((name) => !known.has(name))
  if (unknown.length > 0) throw new Error(`a newer version of this program has written it (${unknown.join(', ')})`)
}

async function applied(db: Db): Promise<Set<string>> {
  const rows = await db.selectFrom('migrations').select('name').execute()
  return new Set(rows.map(({ name }) => name))
}

async function note(tx: Tx, name: string): Promise<void> {
  await tx.insertInto('migrations').values({ name, applied_at: Date.now() }).execute()
}

/** The first version counted its steps in SQLite's `user_version`. */
async function adoptUserVersion(db: Db): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(tx)
    const version = rows[0]?.user_version ?? 0
    if (version === 1 && !(await applied(tx)).has(FIRST)) await note(tx, FIRST)
    if (version > 1 && version !== USER_VERSION) throw new Error('a newer version of this program has written it')
    await sql`PRAGMA user_version = ${sql.lit(USER_VERSION)}`.execute(tx)
  })
}
