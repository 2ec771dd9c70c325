import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { uncompressSync } from 'snappy'
import { metricFormat } from '#codecs/metric/format.ts'
import { otlpExemplar } from '#codecs/remote_write/exemplar.ts'
import { STALE_NAN } from '#codecs/remote_write/stale.ts'
import { type MetricSpec, metricRecord } from '#test/support/metric-records.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { decodeRequest } from '#test/support/prometheus-protos.ts'
import { TargetServer } from '#test/support/target-server.ts'
import { prometheusRemoteWrite } from './prometheus_remote_write.ts'

const never = new AbortController().signal
const T = 1_700_000_000_123
const ACCEPTED = { status: 204, headers: { 'x-prometheus-remote-write-samples-written': '1' } }

interface Series {
  labels: { name: string; value: string }[]
  samples?: { value: number; timestamp: number }[]
  histograms?: Record<string, unknown>[]
  exemplars?: Record<string, unknown>[]
}

async function world(t: { after(f: () => Promise<void>): void }, options: object = {}) {
  const server = await new TargetServer().listen()
  server.reply = ACCEPTED
  const all = { url: `${server.url}/api/v1/write`, ...options }
  const output = prometheusRemoteWrite.create(prometheusRemoteWrite.config.parse(all), outputContext())
  await output.start()
  t.after(async () => {
    await output.stop()
    await server[Symbol.asyncDispose]()
  })
  const batch = (specs: MetricSpec[]) =>
    encodeFor(prometheusRemoteWrite as never, all, specs.map(metricRecord), { format: metricFormat, arrivalMs: T })
  return {
    server,
    output,
    send: (...specs: MetricSpec[]) => output.send(batch(specs), never),
    request: (version: 1 | 2 = 1, i = -1) =>
      decodeRequest(version, uncompressSync(server.requests.at(i)!.bytes) as Buffer),
  }
}

/** `name{label="value"} value timestamp` of each series. */
function lines(request: Record<string, unknown>): string[] {
  return ((request['timeseries'] ?? []) as Series[]).flatMap(({ labels, samples = [] }) => {
    const name = labels.find((label) => label.name === '__name__')?.value
    const rest = labels.filter((label) => label.name !== '__name__').map(({ name, value }) => `${name}=${value}`)
    assert.deepEqual(
      labels.map((label) => label.name),
      labels.map((label) => label.name).sort(),
    )
    return samples.map(({ value, timestamp }) => `${name}{${rest.join()}} ${value ?? 0} ${timestamp - T}`)
  })
}

test('numbers go as they are, with the headers of 1.0', async (t) => {
  const { send, request, server } = await world(t, { tenant: 'a', user: 'u', password: 'p' })
  const result = await send(
    { name: 'up', labels: { job: 'a', Zone: 'z' }, value: 1, timeMs: T },
    { name: 'hits_total', kind: 'sum', temporality: 'cumulative', monotonic: true, value: 7, timeMs: T + 1 },
    { name: 'n', kind: 'unknown', integer: 12n },
  )
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(lines(request()), ['up{Zone=z,job=a} 1 0', 'hits_total{} 7 1', 'n{} 12 0'])
  const { headers, path } = server.requests[0]!
  assert.equal(path, '/api/v1/write')
  assert.partialDeepStrictEqual(headers, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'x-scope-orgid': 'a',
    authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
  })
})

test('names that Prometheus does not have become names that it has', async (t) => {
  const { send, request } = await world(t, { external_labels: { region: 'eu' } })
  await send(
    { name: 'http.server.duration', unit: 'ms', labels: { 'http.method': 'GET', '1st': 'x', region: 'us' }, timeMs: T },
    { name: 'requests', kind: 'sum', temporality: 'cumulative', monotonic: true, timeMs: T },
    { name: 'read', unit: 'By/s', timeMs: T },
    { name: 'load', unit: '1', timeMs: T },
    { name: 'füße', unit: '{x}', labels: { 'a.b': '1', 'a/b': '2' }, timeMs: T },
  )
  assert.deepEqual(lines(request()), [
    'http_server_duration_milliseconds{http_method=GET,key_1st=x,region=us} 0 0',
    'requests_total{region=eu} 0 0',
    'read_bytes_per_second{region=eu} 0 0',
    'load_ratio{region=eu} 0 0',
    'f__e{a_b=1;2,region=eu} 0 0',
  ])
})

