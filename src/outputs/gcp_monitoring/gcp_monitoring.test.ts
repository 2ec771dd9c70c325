import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { SendResult } from '#component/output.ts'
import { ManualClock } from '#std/clock.ts'
import { Block } from '#telemetry/block.ts'
import { encodePoints } from '#test/support/metric-outputs.ts'
import type { Point } from '#test/support/metrics.ts'
import { outputContext } from '#test/support/outputs.ts'
import { rpcError } from '#test/support/vendors/gcp_logging.ts'
import { GcpMonitoringFake, type TimeSeries } from '#test/support/vendors/gcp_monitoring.ts'
import { gcpMonitoring } from './gcp_monitoring.ts'

const SEED = 20_261_121
const never = new AbortController().signal
const T = Date.UTC(2026, 0, 20)

/** `prepare` is called before each batch. */
async function send(
  batches: (readonly Point[] | Block)[],
  prepare: (fake: GcpMonitoringFake, clock: ManualClock, batch: number) => void = () => {},
) {
  await using fake = await new GcpMonitoringFake().listen()
  const clock = new ManualClock(T)
  fake.tokens.now = () => clock.wall()
  const all = { url: fake.url, project: 'my-project', credentials: fake.tokens.account() }
  const output = gcpMonitoring.create(gcpMonitoring.config.parse(all), outputContext('gcp', clock, 'metrics'))
  await output.start()
  const results: SendResult[] = []
  for (const [i, points] of batches.entries()) {
    prepare(fake, clock, i)
    results.push(await output.send(encodePoints(gcpMonitoring, all, points), never))
  }
  await output.stop()
  return { fake, results, output }
}

const gauge = (value: number, timeMs: number, name = 'load'): Point => ({ labels: { __name__: name }, value, timeMs })
const delta = (value: number, timeMs: number): Point => ({
  ...{ kind: 'sum', temporality: 'delta', monotonic: true, labels: { __name__: 'hits' }, value, timeMs },
  intervalMs: 10_000,
})
const total = (value: number, timeMs: number, startMs?: number): Point => ({
  ...{ kind: 'sum', temporality: 'cumulative', monotonic: true, labels: { __name__: 'total' }, value, timeMs },
  ...(startMs === undefined ? {} : { startMs }),
})
const shown = (series: TimeSeries[]) =>
  series.map(({ metricKind, points: [point] }) => [
    metricKind,
    point!.value.doubleValue,
    point!.interval.startTime === undefined ? undefined : Date.parse(point!.interval.startTime) - T,
    Date.parse(point!.interval.endTime) - T,
  ])

test('a gauge is a gauge, with names that the other side takes', async () => {
  const point: Point = {
    labels: { __name__: 'http.server/load-1', 'k8s.pod': 'a', '1st': 'b', k8s_pod: 'twice' },
    ...{ value: 1.5, timeMs: T },
  }
  const { fake, results } = await send([[point]])
  assert.deepEqual(results, [{ ok: true }])
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.series, [
    {
      metric: { type: 'custom.googleapis.com/http.server/load_1', labels: { l1st: 'b', k8s_pod: 'a' } },
      resource: { type: 'global', labels: { project_id: 'my-project' } },
      metricKind: 'GAUGE',
      valueType: 'DOUBLE',
      points: [{ interval: { endTime: '2026-01-20T00:00:00.000Z' }, value: { doubleValue: 1.5 } }],
    },
  ])
})

test('deltas add up to a cumulative sum since the first, also when a batch is sent again', async () => {
  const { fake, results } = await send(
    [[delta(3, T)], [delta(4, T + 10_000)], [delta(4, T + 10_000)], [delta(5, T + 20_000)]],
    (fake, _, i) => i === 0 && void fake.faults.push({ status: 200, body: '{}' }, { status: 503 }),
  )
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [true, false, true, true],
  )
  assert.deepEqual(shown(fake.series), [
    ['CUMULATIVE', 7, -10_000, 10_000],
    ['CUMULATIVE', 12, -10_000, 20_000],
  ])
})

