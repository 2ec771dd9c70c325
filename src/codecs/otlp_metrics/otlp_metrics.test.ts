import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { groupsOf } from '#codecs/grouped/grouped.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { partsOf } from '#codecs/otlp/group.ts'
import { allocate } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { decodeMetrics, encodeMetrics } from '#test/support/otlp-metrics-proto.ts'
import { otlpMetrics } from './decoder.ts'
import { otlpMetricsEncoder } from './encoder.ts'

const context = { source: 'test', arrivalMs: 0, truncated: false, format: metricFormat }
const SEED = 20_266

/** The blocks of a request, of at most so many records each; each block is shown before the next is read. */
function decode(bytes: Buffer, recordsMax: number, shown: (block: Block) => void): { malformed: number } {
  const decoder = otlpMetrics.create()
  const block = new Block()
  const entry = { bytes, from: 0, to: bytes.length }
  let malformed = 0
  for (let at = 0, done = false; !done; ) {
    block.fill(bytes, at, at, context)
    const decoded = decoder.decode(entry, at, block, recordsMax)
    malformed += decoded.malformedRecords
    shown(block)
    assert.ok(decoded.done || decoded.end > at)
    at = decoded.end
    done = decoded.done
  }
  return { malformed }
}

/** What comes out again: by resource and scope, the metrics with one point each. */
function passed(bytes: Buffer, recordsMax: number): object[] {
  const encoder = otlpMetricsEncoder.create({})
  const out: object[] = []
  decode(bytes, recordsMax, (block) => {
    const target = allocate(encoder.sizeMax(block) + 1)
    const ends = new Int32Array(block.count)
    const length = encoder.encode(block, target, 0, ends, 0)
    assert.ok(length <= encoder.sizeMax(block))
    for (const group of groupsOf({ bytes: target, ends, records: block.count })) {
      const { resource, scope } = partsOf(group.key)
      for (let i = 0; i < group.records.length; i++) {
        const metric = target.subarray(group.from[i]!, group.to[i]!)
        const inner = Buffer.concat([Buffer.from(scope, 'latin1'), metric])
        const outer = Buffer.concat([Buffer.from(resource, 'latin1'), message(0x12, inner)])
        out.push(decodeMetrics(message(0x0a, outer)))
      }
    }
  })
  return out
}

function message(tag: number, content: Buffer): Buffer {
  const length: number[] = []
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest)
    if (rest < 0x80) break
  }
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

/** The same request with one data point in each metric, attributes by name. */
function onePointEach(request: Record<string, unknown>): object[] {
  const out: object[] = []
  for (const resource of list(request, 'resourceMetrics')) {
    for (const scope of list(resource, 'scopeMetrics')) {
      for (const metric of list(scope, 'metrics')) {
        const kind = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'].find((kind) => kind in metric)
        if (kind === undefined) continue
        const data = metric[kind] as Node
        for (const point of list(data, 'dataPoints')) {
          const shown = { ...metric, [kind]: { ...data, dataPoints: [sorted(point)] } }
          out.push({
            resourceMetrics: [{ ...resource, scopeMetrics: [{ ...scope, metrics: [shown] }] }],
          })
        }
      }
    }
  }
  return out
}

