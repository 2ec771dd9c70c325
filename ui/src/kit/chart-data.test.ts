import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stacked } from '#ui/kit/chart-data.ts'

test('stacked series add up from the last to the first; what is missing adds nothing', () => {
  const sums = stacked([
    [1, 2, null],
    [10, null, 30],
    [100, 200, 300],
  ])
  assert.deepEqual(sums, [
    [111, 202, 330],
    [110, 200, 330],
    [100, 200, 300],
  ])
  assert.deepEqual(stacked([]), [])
})
