import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { datadogMetrics } from '#outputs/datadog_metrics/datadog_metrics.ts'
import { gcpMonitoring } from '#outputs/gcp_monitoring/gcp_monitoring.ts'
import { statsd } from '#outputs/statsd/statsd.ts'
import { Block } from '#telemetry/block.ts'
import { encodePoints } from '#test/support/metric-outputs.ts'
import { exponentialHistogramBytes, histogramBytes } from './distribution.ts'
import { metricFormat } from './format.ts'
import { Kind, kinds, MetricField } from './record.ts'
import { sketchIn, weightsOf } from './weights.ts'
import { MetricWriter } from './writer.ts'

const SEED = 20_261_121

test('a histogram as a sketch has its count, its sum, and quantiles within its buckets', () => {
  const bounds = [1, 2, 4, 8, 16]
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 1e6 }), { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
      (counts) => {
        const count = counts.reduce((a, b) => a + b)
        const bytes = histogramBytes({ count, sum: 3 * count, min: undefined, max: 20, counts, bounds })
        const sketch = sketchIn(Kind.histogram, bytes, 0, bytes.length)
        assert.deepEqual([sketch.count, sketch.sum], [count, 3 * count])
        if (count === 0) return
        for (const q of [0.1, 0.5, 0.9]) {
          const upTo = counts.map((_, i) => counts.slice(0, i + 1).reduce((a, b) => a + b))
          const bucket = upTo.findIndex((below) => below > q * (count - 1))
          const [low, high] = [bounds[bucket - 1] ?? 0, bounds[bucket] ?? 20]
          const value = sketch.quantile(q)
          assert.ok(value >= low * 0.98 && value <= high * 1.02, `${value} is not in ${low} to ${high}`)
        }
      },
    ),
    { seed: SEED },
  )
})

test('an exponential histogram as a sketch is as good as its buckets', () => {
  const buckets = { offset: 16, counts: [0, 10, 20, 5] }
  const histogram = { scale: 3, zeroCount: 2, zeroThreshold: 0, positive: buckets, negative: buckets }
  const bytes = exponentialHistogramBytes({ ...histogram, count: 72, sum: 0, min: undefined, max: undefined })
  const sketch = sketchIn(Kind.exponential_histogram, bytes, 0, bytes.length)
  assert.equal(sketch.count, 72)
  assert.ok(Math.abs(sketch.quantile(0.99) - 2 ** (19.9 / 8)) < 0.3)
  assert.ok(Math.abs(sketch.quantile(0.01) + 2 ** (19.9 / 8)) < 0.3)
  assert.equal(sketch.quantile(0.5), 0)
})

test('weights keep the count, however few there may be', () => {
  const sketch = new Sketch()
  for (let i = 1; i <= 1000; i++) sketch.add(i)
  for (const max of [1, 7, 64, 10_000]) {
    const weights = weightsOf(sketch, max)
    assert.ok(weights.length <= max)
    assert.equal(
      weights.reduce((sum, { count }) => sum + count, 0),
      1000,
    )
  }
})

test('whatever a distribution holds, encoders of outputs keep to their bounds and end soon', () => {
  const fixed = fc.oneof(fc.constant(2 ** 63), fc.nat(), fc.constant(0))
  const double = fc.oneof(fc.double(), fc.constant(Infinity))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
    fc
      .record({ counts: fc.array(fixed, { maxLength: 40 }), bounds: fc.array(double, { maxLength: 40 }), sum: double })
      .map((histogram) => histogramBytes({ count: 1, min: undefined, max: undefined, ...histogram })),
    fc
      .record({ offset: fc.integer(), counts: fc.array(fc.nat(), { maxLength: 40 }), scale: fc.integer() })
      .map(({ offset, counts, scale }) =>
        exponentialHistogramBytes({
          ...{ count: 1, sum: 1, min: undefined, max: undefined, scale, zeroCount: 1, zeroThreshold: 0 },
          positive: { offset, counts },
          negative: { offset, counts },
        }),
      ),
  )
  const outputs = [
    [statsd, { address: 'h:1' }],
    [datadogMetrics, { api_key: 'k' }],
    [gcpMonitoring, { project: 'p' }],
  ] as const
  fc.assert(
    fc.property(bytes, fc.constantFrom(...kinds), fc.nat(2), fc.double(), (distribution, kind, temporality, value) => {
      const block = new Block()
      const writer = new MetricWriter()
      writer.begin(block, { source: 'test', arrivalMs: 0, truncated: false, format: metricFormat })
      writer.start(Kind[kind], temporality, 0)
      writer.labelText('__name__', 'm')
      writer.value(value)
      writer.time(1000)
      writer.field(MetricField.DISTRIBUTION, distribution)
      writer.end()
      for (const [output, options] of outputs) encodePoints(output, options, block)
    }),
    { seed: SEED, numRuns: 2000 },
  )
})
