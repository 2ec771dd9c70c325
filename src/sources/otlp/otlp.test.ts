import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { ManualClock, systemClock } from '#std/clock.ts'
import { type Signal, signals } from '#telemetry/signal.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { decodeMessage, encodeMessage, methodOf, requestName, responseName } from '#test/support/otlp-messages.ts'
import { otlp } from './otlp.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const GZIP = 2

class Carrying extends FakeSourceContext {
  carried: readonly Signal[] = signals
  override carries(signal?: Signal): boolean {
    return signal === undefined || this.carried.includes(signal)
  }
}

/** A source on free ports, with what it was given. */
async function listening(options: Record<string, unknown> = {}, context = new Carrying()) {
  const { http = {}, grpc = {}, ...rest } = options
  const on = (door: unknown) => (door === false ? false : { listen: '127.0.0.1:0', ...(door as object) })
  const source = otlp.create(otlp.config.parse({ http: on(http), grpc: on(grpc), ...rest }), context)
  await source.start()
  const clients: Client[] = []
  const client = (more: object = {}) => {
    const made = new Client(address({ source }, 'grpc'), credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      ...more,
    })
    clients.push(made)
    return made
  }
  return {
    context,
    source,
    url: `http://${address({ source }, 'http')}`,
    grpc: address({ source }, 'grpc'),
    client,
    async [Symbol.asyncDispose]() {
      for (const each of clients) each.close()
      await source.stop()
    },
  }
}

function request(signal: Signal, records = 1, text = 'hello'): Buffer {
  const made = Array.from({ length: records }, (_, i) => ({
    name: `${text}${i}`,
    body: { string_value: `${text}${i}` },
  }))
  const scope = { log_records: made, spans: made, metrics: made }
  const group = { scope_logs: [scope], scope_spans: [scope], scope_metrics: [scope] }
  return encodeMessage(requestName(signal), {
    resource_logs: [group],
    resource_spans: [group],
    resource_metrics: [group],
  })
}

async function post(url: string, body: Buffer | string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': PROTOBUF, ...headers } })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

type Called = { response: Buffer; error?: undefined } | { error: ServiceError; response?: undefined }

function call(client: Client, method: string, body: Buffer, headers: Record<string, string> = {}): Promise<Called> {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const same = (bytes: Buffer) => bytes
  return new Promise((resolve) => {
    client.makeUnaryRequest(method, same, same, body, metadata, { deadline: Date.now() + 10_000 }, (error, response) =>
      resolve(error === null ? { response: response! } : { error }),
    )
  })
}

/** What an error says beside its code: google.rpc.Status. */
function detailsOf(error: ServiceError | undefined) {
  const [details] = error?.metadata.get('grpc-status-details-bin') ?? []
  const said = decodeMessage('Status', details as Buffer)
  const [any] = said.details ?? []
  const retry = any === undefined ? undefined : decodeMessage('RetryInfo', Buffer.from(any.value, 'hex'))
  return { code: said.code, message: said.message, type: any?.type_url, retry: retry?.retry_delay }
}

test('otlp: requests of three signals go in as they came, over HTTP and gRPC, compressed or not', async () => {
  await using node = await listening()
  const { intake } = node.context
  for (const signal of signals) {
    const body = request(signal, 3)
    const expected = { framing: `otlp_${signal}`, bytes: body }
    for (const [encoding, sent] of [
      ['identity', body],
      ['gzip', gzipSync(body)],
      ['zstd', zstdCompressSync(body)],
    ] as const) {
      const answer = await post(`${node.url}/v1/${signal}`, sent, { 'content-encoding': encoding })
      assert.deepEqual([answer.status, answer.headers.get('content-type'), answer.body.length], [200, PROTOBUF, 0])
      assert.partialDeepStrictEqual(intake.entries.pop(), expected)
    }
    for (const algorithm of [0, GZIP]) {
      const client = node.client({ 'grpc.default_compression_algorithm': algorithm })
      const { response, error } = await call(client, methodOf(signal), body)
      assert.equal(error, undefined)
      assert.equal(response?.length, 0)
      assert.partialDeepStrictEqual(intake.entries.pop(), expected)
    }
  }
  assert.deepEqual(node.context.rejected, [])
})

test('otlp: an empty request is a success, and nothing goes in', async () => {
  await using node = await listening()
  for (const signal of signals) {
    assert.equal((await post(`${node.url}/v1/${signal}`, '')).status, 200)
    assert.equal((await call(node.client(), methodOf(signal), Buffer.alloc(0))).response?.length, 0)
  }
  const answer = await post(`${node.url}/v1/logs`, '{}', { 'content-type': 'application/json; charset=utf-8' })
  assert.deepEqual([answer.status, answer.headers.get('content-type'), String(answer.body)], [200, JSON_TYPE, '{}'])
  assert.equal(node.context.intake.puts, 0)
})

test('otlp: what is malformed is refused for good, and counted', async () => {
  await using node = await listening()
  const { context } = node
  const wrong = Buffer.from('0a7f01', 'hex')
  const answer = await post(`${node.url}/v1/logs`, wrong)
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [400, PROTOBUF])
  assert.equal(decodeMessage('Status', answer.body).code, status.INVALID_ARGUMENT)
  const json = await post(`${node.url}/v1/logs`, '{', { 'content-type': JSON_TYPE })
  assert.deepEqual([json.status, json.headers.get('content-type')], [400, JSON_TYPE])
  assert.equal(JSON.parse(String(json.body)).code, status.INVALID_ARGUMENT)
  const gzip = await post(`${node.url}/v1/logs`, wrong, { 'content-encoding': 'gzip' })
  assert.equal(gzip.status, 400)
  assert.ok(decodeMessage('Status', gzip.body).message.includes('gzip'))
  const { error } = await call(node.client(), methodOf('logs'), wrong)
  assert.equal(error?.code, status.INVALID_ARGUMENT)
  assert.deepEqual(context.reasons(), ['malformed', 'malformed', 'malformed', 'malformed'])
})

