/** The same test on both databases: the embedded one always, PostgreSQL where it is installed. */
import { type TestContext, test } from 'node:test'
import { type Database, openDatabase } from '#control/store/database.ts'
import { freshPostgres } from './postgres.ts'

/** `run` gets an empty, migrated database, which is closed afterwards. */
export function testOnDatabases(name: string, run: (database: Database, t: TestContext) => Promise<void>): void {
  test(`${name} (SQLite)`, async (t) => {
    const database = await openDatabase({ file: ':memory:' })
    try {
      await run(database, t)
    } finally {
      await database.close()
    }
  })
  test(`${name} (PostgreSQL)`, async (t) => {
    const url = await freshPostgres(t)
    if (url === undefined) return
    const database = await openDatabase({ url })
    try {
      await run(database, t)
    } finally {
      await database.close()
    }
  })
}