test('names stay where that is asked for', async (t) => {
  const { send, request } = await world(t, { utf8_names: true, add_suffixes: false })
  await send({ name: 'http.server', unit: 'ms', labels: { 'a.b': 'c' }, timeMs: T })
  assert.deepEqual(lines(request()), ['http.server{a.b=c} 0 0'])
})

test('a resource tells job and instance, and further labels where they are asked for', async (t) => {
  const { send, request } = await world(t, { resource_labels: ['k8s.pod'] })
  const text = (field: number, value: string | Buffer) =>
    Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)])
  const attribute = (name: string, value: string) => text(1, Buffer.concat([text(1, name), text(2, text(1, value))]))
  const attributes = [
    attribute('service.name', 'shop'),
    attribute('service.namespace', 'ns'),
    attribute('service.instance.id', 'i1'),
    attribute('k8s.pod', 'p'),
    attribute('other', 'x'),
  ]
  await send({ name: 'up', resource: text(1, Buffer.concat(attributes)), timeMs: T })
  assert.deepEqual(lines(request()), ['up{instance=i1,job=ns/shop,k8s_pod=p} 0 0'])
})

const HISTOGRAM = { count: 6, sum: 9.5, min: 0, max: 4, counts: [1, 2, 3], bounds: [0.5, 1] }
const SUMMARY = {
  count: 4,
  sum: 10,
  quantiles: [
    { quantile: 0.5, value: 2 },
    { quantile: 1, value: 4 },
  ],
}

test('histograms and summaries become series', async (t) => {
  const { send, request } = await world(t)
  await send(
    {
      name: 'size',
      kind: 'histogram',
      temporality: 'cumulative',
      labels: { zone: 'a' },
      histogram: HISTOGRAM,
      timeMs: T,
    },
    { name: 'rpc', kind: 'summary', summary: SUMMARY, timeMs: T },
  )
  assert.deepEqual(lines(request()), [
    'size_bucket{le=0.5,zone=a} 1 0',
    'size_bucket{le=1,zone=a} 3 0',
    'size_bucket{le=+Inf,zone=a} 6 0',
    'size_sum{zone=a} 9.5 0',
    'size_count{zone=a} 6 0',
    'rpc{quantile=0.5} 2 0',
    'rpc{quantile=1} 4 0',
    'rpc_sum{} 10 0',
    'rpc_count{} 4 0',
  ])
})

const EXPONENTIAL = {
  count: 12,
  sum: 18.4,
  min: undefined,
  max: undefined,
  scale: 1,
  zeroCount: 2,
  zeroThreshold: 0.001,
  positive: { offset: -1, counts: [1, 2, 0, 0, 0, 0, 1, 1] },
  negative: { offset: -2, counts: [1, 4] },
}

test('exponential histograms become native ones', async (t) => {
  const { send, request } = await world(t, { histograms: 'native' })
  const base = { kind: 'exponential_histogram', temporality: 'cumulative', timeMs: T } as const
  await send(
    { ...base, name: 'a', exponential: EXPONENTIAL },
    {
      ...base,
      name: 'b',
      temporality: 'none',
      exponential: {
        ...EXPONENTIAL,
        scale: 9,
        positive: { offset: 3, counts: [1, 2, 4] },
        negative: { offset: 0, counts: [] },
      },
    },
    { ...base, name: 'c', stale: true, exponential: EXPONENTIAL },
    { name: 'd', kind: 'histogram', temporality: 'cumulative', histogram: HISTOGRAM, timeMs: T },
  )
  const [a, b, c, d] = (request()['timeseries'] as Series[]).map(({ histograms }) => histograms![0]!)
  assert.deepEqual(a, {
    count_int: 12,
    sum: 18.4,
    schema: 1,
    zero_threshold: 0.001,
    zero_count_int: 2,
    timestamp: T,
    negative_spans: [{ offset: -1, length: 2 }],
    negative_deltas: [1, 3],
    positive_spans: [{ length: 2 }, { offset: 4, length: 2 }],
    positive_deltas: [1, 1, -1, 0],
  })
  assert.partialDeepStrictEqual(b, {
    schema: 8,
    reset_hint: 3,
    positive_spans: [{ offset: 2, length: 2 }],
    positive_deltas: [1, 5],
  })
  assert.ok(Number.isNaN(c!['sum']))
  assert.partialDeepStrictEqual(d, {
    schema: -53,
    custom_values: [0.5, 1],
    positive_spans: [{ length: 3 }],
    positive_deltas: [1, 1, 1],
  })
})