test('otlp: other types, paths and methods are told apart', async () => {
  await using node = await listening()
  for (const type of ['text/plain', 'application/protobuf', '']) {
    const answer = await post(`${node.url}/v1/logs`, 'x', { 'content-type': type })
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [415, JSON_TYPE], type)
  }
  const encoding = await post(`${node.url}/v1/logs`, 'x', { 'content-encoding': 'br' })
  assert.equal(encoding.status, 415)
  assert.equal((await fetch(`${node.url}/v1/logs`)).status, 405)
  const path = await post(`${node.url}/v1/profiles`, 'x')
  assert.deepEqual([path.status, JSON.parse(String(path.body)).code], [404, status.UNIMPLEMENTED])
  const { error } = await call(
    node.client(),
    '/opentelemetry.proto.collector.logs.v1.LogsService/Import',
    Buffer.alloc(0),
  )
  assert.equal(error?.code, status.UNIMPLEMENTED)
})

test('otlp: a signal that no pipeline takes is refused for good', async () => {
  const context = new Carrying()
  context.carried = ['traces']
  await using node = await listening({}, context)
  const answer = await post(`${node.url}/v1/logs`, request('logs'))
  assert.equal(answer.status, 404)
  assert.equal(decodeMessage('Status', answer.body).message, 'No pipeline takes logs.')
  assert.equal((await post(`${node.url}/v1/traces`, request('traces'))).status, 200)
  assert.equal((await call(node.client(), methodOf('metrics'), request('metrics'))).error?.code, status.UNIMPLEMENTED)
  assert.equal((await call(node.client(), methodOf('traces'), request('traces'))).error, undefined)
})

test('otlp: a full intake asks to come again, and says when', async () => {
  await using node = await listening()
  const { context } = node
  context.intake.setRoom(0)
  const answer = await post(`${node.url}/v1/logs`, request('logs'))
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
  const { error } = await call(node.client(), methodOf('logs'), request('logs'))
  assert.equal(error?.code, status.UNAVAILABLE)
  const { code, type, retry } = detailsOf(error)
  assert.deepEqual(
    [code, type, retry],
    [status.UNAVAILABLE, 'type.googleapis.com/google.rpc.RetryInfo', { seconds: '1' }],
  )
  assert.deepEqual(context.reasons(), ['overload', 'overload'])
})

