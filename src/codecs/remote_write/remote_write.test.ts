import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricFormat } from '#codecs/metric/format.ts'
import { MetricReader } from '#codecs/metric/record.ts'
import { allocate, type Bytes, concat } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { decodeRequest, encodeRequest, labelsOf } from '#test/support/prometheus-protos.ts'
import { HeadFlag, remoteWrite, remoteWrite2 } from './decoder.ts'
import { remoteWriteSeries } from './encoder.ts'
import { STALE_NAN } from './stale.ts'
import { survey } from './survey.ts'

const T = 1_700_000_000_123
const definitions = { 1: remoteWrite, 2: remoteWrite2 }

interface Point {
  [key: string]: unknown
}

function entryOf(body: Bytes, flags = 0): { bytes: Bytes; from: number; to: number } {
  // Something stands around it that must not be read.
  const bytes = concat([Buffer.from('###'), Buffer.from([flags]), body, Buffer.from('\n###')])
  return { bytes, from: 3, to: 4 + body.length }
}

/** All points of an entry as JSON, decoded at most `recordsMax` at once; and what was malformed. */
function decoded(
  version: 1 | 2,
  body: Bytes,
  { flags = 0, recordsMax = 8192, decoder = definitions[version].create(), fresh = false } = {},
) {
  const entry = entryOf(body, flags)
  const block = new Block()
  const json = new Block()
  const points: Point[] = []
  const records: Buffer[] = []
  let [malformed, bytes] = [0, 0]
  for (let at = entry.from, done = false; !done; ) {
    block.fill(entry.bytes, at, at, { source: 's', arrivalMs: 0, truncated: false, format: metricFormat })
    const part = (fresh ? definitions[version].create() : decoder).decode(entry, at, block, recordsMax)
    assert.ok(block.count <= recordsMax)
    assert.ok(part.done || part.end > at)
    metricFormat.toJson(block, json)
    for (let i = 0; i < block.count; i++) {
      points.push(JSON.parse(json.recordText(i)))
      records.push(Buffer.from(block.recordBytes(i)))
    }
    malformed += part.malformedRecords
    bytes += block.selectedBytes + part.malformedBytes
    at = part.end
    done = part.done
  }
  assert.deepEqual(definitions[version].create().count(entry, entry.from).records, points.length + malformed)
  return { points, records, malformed, bytes }
}

const name = (name: string, more: Record<string, string> = {}) => labelsOf({ __name__: name, ...more })

test('each sample of 1.0 becomes a record with the labels as they stand', () => {
  const body = encodeRequest(1, {
    timeseries: [
      {
        labels: name('up', { job: 'a', Zone: 'ü' }),
        samples: [
          { value: 1, timestamp: T },
          { value: 0, timestamp: T + 1 },
        ],
      },
      { labels: name('x', { empty: 'no' }), samples: [{ value: -0.5, timestamp: 0 }] },
    ],
  })
  const { points, records } = decoded(1, body)
  const labels = { Zone: 'ü', job: 'a' }
  assert.deepEqual(points, [
    { name: 'up', kind: 'unknown', timestamp: new Date(T).toISOString(), labels, value: 1 },
    { name: 'up', kind: 'unknown', timestamp: new Date(T + 1).toISOString(), labels, value: 0 },
    { name: 'x', kind: 'unknown', labels: { empty: 'no' }, value: -0.5 },
  ])
  const reader = new MetricReader()
  assert.ok(reader.read(records[0]!, 0, records[0]!.length))
  assert.ok(body.includes(records[0]!.subarray(reader.labelsFrom, reader.labelsTo)))
  assert.deepEqual(survey(body, 1), {
    samples: 3,
    histograms: 0,
    exemplars: 0,
    fieldBytesMax: body[1]! + 2,
    symbolBytes: 0,
    labelBytes: 2 * (reader.labelsTo - reader.labelsFrom) + 28,
    isPlain: false,
  })
})

test('labels that stand otherwise come out the same: in order, without empty ones, in one shape', () => {
  const ordered = encodeRequest(1, {
    timeseries: [{ labels: name('up', { a: '1', b: '2' }), samples: [{ value: 1, timestamp: T }] }],
  })
  const shuffled = encodeRequest(1, {
    timeseries: [
      {
        labels: [...name('up', { a: '1', b: '2' }), { name: 'void', value: '' }].reverse(),
        samples: [{ value: 1, timestamp: T }],
      },
    ],
  })
  // The sample before the labels; a length that takes more bytes than it need; a value before its name.
  const label = (name: string, value: string) => [
    0x0a,
    0x84 + value.length + name.length,
    0x00,
    0x12,
    value.length,
    ...Buffer.from(value),
    0x0a,
    name.length,
    ...Buffer.from(name),
  ]
  const sample = [0x12, 16, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, ...varint(T)]
  const series = [...sample, ...label('b', '2'), ...label('a', '1'), ...label('__name__', 'up')]
  const odd = Buffer.from([0x0a, series.length, ...series])
  const [expected] = decoded(1, ordered).records
  assert.deepEqual(decoded(1, shuffled).records, [expected])
  assert.deepEqual(decoded(1, odd).records, [expected])
  assert.equal(typeof survey(odd, 1), 'object')
})

