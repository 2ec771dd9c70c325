import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import { keyOf } from '#codecs/ddsketch/mapping.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { exponentialHistogramBytes, summaryBytes } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { SendResult } from '#component/output.ts'
import { ManualClock } from '#std/clock.ts'
import { Block } from '#telemetry/block.ts'
import { encodePoints } from '#test/support/metric-outputs.ts'
import type { Point } from '#test/support/metrics.ts'
import { outputContext } from '#test/support/outputs.ts'
import { DatadogMetricsFake } from '#test/support/vendors/datadog_metrics.ts'
import { datadogMetrics } from './datadog_metrics.ts'

const SEED = 20_261_121
const never = new AbortController().signal
const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000

interface Change {
  options?: Record<string, unknown>
  prepare?(fake: DatadogMetricsFake): void
}

/** Sends batches one after the other. */
async function send(batches: (readonly Point[] | Block)[], { options = {}, prepare = () => {} }: Change = {}) {
  await using fake = await new DatadogMetricsFake().listen()
  prepare(fake)
  const all = { url: fake.url, api_key: 'dd-test-key', ...options }
  const context = outputContext('dd', new ManualClock(NOW), 'metrics')
  const output = datadogMetrics.create(datadogMetrics.config.parse(all), context)
  await output.start()
  const results: SendResult[] = []
  for (const points of batches) results.push(await output.send(encodePoints(datadogMetrics, all, points), never))
  await output.stop()
  return { fake, results, output }
}

const total = (value: number, timeMs: number): Point => ({
  ...{ kind: 'sum', temporality: 'cumulative', monotonic: true, labels: { __name__: 'total' }, value, timeMs },
})

function distributions(temporality: number = Temporality.DELTA): Block {
  const block = new Block()
  const writer = new MetricWriter()
  writer.begin(block, { source: 'test', arrivalMs: NOW, truncated: false, format: metricFormat })
  const sketch = new Sketch()
  for (const value of [0, 1, 1, -2]) sketch.add(value)
  const kinds = [
    [Kind.sketch, sketchBytes(sketch)],
    [
      Kind.exponential_histogram,
      exponentialHistogramBytes({
        ...{ count: 5, sum: 30, min: undefined, max: undefined, scale: 0, zeroCount: 1, zeroThreshold: 0 },
        positive: { offset: 2, counts: [4] },
        negative: { offset: 0, counts: [] },
      }),
    ],
    [Kind.summary, summaryBytes({ count: 2, sum: 3, quantiles: [{ quantile: 0.99, value: 2 }] })],
  ] as const
  for (const [kind, bytes] of kinds) {
    writer.start(kind, temporality, 0)
    writer.labelText('__name__', `d${kind}`)
    writer.labelText('host', 'web-1')
    writer.labelText('env', 'prod')
    writer.time(NOW)
    writer.field(MetricField.DISTRIBUTION, bytes)
    writer.end()
  }
  return block
}

test('gauges and deltas are series, with host, tags, unit and interval', async () => {
  const { fake, results } = await send(
    [
      [
        { kind: 'gauge', labels: { __name__: 'load', host: 'web-1', env: 'prod', flag: '' }, value: -1.5, timeMs: NOW },
        {
          ...{ kind: 'sum', temporality: 'delta', monotonic: true, labels: { __name__: 'hits' }, value: 30 },
          ...{ timeMs: NOW + 999, intervalMs: 10_000, unit: 'ms' },
        },
        { kind: 'sum', temporality: 'cumulative', labels: { __name__: 'queue' }, value: 7 },
      ],
    ],
    { options: { tags: ['team:web'], hostname: 'gateway' } },
  )
  assert.deepEqual(results, [{ ok: true }])
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.series, [
    {
      ...{ metric: 'load', type: 'gauge', points: [[-1.5, SECONDS]], host: 'web-1' },
      tags: ['env:prod', 'flag', 'team:web'],
    },
    {
      ...{ metric: 'hits', type: 'count', points: [[30, SECONDS]], host: 'gateway', tags: ['team:web'] },
      ...{ unit: 'ms', interval: 10 },
    },
    { metric: 'queue', type: 'gauge', points: [[7, SECONDS]], host: 'gateway', tags: ['team:web'] },
  ])
})

