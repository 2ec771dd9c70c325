import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { oneAtATime } from './one-at-a-time.ts'

function lockOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-lock-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'lock')
}

test('one works, and all are done', async (t) => {
  const lock = lockOf(t)
  let done = false
  let works = 0
  const work = async () => {
    works++
    assert.ok(existsSync(lock))
    await new Promise((resolve) => setTimeout(resolve, 20))
    done = true
  }
  await Promise.all(Array.from({ length: 5 }, () => oneAtATime(lock, async () => done, work)))
  assert.deepEqual([works, existsSync(lock)], [1, false])
  await oneAtATime(lock, async () => done, work)
  assert.equal(works, 1)
})

test('a failure is told, and the next one tries', async (t) => {
  const lock = lockOf(t)
  const fail = async () => {
    throw new Error('broken')
  }
  await assert.rejects(
    oneAtATime(lock, async () => false, fail),
    /broken/,
  )
  assert.ok(!existsSync(lock))
})

test('the lock of a process that is gone, or that is far too old, is nobody’s', async (t) => {
  const lock = lockOf(t)
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const old = new Date(Date.now() - 600_000)
  for (const [holder, time] of [
    [String(gone), new Date()],
    ['', old],
    [String(process.pid), old],
  ] as const) {
    writeFileSync(lock, holder)
    utimesSync(lock, time, time)
    let done = false
    const work = async () => {
      done = true
    }
    await oneAtATime(lock, async () => done, work)
    assert.ok(done)
  }
})
