import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputBooks } from '#contract/stats.ts'
import { flowOf, waitingOf } from '#ui/screens/fleet/figures.ts'

const rate = (records: number) => ({ records, bytes: records * 100 })

test('what goes through a gateway is that of all its pipelines', () => {
  const pipelines = [1, 2].map((n) => ({ id: `p${n}`, in: rate(10 * n), out: rate(n), rules: [] }))
  assert.deepEqual(flowOf({ rates: { pipelines, outputs: [] } }), { in: rate(30), out: rate(3) })
  assert.equal(flowOf({ rates: null }), null)
})

test('what waits is in the intake, in memory for outputs, and on disk', () => {
  const output = (queue: number, spool: number | null) =>
    ({ queue: { bytes: queue, bytes_max: 100 }, spool: spool === null ? null : { bytes: spool } }) as OutputBooks
  const intake = { bytes: 5, bytes_max: 10, entries: 1, entries_max: 10 }
  const waiting = waitingOf({ intake, outputs: [output(7, null), output(1, 1000)] })
  assert.deepEqual(waiting, { intake: 5, queue: 8, spool: 1000, total: 1013 })
})
