import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { ManualClock, systemClock } from '#std/clock.ts'
import { FakeDisk } from '#test/support/fake-disk.ts'
import { DataDirectory } from './data-directory.ts'
import { realDisk } from './disk.ts'

const GiB = 1024 ** 3

test('a spool of any size takes records while others wait to be written', () => {
  for (const gibibytes of [1, 2, 3, 4, 8, 1024]) {
    const directory = new DataDirectory('/data', new FakeDisk().mount(), new ManualClock())
    const backlog = directory.backlog(`out-${gibibytes}`, gibibytes * GiB)
    const slice = { memory: fromText('record'), from: 0, records: 1, ends: Int32Array.of(6), firstEnd: 0 }
    for (let i = 0; i < 10; i++) {
      assert.equal(backlog.room(1, 6), 'yes', `${gibibytes} GiB`)
      backlog.append(slice, 0, 1)
    }
  }
})

/** Tries to take the directory in a process of its own, and says what came of it. */
function claimElsewhere(path: string): string {
  const code = `
    import { DataDirectory } from '${new URL('./data-directory.ts', import.meta.url).href}'
    import { realDisk } from '${new URL('./disk.ts', import.meta.url).href}'
    import { systemClock } from '#std/clock.ts'
    const failure = await new DataDirectory(process.argv[1], realDisk, systemClock).claim(0)
    process.stdout.write(failure === undefined ? 'ours' : failure.code)
    process.kill(process.pid, 'SIGKILL')
  `
  try {
    return execFileSync(process.execPath, ['--input-type=module-typescript', '-e', code, path], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

test('one process at a time has the directory, and one that is killed leaves it free', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  const path = join(folder, 'data')
  assert.equal(claimElsewhere(path), 'ours')
  const directory = new DataDirectory(path, realDisk, systemClock)
  assert.equal(await directory.claim(0), undefined)
  assert.equal(await directory.claim(0), undefined, 'it is ours already')
  assert.equal(claimElsewhere(path), 'taken')
  directory.release()
  assert.equal(claimElsewhere(path), 'ours')
  rmSync(folder, { recursive: true })
})

test('a directory that cannot be made says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  writeFileSync(join(folder, 'file'), '')
  const failure = await new DataDirectory(join(folder, 'file', 'data'), realDisk, systemClock).claim(0)
  assert.equal(failure?.code, 'enotdir')
  assert.match(failure?.message ?? '', /the data directory .* cannot be used: ENOTDIR/)
  rmSync(folder, { recursive: true })
})
