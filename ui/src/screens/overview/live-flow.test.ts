import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveEntry } from '#contract/series.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { livePointOf, pipelinesNow, ratesNow, SILENT_MS, withReports } from '#ui/screens/overview/live-flow.ts'

const AT = 1_767_225_700_000

test('a rate is what two reports of one run differ in, added up over gateways', () => {
  const first = [entryOf('a', AT, 1000), entryOf('b', AT, 50)]
  const second = [entryOf('a', AT + 10_000, 3000), entryOf('b', AT + 10_000, 150)]
  const reports = withReports(withReports(new Map(), first), second)
  const point = livePointOf(reports, AT + 11_000)
  assert.equal(point?.at, AT + 10_000)
  assert.deepEqual(point?.rates['dropped'], { records: 0, bytes: 210 })
  assert.deepEqual(point?.rates['edited'], { records: 0, bytes: 0 })
})

test('one report, a new run, or silence has no rate; counters that begin again have none below zero', () => {
  const once = withReports(new Map(), [entryOf('a', AT, 1000)])
  assert.equal(livePointOf(once, AT), undefined)
  const restarted = entryOf('a', AT + 10_000, 5)
  restarted.stats.started_at++
  assert.equal(livePointOf(withReports(once, [restarted]), AT + 10_000), undefined)
  const twice = withReports(once, [entryOf('a', AT + 10_000, 500)])
  assert.equal(livePointOf(twice, AT + 10_000)?.rates['dropped']?.bytes, 0)
  assert.equal(livePointOf(twice, AT + 10_001 + SILENT_MS), undefined)
})

test('the same reports again change nothing', () => {
  const entries = [entryOf('a', AT, 1)]
  const reports = withReports(new Map(), entries)
  assert.equal(withReports(reports, entries), reports)
  assert.equal(withReports(reports, []).size, 0)
})

test('rates of the controller are added up where gateways are heard', () => {
  const rates = { pipelines: [{ id: 'main', in: one(5), out: one(3), rules: [] }], outputs: [] }
  const heard = { ...entryOf('a', AT, 0), rates }
  const silent = { ...entryOf('b', AT - SILENT_MS - 1, 0), rates }
  assert.deepEqual(ratesNow([heard, heard, silent], AT), { in: one(10), out: one(6) })
  assert.equal(ratesNow([silent, entryOf('c', AT, 0)], AT), undefined)
})

test('a pipeline is as its worst gateway is, and what went past its rules is added up', () => {
  const bypassed = entryOf('a', AT, 0, 'bypass', 7)
  const found = pipelinesNow([entryOf('b', AT, 0, 'normal', 3), bypassed, entryOf('c', AT, 0, 'bypass', 5)])
  assert.deepEqual(
    found.map(({ id, state, since, gateways, inState }) => [id, state, since, gateways, inState]),
    [['main', 'bypass', 5, 3, 2]],
  )
  assert.deepEqual(found[0]?.bypassed, { records: 3, bytes: 300 })
})

const one = (records: number) => ({ records, bytes: records * 100 })

function entryOf(
  gateway: string,
  at: number,
  droppedBytes: number,
  state: 'normal' | 'bypass' = 'normal',
  since = 0,
): LiveEntry {
  const stats = exampleStats()
  const main = stats.pipelines[0]!
  stats.pipelines = [{ ...main, state, since, dropped: { records: 0, bytes: droppedBytes } }]
  return { gateway, configuration: 'default', at, stats, rates: null }
}
