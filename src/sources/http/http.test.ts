import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Clock, ManualClock, systemClock } from '#std/clock.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { RawHttp } from '#test/support/raw-http.ts'
import { http } from './http.ts'

async function started(
  t: { after(f: () => Promise<void>): void },
  options: object = {},
  intake = new FakeIntake(),
  clock: Clock = systemClock,
) {
  const context = new FakeSourceContext(intake, clock)
  const source = http.create(http.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, path = '/') =>
    fetch(source.address() + path, {
      method: 'POST',
      body: typeof body === 'string' ? body : Buffer.from(body),
      headers,
    })
  return { source, context, intake, post, raw: () => RawHttp.open(source.address()) }
}

const text = { 'content-type': 'text/plain; charset=utf-8' }
const json = { 'content-type': 'application/json' }

const accepted: [name: string, headers: Record<string, string>, body: string, framing: string, records: string[]][] = [
  ['text', text, 'a\r\nb\n\nc', 'lines', ['a', 'b', '', 'c']],
  [
    'what curl -d sends',
    { 'content-type': 'application/x-www-form-urlencoded' },
    'DEBUG: a=b&c',
    'lines',
    ['DEBUG: a=b&c'],
  ],
  ['NDJSON', { 'content-type': 'application/x-ndjson' }, '{"a":1}\n{"b":2}\n', 'lines', ['{"a":1}', '{"b":2}']],
  ['JSON lines', { 'content-type': 'application/jsonlines' }, '{"a":1}', 'lines', ['{"a":1}']],
  ['a JSON array', json, ' [{"a":1},2]\n', 'json_array', ['{"a":1}', '2']],
  ['a JSON object', json, '{\n "a": 1\n}\n', 'record', ['{\n "a": 1\n}']],
]
for (const [name, headers, body, framing, records] of accepted) {
  test(`${name} is taken with 202`, async (t) => {
    const { post, intake } = await started(t)
    const response = await post(body, headers, '/ingest')
    assert.equal(response.status, 202)
    assert.deepEqual(await response.json(), { accepted_bytes: body.length })
    assert.deepEqual(intake.records(), records)
    assert.equal(intake.entries[0]?.framing, framing)
  })
}

test('a body without a content type is text, and an empty one is taken as nothing', async (t) => {
  const { raw, intake } = await started(t)
  const client = await raw()
  await client.head('POST', '/', { 'content-length': 4 })
  await client.send('a\nb\n')
  assert.equal((await client.answer())?.status, 202)
  await client.head('POST', '/?x=1', { 'content-length': 0 })
  assert.equal((await client.answer())?.body, '{"accepted_bytes":0}\n')
  assert.deepEqual(intake.records(), ['a', 'b'])
})