test('a name that stands twice, and a label without a name, are no labels of a series', () => {
  const twice = encodeRequest(1, {
    timeseries: [
      {
        labels: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
        samples: [{ value: 1 }],
      },
    ],
  })
  assert.deepEqual({ points: [], malformed: 1 }, { ...pick(decoded(1, twice)) })
  const unnamed = encodeRequest(1, { timeseries: [{ labels: [{ name: '', value: '1' }], samples: [{ value: 1 }] }] })
  assert.equal(typeof survey(unnamed, 1), 'string')
  assert.equal(decoded(1, unnamed).malformed, 1)
})

test('NaN keeps its bytes, and the stale one is told', () => {
  const series = (bits: readonly number[]) => {
    const labels = [0x0a, 13, 0x0a, 8, ...Buffer.from('__name__'), 0x12, 1, 0x61]
    const sample = [0x12, 9, 0x09, ...bits]
    return [0x0a, labels.length + sample.length, ...labels, ...sample]
  }
  const other = [1, 2, 3, 4, 5, 6, 0xf8, 0x7f]
  const { records, points } = decoded(1, Buffer.from([...series(STALE_NAN), ...series(other)]))
  assert.deepEqual([...records[0]!.subarray(16, 24)], [...STALE_NAN])
  assert.deepEqual([...records[1]!.subarray(16, 24)], other)
  assert.deepEqual(
    points.map(({ stale }) => stale),
    [true, undefined],
  )
})

test('metadata of 1.0 gives later samples their kind, unit and help', () => {
  const decoder = remoteWrite.create()
  const metadata = [
    { type: 1, metric_family_name: 'requests_total', help: 'All.', unit: '' },
    { type: 1, metric_family_name: 'bytes', help: '', unit: 'bytes' },
    { type: 2, metric_family_name: 'heap' },
    { type: 3, metric_family_name: 'latency', unit: 'seconds' },
    { type: 5, metric_family_name: 'rpc' },
  ]
  decoded(1, encodeRequest(1, { metadata }), { decoder })
  const names = [
    'requests_total',
    'bytes_total',
    'heap',
    'latency_bucket',
    'latency_sum',
    'rpc',
    'rpc_count',
    'other_total',
  ]
  const timeseries = names.map((each) => ({ labels: name(each), samples: [{ value: 1, timestamp: T }] }))
  const { points } = decoded(1, encodeRequest(1, { timeseries }), { decoder })
  assert.deepEqual(
    points.map(({ name, kind, temporality, monotonic, unit }) => [name, kind, temporality, monotonic, unit]),
    [
      ['requests_total', 'sum', 'cumulative', true, undefined],
      ['bytes_total', 'sum', 'cumulative', true, 'bytes'],
      ['heap', 'gauge', undefined, undefined, undefined],
      ['latency_bucket', 'sum', 'cumulative', true, 'seconds'],
      ['latency_sum', 'sum', 'cumulative', undefined, 'seconds'],
      ['rpc', 'gauge', undefined, undefined, undefined],
      ['rpc_count', 'sum', 'cumulative', true, undefined],
      ['other_total', 'unknown', undefined, undefined, undefined],
    ],
  )
})

