import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { batchOf, outputContext } from '#test/support/outputs.ts'
import { file } from './file.ts'

const never = new AbortController().signal
const batch = (text: string) => batchOf(text)

function setUp(options: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-file-'))
  const path = join(folder, 'deep', 'out.log')
  const clock = new ManualClock()
  const output = file.create(file.config.parse({ path, ...options }), outputContext('out', clock))
  const dispose = async () => {
    await output.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, path, clock, output, [Symbol.asyncDispose]: dispose }
}

test('records are appended, in folders that are made for them', async () => {
  await using it = setUp({ fsync: 'batch' })
  assert.deepEqual(await it.output.send(batch('a\n'), never), { ok: true })
  assert.deepEqual(await it.output.send(batch('b\n'), never), { ok: true })
  assert.equal(readFileSync(it.path, 'utf8'), 'a\nb\n')
  assert.equal(statSync(it.path).mode & 0o007, 0, 'others may not read it')
})

test('a file that was moved away is opened anew', async () => {
  await using it = setUp()
  await it.output.send(batch('a\n'), never)
  renameSync(it.path, `${it.path}.1`)
  await it.output.send(batch('b\n'), never)
  it.clock.advance(1000)
  await it.output.send(batch('c\n'), never)
  assert.equal(readFileSync(`${it.path}.1`, 'utf8'), 'a\nb\n')
  assert.equal(readFileSync(it.path, 'utf8'), 'c\n')
})

test('what cannot be written may be written later', async () => {
  await using it = setUp({ create_directories: false })
  assert.partialDeepStrictEqual(await it.output.send(batch('a\n'), never), {
    ok: false,
    retryable: true,
    code: 'enoent',
  })
  await using blocked = setUp()
  writeFileSync(join(blocked.folder, 'deep'), 'a file where a folder should be')
  assert.partialDeepStrictEqual(await blocked.output.send(batch('a\n'), never), { ok: false })
})

test('stop waits for what is being written, and opens nothing afterwards', async () => {
  await using it = setUp()
  const sending = it.output.send(batch('a\n'), never)
  await it.output.stop()
  assert.deepEqual(await sending, { ok: true })
  rmSync(it.path)
  assert.partialDeepStrictEqual(await it.output.send(batch('b\n'), never), { ok: false, code: 'stopped' })
  assert.equal(existsSync(it.path), false)
})
