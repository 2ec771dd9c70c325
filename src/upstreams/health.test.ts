import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Health } from './health.ts'

const plan = { healthyThreshold: 2, unhealthyThreshold: 3 }

test('a target is healthy until checked, and the first result counts at once', () => {
  const health = new Health()
  assert.equal(health.healthy, true)
  assert.equal(health.record(false, plan), true)
  assert.equal(health.healthy, false)
})

test('later it takes as many results in a row as the thresholds say', () => {
  const health = new Health()
  const sequence: [ok: boolean, healthy: boolean][] = [
    [true, true],
    [false, true],
    [false, true],
    [true, true],
    [false, true],
    [false, true],
    [false, false],
    [true, false],
    [false, false],
    [true, false],
    [true, true],
  ]
  sequence.forEach(([ok, healthy], i) => {
    health.record(ok, plan)
    assert.equal(health.healthy, healthy, `result ${i}`)
  })
})

test('without checks nothing is held against a target', () => {
  const health = new Health()
  health.record(false, plan)
  health.forget()
  assert.equal(health.healthy, true)
})