test('gzip, deflate and zstd are decompressed, chunk by chunk', async (t) => {
  const { raw, intake, context } = await started(t)
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}`).join('\n')
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(lines)],
    ['x-gzip', gzipSync(lines)],
    ['Deflate', deflateSync(lines)],
    ['zstd', zstdCompressSync(lines)],
    ['identity', Buffer.from(lines)],
  ] as const) {
    const client = await raw()
    await client.head('POST', '/', { 'content-encoding': encoding, 'transfer-encoding': 'chunked' })
    for (let at = 0; at < bytes.length; at += 1009) {
      const chunk = bytes.subarray(at, at + 1009)
      await client.send(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]))
    }
    await client.send('0\r\n\r\n')
    assert.equal((await client.answer())?.status, 202, encoding)
    assert.equal(intake.entries.splice(0)[0]?.bytes.toString(), lines)
    client.socket.destroy()
  }
  assert.deepEqual(context.rejected, [])
})

const gzipped = gzipSync('hello\n'.repeat(100))
const refused: [name: string, status: number, reason: string | null, send: (client: RawHttp) => Promise<void>][] = [
  ['an unknown path', 404, null, (c) => c.head('GET', '/nothing')],
  [
    'an unknown type',
    415,
    'unsupported_media_type',
    (c) => c.head('POST', '/', { 'content-type': 'image/png', 'content-length': 0 }),
  ],
  [
    'a type with the name of something else',
    415,
    'unsupported_media_type',
    (c) => c.head('POST', '/', { 'content-type': 'constructor', 'content-length': 0 }),
  ],
  [
    'an unknown encoding',
    415,
    'unsupported_encoding',
    (c) => c.head('POST', '/', { 'content-encoding': 'br', 'content-length': 0 }),
  ],
  [
    'two encodings',
    415,
    'unsupported_encoding',
    (c) => c.head('POST', '/', { 'content-encoding': 'gzip, gzip', 'content-length': 0 }),
  ],
  ['a declared length over the limit', 413, 'body_too_large', (c) => c.head('POST', '/', { 'content-length': 10_001 })],
  [
    'a declared length that would be refused is not asked for',
    413,
    'body_too_large',
    (c) => c.head('POST', '/', { 'content-length': 10_001, expect: '100-continue' }),
  ],
  [
    'a chunked body over the limit',
    413,
    'body_too_large',
    async (c) => {
      await c.head('POST', '/', { 'transfer-encoding': 'chunked' })
      await c.send(`4e20\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`)
    },
  ],
  [
    'a body that decompresses to more than the limit',
    413,
    'body_too_large',
    async (c) => {
      const bomb = gzipSync(Buffer.alloc(200_000))
      await c.head('POST', '/', { 'content-encoding': 'gzip', 'content-length': bomb.length })
      await c.send(bomb)
    },
  ],
  [
    'broken gzip',
    400,
    'malformed',
    async (c) => {
      await c.head('POST', '/', { 'content-encoding': 'gzip', 'content-length': 5 })
      await c.send('hello')
    },
  ],
  [
    'gzip that ends too early',
    400,
    'malformed',
    async (c) => {
      await c.head('POST', '/', { 'content-encoding': 'gzip', 'content-length': gzipped.length - 9 })
      await c.send(gzipped.subarray(0, -9))
    },
  ],
  [
    'zstd that ends too early',
    400,
    'malformed',
    async (c) => {
      const bytes = zstdCompressSync('hello\n'.repeat(100)).subarray(0, -3)
      await c.head('POST', '/', { 'content-encoding': 'zstd', 'content-length': bytes.length })
      await c.send(bytes)
    },
  ],
  [
    'an array without an end',
    400,
    'malformed',
    async (c) => {
      await c.head('POST', '/', { ...json, 'content-length': 4 })
      await c.send('[1,2')
    },
  ],
  [
    'JSON without content',
    400,
    'malformed',
    async (c) => {
      await c.head('POST', '/', { ...json, 'content-length': 2 })
      await c.send(' \n')
    },
  ],
  ['what is not HTTP', 400, 'malformed', (c) => c.send('hello there\r\n\r\n')],
  ['a content length that is no number', 400, 'malformed', (c) => c.head('POST', '/', { 'content-length': 'x' })],
  ['a head that is too large', 431, 'malformed', (c) => c.head('POST', '/', { 'x-large': 'y'.repeat(40_000) })],
  [
    'thousands of headers',
    431,
    'malformed',
    (c) => c.head('POST', '/', Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x-${i}`, i]))),
  ],
]
for (const [name, status, reason, send] of refused) {
  test(`${name}: ${status}, a problem document, and nothing is taken`, async (t) => {
    const { raw, intake, context } = await started(t, { body_bytes_max: 10_000, decompressed_bytes_max: 100_000 })
    const client = await raw()
    await send(client)
    const answer = await client.answer()
    assert.equal(answer?.status, status)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    const problem = JSON.parse(answer.body)
    assert.equal(problem.status, status)
    assert.ok(problem.title.length > 0 && problem.detail.length > 0)
    assert.deepEqual(context.reasons(), reason === null ? [] : [reason])
    assert.equal(intake.puts, 0)
    client.socket.destroy()
  })
}

test('other methods get 405 with Allow, and health is answered', async (t) => {
  const { source } = await started(t)
  const wrong = await fetch(source.address(), { method: 'PUT', body: 'x' })
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
  const health = await fetch(`${source.address()}/healthz`)
  assert.deepEqual([health.status, await health.text()], [200, 'ok\n'])
  assert.equal((await fetch(`${source.address()}/healthz`, { method: 'HEAD' })).status, 200)
  const deleted = await fetch(`${source.address()}/healthz`, { method: 'DELETE' })
  assert.deepEqual([deleted.status, deleted.headers.get('allow')], [405, 'GET, HEAD'])
})

test('after a refusal the same connection can be used again', async (t) => {
  const { raw, intake } = await started(t, { body_bytes_max: 10 })
  const client = await raw()
  await client.head('POST', '/', { 'content-length': 50_000 })
  await client.send('x'.repeat(50_000))
  assert.equal((await client.answer())?.status, 413)
  client.socket.destroy()
  const again = await raw()
  await again.head('POST', '/nothing', { 'content-length': 5 })
  await again.send('12345')
  assert.equal((await again.answer())?.status, 404)
  await again.head('POST', '/', { 'content-length': 2 })
  await again.send('ok')
  assert.equal((await again.answer())?.status, 202)
  assert.deepEqual(intake.records(), ['ok'])
})

