import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apportion } from './apportion.ts'
import { minutesOf, partOf, SPREAD_MINUTES_MAX } from './spread.ts'

const SEED = 1

test('largest remainder: parts are whole, within one of the exact share, and add up', () => {
  assert.deepEqual(apportion(10, [1, 1, 1]), [4, 3, 3])
  assert.deepEqual(apportion(-10, [3, 1]), [-8, -2])
  assert.deepEqual(apportion(7, [0, -1, 2]), [0, 0, 7])
  assert.equal(apportion(5, [0, 0]), undefined)
  assert.deepEqual(apportion(0, [1, 2]), [0, 0])
  const weights = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 50 })
  const total = fc.integer({ min: -1e14, max: 1e14 })
  const holds = fc.property(total, weights, (total, weights) => {
    const parts = apportion(total, weights)
    const sum = weights.reduce((a, b) => a + b, 0)
    if (parts === undefined) return assert.equal(sum, 0)
    assert.equal(
      parts.reduce((a, b) => a + b, 0),
      total,
    )
    parts.forEach((part, i) => {
      assert.ok(Number.isInteger(part))
      const exact = (total * weights[i]!) / sum
      assert.ok(Math.abs(part - exact) <= 1 + Math.abs(total) * 1e-14, `${part} for ${exact}`)
    })
  })
  fc.assert(holds, { seed: SEED })
})

test('a gap is spread over whole parts that add up, and over a bounded time', () => {
  const now = Date.UTC(2026, 0, 1, 12)
  assert.deepEqual(minutesOf(now - 10_000, now), [now])
  assert.equal(minutesOf(0, now + 5000).length, SPREAD_MINUTES_MAX)
  assert.deepEqual(minutesOf(now + 60_000, now), [now])
  const holds = fc.property(fc.integer(), fc.integer({ min: 1, max: 120 }), (value, count) => {
    const parts = Array.from({ length: count }, (_, i) => partOf(value, i, count))
    assert.equal(
      parts.reduce((a, b) => a + b, 0),
      value,
    )
    assert.ok(Math.max(...parts) - Math.min(...parts) <= 1)
  })
  fc.assert(holds, { seed: SEED })
})
