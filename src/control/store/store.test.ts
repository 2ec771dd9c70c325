import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { Store } from './store.ts'

const FILTER = { type: 'filter', params: { value: 'DEBUG' } }

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function isStoreError(error: unknown): boolean {
  return (
    error instanceof StreamgateError &&
    error.code === 'SG_STORE' &&
    error.message.includes('make the data directory writable, or name another with --data-dir')
  )
}

const ids = async (store: Store) => (await store.rules()).map(({ id }) => id)

test('an empty store has no rules, no outputs, the default batch size and nothing published', async () => {
  const store = Store.open(':memory:')
  assert.deepEqual(await store.rules(), [])
  assert.deepEqual(await store.outputs(), [])
  assert.equal(await store.batchSize(), 100)
  assert.equal(await store.published(), undefined)
  await store.close()
})

test('everything survives closing and opening, to the last field', async (t) => {
  const file = join(folder(t), 'deep', 'control.db')
  const rules = [
    { id: 'plain', ...FILTER },
    {
      id: 'full',
      type: 'redact',
      params: { pattern: '\\d+', list: [1, null, { ü: '"' }] },
      when: { not: { field: 'a/b', exists: true } },
      required: false,
      on_error: 'drop' as const,
    },
    { id: 'required', ...FILTER, required: true },
  ]
  const outputs = [
    { type: 'http', url: 'http://user:pass@vendor.example', headers: { 'x-key': 'secret' }, timeout_ms: 5 },
    { type: 'console' },
  ]
  const published = { manifest: '{"version":"1.0"}', hash: 'abc', publishedAt: 1_767_225_600_123 }
  const first = Store.open(file)
  for (const rule of rules) assert.equal(await first.addRule(rule), true)
  for (const output of outputs) assert.equal(await first.addOutput(output), true)
  await first.setBatchSize(1)
  await first.setBatchSize(777)
  await first.setPublished({ ...published, manifest: 'old' })
  await first.setPublished(published)
  await first.close()

  const second = Store.open(file)
  assert.deepEqual(await second.rules(), rules)
  assert.deepEqual(await second.outputs(), outputs)
  assert.equal(await second.batchSize(), 777)
  assert.deepEqual(await second.published(), published)
  await second.close()
})

test('rules keep the order in which they came; replacing keeps the place, deleting and adding again goes to the end', async () => {
  const store = Store.open(':memory:')
  for (const id of ['c', 'a', 'b']) await store.addRule({ id, ...FILTER })
  assert.deepEqual(await ids(store), ['c', 'a', 'b'])
  assert.equal(await store.addRule({ id: 'a', type: 'redact', params: {} }), false, 'the id is taken')
  assert.equal(await store.replaceRule({ id: 'a', type: 'sample', params: {} }), true)
  assert.deepEqual(await ids(store), ['c', 'a', 'b'])
  assert.equal((await store.rules())[1]?.type, 'sample')
  assert.equal(await store.deleteRule('c'), true)
  assert.equal(await store.deleteRule('c'), false)
  assert.equal(await store.replaceRule({ id: 'c', ...FILTER }), false)
  await store.addRule({ id: 'c', ...FILTER })
  assert.deepEqual(await ids(store), ['a', 'b', 'c'])
  await store.close()
})

test('replacing a rule takes away what the new one does not say', async () => {
  const store = Store.open(':memory:')
  await store.addRule({ id: 'a', ...FILTER, when: { field: 'x', exists: true }, required: true, on_error: 'pass' })
  await store.replaceRule({ id: 'a', ...FILTER })
  assert.deepEqual(await store.rules(), [{ id: 'a', ...FILTER }])
  await store.close()
})

test('a URL is there once; outputs without one may repeat', async () => {
  const store = Store.open(':memory:')
  assert.equal(await store.addOutput({ type: 'http', url: 'http://a' }), true)
  assert.equal(await store.addOutput({ type: 'http', url: 'http://a', headers: {} }), false)
  assert.equal(await store.addOutput({ type: 'console' }), true)
  assert.equal(await store.addOutput({ type: 'console' }), true)
  assert.equal((await store.outputs()).length, 3)
  await store.clearOutputs()
  assert.deepEqual(await store.outputs(), [])
  assert.equal(await store.addOutput({ type: 'http', url: 'http://a' }), true)
  await store.close()
})

test('two stores on one file see each other at once, and an id is taken for both', async (t) => {
  const file = join(folder(t), 'control.db')
  const one = Store.open(file)
  const two = Store.open(file)
  await one.addRule({ id: 'a', ...FILTER })
  assert.equal(await two.addRule({ id: 'a', ...FILTER }), false)
  await two.addRule({ id: 'b', ...FILTER })
  assert.deepEqual(await ids(one), ['a', 'b'])
  await Promise.all([one.setBatchSize(5), two.addRule({ id: 'c', ...FILTER }), one.addRule({ id: 'd', ...FILTER })])
  assert.equal(await two.batchSize(), 5)
  assert.deepEqual(await ids(one), await ids(two))
  await one.close()
  assert.equal((await two.rules()).length, 4, 'closing one leaves the other')
  await two.close()
})

test('the file is its owner’s alone, since outputs hold credentials', async (t) => {
  const data = join(folder(t), 'data')
  mkdirSync(data, { mode: 0o755 })
  const store = Store.open(join(data, 'control.db'))
  await store.setBatchSize(5)
  for (const name of ['control.db', 'control.db-wal']) assert.equal(statSync(join(data, name)).mode & 0o077, 0, name)
  await store.close()
})

test('a data directory that cannot be used is refused with a remedy', (t) => {
  const data = folder(t)
  writeFileSync(join(data, 'file'), '')
  assert.throws(() => Store.open(join(data, 'file', 'control.db')), isStoreError, 'a file where a folder should be')
  mkdirSync(join(data, 'control.db'))
  assert.throws(() => Store.open(join(data, 'control.db')), isStoreError, 'a folder where the file should be')
  writeFileSync(join(data, 'text.db'), 'this is not a database, and long enough to be looked at as one'.repeat(20))
  assert.throws(() => Store.open(join(data, 'text.db')), isStoreError, 'not a database')
})

test('a folder without the right to write is refused with a remedy', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, (t) => {
  const data = folder(t)
  mkdirSync(join(data, 'locked'), { mode: 0o500 })
  assert.throws(() => Store.open(join(data, 'locked', 'control.db')), isStoreError)
})

test('a database of a later version is refused and left as it is', (t) => {
  const file = join(folder(t), 'control.db')
  const later = new DatabaseSync(file)
  later.exec('PRAGMA user_version = 1000')
  later.close()
  assert.throws(
    () => Store.open(file),
    (error) => error instanceof StreamgateError && error.code === 'SG_STORE' && /newer/.test(error.message),
  )
})
