/** Stores of earlier versions open and carry on; those of later ones are refused. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { draftOf, findConfiguration, listVersions } from '#control/configurations/configurations.ts'
import { manifestOf } from '#control/configurations/projection.ts'
import { manifestTextOf } from '#control/sync/manifest-bus.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { DEFAULT_ORG, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations.ts'

const WRITTEN_BY_0_1 = readFileSync(new URL('../../../test/fixtures/store-0.1.0.sql', import.meta.url), 'utf8')

function inFolder(run: (file: string) => Promise<void>) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-store-'))
    try {
      await run(join(folder, 'control.db'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

function write(file: string, script: string): void {
  const sqlite = new DatabaseSync(file)
  sqlite.exec(script)
  sqlite.close()
}

test(
  'a store of version 0.1.0 keeps its rules as the draft and what it had published as version 1, to the letter',
  inFolder(async (file) => {
    write(file, WRITTEN_BY_0_1)
    const before = new DatabaseSync(file)
    const published = before.prepare('SELECT * FROM published').get() as { manifest: string; published_at: number }
    before.close()
    for (const round of ['first', 'second']) {
      await using closing = await opened(file)
      const { db } = closing
      const row = (await findConfiguration(db, DEFAULT_ORG, 'default'))!
      const [version, ...others] = await listVersions(db, DEFAULT_ORG, 'default', undefined, 10)
      assert.equal(manifestTextOf(version!), published.manifest, `Redis would get the same bytes (${round} start)`)
      assert.deepEqual([version!.number, version!.created_at, others.length], [1, published.published_at, 0])
      assert.equal(row.live_version, 1)
      const [pipeline] = manifestOf(draftOf(row) as ConfigurationDocument)!.pipelines
      assert.deepEqual(
        pipeline!.processors!.map(({ id, required }) => [id, required]),
        [
          ['drop_debug', undefined],
          ['redact_ssn', true],
          ['later', undefined],
        ],
      )
      assert.deepEqual([pipeline!.outputs!.length, pipeline!.batch_size], [2, 250])
    }
  }),
)

async function opened(file: string) {
  const database = await openDatabase({ file })
  return { db: database.db, [Symbol.asyncDispose]: () => database.close() }
}

test(
  'a store that a newer version has written is refused with a reason',
  inFolder(async (file) => {
    await (await openDatabase({ file })).close()
    write(file, "INSERT INTO migrations VALUES ('9999-future', 0)")
    await assert.rejects(openDatabase({ file }), /a newer version of this program has written it \(9999-future\)/)
    write(file, 'DROP TABLE migrations; PRAGMA user_version = 7')
    await assert.rejects(openDatabase({ file }), /a newer version/)
  }),
)

test(
  'a step that fails leaves nothing behind, and runs again at the next start',
  inFolder(async (file) => {
    const database = await openDatabase({ file })
    const failing = {
      name: '9000-failing',
      up: async (tx: Parameters<(typeof migrations)[number]['up']>[0]) => {
        await tx.schema.createTable('half').addColumn('a', 'text').execute()
        throw new Error('the disk is full')
      },
    }
    await assert.rejects(migrate(database, [...migrations, failing]), /disk is full/)
    const tables = await database.db.introspection.getTables()
    assert.ok(!tables.some(({ name }) => name === 'half'))
    await migrate(database)
    await database.close()
  }),
)

testOnDatabases('a database that is up to date stays as it is', async (database) => {
  const before = await database.db.selectFrom('migrations').selectAll().orderBy('name').execute()
  assert.deepEqual(
    before.map(({ name }) => name),
    migrations.map(({ name }) => name),
  )
  await Promise.all([migrate(database), migrate(database)])
  assert.deepEqual(await database.db.selectFrom('migrations').selectAll().orderBy('name').execute(), before)
})
