import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { Breaker, type Verdict } from './breaker.ts'
import { breakerDefaults } from './plan.ts'

function setUp(plan: Partial<typeof breakerDefaults> = {}) {
  const clock = new ManualClock()
  const breaker = new Breaker({ ...breakerDefaults, consecutiveFailures: 1000, ...plan }, clock, () => 0)
  const requests = (count: number, verdict: Verdict) => {
    for (let i = 0; i < count; i++) breaker.done(breaker.admit()!, verdict)
  }
  return { clock, breaker, requests }
}

test('it opens at half of twenty, not before', () => {
  const { breaker, requests } = setUp()
  requests(9, 'success')
  requests(10, 'failure')
  assert.equal(breaker.state, 'closed')
  requests(1, 'failure')
  assert.equal(breaker.state, 'open')
  assert.equal(breaker.admit(), undefined)
  assert.equal(breaker.refusedForMs, 30_000)
})

test('it opens after failures in a row, and a success between starts the count again', () => {
  const { breaker, requests } = setUp({ consecutiveFailures: 3, minRequests: 1000 })
  requests(2, 'failure')
  requests(1, 'success')
  requests(2, 'failure')
  requests(5, 'none')
  assert.equal(breaker.state, 'closed')
  requests(1, 'failure')
  assert.equal(breaker.state, 'open')
})

test('what is older than the window is forgotten', () => {
  const { clock, breaker, requests } = setUp()
  requests(19, 'failure')
  clock.advance(10_001)
  requests(9, 'failure')
  clock.advance(5_000)
  requests(10, 'failure')
  assert.equal(breaker.state, 'closed')
  requests(1, 'failure')
  assert.equal(breaker.state, 'open')
})

test('half open lets three probes through, and two successes close it', () => {
  const { clock, breaker, requests } = setUp()
  requests(20, 'failure')
  clock.advance(30_000)
  const tickets = [breaker.admit()!, breaker.admit()!, breaker.admit()!]
  assert.equal(breaker.state, 'half_open')
  assert.equal(breaker.admit(), undefined)
  assert.ok(breaker.refusedForMs > 0)
  // One that was taken back frees its place.
  breaker.done(tickets[0]!, 'none')
  const fourth = breaker.admit()!
  breaker.done(fourth, 'success')
  assert.equal(breaker.state, 'half_open')
  breaker.done(tickets[1]!, 'success')
  assert.equal(breaker.state, 'closed')
  // A late failure of a probe is news of the past.
  breaker.done(tickets[2]!, 'failure')
  assert.equal(breaker.state, 'closed')
})

test('a failed recovery doubles the rest up to the cap, and closing forgets it', () => {
  const { clock, breaker, requests } = setUp({ openMs: 1_000, openMaxMs: 3_000 })
  requests(20, 'failure')
  for (const restMs of [1_000, 2_000, 3_000, 3_000]) {
    assert.equal(breaker.refusedForMs, restMs)
    clock.advance(restMs)
    requests(1, 'failure')
    assert.equal(breaker.state, 'open')
  }
  clock.advance(3_000)
  requests(2, 'success')
  requests(20, 'failure')
  assert.equal(breaker.refusedForMs, 1_000)
  assert.equal(breaker.opened, 6)
})

test('requests that went out before it opened do not count as probes', () => {
  const { clock, breaker, requests } = setUp()
  const early = breaker.admit()!
  requests(20, 'failure')
  clock.advance(30_000)
  const probe = breaker.admit()!
  breaker.done(early, 'failure')
  assert.equal(breaker.state, 'half_open')
  breaker.done(probe, 'failure')
  assert.equal(breaker.state, 'open')
})
