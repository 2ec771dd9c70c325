import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Secret } from '#std/secret.ts'
import { freshPostgres } from '#test/support/postgres.ts'
import { freePort } from '#test/support/redis.ts'
import { isStoreAway } from './away.ts'
import { type Db, openDatabase } from './database.ts'

async function pidOf(db: Db): Promise<number> {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db)
  return rows[0]!.pid
}

/** Ends connections of the server's, as when it is shut down, and waits until they are gone. */
async function terminate(db: Db, pid: number): Promise<void> {
  await sql`SELECT pg_terminate_backend(${pid}, 10000)`.execute(db)
}

test('a connection that breaks within a transaction fails the transaction, and nothing else', async (t) => {
  const url = await freshPostgres(t)
  if (url === undefined) return
  const database = await openDatabase({ url })
  t.after(() => database.close())
  const { db } = database
  const broken = db.transaction().execute(async (tx) => {
    await terminate(db, await pidOf(tx))
    // Between two statements nobody waits for the connection.
    await new Promise((resolve) => setImmediate(resolve))
    await pidOf(tx)
  })
  await assert.rejects(broken, (error) => isStoreAway(error))
  assert.ok((await pidOf(db)) > 0)
})

test('a server that is not there is away, and a statement that is wrong is not', async (t) => {
  const nowhere = new Secret(`postgres://nobody@127.0.0.1:${await freePort()}/none`)
  await assert.rejects(openDatabase({ url: nowhere }), (error) => isStoreAway(error))
  const database = await openDatabase({ file: ':memory:' })
  t.after(() => database.close())
  await assert.rejects(sql`SELECT nonsense`.execute(database.db), (error) => !isStoreAway(error))
  assert.ok(!isStoreAway(undefined))
  assert.ok(!isStoreAway(new Error('Connection is a word')))
})