test('what has no form there is refused, each with its reason, and the rest goes', async (t) => {
  const { send, request } = await world(t)
  const result = await send(
    { name: 'a', kind: 'exponential_histogram', temporality: 'delta', exponential: EXPONENTIAL },
    { name: 'ok', timeMs: T },
    { name: 'b', kind: 'sketch' },
    { name: 'c', kind: 'exponential_histogram', temporality: 'cumulative', exponential: { ...EXPONENTIAL, scale: -5 } },
    { name: 'd', kind: 'summary', temporality: 'delta', summary: SUMMARY },
  )
  assert.ok(result.ok === 'partly')
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [
      [0, 'delta_exponential_histogram'],
      [2, 'unsupported_kind'],
      [3, 'scale'],
      [4, 'delta_summary'],
    ],
  )
  assert.deepEqual(lines(request()), ['ok{} 0 0'])
})

const delta = (value: number, timeMs = T): MetricSpec => ({
  name: 'hits',
  kind: 'sum',
  temporality: 'delta',
  monotonic: true,
  value,
  timeMs,
  labels: { a: 'b' },
})

test('what came since the point before is added up, once for each request that went through', async (t) => {
  const { send, request, server } = await world(t)
  await send(delta(2), delta(3, T + 1))
  assert.deepEqual(lines(request()), ['hits_total{a=b} 2 0', 'hits_total{a=b} 5 1'])
  for (const status of [503, 429]) {
    server.replies.push(status)
    assert.equal((await send(delta(1, T + 2))).ok, false)
  }
  await send(delta(1, T + 2))
  assert.deepEqual(lines(request()), ['hits_total{a=b} 6 2'])
  server.replies.push(400)
  assert.partialDeepStrictEqual(await send(delta(10, T + 3)), { ok: false, retryable: false })
  await send(delta(1, T + 4))
  assert.deepEqual(lines(request()), ['hits_total{a=b} 17 4'])
  await send(
    { name: 'h', kind: 'histogram', temporality: 'delta', histogram: HISTOGRAM, timeMs: T },
    {
      name: 'h',
      kind: 'histogram',
      temporality: 'delta',
      histogram: { ...HISTOGRAM, counts: [0, 0, 1], count: 1, sum: 1 },
      timeMs: T + 1,
    },
  )
  assert.deepEqual(lines(request()).slice(5), [
    'h_bucket{le=0.5} 1 1',
    'h_bucket{le=1} 3 1',
    'h_bucket{le=+Inf} 7 1',
    'h_sum{} 10.5 1',
    'h_count{} 7 1',
  ])
})

test('of totals above their limit the one idle for longest is forgotten', async (t) => {
  const { send, request } = await world(t, { totals_max: 2 })
  const of = (name: string) => ({ ...delta(1), name })
  await send(of('a'), of('b'), of('a'), of('c'), of('a'), of('b'))
  assert.deepEqual(
    lines(request()).map((line) => line.replace('{a=b}', '')),
    ['a_total 1 0', 'b_total 1 0', 'a_total 2 0', 'c_total 1 0', 'a_total 3 0', 'b_total 1 0'],
  )
})

