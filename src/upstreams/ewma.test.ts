import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { LatencyAverage } from './ewma.ts'

test('the average begins with the first sample and fades with time', () => {
  const clock = new ManualClock()
  const average = new LatencyAverage(clock)
  assert.equal(average.value, undefined)
  average.add(100)
  assert.equal(average.value, 100)
  clock.advance(10_000)
  average.add(0)
  assert.ok(Math.abs(average.value! - 100 / Math.E) < 0.001)
})

test('a burst at one instant moves it a little', () => {
  const average = new LatencyAverage(new ManualClock())
  average.add(10)
  average.add(110)
  assert.equal(average.value, 11)
})
