import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Series } from '#contract/series.ts'
import { flowOf, reductionOf, savedOf, totalsOf, wholeMinutes } from '#ui/screens/overview/figures.ts'

const MINUTE = 60_000

test('each layer is per second, and layers of which there is nothing are left out', () => {
  const { times, layers } = flowOf(seriesOf([0, MINUTE], forwardedAndDropped), 'bytes', 10 * MINUTE)
  assert.deepEqual(times, [0, MINUTE])
  assert.deepEqual(
    layers.map(({ key, values }) => [key, values]),
    [
      ['dropped', [10, 0]],
      ['forwarded', [20, 40]],
    ],
  )
})

test('the layers together are what came in, and what edits cut off stands among them', () => {
  const values = {
    in_bytes: [600],
    dropped_bytes: [60],
    sampled_bytes: [120],
    quarantined_bytes: [30],
    rejected_bytes: [10],
    overwritten_bytes: [20],
    edited_bytes: [-60],
    forwarded_bytes: [300],
  }
  const { layers } = flowOf(seriesOf([0], values), 'bytes', 10 * MINUTE)
  const sum = layers.reduce((all, { values: [value] }) => all + (value ?? 0), 0)
  assert.equal(sum * 60, 600)
  assert.equal(layers.find(({ key }) => key === 'shortened')?.values[0], 1)
  assert.equal(layers.find(({ key }) => key === 'lost')?.values[0], 0.5)
})

test('edited records are no fewer records', () => {
  const series = seriesOf([0], { edited_records: [-5], forwarded_records: [60] })
  assert.deepEqual(
    flowOf(series, 'records', 10 * MINUTE).layers.map(({ key }) => key),
    ['dropped', 'forwarded'],
  )
})

test('a minute that is not over is left out; the first of all stands for the part of it that is, ten seconds at least', () => {
  assert.deepEqual(flowOf(seriesOf([0, MINUTE], forwardedAndDropped), 'bytes', MINUTE + 30_000).times, [0])
  const series = seriesOf([0, MINUTE], { forwarded_bytes: [0, 2400] })
  const after = (ms: number) =>
    flowOf(series, 'bytes', MINUTE + ms).layers.find(({ key }) => key === 'forwarded')?.values[1]
  assert.equal(after(30_000), 80)
  assert.equal(after(1000), 240)
})

test('a live point stands in place of the minute that is not over', () => {
  const live = {
    at: MINUTE + 30_000,
    rates: { forwarded: { records: 0, bytes: 7 }, edited: { records: 3, bytes: -2 } },
  }
  const { times, layers } = flowOf(seriesOf([0, MINUTE], forwardedAndDropped), 'bytes', MINUTE + 31_000, { live })
  assert.deepEqual(times, [0, MINUTE + 30_000])
  assert.deepEqual(layers.find(({ key }) => key === 'forwarded')?.values, [20, 7])
  assert.deepEqual(layers.find(({ key }) => key === 'shortened')?.values, [0, 2])
})

test('the first minute of all stays beside the live point, and older times take none', () => {
  const series = seriesOf([0, MINUTE], { forwarded_bytes: [0, 2400], dropped_bytes: [0, 0] })
  const live = { at: MINUTE + 30_000, rates: {} }
  assert.deepEqual(flowOf(series, 'bytes', MINUTE + 30_000, { live }).times, [0, MINUTE, MINUTE + 30_000])
  assert.deepEqual(flowOf(series, 'bytes', 5 * MINUTE, { live }).times, [0, MINUTE])
})

test('before a gateway was there nothing is known; from then on nothing is zero', () => {
  const empty = { ...seriesOf([0, MINUTE], {}), series: [] }
  const shown = (firstSeen?: number) =>
    flowOf(empty, 'records', 10 * MINUTE, { firstSeen }).layers.map(({ values }) => values)
  assert.deepEqual(shown(), [
    [null, null],
    [null, null],
  ])
  assert.deepEqual(shown(MINUTE + 5), [
    [null, 0],
    [null, 0],
  ])
})

test('the reduction is what rules took off, less what they made anew and what edits added', () => {
  const totals = totalsOf({
    in_bytes: [500, 500],
    in_records: [5, 5],
    dropped_bytes: [100, 100],
    dropped_records: [2, 0],
    aggregated_bytes: [150, 150],
    emitted_bytes: [0, 40],
    edited_bytes: [10, -50],
    edited_records: [4, 4],
    quarantined_bytes: [30, 0],
  })
  assert.equal(savedOf(totals, 'bytes'), 200 + 300 - 40 + 40)
  assert.equal(reductionOf(totals, 'bytes'), 0.5)
  assert.equal(reductionOf(totals, 'records'), 0.2)
  assert.equal(reductionOf({}, 'bytes'), undefined)
})

test('a range that goes on has all of its last minute; one that is fixed stays', () => {
  const inside = { from: 2 * MINUTE + 15_000, to: 3 * MINUTE }
  assert.deepEqual(wholeMinutes({ ...inside, live: true }), { from: 2 * MINUTE, to: 4 * MINUTE })
  assert.deepEqual(wholeMinutes({ ...inside, live: false }), inside)
})

const forwardedAndDropped = { in_bytes: [1800, 2400], forwarded_bytes: [1200, 2400], dropped_bytes: [600, 0] }

function seriesOf(times: number[], values: Record<string, number[]>): Series {
  const one = { key: 'total', labels: {}, estimated: false, samples: null, values }
  return { configuration: 'default', by: 'total', step: 'minute', from: 0, to: 1, times, series: [one] }
}
