import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Logger, silentLogger } from '#observe/log.ts'
import { readLastGood, writeLastGood } from './last-good.ts'

const FILE = 'last-good.json'
const MANIFEST = '{"version":"1.0","pipelines":[{"name":"default_pipeline","outputs":[{"type":"ünïcode"}]}]}'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function listeningLogger() {
  const warnings: string[] = []
  const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) }
  return { warnings, log }
}

test('what was written is read, byte for byte, and only the newest is kept', (t) => {
  const dataDir = join(folder(t), 'not', 'there', 'yet')
  const { warnings, log } = listeningLogger()
  assert.equal(readLastGood(dataDir, log), undefined)
  writeLastGood(dataDir, 'x'.repeat(100_000), log)
  writeLastGood(dataDir, MANIFEST, log)
  assert.equal(readLastGood(dataDir, log), MANIFEST)
  assert.deepEqual(readdirSync(dataDir), [FILE], 'nothing is left beside it')
  assert.deepEqual(warnings, [], 'a first start is nothing to warn of')
  assert.equal(statSync(join(dataDir, FILE)).mode & 0o077, 0, 'it may hold credentials')
})

test('a write that fails half-way leaves the old one whole', (t) => {
  const dataDir = folder(t)
  writeLastGood(dataDir, MANIFEST, silentLogger)
  // Where the new one would be written first, nothing can be written.
  mkdirSync(join(dataDir, `${FILE}.${process.pid}.new`))
  const { warnings, log } = listeningLogger()
  writeLastGood(dataDir, 'new', log)
  assert.deepEqual(warnings, ['the last good configuration cannot be kept'])
  assert.equal(readLastGood(dataDir, log), MANIFEST)
})

test('what a crash left beside it is neither read nor in the way', (t) => {
  const dataDir = folder(t)
  writeLastGood(dataDir, MANIFEST, silentLogger)
  writeFileSync(join(dataDir, `${FILE}.${process.pid}.new`), '{"version":"1.0","pipel'.repeat(1000))
  assert.equal(readLastGood(dataDir, silentLogger), MANIFEST)
  writeLastGood(dataDir, 'new', silentLogger)
  assert.equal(readFileSync(join(dataDir, FILE), 'utf8'), 'new')
})

test('a data directory that cannot be used is a warning, and nothing more', (t) => {
  const dataDir = join(folder(t), 'file')
  writeFileSync(dataDir, '')
  const { warnings, log } = listeningLogger()
  writeLastGood(dataDir, MANIFEST, log)
  assert.equal(readLastGood(dataDir, log), undefined)
  assert.deepEqual(warnings, [
    'the last good configuration cannot be kept',
    'the last good configuration cannot be read',
  ])
})

test('a folder in its place is a warning', (t) => {
  const dataDir = folder(t)
  mkdirSync(join(dataDir, FILE))
  const { warnings, log } = listeningLogger()
  assert.equal(readLastGood(dataDir, log), undefined)
  assert.deepEqual(warnings, ['the last good configuration cannot be read'])
})

test('what an earlier version kept under its old name is read until there is something newer', (t) => {
  const dataDir = folder(t)
  writeFileSync(join(dataDir, 'last-good-manifest.json'), MANIFEST)
  assert.equal(readLastGood(dataDir, silentLogger), MANIFEST)
  writeLastGood(dataDir, 'new', silentLogger)
  assert.equal(readLastGood(dataDir, silentLogger), 'new')
})
