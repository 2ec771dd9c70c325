import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fate } from '#contract/observation.ts'
import type { TriedRecord } from '#ui/engine/messages.ts'
import { groupKey, nextChanged, totalsOf } from '#ui/screens/studio/results.ts'

test('records are grouped by what became of them, and by which rule', () => {
  const records = [
    tried('forwarded'),
    tried('dropped', 'x'),
    tried('dropped', 'y'),
    tried('dropped', 'y'),
    tried('forwarded', null, ['e']),
    tried('sampled', 's'),
  ]
  const { groups, bytesIn, bytesOut } = totalsOf(records)
  assert.deepEqual(
    groups.map(({ key, count }) => [key, count]),
    [
      ['kept', 1],
      ['edited', 1],
      ['dropped:y', 2],
      ['dropped:x', 1],
      ['sampled:s', 1],
    ],
  )
  assert.deepEqual([bytesIn, bytesOut], [60, 20])
})

test('n and p go to what rules changed', () => {
  const keys = [tried('forwarded'), tried('dropped', 'x'), tried('forwarded'), tried('forwarded', null, ['e'])].map(
    groupKey,
  )
  assert.equal(nextChanged(keys, -1, 1), 1)
  assert.equal(nextChanged(keys, 1, 1), 3)
  assert.equal(nextChanged(keys, 3, 1), 3)
  assert.equal(nextChanged(keys, 3, -1), 1)
  assert.equal(nextChanged(keys, 1, -1), 1)
})

function tried(fate: Fate, rule: string | null = null, editedBy: string[] = []): TriedRecord {
  const after = fate === 'forwarded' ? { text: 'x' } : null
  const sizes = { bytes_in: 10, bytes_out: after === null ? 0 : 10 }
  return { fate, rule, edited_by: editedBy, after, ...sizes, errors: [], spans: { before: [], after: [] } }
}
