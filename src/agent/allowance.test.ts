import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { Allowance } from './allowance.ts'

test('so often at once, then once in a while, and all of it again after a rest', () => {
  const clock = new ManualClock()
  const allowance = new Allowance(clock, 3, 1000)
  assert.deepEqual(
    [1, 2, 3].map(() => allowance.take()),
    [0, 0, 0],
  )
  assert.equal(allowance.take(), 1000)
  clock.advance(400)
  assert.equal(allowance.take(), 600)
  clock.advance(600)
  assert.equal(allowance.take(), 0)
  assert.equal(allowance.take(), 1000)
  clock.advance(60_000)
  assert.deepEqual(
    [1, 2, 3].map(() => allowance.take()),
    [0, 0, 0],
  )
  assert.ok(allowance.take() > 0)
})
