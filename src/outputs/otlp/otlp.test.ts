import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { ServerCredentials, status } from '@grpc/grpc-js'
import type { Failed, OutputContext, SendResult } from '#component/output.ts'
import { loadConfig } from '#config/load.ts'
import { registry } from '#registry.ts'
import { authority, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { type GrpcFault, OtlpFake, OtlpGrpcFake, partialSuccess, statusOf } from '#test/support/vendors/otlp.ts'
import type { Fault } from '#test/support/vendors/vendor-fake.ts'
import { requestOf } from './export.ts'
import { otlp } from './otlp.ts'

const never = new AbortController().signal
const PROTOBUF = { 'content-type': 'application/x-protobuf' }

/** Sends one batch to a server that listens at `url`. */
async function deliver(
  url: string,
  options: Record<string, unknown>,
  records: string[],
  context: OutputContext = outputContext(),
) {
  const all = { url, ...options }
  const output = otlp.create(otlp.config.parse(all), context)
  await output.start()
  const result = await output.send(encodeFor(otlp, all, records), never)
  await output.stop()
  return { result, output }
}

async function overHttp(records: string[], options: Record<string, unknown> = {}, fault?: Fault) {
  await using fake = await new OtlpFake().listen()
  if (fault !== undefined) fake.faults.push(fault)
  return { fake, ...(await deliver(fake.url, options, records)) }
}

async function overGrpc(records: string[], options: Record<string, unknown> = {}, fault?: GrpcFault) {
  await using fake = await new OtlpGrpcFake().listen()
  if (fault !== undefined) fake.faults.push(fault)
  return { fake, ...(await deliver(`http://${fake.address}`, { protocol: 'grpc', ...options }, records)) }
}

const RECORDS = ['GET /health 200', '{"msg":"paid","service":"checkout","level":"warn"}', 'third']

for (const [protocol, send] of [['http', overHttp] as const, ['grpc', overGrpc] as const]) {
  test(`otlp (${protocol}): records arrive, grouped by resource, compressed or not`, async () => {
    for (const compression of ['gzip', 'none']) {
      const { fake, result } = await send(RECORDS, { compression, resource_attributes: { 'service.name': 'gateway' } })
      assert.deepEqual(result, { ok: true })
      assert.deepEqual(fake.violations, [])
      assert.deepEqual(
        fake.records.map(({ resource, body, severity }) => [resource['service.name'], body, severity]),
        [
          ['gateway', 'GET /health 200', 0],
          ['gateway', 'third', 0],
          ['checkout', 'paid', 13],
        ],
      )
    }
  })
}

test('otlp (http): the body is gzip unless told otherwise, a path is added where there is none', async () => {
  const { fake } = await overHttp(['a'], { headers: { 'X-Api-Key': 'k3y' } })
  assert.equal(fake.requests[0]?.headers['content-encoding'], 'gzip')
  assert.equal(fake.requests[0]?.headers['x-api-key'], 'k3y')
  assert.equal(
    (await overHttp(['a'], { compression: 'none' })).fake.requests[0]?.headers['content-encoding'],
    undefined,
  )
  await using own = await new OtlpFake().listen()
  own.path = '/otlp/v1/logs?x=1'
  assert.deepEqual((await deliver(`${own.url}/otlp/v1/logs?x=1`, {}, ['a'])).result, { ok: true })
})

test('otlp (grpc): headers are metadata', async () => {
  const { fake } = await overGrpc(['a'], { headers: { 'X-Api-Key': 'k3y' } })
  assert.deepEqual(fake.metadata[0]?.get('x-api-key'), ['k3y'])
})

test('otlp: a partial success counts as many records as refused as were, and none is sent again', async () => {
  const answer = async (rejected: number, message: string): Promise<SendResult[]> => {
    const response = partialSuccess(rejected, message)
    const http = await overHttp(RECORDS, {}, { status: 200, headers: PROTOBUF, body: response })
    const grpc = await overGrpc(RECORDS, {}, { answer: response })
    return [http.result, grpc.result]
  }
  for (const result of await answer(2, 'too old')) {
    assert.ok(result.ok === 'partly')
    assert.deepEqual(result.retry, [])
    assert.deepEqual(
      result.refused.map(({ record, code }) => [record, code]),
      [
        [1, 'partial_success'],
        [2, 'partial_success'],
      ],
    )
    assert.match(result.refused[0]!.message, /rejected 2 of 3 records: too old \(it does not say which/)
  }
  for (const result of await answer(3, '')) {
    assert.partialDeepStrictEqual(result, { ok: false, retryable: false, code: 'partial_success' })
  }
  for (const result of await answer(9, 'all')) assert.partialDeepStrictEqual(result, { ok: false, retryable: false })
  for (const result of await answer(0, 'a warning')) assert.deepEqual(result, { ok: true })
  for (const result of await answer(0, '')) assert.deepEqual(result, { ok: true })
})

test('otlp: what a server says along with a success is logged once', async () => {
  await using fake = await new OtlpFake().listen()
  const said: string[] = []
  const context = outputContext()
  context.log = Object.assign(Object.create(context.log), { warn: (_: object, text: string) => said.push(text) })
  const output = otlp.create(otlp.config.parse({ url: fake.url }), context)
  await output.start()
  for (const message of ['slow down', 'slow down', 'other']) {
    fake.faults.push({ status: 200, headers: PROTOBUF, body: partialSuccess(0, message) })
    assert.deepEqual(await output.send(encodeFor(otlp, { url: fake.url }, ['a']), never), { ok: true })
  }
  await output.stop()
  assert.deepEqual(said, ['output out: the server says: slow down', 'output out: the server says: other'])
})

test('otlp (http): only the statuses that the specification names are tried again', async () => {
  const answer = async (status: number, headers: Record<string, string> = {}, body: string | Buffer = 'no') =>
    (await overHttp(['a'], {}, { status, headers, body })).result
  for (const status of [429, 502, 503, 504]) {
    const result = await answer(status, { 'retry-after': '2' })
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: `http_${status}`, retryAfterMs: 2000 })
  }
  for (const status of [400, 401, 403, 404, 408, 415, 500, 501]) {
    const result = await answer(status, { 'retry-after': '2' })
    assert.partialDeepStrictEqual(result, { ok: false, retryable: false, code: `http_${status}` })
    assert.ok(!('retryAfterMs' in result))
  }
  assert.partialDeepStrictEqual(await answer(413), { ok: false, retryable: false, tooLarge: true })
  const said = await answer(400, PROTOBUF, statusOf('field 3 is wrong'))
  assert.partialDeepStrictEqual(said, { message: 'the server answered 400: field 3 is wrong' })
  assert.deepEqual(await answer(200, { 'content-type': 'text/html' }, '\n\x05hello'), { ok: true })
  assert.deepEqual(await answer(202, PROTOBUF, Buffer.from([0x0a, 0x7f, 1])), { ok: true })
})

