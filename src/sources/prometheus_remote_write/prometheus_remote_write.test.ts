import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compressSync } from 'snappy'
import { HeadFlag } from '#codecs/remote_write/decoder.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { decodeRequest, encodeRequest, labelsOf } from '#test/support/prometheus-protos.ts'
import { prometheusRemoteWrite } from './prometheus_remote_write.ts'

const ONE = 'application/x-protobuf'
const TWO = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

async function started(t: { after(f: () => Promise<void>): void }, options: object = {}, intake = new FakeIntake()) {
  const context = new FakeSourceContext(intake)
  const parsed = prometheusRemoteWrite.config.parse({ listen: '127.0.0.1:0', ...options })
  const source = prometheusRemoteWrite.create(parsed, context)
  await source.start()
  t.after(() => source.stop())
  const post = async (body: Uint8Array, type = ONE, headers: Record<string, string> = {}) =>
    await fetch(`${source.address()}/api/v1/write`, {
      method: 'POST',
      body: Buffer.from(compressSync(Buffer.from(body))),
      headers: { 'content-type': type, 'content-encoding': 'snappy', ...headers },
    })
  return { source, context, intake, post }
}

const series = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    labels: labelsOf({ __name__: 'm', i: String(i) }),
    samples: [{ value: i, timestamp: 1_700_000_000_000 }],
  }))
const two = (count: number) => ({
  symbols: ['', '__name__', 'm', 'i', ...Array.from({ length: count }, (_, i) => String(i))],
  timeseries: Array.from({ length: count }, (_, i) => ({
    labels_refs: [1, 2, 3, 4 + i],
    samples: [{ value: i, timestamp: 1_700_000_000_000 }],
  })),
})
const written = (response: Response) =>
  ['samples', 'histograms', 'exemplars'].map((what) =>
    response.headers.get(`x-prometheus-remote-write-${what}-written`),
  )

test('both versions are taken with 204, and the answer tells how much came', async (t) => {
  const { post, intake } = await started(t)
  const one = encodeRequest(1, { timeseries: series(3) })
  const first = await post(one)
  assert.deepEqual([first.status, written(first)], [204, ['3', '0', '0']])
  const request = two(2)
  request.timeseries.push({ labels_refs: [1, 2], histograms: [{ sum: 1 }], exemplars: [{ value: 1 }] } as never)
  const second = await post(encodeRequest(2, request), `${TWO}; charset=x`)
  assert.deepEqual([second.status, written(second)], [204, ['2', '1', '1']])
  assert.equal((await post(one, 'application/x-protobuf; proto="prometheus.WriteRequest"')).status, 204)
  assert.equal((await post(new Uint8Array(0))).status, 204)
  assert.deepEqual(
    intake.entries.map(({ framing, bytes }) => [framing, bytes[0]]),
    [
      ['remote_write', HeadFlag.PLAIN],
      ['remote_write_2', HeadFlag.EXEMPLARS],
      ['remote_write', HeadFlag.PLAIN],
    ],
  )
  assert.deepEqual(intake.entries[0]!.bytes.subarray(1), one)
})

test('what is no request is refused by its reason', async (t) => {
  const { post, intake, context } = await started(t, { decompressed_bytes_max: 10_000 })
  const good = encodeRequest(1, { timeseries: series(1) })
  assert.equal((await post(good, 'application/json')).status, 415)
  assert.equal((await post(good, 'application/x-protobuf;proto=io.prometheus.write.v3.Request')).status, 415)
  assert.equal((await post(good, ONE, { 'content-encoding': 'br' })).status, 415)
  const cut = await post(good.subarray(0, -1))
  assert.equal(cut.status, 400)
  assert.match(await cut.text(), /Protocol Buffers/)
  assert.equal((await post(encodeRequest(1, { timeseries: series(500) }))).status, 413)
  assert.equal(intake.puts, 0)
  assert.deepEqual(context.reasons(), [
    'unsupported_media_type',
    'unsupported_media_type',
    'unsupported_encoding',
    'malformed',
    'body_too_large',
  ])
})

test('few bytes that stand for many are refused', async (t) => {
  const { post } = await started(t, { decompressed_bytes_max: 1_000_000 })
  const labels = labelsOf({ __name__: 'm', long: 'x'.repeat(50_000) })
  const samples = Array.from({ length: 100 }, (_, i) => ({ value: i, timestamp: i }))
  assert.equal((await post(encodeRequest(1, { timeseries: [{ labels, samples }] }))).status, 413)
  const request = {
    symbols: ['', '__name__', 'x'.repeat(50_000)],
    timeseries: samples.map((sample) => ({ labels_refs: [1, 2], samples: [sample] })),
  }
  assert.equal((await post(encodeRequest(2, request), TWO)).status, 413)
})

for (const version of [1, 2] as const) {
  test(`${version}.0: a request above an entry is cut between series, each piece a request`, async (t) => {
    const { post, intake } = await started(t, {}, new FakeIntake(4000))
    const count = version === 1 ? 500 : 250
    const request = version === 1 ? { timeseries: series(count) } : two(count)
    const response = await post(encodeRequest(version, request), version === 1 ? ONE : TWO)
    assert.equal(response.status, 204)
    assert.equal(intake.oversized, 0)
    assert.ok(intake.entries.length > 2)
    const pieces = intake.entries.map(({ bytes }) => decodeRequest(version, bytes.subarray(1)))
    const sent = decodeRequest(version, encodeRequest(version, request))
    assert.deepEqual(
      pieces.flatMap((piece) => piece['timeseries'] as unknown[]),
      sent['timeseries'],
    )
    if (version === 2) for (const piece of pieces) assert.deepEqual(piece['symbols'], sent['symbols'])
  })
}

test('symbols that leave no room for series are refused', async (t) => {
  const { post, intake } = await started(t, {}, new FakeIntake(2000))
  assert.equal((await post(encodeRequest(2, two(1000)), TWO)).status, 413)
  assert.equal(intake.puts, 0)
})

test('without room it asks for the request again', async (t) => {
  const intake = new FakeIntake()
  intake.setRoom(0)
  const { post } = await started(t, {}, intake)
  const response = await post(encodeRequest(1, { timeseries: series(1) }))
  assert.equal(response.status, 503)
  assert.equal(response.headers.get('retry-after'), '1')
})

test('a key may come as a bearer token or as the password of basic authorization', async (t) => {
  const { post } = await started(t, { api_keys: [{ name: 'k', key: 'secret' }] })
  const body = encodeRequest(1, { timeseries: series(1) })
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  assert.equal((await post(body)).status, 401)
  assert.equal((await post(body, ONE, basic('user:wrong'))).status, 401)
  assert.equal((await post(body, ONE, basic('user:secret'))).status, 204)
  assert.equal((await post(body, ONE, { authorization: 'Bearer secret' })).status, 204)
})

test('the README names every option', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const option of Object.keys(prometheusRemoteWrite.config.shape))
    assert.ok(readme.includes(`| \`${option}\` |`), option)
})