test('2.0: symbols, metadata and start times are resolved', () => {
  const symbols = ['', '__name__', 'hits_total', 'job', 'api', 'Hits.', 'requests', 'absent']
  const body = encodeRequest(2, {
    symbols,
    timeseries: [
      {
        labels_refs: [1, 2, 3, 4],
        samples: [{ value: 7, timestamp: T, start_timestamp: T - 5000 }],
        metadata: { type: 1, help_ref: 5, unit_ref: 6 },
      },
      { labels_refs: [3, 4, 1, 2], samples: [{ value: 8, timestamp: T }] },
      { labels_refs: [3, 4, 3, 4], samples: [{ value: 8, timestamp: T }] },
    ],
  })
  const { points, malformed } = decoded(2, body)
  const common = { name: 'hits_total', timestamp: new Date(T).toISOString(), labels: { job: 'api' } }
  assert.deepEqual(points, [
    {
      ...common,
      kind: 'sum',
      temporality: 'cumulative',
      monotonic: true,
      unit: 'requests',
      start: new Date(T - 5000).toISOString(),
      value: 7,
    },
    { ...common, kind: 'unknown', value: 8 },
  ])
  assert.equal(malformed, 1)
  for (const refs of [[1], [1, 8], [1, 99]]) {
    assert.equal(
      typeof survey(encodeRequest(2, { symbols, timeseries: [{ labels_refs: refs, samples: [{ value: 1 }] }] }), 2),
      'string',
    )
  }
  assert.equal(typeof survey(encodeRequest(2, { symbols: ['a'], timeseries: [] }), 2), 'string')
})

const histogram = {
  count_int: 12,
  sum: 18.4,
  schema: 1,
  zero_threshold: 0.001,
  zero_count_int: 2,
  timestamp: T,
  positive_spans: [
    { offset: 0, length: 2 },
    { offset: 1, length: 2 },
  ],
  positive_deltas: [1, 1, -1, 0],
  negative_spans: [{ offset: -1, length: 2 }],
  negative_deltas: [1, 3],
}
const dense = {
  count: 12,
  sum: 18.4,
  scale: 1,
  zeroCount: 2,
  zeroThreshold: 0.001,
  positive: { offset: -1, counts: [1, 2, 0, 1, 1] },
  negative: { offset: -2, counts: [1, 4] },
}

for (const version of [1, 2] as const) {
  const request = (histograms: object[]) =>
    version === 1
      ? encodeRequest(1, { timeseries: [{ labels: name('h'), histograms }] })
      : encodeRequest(2, { symbols: ['', '__name__', 'h'], timeseries: [{ labels_refs: [1, 2], histograms }] })

  test(`${version}.0: native histograms become exponential ones, in OpenTelemetry's offsets`, () => {
    const floats = {
      ...histogram,
      count_int: undefined,
      count_float: 12,
      zero_count_int: undefined,
      zero_count_float: 2,
      positive_deltas: [],
      positive_counts: [1, 2, 1, 1],
      negative_deltas: [],
      negative_counts: [1, 4],
      reset_hint: 3,
    }
    const { points, malformed } = decoded(version, request([histogram, floats]))
    assert.equal(malformed, 0)
    assert.deepEqual(
      points.map(({ distribution }) => distribution),
      [dense, dense],
    )
    assert.deepEqual(
      points.map(({ kind, temporality }) => [kind, temporality]),
      [
        ['exponential_histogram', 'cumulative'],
        ['exponential_histogram', undefined],
      ],
    )
  })

  test(`${version}.0: custom buckets become explicit ones`, () => {
    const custom = {
      count_int: 5,
      sum: 9,
      schema: -53,
      timestamp: T,
      custom_values: [1, 2.5, 10],
      positive_spans: [
        { offset: 1, length: 1 },
        { offset: 1, length: 1 },
      ],
      positive_deltas: [2, 1],
    }
    const [point] = decoded(version, request([custom])).points
    assert.deepEqual(point?.['kind'], 'histogram')
    assert.deepEqual(point?.['distribution'], { count: 5, sum: 9, counts: [0, 2, 0, 3], bounds: [1, 2.5, 10] })
  })

  test(`${version}.0: histograms that cannot be are counted`, () => {
    const bad = [
      { ...histogram, schema: 9 },
      { ...histogram, positive_deltas: [1, -3, 0, 0] },
      { ...histogram, positive_deltas: [1] },
      {
        ...histogram,
        positive_spans: [
          { offset: 0, length: 2 },
          { offset: -1, length: 2 },
        ],
      },
      {
        ...histogram,
        positive_spans: [
          { offset: 0, length: 2 },
          { offset: 2_000_000_000, length: 2 },
        ],
      },
      { ...histogram, schema: -53, custom_values: [1] },
      { count_float: 0.5, sum: 1, positive_spans: [{ offset: 0, length: 1 }], positive_counts: [0.5] },
    ]
    assert.equal(decoded(version, request(bad)).malformed, bad.length)
  })
}

