import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DriftCause, FleetSummary, GatewaySummary } from '#contract/fleet.ts'
import { healthyOf, worstFirst } from '#ui/screens/overview/gateways.ts'

test('those that need somebody come first', () => {
  const given = [
    gateway('e', { inSync: true }),
    gateway('d', { drift: 'pending' }),
    gateway('c', { online: false }),
    gateway('b', { healthy: false }),
    gateway('a', { drift: 'failed' }),
  ]
  assert.deepEqual(
    worstFirst(given).map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'e'],
  )
})

test('healthy are those that are online and well; long lists are counted by the fleet', () => {
  const items = [gateway('a', { online: false }), gateway('b', { healthy: false }), gateway('c', {})]
  const summary = { gateways: 900, online: 890, unhealthy: 5 } as FleetSummary
  assert.deepEqual(healthyOf({ items, next_cursor: null }, summary), { healthy: 1, all: 3, isWholeFleet: false })
  assert.deepEqual(healthyOf({ items, next_cursor: 'more' }, summary), { healthy: 885, all: 900, isWholeFleet: true })
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
