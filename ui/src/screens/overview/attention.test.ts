import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertEvent } from '#contract/alert.ts'
import type { DriftCause, FleetSummary, GatewaySummary } from '#contract/fleet.ts'
import type { LiveEntry } from '#contract/series.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { attentionOf } from '#ui/screens/overview/attention.ts'

test('where all is well there is nothing', () => {
  assert.deepEqual(attentionOf({ live: [wellEntry()], fleet, alerts: [] }), [])
  assert.deepEqual(attentionOf({ live: undefined, fleet: unknownFleet, alerts: [] }), [])
})

test('pipelines, outputs and engines in trouble stand there, the worst first', () => {
  const entry = wellEntry()
  entry.stats = exampleStats()
  const output = entry.stats.outputs[0]!
  output.last_error = { code: 'SG_OUTPUT_STATUS', message: 'the answer was 503', at: 5 }
  output.spool = { bytes: 1, bytes_max: 2, failures: 1, broken_bytes: 0, failure: { code: 'ENOSPC', message: 'full' } }
  const found = attentionOf({ live: [entry], fleet, alerts: [] })
  assert.deepEqual(
    found.map(({ tone, title }) => [tone, title]),
    [
      ['bad', 'Output out: failing'],
      ['bad', '1 engine of gateway node-1 stalled'],
      ['warn', 'Pipeline main: pressed'],
      ['warn', '2 dead letters of output out'],
    ],
  )
  assert.equal(found[0]?.detail, 'ENOSPC: full')
  assert.deepEqual(found.at(-1)?.link, {
    to: '/outputs/$output',
    params: { output: 'out' },
    search: { tab: 'letters' },
  })
})

test('a bypassed pipeline says on how many of its gateways, and leads to what went past the rules', () => {
  const bypassed = wellEntry()
  bypassed.stats.pipelines[0]!.state = 'bypass'
  const [first] = attentionOf({ live: [wellEntry(), bypassed], fleet, alerts: [] })
  assert.equal(first?.title, 'Pipeline main: bypassed on 1 of 2 gateways')
  assert.deepEqual([first?.link, first?.tone], [{ to: '/', hash: 'bypass' }, 'bad'])
})

test('gateways of the configuration are named with why; a change under way is nothing', () => {
  const items = [
    gateway('a', { drift: 'failed', error: 'no such processor' }),
    gateway('b', { drift: 'failed', error: 'no such processor' }),
    gateway('c', { drift: 'pending' }),
    gateway('d', { unwell: 'not well: output/siem' }),
    gateway('e', { online: false, unwell: 'was not well' }),
    gateway('f', { drift: 'local_override' }),
  ]
  const found = attentionOf({ live: undefined, fleet: fleetOf(items), alerts: [] })
  assert.deepEqual(
    found.map(({ title, detail }) => [title, detail]),
    [
      ['2 gateways refused the published version', 'a, b: no such processor'],
      ['Gateway d unhealthy', 'not well: output/siem'],
      ['Gateway f changed on the spot: other than published', 'it follows default'],
      ['Gateway e offline', 'it follows default'],
    ],
  )
  assert.deepEqual(found[0]?.link, { to: '/fleet', search: { state: 'failed', follows: 'default' } })
  assert.deepEqual(found[1]?.link, { to: '/fleet/$gateway', params: { gateway: 'd' } })
})

test('where gateways are too many to read, the whole fleet is counted and said to be that', () => {
  const summary: FleetSummary = {
    gateways: 900,
    online: 898,
    in_sync: 1,
    unhealthy: 1,
    drift: { failed: 2, local_override: 1, pending: 4 },
    configurations: [],
    versions: [],
  }
  const gateways = { items: [], next_cursor: 'more' }
  const found = attentionOf({ live: undefined, fleet: { configuration: 'default', gateways, summary }, alerts: [] })
  assert.deepEqual(
    found.map(({ title }) => title),
    [
      '2 gateways refused the published version',
      '1 gateway unhealthy',
      '1 gateway changed on the spot: other than published',
      '2 gateways offline',
    ],
  )
  assert.equal(found[0]?.detail, 'of 900 in the whole fleet, of all configurations')
})

test('nobody who reports is no proof that all is well', () => {
  const titles = (gateways: GatewaySummary[]) =>
    attentionOf({ live: [], fleet: fleetOf(gateways), alerts: [] }).map(({ title }) => title)
  assert.deepEqual(titles([]), ['No gateway follows default'])
  assert.deepEqual(titles([gateway('a', {})]), ['No gateway of default reports'])
})

test('alerts that fire stand there with why', () => {
  const [first, second] = attentionOf({
    live: undefined,
    fleet,
    alerts: [alert('warning', 'no_data'), alert('critical')],
  })
  assert.deepEqual([first?.tone, first?.title, first?.detail], ['bad', 'Alert: Gone', 'critical; its condition holds'])
  assert.equal(second?.detail, 'warning; there is no data')
})

const fleet = fleetOf([gateway('a', {})])
const unknownFleet = { configuration: 'default', gateways: undefined, summary: undefined }

function fleetOf(items: GatewaySummary[]) {
  return { configuration: 'default', gateways: { items, next_cursor: null }, summary: undefined }
}

interface Given {
  online?: boolean
  drift?: DriftCause
  error?: string
  unwell?: string
}

function gateway(name: string, { online = true, drift, error = '', unwell }: Given): GatewaySummary {
  const health = { healthy: unwell === undefined, since: 0, status: '', last_error: unwell ?? '' }
  return {
    id: name,
    name,
    online,
    drift: drift ?? null,
    states: { health, reported: { error } },
  } as GatewaySummary
}

function wellEntry(): LiveEntry {
  const stats = exampleStats()
  stats.engines = [{ restarts: 0, state: 'running' }]
  stats.pipelines[0]!.state = 'normal'
  const output = stats.outputs[0]!
  stats.outputs = [{ ...output, last_error: null, spool: null, dead_letters: { records: 0, bytes: 0 } }]
  return { gateway: 'a', configuration: 'default', at: 1, stats, rates: null }
}

function alert(severity: 'warning' | 'critical', cause: 'condition' | 'no_data' = 'condition'): AlertEvent {
  const rest = { kind: 'gateway_offline', value: 1, subjects: [], resolved_at: null, resolved_by: null }
  const event = { id: severity, rule: 'gone', rule_name: 'Gone', state: 'firing', started_at: 1 } as const
  return { ...rest, ...event, severity, cause, silenced: false, acknowledged: null }
}
