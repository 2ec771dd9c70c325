import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DriftCause, FleetSummary, GatewaySummary } from '#contract/fleet.ts'
import { healthyOf, stateOf, worstFirst } from '#ui/screens/overview/gateways.ts'

test('a gateway is called after the worst that is to be said of it', () => {
  const cases: [GatewaySummary, string][] = [
    [gateway('a', { online: false, drift: 'unreachable' }), 'Offline'],
    [gateway('b', { healthy: false, drift: 'failed' }), 'Unhealthy'],
    [gateway('c', { drift: 'failed' }), 'Version failed'],
    [gateway('d', { drift: 'pending' }), 'Being updated'],
    [gateway('e', { inSync: true }), 'In sync'],
    [gateway('f', {}), 'Its own file'],
  ]
  for (const [one, word] of cases) assert.equal(stateOf(one).word, word)
  assert.deepEqual(
    worstFirst(cases.map(([one]) => one).reverse()).map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'f', 'e'],
  )
})

test('healthy are those that are online and well; long lists are counted by the fleet', () => {
  const items = [gateway('a', { online: false }), gateway('b', { healthy: false }), gateway('c', {})]
  const summary = { gateways: 900, online: 890, unhealthy: 5 } as FleetSummary
  assert.deepEqual(healthyOf({ items, next_cursor: null }, summary), { healthy: 1, all: 3 })
  assert.deepEqual(healthyOf({ items, next_cursor: 'more' }, summary), { healthy: 885, all: 900 })
  assert.equal(healthyOf({ items, next_cursor: 'more' }, undefined), undefined)
  assert.equal(healthyOf(undefined, summary), undefined)
})

interface Given {
  online?: boolean
  healthy?: boolean
  drift?: DriftCause
  inSync?: boolean
}

function gateway(name: string, { online = true, healthy = true, drift, inSync = false }: Given): GatewaySummary {
  const health = { healthy, since: 0, status: '', last_error: '' }
  return { name, online, in_sync: inSync, drift: drift ?? null, states: { health } } as GatewaySummary
}
