import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricFormat } from '#codecs/metric/format.ts'
import { otlpExemplar } from '#codecs/remote_write/exemplar.ts'
import { ManualClock } from '#std/clock.ts'
import { type MetricSpec, metricRecord } from '#test/support/metric-records.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { prometheusExposition } from './prometheus_exposition.ts'
import { formatFor } from './render.ts'

const never = new AbortController().signal
const T = 1_700_000_000_123

async function world(t: { after(f: () => Promise<void>): void }, options: object = {}) {
  const clock = new ManualClock()
  const all = { listen: '127.0.0.1:0', ...options }
  const output = prometheusExposition.create(prometheusExposition.config.parse(all), outputContext('out', clock))
  await output.start()
  t.after(() => output.stop())
  const address = () => (output as unknown as { address: string }).address
  const batch = (specs: MetricSpec[]) =>
    encodeFor(prometheusExposition as never, all, specs.map(metricRecord), { format: metricFormat, arrivalMs: T })
  const scrape = async (accept = '', headers: Record<string, string> = {}) =>
    await fetch(`${address()}/metrics`, { headers: { accept, ...headers } })
  return {
    clock,
    output,
    scrape,
    take: (...specs: MetricSpec[]) => output.send(batch(specs), never),
    text: async (accept?: string) => (await (await scrape(accept)).text()).split('\n'),
  }
}

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
const value = Buffer.alloc(8)
value.writeDoubleLE(0.7)
const exemplar = otlpExemplar([{ name: Buffer.from('trace'), value: Buffer.from('a"b') }], value, 0, T)
const HISTOGRAM = { count: 6, sum: 9.5, min: 0, max: 4, counts: [1, 2, 3], bounds: [0.5, 1] }

const specs: MetricSpec[] = [
  { name: 'up', labels: { job: 'a"\\\n', zone: 'ü' }, value: 1, help: 'Whether\nit \\ "is".' },
  {
    name: 'hits',
    kind: 'sum',
    temporality: 'cumulative',
    monotonic: true,
    value: 7,
    unit: 'By',
    exemplars: [exemplar],
  },
  {
    name: 'size',
    kind: 'histogram',
    temporality: 'cumulative',
    histogram: HISTOGRAM,
    labels: { z: '1' },
    unit: 's',
    exemplars: [exemplar],
  },
  { name: 'n', kind: 'unknown', value: Number.NaN },
  { name: 'rpc', kind: 'summary', summary: { count: 1, sum: 2, quantiles: [{ quantile: 1, value: 2 }] } },
  {
    name: 'bare',
    kind: 'sum',
    temporality: 'cumulative',
    monotonic: true,
    value: 1,
    metadata: Buffer.from('\n\x0fprometheus.type\x12\x09\n\x07counter'),
  },
]