test('counts may be rates, as the Agent sends them', async () => {
  const hits: Point = {
    ...{ kind: 'sum', temporality: 'delta', labels: { __name__: 'hits' }, value: 30, intervalMs: 10_000 },
  }
  const { fake } = await send([[hits]], { options: { counters_as: 'rate' } })
  assert.deepEqual(fake.series, [{ metric: 'hits', type: 'rate', points: [[3, SECONDS]], interval: 10 }])
})

test('cumulative sums are what they have grown by, also when a batch is sent again', async () => {
  const { fake, results } = await send(
    [
      [total(10, NOW - 20_000)],
      [total(15, NOW - 10_000), total(18, NOW)],
      [total(15, NOW - 10_000), total(18, NOW)],
      [total(20, NOW + 10_000)],
    ],
    { prepare: (fake) => fake.faults.push({ status: 503 }) },
  )
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [true, false, true, true],
  )
  assert.deepEqual(
    fake.series.map(({ points, interval }) => [points[0]![0], interval]),
    [
      [5, 10],
      [3, 10],
      [2, 10],
    ],
  )
})

test('sketches go as they are, histograms as sketches, summaries as gauges of their quantiles', async () => {
  const { fake, results } = await send([distributions()])
  assert.deepEqual(results, [{ ok: true }])
  assert.deepEqual(fake.violations, [])
  const [sketch, histogram] = fake.sketches
  assert.deepEqual(sketch, {
    ...{ metric: 'd6', host: 'web-1', tags: ['env:prod'], ts: SECONDS, cnt: 4, min: -2, max: 1, sum: 0 },
    bins: [
      [keyOf(-2), 1],
      [0, 1],
      [keyOf(1), 2],
    ],
  })
  assert.deepEqual([histogram!.metric, histogram!.cnt, histogram!.sum], ['d4', 5, 30])
  assert.ok(histogram!.min === 0 && histogram!.max > 4 && histogram!.max <= 8)
  assert.equal(
    histogram!.bins.reduce((sum, [, n]) => sum + n, 0),
    5,
  )
  assert.deepEqual(fake.series, [
    {
      ...{ metric: 'd5.quantile', type: 'gauge', points: [[2, SECONDS]], host: 'web-1' },
      tags: ['env:prod', 'quantile:0.99'],
    },
  ])
})

test('cumulative histograms are sketches of what has come since the point before, once', async () => {
  const histogram = (counts: number[], timeMs: number, bounds = [1, 10]): Point => ({
    ...{ kind: 'histogram', temporality: 'cumulative', labels: { __name__: 'h', host: 'a', env: 'prod' }, timeMs },
    histogram: { count: counts.reduce((a, b) => a + b), sum: 10 * counts[1]!, counts, bounds },
  })
  const { fake, results } = await send(
    [
      [histogram([1, 2, 3], NOW - 40_000)],
      [histogram([1, 4, 3], NOW - 30_000)],
      [histogram([1, 4, 3], NOW - 30_000)],
      [histogram([1, 4, 3], NOW - 20_000)],
      [histogram([0, 1, 0], NOW - 10_000), histogram([5, 0], NOW, [1])],
      [histogram([0, 0], NOW - 50_000, [1])],
    ],
    { prepare: (fake) => fake.faults.push({ status: 503 }) },
  )
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [true, false, true, true, true, 'partly'],
  )
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(
    fake.sketches.map(({ cnt, sum, host, tags, ts }) => [cnt, sum, host, tags, ts - SECONDS]),
    [
      [2, 20, 'a', ['env:prod'], -30],
      [1, 10, 'a', ['env:prod'], -10],
      [5, 0, 'a', ['env:prod'], 0],
    ],
  )
})