test('otlp: a durable source answers when it is safe, or asks to be sent it again', async () => {
  const context = new Carrying()
  context.durable = true
  await using node = await listening({ durable_timeout_ms: 20 }, context)
  assert.equal((await post(`${node.url}/v1/logs`, request('logs'))).status, 200)
  context.intake.isSafe = false
  assert.equal((await post(`${node.url}/v1/logs`, request('logs'))).status, 503)
  assert.equal((await call(node.client(), methodOf('logs'), request('logs'))).error?.code, status.UNAVAILABLE)
  let known = (_: boolean) => {}
  context.intake.isSafe = new Promise<boolean>((resolve) => {
    known = resolve
  })
  assert.equal((await call(node.client(), methodOf('logs'), request('logs'))).error?.code, status.UNAVAILABLE)
  assert.equal(context.intake.puts, 4)
  // What came before is not known to be safe yet: nothing more is taken.
  assert.equal((await post(`${node.url}/v1/logs`, request('logs'))).status, 503)
  assert.equal(context.intake.puts, 4)
  assert.deepEqual(context.reasons(), ['overload'], 'what was taken is not refused, whatever its sender was told')
  known(true)
})

test('otlp: a request above the limit is refused for good, however it is compressed', async () => {
  await using node = await listening({ body_bytes_max: 10_000 })
  const { context } = node
  const body = request('logs', 1, 'x'.repeat(10_000))
  for (const [encoding, sent] of [
    ['identity', body],
    ['gzip', gzipSync(body)],
  ] as const) {
    const answer = await post(`${node.url}/v1/logs`, sent, { 'content-encoding': encoding })
    assert.equal(answer.status, 413)
    assert.equal(decodeMessage('Status', answer.body).code, status.RESOURCE_EXHAUSTED)
  }
  for (const algorithm of [0, GZIP]) {
    const client = node.client({ 'grpc.default_compression_algorithm': algorithm })
    const { error } = await call(client, methodOf('logs'), body)
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED)
    assert.equal(detailsOf(error).retry, undefined)
    assert.equal((await call(client, methodOf('logs'), request('logs'))).error, undefined, 'the connection goes on')
  }
  assert.deepEqual(context.reasons(), Array(4).fill('body_too_large'))
})

test('otlp: memory for requests that are being received is bounded', async () => {
  await using node = await listening({ buffered_bytes_max: 1000 })
  const body = request('logs', 1, 'x'.repeat(2000))
  assert.equal((await post(`${node.url}/v1/logs`, body)).status, 503)
  const { error } = await call(node.client(), methodOf('logs'), body)
  assert.deepEqual([error?.code, detailsOf(error).retry], [status.UNAVAILABLE, { seconds: '1' }])
  // All of it was given back.
  for (let i = 0; i < 3; i++) {
    assert.equal((await post(`${node.url}/v1/logs`, request('logs', 1, 'x'.repeat(300)))).status, 200)
    assert.equal((await call(node.client(), methodOf('logs'), request('logs', 1, 'x'.repeat(300)))).error, undefined)
  }
})