test('without room nothing is taken: 503 with Retry-After', async (t) => {
  const { post, intake, context } = await started(t, {}, new FakeIntake(1000))
  intake.setRoom(0)
  for (const [body, headers] of [
    ['a\nb', text],
    ['[1,2]', json],
    ['{"a":1}', json],
    ['long line\n'.repeat(300), text],
    [JSON.stringify(Array.from({ length: 500 }, (_, i) => i)), json],
  ] as const) {
    const response = await post(body, headers)
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1'])
    assert.equal(intake.waiting, 0)
  }
  assert.deepEqual(new Set(context.reasons()), new Set(['overload']))
  assert.equal(intake.puts, 0)
})

test('a body of several entries that has begun to go in waits for room for the rest', async (t) => {
  const { post, intake } = await started(t, {}, new FakeIntake(1000))
  const line = `${'x'.repeat(99)}\n`
  const elements = Array.from({ length: 500 }, (_, i) => ({ i }))
  for (const [body, headers] of [
    [line.repeat(100), text],
    [JSON.stringify(elements), json],
  ] as const) {
    intake.setRoom(1)
    let answered = false
    const answer = post(body, headers).then((response) => {
      answered = true
      return response
    })
    while (!answered) {
      await new Promise(setImmediate)
      if (intake.waiting > 0) intake.setRoom(1)
    }
    assert.equal((await answer).status, 202)
  }
  assert.equal(intake.oversized, 0)
  const records = intake.records()
  assert.deepEqual(records.slice(0, 100), Array(100).fill(line.trim()))
  assert.deepEqual(
    records.slice(100).map((record) => JSON.parse(record)),
    elements,
  )
})

test('lines above the limit are cut or dropped as over TCP', async (t) => {
  const cut = await started(t, { line_bytes_max: 4 })
  assert.equal((await cut.post('ab\nabcdef\ncd', text)).status, 202)
  assert.deepEqual(cut.intake.records(), ['ab', 'abcd', 'ef', 'cd'])
  const drop = await started(t, { line_bytes_max: 4, line_too_long: 'drop' })
  assert.equal((await drop.post('ab\nabcdef\ncd', text)).status, 202)
  assert.deepEqual(drop.intake.records(), ['ab', 'cd'])
  assert.deepEqual(drop.context.rejected, [{ reason: 'line_too_long', records: 1, bytes: 6 }])
})

test('one JSON record larger than the intake allows is refused with 413', async (t) => {
  const { post } = await started(t, {}, new FakeIntake(1000))
  const large = 'x'.repeat(2000)
  assert.equal((await post(JSON.stringify({ large }), json)).status, 413)
  assert.equal((await post(JSON.stringify([1, { large }]), json)).status, 413)
})

test('bodies that are being received share one budget: beyond it 503', async (t) => {
  const { raw, post, context } = await started(t, { buffered_bytes_max: 10_000 })
  const slow = await raw()
  await slow.head('POST', '/', { 'content-length': 9000 })
  await slow.send('x'.repeat(8000))
  let response = await post('x'.repeat(5000), text)
  // The slow body may not have been read yet.
  while (response.status === 202) response = await post('x'.repeat(5000), text)
  assert.equal(response.status, 503)
  await slow.send('x'.repeat(1000))
  assert.equal((await slow.answer())?.status, 202)
  assert.equal((await post('x'.repeat(9000), text)).status, 202, 'what was held is given back')
  assert.deepEqual(context.reasons(), ['overload'])
  slow.socket.destroy()
})

test('requests on connections beyond the maximum get 429 and are closed', async (t) => {
  const { raw, context } = await started(t, { connections_max: 1 })
  const first = await raw()
  await first.head('GET', '/healthz')
  assert.equal((await first.answer())?.status, 200)
  const second = await raw()
  await second.head('POST', '/', { 'content-length': 0 })
  const answer = await second.answer()
  assert.deepEqual([answer?.status, answer?.headers['retry-after'], answer?.headers['connection']], [429, '1', 'close'])
  await second.untilClosed()
  assert.deepEqual(context.logged, ['connections refused: there are too many'])
  first.socket.destroy()
})

test('a request that does not arrive in time gets 408 and counts as a timeout', async (t) => {
  const { raw, context, intake } = await started(t, { request_timeout_ms: 60, headers_timeout_ms: 60 })
  const client = await raw()
  await client.head('POST', '/', { 'content-length': 100 })
  await client.send('half')
  assert.equal((await client.answer())?.status, 408)
  await client.untilClosed()
  while (context.rejected.length === 0) await new Promise(setImmediate)
  assert.deepEqual(context.rejected, [{ reason: 'timeout', records: 1, bytes: 4 }])
  assert.equal(intake.puts, 0)
})