type Node = Record<string, unknown>
const list = (node: Node, name: string) => (node[name] ?? []) as Node[]
const sorted = (point: Node): Node =>
  point['attributes'] === undefined
    ? point
    : {
        ...point,
        attributes: (point['attributes'] as { key: string }[]).toSorted((a, b) =>
          Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
        ),
      }

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.toWellFormed())
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const leaf = fc.oneof(
  text.map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ intValue: String(value) })),
  finite.map((doubleValue) => ({ doubleValue })),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
  // Whole numbers in arrays stay whole, other doubles stay doubles.
  fc
    .array(
      text.map((stringValue) => ({ stringValue })),
      { maxLength: 3 },
    )
    .map((values) => ({ arrayValue: { values } })),
)
const attributes = fc.uniqueArray(
  fc.record({ key: text.filter((key) => key !== '' && key !== '__name__'), value: leaf }),
  {
    maxLength: 6,
    selector: ({ key }) => key,
  },
)
const finiteSmall = fc.double({ min: -1e12, max: 1e12, noNaN: true }).filter((value) => Math.abs(value) > 1e-8)
const time = fc.bigInt({ min: 1n, max: 2n ** 63n }).map(String)
const count = fc.bigInt({ min: 0n, max: 2n ** 53n }).map(String)
const exemplars = fc.array(
  fc.record({ timeUnixNano: time, asDouble: finite, traceId: fc.constant(Buffer.alloc(16, 7).toString('base64')) }),
  { maxLength: 2 },
)
const base = { attributes, startTimeUnixNano: time, timeUnixNano: time }
const numberPoint = fc.oneof(
  fc.record({ ...base, exemplars, asDouble: finite }),
  fc.record({ ...base, asInt: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
  fc.record({ ...base, asDouble: finite, flags: fc.constant(1) }),
)
const points = <T>(point: fc.Arbitrary<T>) => fc.array(point, { minLength: 1, maxLength: 4 })
const temporality = fc.constantFrom(1, 2)
const buckets = fc.record({
  offset: fc.integer({ min: -50, max: 50 }),
  bucketCounts: fc.array(count, { minLength: 1, maxLength: 4 }),
})
const data = fc.oneof(
  points(numberPoint).map((dataPoints) => ({ gauge: { dataPoints } })),
  fc
    .tuple(points(numberPoint), temporality, fc.constant(true))
    .map(([dataPoints, aggregationTemporality, isMonotonic]) => ({
      sum: { dataPoints, aggregationTemporality, isMonotonic },
    })),
  fc
    .tuple(
      points(
        fc.record({
          ...base,
          count,
          sum: finite,
          bucketCounts: fc.array(count, { minLength: 3, maxLength: 3 }),
          explicitBounds: fc.constant([1, 2.5]),
          exemplars,
          min: finite,
          max: finite,
        }),
      ),
      temporality,
    )
    .map(([dataPoints, aggregationTemporality]) => ({ histogram: { dataPoints, aggregationTemporality } })),
  fc
    .tuple(
      points(
        fc.record({
          ...base,
          count,
          sum: finite,
          scale: fc.integer({ min: -10, max: 20 }),
          zeroCount: count,
          positive: buckets,
          negative: buckets,
        }),
      ),
      temporality,
    )
    .map(([dataPoints, aggregationTemporality]) => ({ exponentialHistogram: { dataPoints, aggregationTemporality } })),
  points(fc.record({ ...base, count, sum: finite, quantileValues: fc.constant([{ quantile: 0.5, value: 1 }]) })).map(
    (dataPoints) => ({ summary: { dataPoints } }),
  ),
)
const metric = fc
  .tuple(fc.record({ name: text.filter((name) => name !== ''), description: text, unit: text }), data)
  .map(([head, data]) => ({ ...head, ...data }))
const request = fc.record({
  resourceMetrics: fc.array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeMetrics: fc.array(
        fc.record({
          scope: fc.record({ name: text, version: text }),
          metrics: fc.array(metric, { maxLength: 3 }),
          schemaUrl: text,
        }),
        { maxLength: 2 },
      ),
      schemaUrl: text,
    }),
    { maxLength: 3 },
  ),
})

test('what is read and written again is what protobufjs reads, point by point', () => {
  fc.assert(
    fc.property(request, fc.integer({ min: 1, max: 5 }), (message, recordsMax) => {
      const bytes = encodeMetrics(message)
      const expected = onePointEach(decodeMetrics(bytes))
      assert.deepEqual(passed(bytes, recordsMax).map(plain), expected.map(plain))
      const counted = otlpMetrics.create().count({ bytes, from: 0, to: bytes.length }, 0)
      assert.equal(counted.records, expected.length)
    }),
    { seed: SEED, numRuns: 300 },
  )
})