test('the text format has each family with its type, escaped as it must be', async (t) => {
  const { take, text, scrape } = await world(t)
  assert.deepEqual(await take(...specs), { ok: true })
  assert.equal((await scrape()).headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.deepEqual(await text(), [
    '# TYPE bare counter',
    'bare 1',
    '# TYPE hits_bytes_total counter',
    'hits_bytes_total 7',
    '# TYPE n untyped',
    'n NaN',
    '# TYPE rpc summary',
    'rpc{quantile="1.0"} 2',
    'rpc_sum 2',
    'rpc_count 1',
    '# TYPE size_seconds histogram',
    'size_seconds_bucket{z="1",le="0.5"} 1',
    'size_seconds_bucket{z="1",le="1.0"} 3',
    'size_seconds_bucket{z="1",le="+Inf"} 6',
    'size_seconds_sum{z="1"} 9.5',
    'size_seconds_count{z="1"} 6',
    '# HELP up Whether\\nit \\\\ "is".',
    '# TYPE up gauge',
    'up{job="a\\"\\\\\\n",zone="ü"} 1',
    '',
  ])
})

test('OpenMetrics has units, exemplars and an end', async (t) => {
  const { take, text, scrape } = await world(t, { timestamps: true })
  await take(...specs.map((spec) => ({ ...spec, timeMs: T })))
  const type = (await scrape(OPENMETRICS)).headers.get('content-type')
  assert.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  const lines = await text(OPENMETRICS)
  for (const line of [
    '# TYPE bare unknown',
    '# TYPE hits_bytes counter',
    '# UNIT hits_bytes bytes',
    'hits_bytes_total 7 1700000000.123 # {trace="a\\"b"} 0.7 1700000000.123',
    '# UNIT size_seconds seconds',
    'size_seconds_bucket{z="1",le="1.0"} 3 1700000000.123 # {trace="a\\"b"} 0.7 1700000000.123',
    '# HELP up Whether\\nit \\\\ \\"is\\".',
  ])
    assert.ok(lines.includes(line), line)
  assert.deepEqual(lines.slice(-2), ['# EOF', ''])
})

test('who scrapes chooses the format', () => {
  for (const [accept, format] of [
    [undefined, 'text'],
    ['*/*', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0', 'text'],
    ['text/plain;q=0.9,application/openmetrics-text;q=0.2', 'text'],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.8,text/plain;q=0.3',
      'text',
    ],
  ] as const)
    assert.equal(formatFor(accept), format, accept)
})

test('gzip where it is taken, 401 without a key where there are some', async (t) => {
  const { take, scrape } = await world(t, { api_keys: [{ name: 'prom', key: 'k' }] })
  await take({ name: 'up', value: 1 })
  assert.equal((await scrape()).status, 401)
  const response = await scrape('', { authorization: 'Bearer k', 'accept-encoding': 'gzip' })
  assert.equal(response.headers.get('content-encoding'), 'gzip')
  assert.equal(await response.text(), '# TYPE up gauge\nup 1\n')
})

test('the last value counts; what tells a difference is added up', async (t) => {
  const { take, text } = await world(t)
  const hits = { name: 'hits', kind: 'sum', temporality: 'delta', monotonic: true, value: 2 } as const
  await take({ name: 'up', value: 1 }, hits, { name: 'up', value: 0 }, hits)
  const deltas = { name: 'h', kind: 'histogram', temporality: 'delta', histogram: HISTOGRAM } as const
  await take(deltas)
  await take(deltas)
  const lines = await text()
  assert.ok(
    lines.includes('up 0') && lines.includes('hits_total 4') && lines.includes('h_bucket{le="1.0"} 6'),
    lines.join('\n'),
  )
})

test('series end: by a stale marker, by age, and by number', async (t) => {
  const { take, text, clock } = await world(t, { series_max: 3, expire_ms: 1000 })
  await take({ name: 'a', value: 1 }, { name: 'b', value: 1 })
  await take({ name: 'a', stale: true })
  assert.deepEqual(await text(), ['# TYPE b gauge', 'b 1', ''])
  clock.advance(600)
  await take({ name: 'c' }, { name: 'd' }, { name: 'e' })
  assert.deepEqual(
    (await text()).filter((line) => !line.startsWith('#')),
    ['c 0', 'd 0', 'e 0', ''],
  )
  clock.advance(600)
  await take({ name: 'd', value: 5 })
  clock.advance(600)
  assert.deepEqual(await text(), ['# TYPE d gauge', 'd 5', ''])
})

test('an exponential histogram has a bucket for each boundary that is there; one of deltas is refused', async (t) => {
  const { take, text } = await world(t)
  const exponential = {
    count: 8,
    sum: 3,
    min: undefined,
    max: undefined,
    scale: 0,
    zeroCount: 1,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [2, 0, 3] },
    negative: { offset: 1, counts: [2] },
  }
  const base = { name: 'e', kind: 'exponential_histogram', exponential } as const
  const result = await take({ ...base, temporality: 'delta' }, { ...base, temporality: 'cumulative' })
  assert.ok(result.ok === 'partly')
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [[0, 'delta_exponential_histogram']],
  )
  assert.deepEqual(await text(), [
    '# TYPE e histogram',
    'e_bucket{le="-2.0"} 2',
    'e_bucket{le="0.0"} 3',
    'e_bucket{le="2.0"} 5',
    'e_bucket{le="8.0"} 8',
    'e_bucket{le="+Inf"} 8',
    'e_sum 3',
    'e_count 8',
    '',
  ])
})

test('while one is scraped, series may come and go', async (t) => {
  const { take, scrape } = await world(t, { series_max: 5000 })
  const many = (from: number) =>
    Array.from({ length: 1000 }, (_, i) => ({ name: 'm', labels: { i: String(from + i) } }))
  for (let from = 0; from < 5000; from += 1000) await take(...many(from))
  const scraped = scrape()
  await take(...many(9000))
  const lines = (await (await scraped).text()).split('\n')
  assert.equal(new Set(lines).size, lines.length)
  assert.ok(lines.length > 4000)
})
