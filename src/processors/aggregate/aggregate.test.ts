import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Processor } from '#component/processor.ts'
import { Block } from '#telemetry/block.ts'
import { metricBlock, type Point, pointsOf } from '#test/support/metrics.ts'
import { aggregate } from './aggregate.ts'

const T0 = Date.UTC(2026, 0, 1)

/** A processor as an engine runs it, and what it lets pass and emits. */
class Bench {
  readonly processor: Processor
  readonly state: SharedArrayBuffer
  readonly options
  passed: Point[] = []

  constructor(options: object, state?: SharedArrayBuffer, engine = 0) {
    this.options = aggregate.config.parse({ max_bytes: 1024 * 1024, max_series: 1000, ...options })
    this.state = state ?? new SharedArrayBuffer(aggregate.stateBytes!(this.options))
    this.processor = aggregate.create(this.options, { random: () => 0, state: this.state, engine })
  }

  take(points: Point[], ms = T0): void {
    const block = metricBlock(points, ms)
    this.processor.process(block)
    this.passed.push(...pointsOf(block))
    this.processor.committed!()
  }

  emit(now: number, final = false): Point[] {
    const points: Point[] = []
    const block = new Block()
    while (this.processor.emit!(now, final, block)) {
      points.push(...pointsOf(block))
      this.processor.committed!()
    }
    return points
  }

  get report() {
    return aggregate.report!(this.options, this.state)
  }
}

const counter = (value: number, labels: Record<string, string> = {}): Point => ({
  kind: 'sum',
  temporality: 'delta',
  monotonic: true,
  labels: { __name__: 'hits', ...labels },
  value,
})
const total = (value: number, labels: Record<string, string> = {}, startMs?: number): Point => ({
  ...counter(value, labels),
  temporality: 'cumulative',
  ...(startMs === undefined ? {} : { startMs }),
})
const gauge = (value: number, labels: Record<string, string> = {}): Point => ({
  labels: { __name__: 'load', ...labels },
  value,
})
const values = (points: Point[]) => points.map(({ labels, value }) => ({ ...labels, value }))

test('over an interval deltas add up, gauges and cumulative sums give their last', () => {
  const bench = new Bench({})
  bench.take([counter(1), counter(2), gauge(5), total(10, { a: 'x' })])
  bench.take([counter(4), gauge(3), total(12, { a: 'x' })])
  assert.deepEqual(bench.passed, [])
  assert.deepEqual(bench.emit(T0 + 9_999), [])
  const points = bench.emit(T0 + 10_000)
  assert.deepEqual(values(points), [
    { __name__: 'hits', value: 7 },
    { __name__: 'load', value: 3 },
    { __name__: 'hits', a: 'x', value: 12 },
  ])
  assert.deepEqual([points[0]!.timeMs, points[0]!.intervalMs, points[0]!.startMs], [T0 + 10_000, 10_000, T0])
  assert.deepEqual(bench.emit(T0 + 30_000), [])
  bench.take([counter(1)], T0 + 30_001)
  assert.deepEqual(values(bench.emit(T0 + 40_000)), [{ __name__: 'hits', value: 1 }])
})

test('without a label, sums of series add up, gauges count once each, and cumulative ones never fall', () => {
  const bench = new Bench({ without: ['host'] })
  bench.take([counter(1, { host: 'a' }), counter(2, { host: 'b' }), gauge(5, { host: 'a' }), gauge(6, { host: 'b' })])
  bench.take([gauge(7, { host: 'a' }), total(100, { host: 'a', k: 'v' }), total(50, { host: 'b', k: 'v' })])
  assert.deepEqual(values(bench.emit(T0 + 10_000)), [
    { __name__: 'hits', value: 3 },
    { __name__: 'load', value: 13 },
    { __name__: 'hits', k: 'v', value: 150 },
  ])
  // One begins anew, by falling; the other by saying so.
  bench.take([total(3, { host: 'a', k: 'v' }), total(60, { host: 'b', k: 'v' }, T0 + 5)], T0 + 10_001)
  assert.deepEqual(values(bench.emit(T0 + 20_000)), [{ __name__: 'hits', k: 'v', value: 213 }])
})

