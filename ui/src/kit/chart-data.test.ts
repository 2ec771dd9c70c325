import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstKnown, joinedLabels, knownFrom, lonely, stacked, timeTicks } from '#ui/kit/chart-data.ts'

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
  const unknown = stacked([
    [null, 1],
    [null, null],
  ])
  assert.deepEqual(
    unknown,
    [
      [null, 1],
      [null, null],
    ],
    'where nothing is known there is no sum either',
  )
})

test('before the first figure, or before anybody was there to tell one, nothing is known', () => {
  const times = [0, 10, 20, 30]
  const [idle, late] = [
    [0, 0, 0, 0],
    [0, 0, 5, 0],
  ] as const
  assert.equal(firstKnown(times, 10, [idle, late]), 2)
  assert.equal(firstKnown(times, 10, [idle, late], 15), 1)
  assert.equal(firstKnown(times, 10, [idle], 100), 4)
  assert.deepEqual(knownFrom(late, 2), [null, null, 5, 0])
})

test('a figure that stands alone is found', () => {
  assert.deepEqual(lonely([null, 1, null, 2, 3, null, 4]), [1, 6])
  assert.deepEqual(lonely([]), [])
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
