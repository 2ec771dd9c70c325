import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { ExampleNode } from '#test/support/series.ts'
import { LiveStats } from './live.ts'

test('rates are those between the last two messages of a run', () => {
  const clock = new ManualClock()
  const live = new LiveStats(clock)
  const node = new ExampleNode(clock.wall())
  const say = () => live.take('o', 'g', 'c', node.stats())
  const ended = [{ rule: 'r', type: 'filter', kind: 'dropped' as const, records: 40 }]
  say()
  assert.equal(live.get('o', 'g')?.rates, null)
  clock.advance(10_000)
  node.take({ pipeline: 'p', records: 100, bytes: 5000, ended })
  say()
  const [pipeline] = live.get('o', 'g')!.rates!.pipelines
  assert.deepEqual(
    [pipeline!.in, pipeline!.out],
    [
      { records: 10, bytes: 500 },
      { records: 6, bytes: 300 },
    ],
  )
  assert.deepEqual(pipeline!.rules[0]!.ended, { records: 4, bytes: 200 })
  node.take({ pipeline: 'p', records: 50, bytes: 50 })
  say()
  clock.advance(10_000)
  say()
  assert.deepEqual(live.get('o', 'g')!.rates!.pipelines[0]!.in, { records: 5, bytes: 5 })
  node.restart(clock.wall())
  clock.advance(10_000)
  say()
  assert.equal(live.get('o', 'g')?.rates, null)
})

test('who is silent is not shown, and nobody sees the gateways of others', () => {
  const clock = new ManualClock()
  const live = new LiveStats(clock)
  live.take('o', 'g', 'c', new ExampleNode(0).stats())
  live.take('other', 'h', 'c', new ExampleNode(0).stats())
  assert.deepEqual(
    live.list('o').map(({ gateway }) => gateway),
    ['g'],
  )
  assert.deepEqual(live.list('o', 'another'), [])
  clock.advance(6 * 60_000)
  assert.deepEqual(live.list('o'), [])
})