test('by names the labels that stay, and gauges are merged as asked', () => {
  for (const [gauges, expected] of [
    ['avg', 4],
    ['min', 2],
    ['max', 6],
    ['sum', 8],
  ] as const) {
    const bench = new Bench({ by: ['zone'], gauges })
    bench.take([gauge(2, { host: 'a', zone: 'z' }), gauge(6, { host: 'b', zone: 'z' })])
    assert.deepEqual(values(bench.emit(T0 + 10_000)), [{ __name__: 'load', zone: 'z', value: expected }])
  }
})

test('histograms with the same bounds add up, and those with others stay apart', () => {
  const histogram = (host: string, bounds: number[], counts: number[]): Point => ({
    kind: 'histogram',
    temporality: 'cumulative',
    labels: { __name__: 'latency', host },
    histogram: { count: counts.reduce((a, b) => a + b, 0), sum: counts.length, counts, bounds },
  })
  const bench = new Bench({ without: ['host'] })
  bench.take([histogram('a', [1], [1, 2]), histogram('b', [1], [10, 20]), histogram('c', [2], [5, 5])])
  bench.take([histogram('a', [1], [2, 4])])
  assert.deepEqual(
    bench.emit(T0 + 10_000).map((point) => point.histogram),
    [
      { count: 36, sum: 4, counts: [12, 24], bounds: [1] },
      { count: 10, sum: 2, counts: [5, 5], bounds: [2] },
    ],
  )
})

test('what cannot be merged passes as it is, counted', () => {
  const bench = new Bench({ without: ['host'] })
  const points: Point[] = [
    { kind: 'summary', labels: { __name__: 's', host: 'a' } },
    { kind: 'exponential_histogram', temporality: 'delta', labels: { __name__: 'e' } },
    { kind: 'sum', temporality: 'cumulative', labels: { __name__: 'updown' }, value: 1 },
    { kind: 'unknown', labels: { __name__: 'anything' }, value: 1 },
    { ...gauge(0), stale: true },
    gauge(Number.NaN),
  ]
  bench.take(points)
  assert.deepEqual(
    bench.passed.map(({ labels }) => labels['__name__']),
    points.map(({ labels }) => labels['__name__']),
  )
  assert.equal(bench.report['refused'], 6)
  bench.take([{ kind: 'unknown', labels: { __name__: 'x_total' }, value: 4 }])
  assert.deepEqual(values(bench.emit(T0 + 10_000)), [{ __name__: 'x_total', value: 4 }])
})

test('a full memory lets further series pass, and old ones are forgotten in time', () => {
  const bench = new Bench({ max_series: 16, interval_ms: 1000 })
  bench.take(Array.from({ length: 20 }, (_, i) => counter(1, { i: String(i) })))
  assert.equal(bench.passed.length, 4)
  assert.deepEqual([bench.report['series'], bench.report['without_room']], [16, 4])
  assert.equal(bench.emit(T0 + 1000).length, 16)
  for (let s = 2; s < 40; s++) bench.emit(T0 + s * 1000)
  assert.equal(bench.report['series'], 0)
})

test('nothing is lost or doubled, whatever comes when, in two engines at once, and over an engine that dies', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          engine: fc.nat(1),
          values: fc.array(fc.tuple(fc.nat(5), fc.nat(100)), { maxLength: 5 }),
          ms: fc.nat(3000),
          dies: fc.boolean(),
          emits: fc.boolean(),
        }),
        { maxLength: 30 },
      ),
      (steps) => {
        const first = new Bench({ interval_ms: 1000, without: ['host'] })
        const engines = [first, new Bench({ interval_ms: 1000, without: ['host'] }, first.state, 1)]
        let now = T0
        let expected = 0
        let seen = 0
        for (const { engine, values, ms, dies, emits } of steps) {
          now += ms
          const points = values.map(([host, value]) => counter(value, { host: String(host) }))
          if (dies) {
            // It had dropped them, but the block was never in the books: the successor gets them again.
            engines[engine]!.processor.process(metricBlock(points, now))
            engines[engine] = new Bench({ interval_ms: 1000, without: ['host'] }, first.state, engine)
          }
          engines[engine]!.take(points, now)
          expected += values.reduce((sum, [, value]) => sum + value, 0)
          if (emits) for (const point of engines[1 - engine]!.emit(now)) seen += point.value!
        }
        for (const bench of engines) for (const point of bench.emit(now, true)) seen += point.value!
        assert.equal(seen, expected)
      },
    ),
  )
})