test('otlp: what is larger than an intake entry goes in as several; a record that is, is refused alone', async () => {
  await using node = await listening({}, new Carrying(new FakeIntake(2000)))
  const { context } = node
  const group = (texts: string[]) => ({
    scope_logs: [{ log_records: texts.map((text) => ({ body: { string_value: text } })) }],
  })
  const body = encodeMessage(requestName('logs'), {
    resource_logs: [group(['a'.repeat(900)]), group(['b'.repeat(3000)]), group(['c'.repeat(900)]), group(['d'])],
  })
  const answer = await post(`${node.url}/v1/logs`, body)
  assert.equal(answer.status, 200)
  const { partial_success: partial } = decodeMessage(responseName('logs'), answer.body)
  assert.equal(partial.rejected_log_records, '1')
  assert.match(partial.error_message, /^1 log records are above 2000 bytes/)
  const called = await call(node.client(), methodOf('logs'), body)
  assert.deepEqual(decodeMessage(responseName('logs'), called.response!), { partial_success: partial })
  const texts = context.intake.entries.flatMap(({ bytes }) =>
    decodeMessage(requestName('logs'), bytes).resource_logs.flatMap((resource: { scope_logs: Scope[] }) =>
      resource.scope_logs.flatMap((scope) => scope.log_records.map(({ body }) => body.string_value[0])),
    ),
  )
  assert.deepEqual(texts, ['a', 'c', 'd', 'a', 'c', 'd'])
  assert.equal(context.intake.oversized, 0)
  assert.deepEqual(context.reasons(), ['body_too_large', 'body_too_large'])
})

interface Scope {
  log_records: { body: { string_value: string } }[]
}

test('otlp: API keys are asked for, and have limits', async () => {
  const api_keys = [
    { name: 'shop', key: 'hush-hush' },
    { name: 'slow', key: 'slow-key', records_per_second: 1 },
  ]
  await using node = await listening({ api_keys })
  const body = request('logs', 10)
  for (const headers of [{}, { authorization: 'Bearer other' }]) {
    assert.equal((await post(`${node.url}/v1/logs`, body, headers)).status, 401)
    assert.equal((await call(node.client(), methodOf('logs'), body, headers)).error?.code, status.UNAUTHENTICATED)
  }
  for (const headers of [{ authorization: 'Bearer hush-hush' }, { 'x-api-key': 'hush-hush' }]) {
    assert.equal((await post(`${node.url}/v1/logs`, body, headers)).status, 200)
    assert.equal((await call(node.client(), methodOf('logs'), body, headers)).error, undefined)
  }
  const slow = { 'x-api-key': 'slow-key' }
  assert.equal((await post(`${node.url}/v1/logs`, body, slow)).status, 200)
  const limited = await post(`${node.url}/v1/logs`, body, slow)
  assert.deepEqual([limited.status, Number(limited.headers.get('retry-after')) > 1], [429, true])
  const { error } = await call(node.client(), methodOf('logs'), body, slow)
  assert.equal(error?.code, status.RESOURCE_EXHAUSTED)
  assert.notEqual(detailsOf(error).retry, undefined, 'a RetryInfo is what makes it retryable')
  assert.ok(!inspect(node.source, { depth: 9, showHidden: true }).includes('hush-hush'))
})

test('otlp: browsers may send from the origins that are named', async () => {
  await using node = await listening({ http: { cors_origins: ['https://shop.example.com'] } })
  const ask = (origin: string) =>
    fetch(`${node.url}/v1/traces`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'content-type,x-api-key' },
    })
  const { status: ok, headers } = await ask('https://shop.example.com')
  assert.deepEqual(
    [ok, headers.get('access-control-allow-origin'), headers.get('access-control-allow-headers')],
    [204, 'https://shop.example.com', 'content-type,x-api-key'],
  )
  assert.equal((await ask('https://evil.example.com')).status, 403)
  const answer = await post(`${node.url}/v1/traces`, request('traces'), { origin: 'https://shop.example.com' })
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example.com')
  const refused = await post(`${node.url}/v1/traces`, 'x', { origin: 'https://shop.example.com' })
  assert.deepEqual([refused.status, refused.headers.has('access-control-allow-origin')], [400, true])
  await using plain = await listening()
  const none = await fetch(`${plain.url}/v1/traces`, { method: 'OPTIONS' })
  assert.deepEqual([none.status, none.headers.has('access-control-allow-origin')], [405, false])
})