/** Without what has no meaning: defaults that one writes and the other does not. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== '' && !(Array.isArray(inner) && inner.length === 0))
      .map(([key, inner]) => [key, plain(inner)]),
  )
}

test('attributes are labels, whatever type they have', () => {
  const value = (name: string, of: object) => ({ key: name, value: of })
  const bytes = encodeMetrics({
    resourceMetrics: [
      {
        resource: { attributes: [value('service.name', { stringValue: 'shop' })] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'hits',
                unit: '1',
                sum: {
                  aggregationTemporality: 1,
                  isMonotonic: true,
                  dataPoints: [
                    {
                      asInt: '5',
                      timeUnixNano: '1767225600000000000',
                      attributes: [
                        value('code', { intValue: '200' }),
                        value('ok', { boolValue: true }),
                        value('list', {
                          arrayValue: {
                            values: [
                              { intValue: '1' },
                              { kvlistValue: { values: [value('k', { doubleValue: 0.5 })] } },
                            ],
                          },
                        }),
                      ],
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  })
  decode(bytes, 10, (block) => {
    const json = new Block()
    metricFormat.toJson(block, json)
    assert.deepEqual(JSON.parse(json.recordText(0)), {
      name: 'hits',
      kind: 'sum',
      temporality: 'delta',
      monotonic: true,
      unit: '1',
      timestamp: '2026-01-01T00:00:00.000Z',
      labels: { code: '200', ok: 'true', list: '[1,{"k":0.5}]' },
      value: 5,
    })
    assert.equal(metricFormat.lookup('service').find(block, 0)?.text, 'shop')
    assert.equal(metricFormat.lookup('resource/attributes/service.name').find(block, 0)?.text, 'shop')
    assert.equal(metricFormat.lookup('code').find(block, 0)?.kind, 'number')
  })
})

test('a sketch goes on as an exponential histogram of the same values, each within its bucket', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(finiteSmall, fc.constant(0)), { minLength: 1, maxLength: 60 }), (values) => {
      const sketch = new Sketch()
      for (const value of values) sketch.add(value)
      const writer = new MetricWriter()
      const block = new Block()
      writer.begin(block, context)
      writer.start(Kind.sketch, Temporality.DELTA, 0)
      writer.labelText('__name__', 'latency')
      writer.time(1000)
      writer.field(MetricField.DISTRIBUTION, sketchBytes(sketch))
      writer.end()
      const encoder = otlpMetricsEncoder.create({})
      const target = allocate(encoder.sizeMax(block))
      const ends = new Int32Array(1)
      const length = encoder.encode(block, target, 0, ends, 0)
      const [group] = groupsOf({ bytes: target.subarray(0, length), ends, records: 1 })
      const inner = Buffer.from(target.subarray(group!.from[0]!, group!.to[0]!))
      const request = decodeMetrics(message(0x0a, message(0x12, inner))) as Node
      const metric = list(list(list(request, 'resourceMetrics')[0]!, 'scopeMetrics')[0]!, 'metrics')[0]!
      const point = list(metric['exponentialHistogram'] as Node, 'dataPoints')[0]!
      const total = (side: unknown) =>
        (((side as Node | undefined)?.['bucketCounts'] ?? []) as string[]).reduce((sum, each) => sum + Number(each), 0)
      const of = (keep: (value: number) => boolean) => values.filter(keep).length
      assert.equal(Number(point['count']), values.length)
      assert.equal(
        total(point['positive']),
        of((value) => value > 1e-8),
      )
      assert.equal(
        total(point['negative']),
        of((value) => value < -1e-8),
      )
      assert.equal(
        Number(point['zeroCount'] ?? 0),
        of((value) => Math.abs(value) <= 1e-8),
      )
      const highest = Math.max(...values)
      if (highest > 1e-8) {
        const { offset = 0, bucketCounts } = point['positive'] as { offset?: number; bucketCounts: string[] }
        const top = 2 ** ((offset + bucketCounts.length) / 32)
        assert.ok(Math.abs(Math.log(top / highest)) < 0.06, `${top} for ${highest}`)
      }
    }),
    { seed: SEED },
  )
})

test('what breaks off is malformed, and what came before it counts', () => {
  const bytes = encodeMetrics({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: 'a', gauge: { dataPoints: [{ asDouble: 1 }] } },
              { name: 'b', gauge: { dataPoints: [{ asDouble: 2 }] } },
            ],
          },
        ],
      },
    ],
  })
  for (let length = 1; length < bytes.length; length++) {
    const cut = Buffer.from(bytes.subarray(0, length))
    let records = 0
    const { malformed } = decode(cut, 10, (block) => {
      records += block.count
    })
    assert.ok(records <= 2)
    assert.ok(malformed === 1, `at ${length}`)
  }
})