test('cumulative sums with a start go as they are; without one they count from the first', async () => {
  const { fake } = await send([[total(50, T, T - 60_000)]])
  assert.deepEqual(shown(fake.series), [['CUMULATIVE', 50, -60_000, 0]])
  const without = await send([[total(50, T)], [total(53, T + 10_000)], [total(2, T + 20_000)]])
  assert.deepEqual(shown(without.fake.series), [
    ['CUMULATIVE', 3, 0, 10_000],
    ['CUMULATIVE', 5, 0, 20_000],
  ])
})

test('of several points in a batch the last stands for all', async () => {
  const { fake, results } = await send([
    [gauge(1, T), gauge(2, T + 1000), delta(3, T), delta(4, T + 1000), gauge(9, T, 'other')],
    [gauge(8, T + 10_000, 'other')],
  ])
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(shown(fake.series), [
    ['GAUGE', 2, undefined, 1000],
    ['CUMULATIVE', 7, -10_000, 1000],
    ['GAUGE', 9, undefined, 0],
    ['GAUGE', 8, undefined, 10_000],
  ])
  assert.deepEqual(results, [{ ok: true }, { ok: true }])
})

test('what comes too soon waits, goes with the time until which it has waited, and never runs ahead', async () => {
  const { fake, results } = await send(
    [
      [gauge(1, T), delta(1, T)],
      [gauge(2, T + 1000), delta(2, T + 1000)],
      [gauge(2, T + 1000), delta(2, T + 1000)],
      [gauge(3, T + 4000), delta(3, T + 4000)],
      [gauge(4, T + 6000), delta(4, T + 6000)],
      [gauge(5, T + 20_000), delta(5, T + 20_000)],
    ],
    (_, clock, i) => clock.advance([0, 1000, 4000, 0, 5000, 10_000][i]!),
  )
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(shown(fake.series), [
    ['GAUGE', 1, undefined, 0],
    ['CUMULATIVE', 1, -10_000, 0],
    ['GAUGE', 2, undefined, 5000],
    ['CUMULATIVE', 3, -10_000, 5000],
    ['GAUGE', 4, undefined, 10_000],
    ['CUMULATIVE', 10, -10_000, 10_000],
    ['GAUGE', 5, undefined, 20_000],
    ['CUMULATIVE', 15, -10_000, 20_000],
  ])
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [true, 'partly', true, 'partly', true, true],
  )
  assert.partialDeepStrictEqual(results[1], { retry: [0, 1], refused: [], code: 'too_soon', retryAfterMs: 4000 })
  assert.partialDeepStrictEqual(results[3], {
    retry: [],
    refused: [
      { record: 0, code: 'too_soon' },
      { record: 1, code: 'too_soon' },
    ],
  })
})

test('what comes too soon and is ahead of the clock does not wait for it', async () => {
  const { fake, results } = await send([[gauge(1, T + 60_000)], [gauge(2, T + 61_000)]])
  assert.deepEqual(results, [{ ok: true }, { ok: true }])
  assert.deepEqual(shown(fake.series), [
    ['GAUGE', 1, undefined, 60_000],
    ['GAUGE', 2, undefined, 65_000],
  ])
})

test('what was written although the answer was lost counts as written when it comes again, and only then', async () => {
  const point = gauge(1, T)
  const { fake, results } = await send([[point], [point], [point]], (fake, _, i) => {
    if (i === 0) fake.faults.push('reset_after')
  })
  assert.partialDeepStrictEqual(results[0], { ok: false, retryable: true })
  assert.deepEqual(results[1], { ok: true })
  assert.partialDeepStrictEqual(results[2], { ok: 'partly', refused: [{ record: 0, code: 'INVALID_ARGUMENT' }] })
  assert.deepEqual([fake.stored.length, fake.repeats, fake.violations.length], [1, 2, 0])
})

test('series that are named before the reason are refused for it', async () => {
  const points = Array.from({ length: 4 }, (_, i) => gauge(i, T, `g${i}`))
  const message =
    'One or more TimeSeries could not be written: timeSeries[0-1]: write for resource=global{project_id:p} failed ' +
    'with: Points must be written in order.; timeSeries[3]: write for resource=global{} failed with: Quota is used up'
  const { results } = await send([points], (fake) => void fake.faults.push(rpcError(400, 'INVALID_ARGUMENT', message)))
  assert.partialDeepStrictEqual(results[0], {
    ok: 'partly',
    retry: [3],
    refused: [
      { record: 0, message: 'Points must be written in order.' },
      { record: 1, message: 'Points must be written in order.' },
    ],
  })
})