test('series and sketches fail and go through on their own', async () => {
  const mixed = distributions()
  const { results } = await send([mixed], { prepare: (fake) => fake.faults.push({ status: 503 }) })
  assert.partialDeepStrictEqual(results[0], { ok: 'partly', retry: [2], refused: [], code: 'http_503' })
  const { results: both } = await send([mixed], {
    prepare: (fake) => fake.faults.push({ status: 503 }, { status: 503 }),
  })
  assert.partialDeepStrictEqual(both[0], { ok: false, retryable: true })
})

test('what Datadog would drop in silence, or not take, is refused with a reason', async () => {
  const gauge = (value: number, timeMs: number): Point => ({ labels: { __name__: 'g' }, value, timeMs })
  const { fake, results } = await send([
    [
      gauge(1, NOW - 3_700_000),
      gauge(2, NOW + 700_000),
      gauge(Infinity, NOW),
      gauge(3, NOW),
      { ...gauge(4, NOW), labels: {} },
      { ...gauge(0, NOW), stale: true },
    ],
    distributions(Temporality.CUMULATIVE),
  ])
  const codes = (result: SendResult) =>
    result.ok === 'partly' ? result.refused.map(({ record, code }) => [record, code]) : result
  assert.deepEqual(codes(results[0]!), [
    [0, 'too_old'],
    [1, 'too_new'],
    [2, 'not_finite'],
    [4, 'no_name'],
  ])
  assert.deepEqual(codes(results[1]!), [
    [0, 'cumulative_distribution'],
    [1, 'cumulative_distribution'],
  ])
  assert.deepEqual(
    fake.series.map(({ points }) => points[0]![0]),
    [3, 2],
  )
})

test('answers mean what they mean for logs, and what is too large when compressed asks for halves', async () => {
  const answer = async (status: number, headers: Record<string, string> = {}) => {
    const prepare = (fake: DatadogMetricsFake) => fake.faults.push({ status, headers, body: 'no' })
    return (await send([[{ labels: { __name__: 'g' }, value: 1 }]], { prepare })).results[0]
  }
  assert.partialDeepStrictEqual(await answer(413), { ok: false, retryable: false, tooLarge: true, code: 'http_413' })
  assert.partialDeepStrictEqual(await answer(400), { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400' })
  assert.partialDeepStrictEqual(await answer(403), { ok: false, retryable: true, code: 'http_403' })
  assert.partialDeepStrictEqual(await answer(429, { 'retry-after': '2' }), { retryable: true, retryAfterMs: 2000 })
  const random = fc.sample(fc.string({ minLength: 100, maxLength: 100 }), { seed: SEED, numRuns: 8000 })
  const large = random.map((text): Point => ({ labels: { __name__: 'g', text }, value: 1, timeMs: NOW }))
  const { results, fake } = await send([large])
  assert.partialDeepStrictEqual(results[0], { ok: false, tooLarge: true, code: 'too_large' })
  assert.equal(fake.requests.length, 0)
})

test('whatever the labels, the payload is one, within the bound', async () => {
  const labels = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
    maxKeys: 6,
  })
  const [samples] = fc.sample(fc.array(labels, { minLength: 200, maxLength: 200 }), { seed: SEED, numRuns: 1 })
  const points = samples!.map((own): Point => ({ labels: { ...own, __name__: 'm' }, value: 1, timeMs: NOW }))
  const { fake, results } = await send([points], { options: { hostname: 'h' } })
  assert.deepEqual(results, [{ ok: true }])
  assert.deepEqual(fake.violations, [])
  assert.equal(fake.series.length, 200)
})

test('the key shows nowhere', async () => {
  const { output, results } = await send([[{ labels: { __name__: 'g' }, value: 1 }]], {
    options: { api_key: 'wr0ng-key' },
  })
  assert.partialDeepStrictEqual(results[0], { ok: false, code: 'http_403' })
  const options = datadogMetrics.config.parse({ api_key: 'wr0ng-key' })
  for (const shown of [inspect(options, { depth: 9 }), JSON.stringify(options), inspect(output, { depth: 9 })]) {
    assert.ok(!shown.includes('wr0ng-key'), shown)
  }
})
