import { metricFormat } from '#codecs/metric/format.ts'
import { allocate } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { encodeMetrics } from '#test/support/otlp-metrics-proto.ts'
import { otlpMetrics } from './decoder.ts'
import { otlpMetricsEncoder } from './encoder.ts'

const context = { source: 'fuzz', arrivalMs: 0, truncated: false, format: metricFormat }
const lookups = ['name', 'service', 'a', 'resource/attributes/x'].map((name) => metricFormat.lookup(name))
const encoder = otlpMetricsEncoder.create({})
const block = new Block()
const json = new Block()
const ends = new Int32Array(8192)

export const otlpMetricsFuzz: FuzzTarget = {
  name: 'otlp_metrics',
  seeds: [request()],
  run(input) {
    const bytes = Buffer.from(input)
    const decoder = otlpMetrics.create()
    const entry = { bytes, from: 0, to: bytes.length }
    decoder.count(entry, 0)
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, context)
      const decoded = decoder.decode(entry, at, block, 3)
      for (const lookup of lookups) for (let i = 0; i < block.count; i++) lookup.find(block, i)
      metricFormat.toJson(block, json)
      const size = encoder.sizeMax(block)
      if (encoder.encode(block, allocate(size + 1024), 0, ends, 0) > size) throw new Error('longer than its bound')
      at = decoded.end
      done = decoded.done
    }
  },
}

function request(): Uint8Array {
  const attributes = [
    { key: 'a', value: { stringValue: 'text' } },
    { key: 'b', value: { intValue: '-5' } },
    {
      key: 'c',
      value: { kvlistValue: { values: [{ key: 'k', value: { arrayValue: { values: [{ boolValue: true }] } } }] } },
    },
  ]
  const times = { startTimeUnixNano: '1', timeUnixNano: '2' }
  return encodeMetrics({
    resourceMetrics: [
      {
        resource: { attributes },
        scopeMetrics: [
          {
            scope: { name: 's' },
            metrics: [
              {
                name: 'g',
                unit: 'ms',
                gauge: {
                  dataPoints: [
                    { ...times, attributes, asDouble: 1 },
                    { ...times, asInt: '7' },
                  ],
                },
              },
              {
                name: 'h',
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [{ ...times, attributes, count: 3, sum: 1, bucketCounts: [1, 2], explicitBounds: [5] }],
                },
              },
              {
                name: 'e',
                exponentialHistogram: {
                  aggregationTemporality: 1,
                  dataPoints: [{ ...times, scale: 3, positive: { offset: -1, bucketCounts: [1] } }],
                },
              },
              {
                name: 'q',
                summary: { dataPoints: [{ ...times, count: 1, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
              },
            ],
          },
        ],
      },
    ],
  })
}