test('distributions: buckets of a histogram as they are, those of a sketch as many as there may be', async () => {
  const block = new Block()
  const writer = new MetricWriter()
  writer.begin(block, { source: 'test', arrivalMs: T, truncated: false, format: metricFormat })
  const sketch = new Sketch()
  for (let i = -1000; i < 1000; i++) sketch.add(1.03 ** Math.abs(i) * Math.sign(i))
  writer.start(Kind.sketch, Temporality.DELTA, 0)
  writer.labelText('__name__', 'sketch')
  writer.field(MetricField.DISTRIBUTION, sketchBytes(sketch))
  writer.end()
  const histogram: Point = {
    ...{ kind: 'histogram', temporality: 'cumulative', labels: { __name__: 'h' }, timeMs: T, startMs: T - 5000 },
    histogram: { count: 6, sum: 12, counts: [1, 2, 3], bounds: [1, 10] },
  }
  const { fake, results } = await send([
    block,
    [histogram, { ...histogram, temporality: 'delta', labels: { __name__: 'd' } }],
  ])
  assert.deepEqual(results, [{ ok: true }, { ok: true }])
  assert.deepEqual(fake.violations, [])
  const [first, cumulative, deltas] = fake.series.map(({ points }) => points[0]!.value.distributionValue!)
  assert.equal(first!.count, '2000')
  assert.ok(first!.bucketCounts.length <= 200)
  assert.deepEqual(cumulative, {
    ...{ count: '6', mean: 2, bucketOptions: { explicitBuckets: { bounds: [1, 10] } }, bucketCounts: ['1', '2', '3'] },
  })
  assert.deepEqual(deltas, cumulative)
  assert.deepEqual(
    fake.series.map(({ metricKind }) => metricKind),
    ['GAUGE', 'CUMULATIVE', 'GAUGE'],
  )
})

test('a request that fails for some series says which, and the others were written', async () => {
  const points = Array.from({ length: 5 }, (_, i) => gauge(i, T, `g${i}`))
  const message =
    'One or more TimeSeries could not be written: Points must be written in order: timeSeries[0-1]; ' +
    'Internal error encountered: timeSeries[3]'
  const { results } = await send([points], (fake) => fake.faults.push(rpcError(400, 'INVALID_ARGUMENT', message)))
  assert.partialDeepStrictEqual(results[0], {
    ok: 'partly',
    retry: [3],
    refused: [
      { record: 0, code: 'INVALID_ARGUMENT', message: 'Points must be written in order:' },
      { record: 1, code: 'INVALID_ARGUMENT' },
    ],
  })
  const { results: whole } = await send([points], (fake) => fake.faults.push(rpcError(403, 'PERMISSION_DENIED', 'no')))
  assert.partialDeepStrictEqual(whole[0], { ok: false, retryable: true, code: 'http_403' })
})

test('what cannot be sent is refused with a reason', async () => {
  const { results } = await send([
    [
      gauge(Number.NaN, T),
      { ...gauge(1, T), labels: {} },
      { kind: 'summary', labels: { __name__: 's' } },
      { ...gauge(1, T), stale: true },
      delta(1, T),
      delta(1, T),
    ],
  ])
  const [result] = results
  assert.ok(result?.ok === 'partly')
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [
      [0, 'not_finite'],
      [1, 'no_name'],
      [2, 'unsupported_kind'],
      [5, 'same_time'],
    ],
  )
})

test('whatever the labels, the request is one, within the bound; and the key shows nowhere', async () => {
  const labels = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
    maxKeys: 6,
  })
  const [samples] = fc.sample(fc.array(labels, { minLength: 100, maxLength: 100 }), { seed: SEED, numRuns: 1 })
  const points = samples!.map((own, i): Point => ({ ...gauge(1, T), labels: { ...own, __name__: `m${i}` } }))
  const { fake, results, output } = await send([points])
  assert.deepEqual(results, [{ ok: true }])
  assert.deepEqual(fake.violations, [])
  assert.equal(fake.series.length, 100)
  const shownText = inspect(output, { depth: 9 })
  assert.ok(!/PRIVATE KEY|ya29/.test(shownText))
})
