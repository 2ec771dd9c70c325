import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { mayEject, Outlier, outcomeOf, type TargetOutcome } from './outlier.ts'
import { type OutlierPlan, upstreamDefaults } from './plan.ts'

function setUp(changes: Partial<OutlierPlan> = {}) {
  const clock = new ManualClock()
  const outlier = new Outlier(clock)
  const plan = { ...upstreamDefaults.outlier, ...changes }
  const record = (outcome: TargetOutcome, count = 1, allowed = true) => {
    for (let i = 0; i < count; i++) outlier.record(outcome, plan, () => allowed)
  }
  return { clock, outlier, record }
}

test('statuses are told apart', () => {
  assert.deepEqual([200, 404, 429, 499].map(outcomeOf), ['ok', 'ok', 'ok', 'ok'])
  assert.deepEqual([500, 501, 505].map(outcomeOf), ['server', 'server', 'server'])
  assert.deepEqual([502, 503, 504].map(outcomeOf), ['gateway', 'gateway', 'gateway'])
})

test('five 5xx in a row eject, and any answer between starts the count again', () => {
  const { outlier, record } = setUp()
  record('server', 4)
  record('ok')
  record('server', 4)
  assert.equal(outlier.ejected, false)
  record('gateway')
  assert.equal(outlier.ejected, true)
  assert.equal(outlier.ejectedForMs, 30_000)
})

test('failures of the gateway kind have a count of their own', () => {
  const { outlier, record } = setUp({ consecutive5xx: 100, consecutiveGatewayFailures: 2 })
  record('gateway')
  record('server')
  record('gateway')
  assert.equal(outlier.ejected, false)
  record('gateway')
  assert.equal(outlier.ejected, true)
})

test('each ejection is longer, up to the cap, and good behaviour is remembered', () => {
  const { clock, outlier, record } = setUp({ baseEjectionMs: 30_000, maxEjectionMs: 70_000 })
  const times: number[] = []
  for (let i = 0; i < 4; i++) {
    record('server', 5)
    times.push(outlier.ejectedForMs)
    clock.advance(outlier.ejectedForMs)
    assert.equal(outlier.ejected, false)
  }
  assert.deepEqual(times, [30_000, 60_000, 70_000, 70_000])
  clock.advance(40_000)
  record('server', 5)
  assert.equal(outlier.ejectedForMs, 30_000)
  assert.equal(outlier.ejections, 5)
})

test('failures while ejected do not make it longer, and a good check ends it', () => {
  const { clock, outlier, record } = setUp()
  record('server', 5)
  clock.advance(10_000)
  record('server', 20)
  assert.equal(outlier.ejectedForMs, 20_000)
  assert.equal(outlier.restore(), true)
  assert.equal(outlier.ejected, false)
  assert.equal(outlier.restore(), false)
})

test('when no more may be ejected the count begins anew', () => {
  const { outlier, record } = setUp()
  record('server', 5, false)
  record('server', 4)
  assert.equal(outlier.ejected, false)
  record('server')
  assert.equal(outlier.ejected, true)
})

test('one may always be ejected, more up to the share', () => {
  assert.equal(mayEject(0, 2, 10), true)
  assert.equal(mayEject(1, 2, 10), false)
  assert.equal(mayEject(1, 2, 100), true)
  assert.equal(mayEject(1, 20, 10), true)
  assert.equal(mayEject(2, 20, 10), false)
})
