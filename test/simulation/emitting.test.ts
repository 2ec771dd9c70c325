/** Processors that make records, in a whole node: what they hold goes out in time, at a reload and at a stop, and the books balance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putMetricRecord } from '#codecs/metric/decoder.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { allocate } from '#std/bytes.ts'
import { type Point, writePoint } from '#test/support/metrics.ts'
import { type NodeHarness, startNode } from '#test/support/node-harness.ts'

const rollup = (options: object): Partial<ProcessorPlan> => ({ type: 'aggregate', options: { ...options } })

/** Deltas of one counter, one for each host. */
function hits(hosts: number, value = 1): Point[] {
  return Array.from({ length: hosts }, (_, i) => ({
    kind: 'sum',
    temporality: 'delta',
    labels: { __name__: 'hits', host: String(i) },
    value,
  }))
}

function put(harness: NodeHarness, points: Point[], origin = 0): void {
  const writer = new MetricWriter()
  writer.begin()
  const target = allocate(64 * 1024)
  let end = 0
  for (const point of points) {
    const from = writer.at
    writePoint(writer, point)
    end = putMetricRecord(writer.bytes, from, writer.at, target, end)
  }
  harness.putBytes(target.subarray(0, end), { origin, framing: 'metric_records' })
}

function sumOf(harness: NodeHarness): number {
  return harness.out.map((line) => JSON.parse(line) as { value: number }).reduce((sum, { value }) => sum + value, 0)
}

test('what is gathered goes out when the interval ends, and merged and made points balance', async () => {
  await using harness = await startNode({
    signal: 'metrics',
    processors: [rollup({ interval_ms: 1000, without: ['host'] })],
  })
  for (let i = 0; i < 10; i++) put(harness, hits(50))
  await harness.until(() => sumOf(harness) === 500, 'the sum')
  const books = await harness.settle()
  assert.equal(books.aggregated.records, 500)
  assert.equal(books.emitted.records, books.forwarded.records)
  assert.ok(books.emitted.records >= 1 && books.emitted.records < 10)
})

test('a reload without the rule sends what it held first; one that leaves it as it is keeps it', async () => {
  await using harness = await startNode({ signal: 'metrics', processors: [rollup({ interval_ms: 3_600_000 })] })
  put(harness, hits(3))
  await harness.until(() => harness.books.aggregated.records === 3, 'the points to be merged')
  await harness.node.apply(
    harness.plan([rollup({ interval_ms: 3_600_000 }), { type: 'cardinality_limit', options: {} }]),
  )
  put(harness, hits(3))
  await harness.until(() => harness.books.aggregated.records === 6, 'more points to be merged')
  assert.deepEqual(harness.out, [])
  await harness.node.apply(harness.plan([]))
  await harness.until(() => harness.out.length === 3, 'what was held')
  assert.equal(sumOf(harness), 6)
  await harness.settle()
})

test('a stop sends what is held, with several engines too', async () => {
  const harness = await startNode({
    signal: 'metrics',
    engines: 2,
    processors: [rollup({ interval_ms: 3_600_000, without: ['host'] })],
  })
  for (let origin = 0; origin < 8; origin++) put(harness, hits(20), origin)
  await harness.until(() => harness.books.aggregated.records === 160, 'the points to be merged')
  const { drained } = await harness.node.stop(5_000)
  assert.ok(drained)
  assert.equal(harness.out.length, 1)
  assert.equal(sumOf(harness), 160)
})

test('what a rule emits goes through the rules behind it', async () => {
  await using harness = await startNode({
    signal: 'metrics',
    processors: [
      rollup({ interval_ms: 1000 }),
      { type: 'cardinality_limit', options: { limit: 1, action: 'drop_series' } },
    ],
  })
  put(harness, hits(5))
  await harness.until(() => harness.books.dropped.records === 4, 'four to be dropped')
  const books = await harness.settle()
  assert.equal(harness.out.length, 1)
  assert.equal(books.rules[1]?.details?.['labels'], 1)
})