test('exemplars go with the sample of their series, whether they came with it or by themselves', () => {
  const exemplar = (value: number) => ({
    labels: [
      { name: 'trace_id', value: '0123456789abcdef0123456789abcdef' },
      { name: 'user', value: 'u' },
    ],
    value,
    timestamp: T,
  })
  const body = encodeRequest(1, {
    timeseries: [
      { labels: name('a'), samples: [{ value: 1, timestamp: T }] },
      { labels: name('b'), samples: [{ value: 2, timestamp: T }], exemplars: [exemplar(0.5)] },
      { labels: name('a'), exemplars: [exemplar(0.25)] },
      { labels: name('gone'), exemplars: [exemplar(1)] },
    ],
  })
  const { records, points, malformed } = decoded(1, body, { flags: HeadFlag.EXEMPLARS })
  assert.deepEqual([points.length, malformed], [2, 0])
  const reader = new MetricReader()
  const found = records.map((record) => {
    assert.ok(reader.read(record, 0, record.length))
    const { from, to } = reader.field(4)!
    return record.subarray(from, to)
  })
  assert.deepEqual(
    found.map((bytes) => bytes.readDoubleLE(10)),
    [0.25, 0.5],
  )
  const trace = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
  assert.ok(found.every((bytes) => bytes.includes(trace) && bytes.includes('user')))
})

test('however it is divided, the records are the same, and a successor goes on in the middle of a series', () => {
  const timeseries = Array.from({ length: 40 }, (_, s) => ({
    labels: name(`m${s}`, { i: String(s) }),
    samples: Array.from({ length: s % 7 }, (_, i) => ({ value: s + i / 10, timestamp: T + i })),
    histograms: s % 5 === 0 ? [histogram] : [],
  }))
  const body = encodeRequest(1, { timeseries })
  const whole = decoded(1, body)
  assert.ok(whole.points.length > 100)
  for (const recordsMax of [1, 2, 3, 7, 50]) {
    for (const fresh of [false, true]) assert.deepEqual(decoded(1, body, { recordsMax, fresh }).records, whole.records)
  }
})

test('what came by 1.0 goes by 1.0 as it came, byte for byte', () => {
  const options = {
    version: 1,
    add_suffixes: true,
    utf8_names: false,
    external_labels: {},
    resource_labels: [],
    exponential: 'native',
    histograms: 'native',
    bounds: 'short',
  }
  const labels = name('up', { job: 'a', zone: 'ü' })
  const samples = [{ value: 1, timestamp: T }]
  const body = encodeRequest(1, {
    timeseries: [
      { labels, samples },
      { labels: name('up_total'), samples },
      { labels: name('h'), histograms: [{ ...histogram, positive_spans: [{ length: 2 }, { offset: 4, length: 2 }] }] },
    ],
  })
  const block = new Block()
  const entry = entryOf(body)
  block.fill(entry.bytes, entry.from, entry.from, { source: 's', arrivalMs: 0, truncated: false, format: metricFormat })
  remoteWrite.create().decode(entry, entry.from, block, 100)
  const encoder = remoteWriteSeries.create(options)
  const target = allocate(encoder.sizeMax(block))
  const length = encoder.encode(block, target, 0, new Int32Array(3), 0)
  const read = (bytes: Uint8Array) => decodeRequest(1, bytes)
  assert.deepEqual(read(target.subarray(0, length)), read(body))
  const plain = encodeRequest(1, {
    timeseries: [
      { labels, samples },
      { labels: name('up_total'), samples },
    ],
  })
  assert.deepEqual(target.subarray(0, plain.length), plain)
})

test('what breaks off is malformed from there on', () => {
  const body = encodeRequest(1, {
    timeseries: Array.from({ length: 3 }, () => ({ labels: name('a'), samples: [{ value: 1, timestamp: T }] })),
  })
  for (let length = 1; length < body.length; length++) {
    const cut = body.subarray(0, length)
    const { points, malformed } = decoded(1, cut)
    const isWhole = length % (body.length / 3) === 0
    assert.equal(typeof survey(cut, 1) === 'string', !isWhole)
    assert.equal(malformed, isWhole ? 0 : 1)
    assert.equal(points.length, Math.floor(length / (body.length / 3)))
  }
})

test('times that cannot be are refused', () => {
  const { points, malformed } = decoded(
    1,
    encodeRequest(1, {
      timeseries: [
        {
          labels: name('a'),
          samples: [
            { value: 1, timestamp: -1 },
            { value: 1, timestamp: 2 ** 50 },
          ],
        },
      ],
    }),
  )
  assert.deepEqual([points.length, malformed], [0, 2])
})

function pick({ points, malformed }: { points: Point[]; malformed: number }) {
  return { points, malformed }
}

function varint(value: number): number[] {
  const bytes = allocate(10)
  let write = 0
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[write++] = (rest % 0x80) | 0x80
  bytes[write++] = rest
  return [...bytes.subarray(0, write)]
}