test('otlp (http): a broken connection is tried again, a slow body is waited for', async () => {
  const fault = async (fault: Fault) => (await overHttp(['a'], { timeout_ms: 2000 }, fault)).result
  assert.partialDeepStrictEqual(await fault('reset'), { ok: false, retryable: true })
  assert.partialDeepStrictEqual(await fault('reset_after'), { ok: false, retryable: true })
  assert.deepEqual(await fault('slow_body'), { ok: true })
  const silent = await overHttp(['a'], { timeout_ms: 50 }, 'hang')
  assert.partialDeepStrictEqual(silent.result, { ok: false, retryable: true, code: 'timeout' })
})

test('otlp (grpc): codes are tried again by the table of the specification', async () => {
  const answer = async (code: status, details = 'no', retryMs?: number) =>
    (await overGrpc(['a'], {}, { code, details, ...(retryMs === undefined ? {} : { retryMs }) })).result
  const retryable = ['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'] as const
  const names = Object.keys(status).filter((name) => !/^\d+$/.test(name) && name !== 'OK') as (keyof typeof status)[]
  assert.equal(names.length, 16)
  for (const name of names) {
    const expected = { ok: false, retryable: (retryable as readonly string[]).includes(name) }
    const result = await answer(status[name])
    assert.partialDeepStrictEqual(result, { ...expected, code: `grpc_${name.toLowerCase()}` })
  }
  const patient = await answer(status.UNAVAILABLE, 'busy', 1500)
  assert.partialDeepStrictEqual(patient, { retryable: true, retryAfterMs: 1500 })
  assert.partialDeepStrictEqual(await answer(status.RESOURCE_EXHAUSTED, 'quota', 70_000_000), {
    retryable: true,
    retryAfterMs: 60_000,
  })
  assert.ok(!('tooLarge' in (await answer(status.RESOURCE_EXHAUSTED))))
})

test('otlp (grpc): a message above what the server takes asks for halves, compressed or not', async () => {
  const records = Array.from({ length: 5 }, (_, i) => `${i} ${'x'.repeat(1_000_000)}`)
  for (const [compression, reason] of [
    ['gzip', /decompresses to a size larger/] as const,
    ['none', /larger than max/] as const,
  ]) {
    const { result, fake } = await overGrpc(records, { compression })
    const expected = { ok: false, retryable: false, tooLarge: true, code: 'grpc_resource_exhausted' }
    assert.partialDeepStrictEqual(result, expected)
    assert.match((result as Failed).message, reason)
    assert.deepEqual(fake.stored, [])
  }
})

test('otlp (grpc): a request of exactly 4 MiB is taken', async () => {
  const size = (length: number) => requestOf(encodeFor(otlp, { url: 'http://x' }, ['x'.repeat(length)])).length
  const length = 4_194_304 - (size(4_000_000) - 4_000_000)
  assert.equal(size(length), 4 * 1024 * 1024)
  const { result, fake } = await overGrpc(['x'.repeat(length)])
  assert.deepEqual(result, { ok: true })
  assert.equal(fake.stored[0]?.length, length)
  assert.partialDeepStrictEqual((await overGrpc(['x'.repeat(length + 1)])).result, { ok: false, tooLarge: true })
})

