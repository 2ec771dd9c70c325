import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { ManualClock } from '#std/clock.ts'
import { FakeDisk } from '#test/support/fake-disk.ts'
import { DataDirectory } from './data-directory.ts'

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
