import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { type Reading, viewOf } from './top-rates.ts'

function reading(now: number, ...nodes: Reading['nodes']): Reading {
  return { now, at: 1_767_225_660_000 + now, nodes }
}

test('rates are differences of two readings over the time between them', () => {
  const later = exampleStats()
  const [pipeline, output] = [later.pipelines[0]!, later.outputs[0]!]
  pipeline.in = { records: 300, bytes: 30_000 }
  pipeline.forwarded = { records: 100, bytes: 11_000 }
  pipeline.bypassed = { records: 21, bytes: 2100 }
  pipeline.rules[0]!.ended = { records: 70, bytes: 7000 }
  pipeline.rules[0]!.edited = { records: 20, bytes: -150 }
  pipeline.rules[0]!.errors = 5
  output.delivered = { records: 95, bytes: 9555 }
  output.retries = 16
  const view = viewOf(reading(0, exampleStats()), reading(2000, later))
  const [shown] = view.pipelines
  assert.deepEqual(shown?.in, { records_per_s: 100, bytes_per_s: 10_000 })
  assert.deepEqual(shown?.out, { records_per_s: 20, bytes_per_s: 2500 })
  assert.equal(shown?.reduction, 0.75)
  assert.deepEqual(shown?.bypassed, { records_per_s: 10, bytes_per_s: 1000 })
  assert.equal(shown?.state, 'pressed')
  const [rule] = view.rules
  assert.deepEqual(rule?.ended, { records_per_s: 20, bytes_per_s: 2000 })
  assert.deepEqual(rule?.edited, { records_per_s: 5, bytes_per_s: -50 })
  assert.deepEqual([rule?.errors, rule?.errors_per_s], [5, 1])
  const [sent] = view.outputs
  assert.deepEqual(sent?.delivered, { records_per_s: 20, bytes_per_s: 2000 })
  assert.deepEqual([sent?.retries, sent?.retries_per_s, sent?.dead_letters], [16, 5, 2])
  assert.deepEqual(
    view.nodes.map(({ node, engines, engines_running: running, engine_restarts: restarts }) => [
      node,
      engines,
      running,
      restarts,
    ]),
    [['node-1', 1, 0, 1]],
  )
})

test('without something to compare with there are no rates, and no made-up ones', () => {
  const first = viewOf(undefined, reading(0, exampleStats()))
  assert.deepEqual(first.pipelines[0]?.in, { records_per_s: null, bytes_per_s: null })
  assert.equal(first.pipelines[0]?.reduction, null)
  assert.deepEqual([first.outputs[0]?.retries, first.outputs[0]?.retries_per_s], [6, null])

  const restarted = { ...exampleStats(), started_at: 1_767_225_700_000 }
  assert.equal(viewOf(reading(0, exampleStats()), reading(1000, restarted)).pipelines[0]?.in.records_per_s, null)

  const reloaded = exampleStats()
  reloaded.pipelines[0]!.rules[0]!.type = 'sample'
  reloaded.pipelines[0]!.in = { records: 1, bytes: 10 }
  reloaded.outputs[0]!.id = 'other'
  const view = viewOf(reading(0, exampleStats()), reading(1000, reloaded))
  assert.equal(view.rules[0]?.ended.records_per_s, null)
  assert.deepEqual(view.pipelines[0]?.in, { records_per_s: null, bytes_per_s: null })
  assert.equal(view.outputs[0]?.delivered.records_per_s, null)
})

test('each node of several is compared with itself', () => {
  const other = { ...exampleStats(), id: 'node-2' }
  const later = exampleStats()
  later.pipelines[0]!.in = { records: 110, bytes: 11_000 }
  const view = viewOf(reading(0, other, exampleStats()), reading(1000, later, other))
  assert.deepEqual(
    view.pipelines.map(({ node, in: taken }) => [node, taken.records_per_s]),
    [
      ['node-1', 10],
      ['node-2', 0],
    ],
  )
})