test('stale markers keep their bytes, and end a total', async (t) => {
  const { send, server } = await world(t)
  const count = () => (uncompressSync(server.requests.at(-1)!.bytes) as Buffer).indexOf(Buffer.from(STALE_NAN))
  await send({ name: 'x', kind: 'histogram', temporality: 'cumulative', histogram: HISTOGRAM, stale: true, timeMs: T })
  assert.notEqual(count(), -1)
})

const TRACE = '0123456789abcdef0123456789abcdef'
const value = Buffer.alloc(8)
value.writeDoubleLE(0.75)
const exemplar = otlpExemplar(
  [
    { name: Buffer.from('trace_id'), value: Buffer.from(TRACE) },
    { name: Buffer.from('user'), value: Buffer.from('u') },
  ],
  value,
  0,
  T,
)

for (const version of [1, 2] as const) {
  test(`${version}.0: exemplars go to the bucket that holds them`, async (t) => {
    const { send, request } = await world(t, { version })
    await send({
      name: 'h',
      kind: 'histogram',
      temporality: 'cumulative',
      histogram: HISTOGRAM,
      exemplars: [exemplar],
      timeMs: T,
    })
    const series = request(version)['timeseries'] as Series[]
    const [found] = series[1]!.exemplars!
    const symbols = request(version)['symbols'] as string[]
    const labels =
      version === 1 ? found!['labels'] : (found!['labels_refs'] as number[]).map((reference) => symbols[reference])
    assert.deepEqual(
      labels,
      version === 1
        ? [
            { name: 'trace_id', value: TRACE },
            { name: 'user', value: 'u' },
          ]
        : ['trace_id', TRACE, 'user', 'u'],
    )
    assert.partialDeepStrictEqual(found, { value: 0.75, timestamp: T })
  })
}

test('2.0: symbols, metadata and start times', async (t) => {
  const { send, request, server } = await world(t, { version: 2 })
  await send(
    {
      name: 'hits_total',
      kind: 'sum',
      temporality: 'cumulative',
      monotonic: true,
      value: 7,
      timeMs: T,
      startMs: T - 9,
      help: 'Hits.',
      labels: { job: 'a' },
    },
    { name: 'up', labels: { job: 'a' }, timeMs: T },
    { name: 'n', kind: 'unknown', timeMs: T },
    { name: 'e', kind: 'exponential_histogram', temporality: 'cumulative', exponential: EXPONENTIAL, timeMs: T },
  )
  const body = request(2)
  assert.equal(
    server.requests[0]!.headers['content-type'],
    'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  )
  assert.deepEqual(body['symbols'], ['', '__name__', 'hits_total', 'job', 'a', 'Hits.', 'up', 'n', 'e'])
  const series = body['timeseries'] as Record<string, unknown>[]
  assert.deepEqual(series[0], {
    labels_refs: [1, 2, 3, 4],
    samples: [{ value: 7, timestamp: T, start_timestamp: T - 9 }],
    metadata: { type: 1, help_ref: 5 },
  })
  assert.deepEqual(series[1]!['metadata'], { type: 2 })
  assert.equal(series[2]!['metadata'], undefined)
  assert.equal((series[3]!['histograms'] as unknown[]).length, 1)
})

for (const [name, reply] of [
  ['says yes to nothing', 204],
  ['says 415', 415],
] as const) {
  test(`2.0: 1.0 is spoken with who ${name}`, async (t) => {
    const { send, request, server } = await world(t, { version: 2 })
    server.replies.push(reply, 204)
    assert.deepEqual(await send({ name: 'up', value: 1, timeMs: T, help: 'x' }), { ok: true })
    assert.deepEqual(lines(request(1)), ['up{} 1 0'])
    assert.equal(server.requests.length, 2)
    await send({ name: 'up', value: 2, timeMs: T })
    assert.deepEqual(lines(request(1)), ['up{} 2 0'])
    assert.equal(server.requests.length, 3)
  })
}

test('secrets do not show', () => {
  const options = prometheusRemoteWrite.config.parse({ url: 'http://h/w', bearer_token: 'geheim' })
  assert.doesNotMatch(inspect(options) + JSON.stringify(options), /geheim/)
})