test('otlp (grpc): silence ends in time, absence is tried again, a stopping node does not wait', async () => {
  const silent = await overGrpc(['a'], { timeout_ms: 100 }, 'hang')
  assert.partialDeepStrictEqual(silent.result, { ok: false, retryable: true, code: 'grpc_deadline_exceeded' })
  const absent = await deliver('http://127.0.0.1:1', { protocol: 'grpc' }, ['a'])
  assert.partialDeepStrictEqual(absent.result, { ok: false, retryable: true, code: 'grpc_unavailable' })
  await using fake = await new OtlpGrpcFake().listen()
  fake.faults.push('hang')
  const options = { url: `http://${fake.address}`, protocol: 'grpc' }
  const output = otlp.create(otlp.config.parse(options), outputContext())
  const batch = encodeFor(otlp, options, ['a'])
  assert.partialDeepStrictEqual(await output.send(batch, never), { ok: false, retryable: true, code: 'stopped' })
  await output.start()
  const stop = new AbortController()
  const result = output.send(batch, stop.signal)
  await fake.called()
  stop.abort()
  assert.partialDeepStrictEqual(await result, { ok: false, retryable: true, code: 'aborted' })
  await output.stop()
  await output.stop()
})

test('otlp (grpc): TLS checks the certificate by the authorities and the name that are configured', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-otlp-'))
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, authority)
  const pair = { private_key: Buffer.from(serverKey), cert_chain: Buffer.from(serverCertificate) }
  await using fake = await new OtlpGrpcFake().listen(ServerCredentials.createSsl(null, [pair]))
  const send = async (tls: Record<string, unknown> | undefined) => {
    const options = { protocol: 'grpc', ...(tls === undefined ? {} : { tls }) }
    return (await deliver(`https://localhost:${fake.port}`, options, ['a'])).result
  }
  assert.deepEqual(await send({ ca_file: ca, server_name: 'server.test' }), { ok: true })
  assert.deepEqual(await send({ verify: false }), { ok: true })
  const refused = { ok: false, retryable: true, code: 'grpc_unavailable' }
  assert.partialDeepStrictEqual(await send({ ca_file: ca, server_name: 'other.test' }), refused)
  assert.partialDeepStrictEqual(await send({ ca_file: ca }), refused)
  assert.partialDeepStrictEqual(await send(undefined), refused)
  rmSync(folder, { recursive: true })
})

test('otlp: values of headers show nowhere', async () => {
  for (const protocol of ['http', 'grpc']) {
    const all = { url: 'http://127.0.0.1:1', protocol, headers: { authorization: 'Bearer t0ken' } }
    const { result, output } = await deliver(all.url, all, ['a'])
    const options = otlp.config.parse(all)
    for (const value of [options, output, result]) {
      assert.ok(!inspect(value, { depth: 9 }).includes('t0ken'))
      assert.ok(!JSON.stringify(value).includes('t0ken'))
    }
  }
})

test('otlp: headers that the protocol writes, and what no server takes, are refused', () => {
  const why = (options: Record<string, unknown>) =>
    otlp.config.safeParse({ url: 'http://x', ...options }).error?.message ?? ''
  for (const name of ['Content-Type', 'grpc-timeout', 'trace-bin', 'TE']) {
    assert.match(why({ headers: { [name]: 'x' } }), /is a header that/, name)
  }
  assert.match(why({ headers: { 'a b': 'x' } }), /not a header name/)
  assert.ok(!why({ headers: { a: 'se\ncret' } }).includes('cret'))
  assert.match(why({ resource_attributes: { a: 'x'.repeat(8192) } }), /above 8192 bytes/)
  assert.match(why({ url: 'http://u:p@x' }), /use headers/)
  assert.match(why({ request_bytes_max: 1 }), /65536/)
})

test('otlp: a request is never above what its records are weighed as, with a resource for each too', () => {
  for (const record of [(i: number) => `{"service":"${i}"}`, () => 'x', (i: number) => `{"a":"${'x'.repeat(i)}"}`]) {
    const batch = encodeFor(
      otlp,
      { url: 'http://x' },
      Array.from({ length: 1500 }, (_, i) => record(i)),
    )
    let weight = 0
    batch.ends.forEach((end, i) => {
      weight += otlp.weigh!(batch.bytes, i === 0 ? 0 : batch.ends[i - 1]!, end)
    })
    assert.ok(requestOf(batch).length <= weight)
  }
})

test('otlp: the configurations of the guide are some', () => {
  const guide = readFileSync(new URL('../../../docs/guides/otlp.md', import.meta.url), 'utf8')
  const config = join(mkdtempSync(join(tmpdir(), 'streamgate-test-otlp-')), 'otlp.yaml')
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)]
  for (const [, block] of blocks) {
    writeFileSync(config, block!)
    const { plan, warnings } = loadConfig({ config }, { OTLP_API_KEY: 't0ken' }, registry)
    assert.deepEqual(warnings, [])
    assert.equal(plan.outputs[0]?.type, 'otlp')
  }
  assert.equal(blocks.length, 3)
  rmSync(dirname(config), { recursive: true })
})
