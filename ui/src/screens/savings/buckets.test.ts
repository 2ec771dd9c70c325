import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stackOf } from '#ui/screens/savings/buckets.ts'
import { exampleSavings } from '#ui/screens/savings/ledger-fixture.ts'

test('columns stack what there is, in the measure that is asked for', () => {
  const bytes = stackOf([exampleSavings()], 'day', 'bytes')
  assert.deepEqual(
    bytes.kinds.map(({ label }) => label),
    ['Made smaller', 'Dropped'],
  )
  assert.deepEqual(bytes.buckets[0]?.values, [1e9, 4e9])
  assert.equal(bytes.top, 5e9)
  assert.deepEqual(stackOf([exampleSavings()], 'day', 'EUR').buckets[0]?.values, [0.144, 6.176])
  assert.deepEqual(
    stackOf([exampleSavings()], 'day', 'records').kinds.map(({ label }) => label),
    ['Dropped'],
  )
})

test('what rules made anew is taken off what they merged, and nothing is drawn below zero', () => {
  const savings = exampleSavings()
  for (const one of savings.by_kind) {
    if (one.kind === 'aggregated') one.saved = { records: 10, bytes: 1000 }
    if (one.kind === 'emitted') one.saved = { records: -1, bytes: -200 }
    if (one.kind === 'edited') one.saved = { records: 0, bytes: -50 }
    if (one.kind === 'dropped') one.saved = { records: 0, bytes: 0 }
  }
  const { kinds, buckets } = stackOf([savings], 'month', 'bytes')
  assert.deepEqual([kinds.map(({ label }) => label), buckets[0]?.values], [['Aggregated'], [800]])
})

test('an axis of nothing is not zero high', () => {
  assert.equal(stackOf([], 'day', 'bytes').top, 1)
})