test('otlp: TLS with client certificates, and lists of who may connect, on both doors', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'otlp-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const tls = {
    cert_file: write('cert.pem', serverCertificate),
    key_file: write('key.pem', serverKey),
    client_ca_file: write('ca.pem', authority),
    client_auth: 'require',
  }
  await using node = await listening({ http: { tls }, grpc: { tls } })
  assert.match(node.source.address(), /^https:\S+ grpcs:\S+$/)
  const ca = Buffer.from(authority)
  const shown = credentials.createSsl(ca, Buffer.from(clientKey), Buffer.from(clientCertificate))
  for (const [credential, expected] of [
    [shown, undefined],
    [credentials.createSsl(ca), status.UNAVAILABLE],
    [credentials.createInsecure(), status.UNAVAILABLE],
  ] as const) {
    const client = new Client(address(node, 'grpcs'), credential, {
      'grpc.ssl_target_name_override': 'server.test',
      'grpc.enable_retries': 0,
    })
    assert.equal((await call(client, methodOf('logs'), request('logs'))).error?.code, expected)
    client.close()
  }
  assert.ok(node.context.reasons().every((reason) => reason === 'handshake'))
  await using far = await listening({ http: { allow: ['192.0.2.0/24'] }, grpc: { allow: ['192.0.2.0/24'] } })
  await assert.rejects(post(`${far.url}/v1/logs`, request('logs')))
  assert.equal((await call(far.client(), methodOf('logs'), request('logs'))).error?.code, status.UNAVAILABLE)
  assert.ok(far.context.reasons().every((reason) => reason === 'not_allowed'))
  const broken = { ...tls, key_file: write('other.pem', clientKey) }
  await assert.rejects(listening({ http: false, grpc: { tls: broken } }), { code: 'SG_LISTEN' })
})

function address({ source }: { source: { address(): string } }, scheme: string): string {
  return new RegExp(`${scheme}://(\\S+)`).exec(source.address())?.[1] ?? ''
}

/** A call made of parts, by hand: what the server said. */
function byHand(address: string, chunks: Buffer[], headers: Record<string, string> = {}, end = true) {
  const session = connectHttp2(`http://${address}`)
  session.on('error', () => undefined)
  const stream = session.request({
    ':method': 'POST',
    ':path': methodOf('logs'),
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  const said: Record<string, unknown> = {}
  const done = new Promise<Record<string, unknown>>((resolve) => {
    stream.on('response', (head) => Object.assign(said, head))
    stream.on('trailers', (trailers) => Object.assign(said, trailers))
    stream.on('error', () => undefined)
    stream.on('close', () => resolve(said))
    stream.resume()
  }).finally(() => session.close())
  for (const chunk of chunks) stream.write(chunk)
  if (end) stream.end()
  return { done, stream, session }
}

function prefixed(body: Buffer, flag = 0, length = body.length): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0])
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, body])
}

test('otlp (grpc): calls that break the protocol are answered', async () => {
  await using node = await listening({ body_bytes_max: 1_000_000 })
  const { context } = node
  const body = request('logs')
  for (const [name, chunks, headers, expected] of [
    ['byte by byte', [...prefixed(body)].map((byte) => Buffer.of(byte)), {}, '0'],
    ['an empty call', [], {}, '3'],
    ['half a prefix', [Buffer.of(0, 0)], {}, '3'],
    ['less than it says', [prefixed(body, 0, body.length + 1)], {}, '3'],
    ['more than it says', [prefixed(body), Buffer.of(1)], {}, '3'],
    ['two messages', [prefixed(body), prefixed(body)], {}, '3'],
    ['an unknown flag', [prefixed(body, 2)], {}, '3'],
    ['compressed by nothing', [prefixed(gzipSync(body), 1)], {}, '13'],
    ['not compressed after all', [prefixed(body)], { 'grpc-encoding': 'gzip' }, '0'],
    ['compressed', [prefixed(gzipSync(body), 1)], { 'grpc-encoding': 'gzip' }, '0'],
    ['broken gzip', [prefixed(gzipSync(body).subarray(0, -9), 1)], { 'grpc-encoding': 'gzip' }, '3'],
    ['no gzip', [prefixed(body, 1)], { 'grpc-encoding': 'gzip' }, '3'],
    ['a bomb', [prefixed(gzipSync(Buffer.alloc(2_000_000)), 1)], { 'grpc-encoding': 'gzip' }, '8'],
    ['an unknown encoding', [prefixed(body, 1)], { 'grpc-encoding': 'snappy' }, '12'],
    ['a length of 4 GiB', [prefixed(body, 0, 0xffff_ffff)], {}, '8'],
  ] as const) {
    const before = context.intake.puts
    const { done } = byHand(node.grpc, [...chunks], { ...headers })
    const said = await done
    assert.equal(said['grpc-status'], expected, name)
    assert.equal(context.intake.puts - before, expected === '0' ? 1 : 0, name)
  }
  assert.equal((await byHand(node.grpc, [], { 'content-type': 'application/json' }).done)[':status'], 415)
  assert.equal((await byHand(node.grpc, [], { 'content-type': 'application/grpc-web' }).done)[':status'], 415)
  assert.deepEqual(await httpOn(node.grpc), 'closed', 'HTTP/1.1')
})

