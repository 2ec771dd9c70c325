import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compress } from 'snappy'
import { lokiPush, lokiPushJson } from '#codecs/loki_push/loki_push.ts'
import { loki as lokiOutput } from '#outputs/loki/loki.ts'
import { decodeEntry } from '#test/support/decoding.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { loki } from './loki.ts'

async function startSource(t: TestContext, options: object = {}, context = new FakeSourceContext()) {
  const source = loki.create(loki.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  const push = async (body: Uint8Array | string, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', body: body as string, headers: { 'content-type': 'application/json', ...headers } }
    const response = await fetch(`${source.address()}/loki/api/v1/push`, init)
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  return { source, context, intake: context.intake, push }
}

function recordsOf(intake: FakeIntake): unknown[] {
  return intake.entries.flatMap(({ framing, bytes }) => {
    const { records, malformed } = decodeEntry(framing === 'loki_push' ? lokiPush : lokiPushJson, bytes)
    assert.equal(malformed, 0)
    return records.map((record) => JSON.parse(record))
  })
}

const json = (...lines: string[]) =>
  JSON.stringify({ streams: [{ stream: { app: 'web' }, values: lines.map((line) => ['1700000000000000000', line]) }] })
const record = (message: string, more: object = {}) => ({
  message,
  timestamp: '2023-11-14T22:13:20Z',
  app: 'web',
  ...more,
})
const PROTOBUF = Buffer.from('0a1b0a0b7b6170703d22776562227d120c0a060880e2cfaa06120262 79'.replaceAll(' ', ''), 'hex')
const SNAPPY = { 'content-type': 'application/x-protobuf' }

test('JSON and protobuf, plain and compressed, are taken with 204', async (t) => {
  const { push, intake, source } = await startSource(t)
  assert.deepEqual((await push(json('a', 'b'))).status, 204)
  assert.deepEqual(
    (await push(gzipSync(json('c')), { 'content-encoding': 'gzip', 'x-scope-orgid': 'team' })).status,
    204,
  )
  assert.deepEqual((await push(await compress(PROTOBUF), SNAPPY)).status, 204)
  assert.deepEqual((await push(await compress(PROTOBUF), { ...SNAPPY, 'content-encoding': 'snappy' })).status, 204)
  assert.deepEqual((await push('{"streams":[]}')).status, 204)
  const by = record('by')
  assert.deepEqual(recordsOf(intake), [record('a'), record('b'), record('c', { loki_tenant: 'team' }), by, by])
  const ready = await fetch(`${source.address()}/ready`)
  assert.deepEqual([ready.status, await ready.text()], [200, 'ready\n'])
})

test('what cannot be taken is refused whole, in the words of Loki, and counted', async (t) => {
  const options = { body_bytes_max: 2000, decompressed_bytes_max: 4000 }
  const { push, intake, context, source } = await startSource(t, options, new FakeSourceContext(new FakeIntake(1000)))
  const cases: [Promise<{ status: number; text: string }>, number, string][] = [
    [push('{'), 400, 'malformed'],
    [push('{"streams":[{"stream":{},"values":[["x","y"]]}]}'), 400, 'malformed'],
    [push(await compress(Buffer.from([0x0a, 0x05])), SNAPPY), 400, 'malformed'],
    [push(PROTOBUF, SNAPPY), 400, 'malformed'],
    [push(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]), SNAPPY), 400, 'malformed'],
    [push(Buffer.from([...json('\u0001')].map((_, i) => (i === 30 ? 0xff : 0x20)))), 400, 'malformed'],
    [push(json('x'.repeat(3000))), 413, 'body_too_large'],
    [push(gzipSync(json('x'.repeat(5000))), { 'content-encoding': 'gzip' }), 413, 'body_too_large'],
    [push(json('a', 'x'.repeat(1200))), 413, 'body_too_large'],
    [push(json('a'), { 'content-encoding': 'br' }), 415, 'unsupported_encoding'],
  ]
  for (const [answer, status, reason] of cases) {
    const { status: got, text } = await answer
    assert.equal(got, status, reason)
    assert.match(text, /^[^{}]+\n$/)
    void reason
  }
  assert.deepEqual(context.reasons().sort(), cases.map(([, , reason]) => reason).sort())
  assert.equal(intake.entries.length, 0)
  assert.equal((await fetch(`${source.address()}/loki/api/v1/query`)).status, 404)
  assert.equal((await push(json(...Array.from({ length: 50 }, (_, i) => `line ${i}`)))).status, 204)
  assert.ok(intake.entries.length > 1)
  assert.equal(recordsOf(intake).length, 50)
})

test('keys are shown as Loki clients show them; one that has sent enough waits', async (t) => {
  const { push, context } = await startSource(t, { api_keys: [{ name: 'a', key: 'k', records_per_second: 1 }] })
  const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`user:${password}`).toString('base64')}` })
  assert.equal((await push(json('a'))).status, 401)
  assert.equal((await push(json('a'), basic('wrong'))).status, 401)
  assert.equal((await push(json('a', 'b', 'c'), basic('k'))).status, 204)
  const refused = await push(json('a'), { authorization: 'Bearer k' })
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '2'])
  assert.deepEqual(context.reasons(), ['unauthorized', 'unauthorized', 'over_limit'])
})

test('without room nothing is taken; a durable source says 204 when it is safe', async (t) => {
  const context = new FakeSourceContext()
  context.durable = true
  const { push, intake } = await startSource(t, { durable_timeout_ms: 20 }, context)
  intake.setRoom(0)
  const full = await push(json('a'))
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '1'])
  intake.setRoom(100)
  assert.equal((await push(json('a'))).status, 204)
  intake.isSafe = false
  assert.equal((await push(json('a'))).status, 503)
  assert.deepEqual(context.reasons(), ['overload'])
})

test('what our own loki output pushes comes back as it was, from protobuf and from JSON', async (t) => {
  const { source, intake } = await startSource(t)
  const records = [
    'plain "text"',
    '{"service":"shop","level":"warn","trace_id":"7","message":"one\\ntwo"}',
    'ünïcode\ttab',
  ]
  for (const format of ['protobuf', 'json']) {
    intake.entries.length = 0
    const labels = {
      label_fields: { service: 'service', level: 'level' },
      structured_metadata: { trace_id: 'trace_id' },
    }
    const options = { url: source.address(), format, ...labels }
    const output = lokiOutput.create(lokiOutput.config.parse(options), outputContext())
    await output.start()
    const result = await output.send(encodeFor(lokiOutput, options, records), new AbortController().signal)
    await output.stop()
    assert.deepEqual(result, { ok: true })
    const got = recordsOf(intake) as Record<string, string>[]
    assert.deepEqual(got.map(({ message }) => message).sort(), [...records].sort())
    const shop = got.find(({ service }) => service === 'shop')
    assert.deepEqual([shop!['level'], shop!['trace_id'], shop!['job']], ['warn', '7', 'streamgate'])
  }
})
