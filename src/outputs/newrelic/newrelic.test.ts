import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { NewRelicFake } from '#test/support/vendors/newrelic.ts'
import { newrelic } from './newrelic.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 1)

async function send(
  records: string[],
  options: Record<string, unknown> = {},
  prepare: (fake: NewRelicFake) => void = () => {},
) {
  await using fake = await new NewRelicFake().listen()
  prepare(fake)
  const all = { url: fake.url, api_key: 'nr-test-key', ...options }
  const output = newrelic.create(newrelic.config.parse(all), outputContext())
  await output.start()
  const result = await output.send(encodeFor(newrelic, all, records, { arrivalMs: ARRIVAL }), never)
  await output.stop()
  return { fake, result, output }
}

test('newrelic: entries carry what New Relic looks for, and the attributes that all share are said once', async () => {
  const { fake, result } = await send(
    [
      'GET /health 200',
      '{"msg":"paid","level":30,"service":"checkout","host":"web-1","ts":1767225600.5,"traceId":"t1","spanId":"s1"}',
      '{"message":"own","timestamp":"2026-01-02T00:00:00Z","hostname":"h","level":"warn","service.name":"s"}',
    ],
    { service: 'fallback', hostname: 'gateway', attributes: { environment: 'prod', shard: 3 } },
  )
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  const common = { environment: 'prod', shard: 3 }
  assert.deepEqual(fake.entries, [
    { ...common, timestamp: ARRIVAL, 'service.name': 'fallback', hostname: 'gateway', message: 'GET /health 200' },
    {
      ...common,
      ...{ timestamp: ARRIVAL + 500, 'service.name': 'checkout', hostname: 'web-1', 'trace.id': 't1', 'span.id': 's1' },
      ...{
        message: 'paid',
        level: 30,
        service: 'checkout',
        host: 'web-1',
        ts: 1767225600.5,
        traceId: 't1',
        spanId: 's1',
      },
    },
    {
      ...common,
      ...{ message: 'own', timestamp: '2026-01-02T00:00:00Z', hostname: 'h', level: 'warn', 'service.name': 's' },
    },
  ])
  const text = fake.requests[0]!.body.toString()
  assert.ok(text.startsWith('[{"common":{"attributes":{"environment":"prod","shard":3}},"logs":[{"timestamp":'), text)
})

test('newrelic: the message gets the name under which New Relic looks for it, once', async () => {
  const { fake } = await send([
    '{"log":"line"}',
    '{ "msg" : "a" , "x":1}',
    '{"msg":"b","message":null}',
    '{"event":{"original":"nested"}}',
    '{"body":{"stringValue":"nested"},"log":"flat"}',
    '{}',
  ])
  const own = fake.entries.map(({ timestamp: _, ...entry }) => entry)
  assert.deepEqual(own, [
    { message: 'line' },
    { message: 'a', x: 1 },
    { msg: 'b', message: null },
    { event: { original: 'nested' } },
    { body: { stringValue: 'nested' }, log: 'flat' },
    {},
  ])
})

test('newrelic: the body is gzip unless told otherwise', async () => {
  const { fake } = await send(['a'])
  assert.equal(fake.requests[0]?.headers['content-encoding'], 'gzip')
  const plain = await send(['a'], { compression: 'none' })
  assert.equal(plain.fake.requests[0]?.headers['content-encoding'], undefined)
  assert.equal(plain.fake.requests[0]?.raw.toString(), `[{"logs":[{"timestamp":${ARRIVAL},"message":"a"}]}]`)
})

test('newrelic: the largest batch goes through, compressed or not', async () => {
  for (const compression of ['none', 'gzip']) {
    const options = { compression, attributes: { a: 'b' } }
    const limit = newrelic.limits!(newrelic.config.parse({ api_key: 'k', ...options })).bytes!
    const empty = encodeFor(newrelic, { api_key: 'k', ...options }, [''], { arrivalMs: ARRIVAL }).bytes.length
    const record = randomBytes(limit)
      .toString('base64')
      .slice(0, limit - empty)
    const { fake, result } = await send([record], options)
    assert.deepEqual(result, { ok: true })
    assert.deepEqual(fake.stored, [record])
  }
})

test('newrelic: one byte too many on the wire is 413, which asks for halves', async () => {
  const { result, fake } = await send(['x'.repeat(1_000_000)], { compression: 'none' })
  assert.partialDeepStrictEqual(result, { ok: false, retryable: false, tooLarge: true, code: 'http_413' })
  assert.deepEqual(fake.stored, [])
})

test('newrelic: each status means what New Relic says it means', async () => {
  const cases: [status: number, expected: Record<string, unknown>, headers?: Record<string, string>][] = [
    [200, { ok: true }],
    [202, { ok: true }],
    [400, { ok: false, retryable: false, oneMaySpoil: true }],
    [403, { ok: false, retryable: true }],
    [404, { ok: false, retryable: false }],
    [405, { ok: false, retryable: false }],
    [408, { ok: false, retryable: true }],
    [411, { ok: false, retryable: false }],
    [413, { ok: false, retryable: false, tooLarge: true }],
    [415, { ok: false, retryable: false }],
    [429, { ok: false, retryable: true, retryAfterMs: 7000 }, { 'retry-after': '7' }],
    [429, { ok: false, retryable: true, retryAfterMs: 60_000 }, { 'retry-after': '86400' }],
    [500, { ok: false, retryable: true }],
    [503, { ok: false, retryable: true }],
  ]
  for (const [status, expected, headers] of cases) {
    const { result } = await send(['a'], {}, (fake) => fake.faults.push({ status, headers: headers ?? {}, body: 'no' }))
    assert.partialDeepStrictEqual(result, expected, String(status))
    if (result.ok === false) assert.equal(result.code, `http_${status}`)
  }
})

test('newrelic: a broken connection is tried again, a slow answer is an answer', async () => {
  for (const fault of ['reset', 'reset_after'] as const) {
    const { result } = await send(['a'], {}, (fake) => fake.faults.push(fault))
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  }
  assert.deepEqual((await send(['a'], {}, (fake) => fake.faults.push('slow_body'))).result, { ok: true })
})

test('newrelic: the key shows nowhere', async () => {
  const { output, result } = await send(['a'], { api_key: 'wr0ng-key' })
  assert.partialDeepStrictEqual(result, { ok: false, code: 'http_403' })
  const options = newrelic.config.parse({ api_key: 'wr0ng-key' })
  const shown = [
    inspect(options, { depth: 9 }),
    JSON.stringify(options),
    inspect(output, { depth: 9 }),
    inspect(result),
  ]
  for (const text of shown) assert.ok(!text.includes('wr0ng-key'), text)
  const { error } = newrelic.config.safeParse({ api_key: 'secret\nkey' })
  assert.ok(error !== undefined && !error.message.includes('secret'))
})

test('newrelic: attributes are flat and bounded, and a region is one that exists', () => {
  const valid = (options: Record<string, unknown>) => newrelic.config.safeParse({ api_key: 'k', ...options }).success
  assert.equal(valid({ region: 'eu', attributes: { a: 'b', c: 1, d: true } }), true)
  assert.equal(valid({ region: 'asia' }), false)
  assert.equal(valid({ attributes: { a: { b: 1 } } }), false)
  assert.equal(valid({ attributes: { a: 'x'.repeat(4095) } }), false)
  assert.equal(valid({ attributes: Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`a${i}`, i])) }), false)
})