async function httpOn(address: string): Promise<string> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => undefined).resume()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  return await new Promise((resolve) => socket.on('close', () => resolve('closed')))
}

test('otlp (grpc): a message that does not arrive in time is given up', async () => {
  const clock = new ManualClock()
  await using node = await listening({}, new Carrying(new FakeIntake(), clock))
  const { done, stream } = byHand(node.grpc, [Buffer.of(0, 0, 0, 0, 9, 1)], {}, false)
  await new Promise((resolve) => stream.once('ready', resolve))
  // The server has the call when it has answered a later one of the same connection.
  const ping = new Promise((resolve) => stream.session!.ping(resolve))
  await ping
  clock.advance(30_001)
  assert.equal((await done)['grpc-status'], String(status.DEADLINE_EXCEEDED))
  assert.deepEqual(node.context.reasons(), ['timeout'])
})

test('otlp (grpc): connections beyond the maximum are closed at once', async () => {
  await using node = await listening({ grpc: { connections_max: 1 } })
  const { context } = node
  const client = node.client()
  assert.equal((await call(client, methodOf('logs'), request('logs'))).error, undefined)
  assert.equal(context.connections, 1)
  const more = await byHand(node.grpc, [prefixed(request('logs'))]).done
  assert.equal(more['grpc-status'], undefined)
  assert.deepEqual(context.logged, ['connections refused: there are too many'])
  assert.equal((await call(client, methodOf('logs'), request('logs'))).error, undefined)
})

test('otlp: a stop hands over what has arrived, and gives up what does not', async () => {
  const node = await listening()
  const { intake } = node.context
  intake.setRoom(1)
  const { done: slow, stream } = byHand(node.grpc, [Buffer.of(0, 0, 0, 0, 9, 1)], {}, false)
  const client = node.client()
  assert.equal((await call(client, methodOf('logs'), request('logs'))).error, undefined)
  await new Promise((resolve) => stream.session!.ping(resolve))
  const started = performance.now()
  await node.source.stop()
  await node.source.stop()
  assert.ok(performance.now() - started < 5000)
  assert.equal((await slow)['grpc-status'], undefined)
  assert.equal((await call(client, methodOf('logs'), request('logs'))).error?.code, status.UNAVAILABLE)
  await assert.rejects(fetch(`${node.url}/v1/logs`, { method: 'POST', body: 'x' }))
  await node[Symbol.asyncDispose]()
})

test('otlp: one of the doors may be shut; an address that is taken stops the start', async () => {
  await using http = await listening({ grpc: false })
  assert.match(http.source.address(), /^http:\/\/127\.0\.0\.1:\d+$/)
  await using grpc = await listening({ http: false })
  assert.match(grpc.source.address(), /^grpc:\/\/127\.0\.0\.1:\d+$/)
  await assert.rejects(listening({ grpc: { listen: grpc.grpc } }), { code: 'SG_LISTEN' })
  await assert.rejects(listening({ http: { listen: grpc.grpc } }), { code: 'SG_LISTEN' })
  assert.equal(http.context.clock, systemClock)
})
