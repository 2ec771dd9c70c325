import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinedLabels, stacked, timeTicks } from '#ui/kit/chart-data.ts'

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

test('ticks of hours name the day where it begins, ticks of days only that', () => {
  const midnight = Date.UTC(2026, 10, 21) / 1000
  const hours = timeTicks([midnight - 3600, midnight, midnight + 3600], 3600, 'UTC').map(
    (text) => text.split('\n').length,
  )
  assert.deepEqual(hours, [2, 2, 1])
  const days = timeTicks([midnight, midnight + 86_400], 86_400, 'UTC')
  assert.equal(new Set(days).size, 2)
  assert.ok(days.every((text) => !text.includes(':')))
})

test('labels that would cover each other are written as one', () => {
  const labels = [10, 200, 30, 45].map((x) => ({ x, label: `v${x}` }))
  assert.deepEqual(joinedLabels(labels, 40), [
    { x: 10, label: 'v10 – v45' },
    { x: 200, label: 'v200' },
  ])
})
