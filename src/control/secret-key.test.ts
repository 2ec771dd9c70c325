import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testOnDatabases } from '#test/support/databases.ts'
import { SecretBox } from './secret-box.ts'
import { checkSecretKey } from './secret-key.ts'

const box = (fill: number) => new SecretBox(new Uint8Array(32).fill(fill))

testOnDatabases('a store takes the key that it has first, and no other', async ({ db }) => {
  await Promise.all([checkSecretKey(db, box(1)), checkSecretKey(db, box(1))])
  await checkSecretKey(db, box(1))
  await assert.rejects(checkSecretKey(db, box(2)), { code: 'SG_STORE', message: /another key/ })
  await db.deleteFrom('settings').where('name', '=', 'secret_key').execute()
  await checkSecretKey(db, box(2))
})

test('a key has 32 bytes', () => {
  assert.throws(() => new SecretBox(new Uint8Array(31)), { code: 'SG_STORE' })
})