test('pipelined requests are answered in order', async (t) => {
  const { raw, intake } = await started(t)
  const client = await raw()
  const one = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  await client.send(`${one('first')}${one('second!')}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`)
  assert.deepEqual(JSON.parse((await client.answer())!.body), { accepted_bytes: 5 })
  assert.deepEqual(JSON.parse((await client.answer())!.body), { accepted_bytes: 7 })
  assert.equal((await client.answer())?.body, 'ok\n')
  assert.deepEqual(intake.records(), ['first', 'second!'])
  client.socket.destroy()
})

test('a client that waits for consent gets it and is served', async (t) => {
  const { raw, intake } = await started(t)
  const client = await raw()
  await client.head('POST', '/', { 'content-length': 5, expect: '100-continue' })
  await client.send('hello')
  assert.equal((await client.answer())?.status, 202)
  assert.deepEqual(intake.records(), ['hello'])
  client.socket.destroy()
})

test('stop lets a request that is under way finish, and refuses new connections', async (t) => {
  const { source, raw, intake } = await started(t)
  const client = await raw()
  await client.head('POST', '/', { 'content-length': 4 })
  await client.send('ab')
  const idle = await raw()
  await idle.head('GET', '/healthz')
  await idle.answer()
  const stopped = source.stop()
  await client.send('cd')
  assert.equal((await client.answer())?.status, 202)
  await stopped
  assert.deepEqual(intake.records(), ['abcd'])
  await assert.rejects(RawHttp.open(source.address()))
})

test('durable: 202 says that it is safe, 503 that it is not', async (t) => {
  const { context, intake, post } = await started(t)
  context.durable = true
  const safety = Promise.withResolvers<boolean>()
  intake.isSafe = safety.promise
  let answered = false
  const first = post('a').then((response) => {
    answered = true
    return response.status
  })
  await intake.until(() => intake.puts === 1)
  await new Promise(setImmediate)
  assert.equal(answered, false, 'not before')
  safety.resolve(true)
  assert.equal(await first, 202)
  intake.isSafe = false
  const second = await post('b')
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1'])
})

test('durable: what is not safe in time is 503, and nothing else is taken until it is', async (t) => {
  const clock = new ManualClock()
  const intake = new FakeIntake()
  const { context, post } = await started(t, { durable_timeout_ms: 1000 }, intake, clock)
  context.durable = true
  const safety = Promise.withResolvers<boolean>()
  intake.isSafe = safety.promise
  const first = post('a')
  await intake.until(() => intake.puts === 1)
  while (clock.nextAt === undefined) await new Promise(setImmediate)
  clock.advance(1000)
  assert.equal((await first).status, 503)
  assert.equal((await post('b')).status, 503)
  assert.equal(intake.puts, 1, 'it was not even put')
  assert.deepEqual(context.reasons(), ['overload'])
  safety.resolve(true)
  await new Promise(setImmediate)
  assert.equal((await post('b')).status, 202)
})

test('with API keys, who shows none that is known gets 401, and each key has its limits', async (t) => {
  const clock = new ManualClock()
  const keys = [
    { name: 'records', key: 'one', records_per_second: 10 },
    { name: 'bytes', key: 'two', bytes_per_second: 1000 },
  ]
  const { post, intake, context } = await started(t, { api_keys: keys }, new FakeIntake(), clock)
  const status = async (headers: Record<string, string>, body = 'abc', type = text) =>
    (await post(body, { ...type, ...headers })).status
  for (const headers of [{}, { authorization: 'Bearer three' }, { 'x-api-key': '' }]) {
    const refused = await post('abc', { ...text, ...headers })
    assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
  }
  assert.equal(intake.puts, 0)
  assert.equal(await status({ authorization: 'Bearer one' }, 'a\nb\nc'), 202)
  const array = JSON.stringify(Array.from({ length: 27 }, (_, i) => i))
  assert.equal(await status({ 'x-api-key': 'one' }, array, json), 202)
  const refused = await post('abc', { ...text, 'x-api-key': 'one' })
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '2'])
  assert.equal(await status({ 'x-api-key': 'two' }, 'x'.repeat(1000)), 202, 'another key has its own')
  assert.equal(await status({ 'x-api-key': 'two' }), 429)
  clock.advance(2001)
  assert.equal(await status({ 'x-api-key': 'one' }), 202)
  assert.deepEqual(context.reasons(), ['unauthorized', 'unauthorized', 'unauthorized', 'over_limit', 'over_limit'])
})

test("two http sources on one address: unequal options are refused, and one path is one source's", async (t) => {
  const { source, context } = await started(t)
  const listen = new URL(source.address()).host
  const second = http.create(http.config.parse({ listen }), context)
  await assert.rejects(second.start(), /POST \/ on .*"under_test" has it/)
  await second.stop()
})
