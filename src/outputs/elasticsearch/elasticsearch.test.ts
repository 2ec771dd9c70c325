import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Batch, Partly, SendResult } from '#component/output.ts'
import { batchOf, encodeFor, outputContext } from '#test/support/outputs.ts'
import { ElasticsearchFake } from '#test/support/vendors/elasticsearch.ts'
import { judge } from './bulk-answer.ts'
import { elasticsearch } from './elasticsearch.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 1)

/** Encodes once, and sends the batch once for each preparation of the fake. */
async function send(
  records: string[],
  options: Record<string, unknown> = {},
  ...prepare: ((fake: ElasticsearchFake) => unknown)[]
) {
  await using fake = await new ElasticsearchFake().listen()
  const all = { url: fake.url, ...options }
  const output = elasticsearch.create(elasticsearch.config.parse(all), outputContext())
  await output.start()
  const batch = encodeFor(elasticsearch, all, records, { arrivalMs: ARRIVAL })
  const results: SendResult[] = []
  for (const change of prepare.length === 0 ? [() => undefined] : prepare) {
    change(fake)
    results.push(await output.send(batch, never))
  }
  await output.stop()
  return { fake, result: results[0]!, results, output }
}

const documentsOf = (fake: ElasticsearchFake, index: string) => [...(fake.documents.get(index)?.values() ?? [])]

test('elasticsearch: documents go into a data stream with their time, and keep their members', async () => {
  const { fake, result } = await send(
    [
      'GET /health 200',
      '{"msg":"paid","ts":1767225600.5,"amount":12}',
      '{"message":"m","@timestamp":"2026-01-02T00:00:00Z"}',
    ],
    { data_stream: 'logs-nginx-prod' },
  )
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(documentsOf(fake, 'logs-nginx-prod'), [
    { '@timestamp': '2026-01-01T00:00:00.000Z', message: 'GET /health 200' },
    { '@timestamp': '2026-01-01T00:00:00.500Z', msg: 'paid', ts: 1767225600.5, amount: 12 },
    { message: 'm', '@timestamp': '2026-01-02T00:00:00Z' },
  ])
  assert.match(fake.requests[0]!.path, /^\/logs-nginx-prod\/_bulk\?filter_path=/)
  assert.equal(fake.requests[0]!.headers['content-encoding'], 'gzip')
})

test('elasticsearch: without a name it is the general data stream', async () => {
  const { fake } = await send(['a'], { compression: 'none' })
  assert.equal(documentsOf(fake, 'logs-generic-default').length, 1)
  assert.equal(fake.requests[0]!.headers['content-encoding'], undefined)
})

test('elasticsearch: an index may carry the date of each record, and a pipeline may be named', async () => {
  const records = ['{"message":"old","time":"2025-12-31T23:59:59Z"}', 'new', '{"message":"wrong clock","time":1}']
  const { fake, result } = await send(records, { index: 'web-%Y.%m.%d', pipeline: 'a b' })
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual([...fake.documents.keys()], ['web-2025.12.31', 'web-2026.01.01'])
  assert.match(fake.requests[0]!.path, /^\/_bulk\?.*&pipeline=a\+b$/)
  const plain = await send(['a'], { index: 'web' })
  assert.deepEqual(plain.fake.violations, [])
  assert.match(plain.fake.requests[0]!.path, /^\/web\/_bulk\?/)
})

test('elasticsearch: each document has its own result', async () => {
  const records = ['a', '{"message":"b","amount":"s3cret"}', 'c', 'd', 'e']
  const { fake, result } = await send(records, {}, (fake) => fake.itemFaults.push(0, 0, 429, 503, 0))
  assert.partialDeepStrictEqual(result, { ok: 'partly', retry: [2, 3], code: 'bulk_429' })
  const { refused } = result as Partly
  assert.partialDeepStrictEqual(refused, [{ record: 1, code: 'bulk_400' }])
  assert.match(
    refused[0]!.message,
    /document_parsing_exception: \[1:42\] failed to parse field \[amount\] of type \[long\]/,
  )
  assert.ok(!inspect(result).includes('s3cret'))
  assert.deepEqual(fake.stored, ['a', 'e'])
})

test('elasticsearch: a batch whose answer was lost is sent again and stored once', async () => {
  for (const options of [{}, { index: 'web' }]) {
    const { fake, results } = await send(
      ['a', 'b'],
      options,
      (fake) => fake.faults.push('reset_after'),
      () => undefined,
    )
    assert.partialDeepStrictEqual(results[0], { ok: false, retryable: true })
    assert.deepEqual(results[1], { ok: true })
    assert.deepEqual(fake.stored, ['a', 'b'])
  }
})

test('elasticsearch: what could not be taken at first is stored once when it comes again alone', async () => {
  await using fake = await new ElasticsearchFake().listen()
  fake.itemFaults.push(0, 429, 0)
  const options = { url: fake.url }
  const output = elasticsearch.create(elasticsearch.config.parse(options), outputContext())
  await output.start()
  const batch = encodeFor(elasticsearch, options, ['a', 'b', 'c'])
  const result = (await output.send(batch, never)) as Partly
  assert.deepEqual(result.retry, [1])
  const alone: Batch = batchOf(Buffer.from(batch.bytes.subarray(batch.ends[0], batch.ends[1])))
  assert.deepEqual(await output.send(alone, never), { ok: true })
  await output.stop()
  assert.deepEqual(fake.stored, ['a', 'c', 'b'])
})

test('elasticsearch: a conflict is a success for create only', async () => {
  const answer = (action: string) => (fake: ElasticsearchFake) =>
    fake.faults.push({ status: 200, body: JSON.stringify({ errors: true, items: [{ [action]: { status: 409 } }] }) })
  assert.deepEqual((await send(['a'], {}, answer('create'))).result, { ok: true })
  assert.partialDeepStrictEqual((await send(['a'], {}, answer('index'))).result, {
    ok: 'partly',
    refused: [{ record: 0, code: 'bulk_409' }],
  })
})

test('elasticsearch: an unreadable answer is tried again, one too large is asked for in halves', async () => {
  const unreadable = { ok: false, retryable: true, code: 'answer_unreadable' }
  const bodies = [
    '',
    '{"errors":true,"items":[',
    'null',
    '[]',
    '{}',
    '{"errors":true,"items":[]}',
    '{"errors":true,"items":[1]}',
  ]
  bodies.push('{"errors":true,"items":[{"create":null}]}', '{"errors":true,"items":[{}]}', '{"errors":true,"items":{}}')
  for (const body of bodies) {
    const { result } = await send(['a'], {}, (fake) => fake.faults.push({ status: 200, body }))
    assert.partialDeepStrictEqual(result, unreadable, body)
  }
  const large = `{"errors":true,"items":["${'x'.repeat(1024 * 1024)}"]}`
  const { result } = await send(['a'], {}, (fake) => fake.faults.push({ status: 200, body: large }))
  assert.partialDeepStrictEqual(result, { ok: false, tooLarge: true, code: 'answer_too_large' })
})

test('elasticsearch: each status of the request means what it means', async () => {
  const cases: [status: number, expected: Record<string, unknown>, headers?: Record<string, string>][] = [
    [400, { ok: false, retryable: false, oneMaySpoil: true }],
    [401, { ok: false, retryable: true }],
    [403, { ok: false, retryable: true }],
    [404, { ok: false, retryable: false }],
    [413, { ok: false, retryable: false, tooLarge: true }],
    [429, { ok: false, retryable: true, retryAfterMs: 2000 }, { 'retry-after': '2' }],
    [500, { ok: false, retryable: true }],
    [503, { ok: false, retryable: true }],
  ]
  for (const [status, expected, headers] of cases) {
    const { result } = await send(['a'], {}, (fake) => fake.faults.push({ status, headers: headers ?? {}, body: 'no' }))
    assert.partialDeepStrictEqual(result, { ...expected, code: `http_${status}` }, String(status))
  }
})

test('elasticsearch: the body may be as large as the server says, and not a byte more', async () => {
  const { fake } = await send(['a'.repeat(1000)])
  const size = fake.requests[0]!.body.length
  const border = async (bytes: number) =>
    (await send(['a'.repeat(1000)], {}, (fake) => Object.assign(fake, { bodyBytesMax: bytes }))).result
  assert.deepEqual(await border(size), { ok: true })
  assert.partialDeepStrictEqual(await border(size - 1), { ok: false, tooLarge: true, code: 'http_413' })
})

test('elasticsearch: a broken connection is tried again, a slow answer is an answer', async () => {
  const broken = await send(['a'], {}, (fake) => fake.faults.push('reset'))
  assert.partialDeepStrictEqual(broken.result, { ok: false, retryable: true })
  assert.deepEqual((await send(['a'], {}, (fake) => fake.faults.push('slow_body'))).result, { ok: true })
})

test('elasticsearch: user and password, or an API key, and neither shows anywhere', async () => {
  const basic = `Basic ${Buffer.from('elastic:pässw0rd:x').toString('base64')}`
  const cases: [Record<string, unknown>, string][] = [
    [{ username: 'elastic', password: 'pässw0rd:x' }, basic],
    [{ api_key: 'QVBJLWtleQ==' }, 'ApiKey QVBJLWtleQ=='],
  ]
  for (const [options, authorization] of cases) {
    const allow = (value: string) => (fake: ElasticsearchFake) => Object.assign(fake, { authorization: value })
    const { result, output } = await send(['a'], options, allow(authorization))
    assert.deepEqual(result, { ok: true })
    const refused = await send(['a'], options, allow('other'))
    assert.partialDeepStrictEqual(refused.result, { ok: false, retryable: true, code: 'http_401' })
    const parsed = elasticsearch.config.parse({ url: 'http://127.0.0.1:1', ...options })
    const shown = [inspect(parsed, { depth: 9 }), JSON.stringify(parsed), inspect(output, { depth: 9 })]
    for (const text of [...shown, inspect(refused.result)]) {
      for (const hidden of ['pässw0rd', 'QVBJ', basic.slice(6)]) assert.ok(!text.includes(hidden), text)
    }
  }
})

test('elasticsearch: options that contradict each other, or name what cannot be, are refused', () => {
  const valid = (options: Record<string, unknown>) =>
    elasticsearch.config.safeParse({ url: 'http://127.0.0.1:1', ...options }).success
  assert.equal(valid({ index: 'web-%Y.%m.%d-%H' }), true)
  assert.equal(elasticsearch.config.safeParse({ upstream: 'cluster' }).success, true)
  assert.equal(elasticsearch.config.safeParse({}).success, false)
  assert.equal(valid({ url: 'https://elastic:changeme@elastic:9200' }), false)
  assert.equal(valid({ index: 'a', data_stream: 'b' }), false)
  for (const index of ['Web', 'a b', '_x', '-x', '..', 'a/b', 'a%b', 'a%y', 'a?x', '%'])
    assert.equal(valid({ index }), false, index)
  assert.equal(valid({ data_stream: 'logs-%Y' }), false)
  assert.equal(valid({ username: 'a' }), false)
  assert.equal(valid({ password: 'a' }), false)
  assert.equal(valid({ username: 'a:b', password: 'c' }), false)
  assert.equal(valid({ username: 'a', password: 'b', api_key: 'c' }), false)
  const { error } = elasticsearch.config.safeParse({ url: 'http://127.0.0.1:1', api_key: 'secret\nkey' })
  assert.ok(error !== undefined && !error.message.includes('secret'))
})

test('elasticsearch: whatever answers, there is a result, and every record has one', () => {
  const member = fc.record(
    { status: fc.oneof(fc.integer({ min: 0, max: 700 }), fc.jsonValue()), error: fc.jsonValue() },
    { requiredKeys: [] },
  )
  const item = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom('create', 'index', 'x'), fc.oneof(member, fc.jsonValue())),
  )
  const answer = fc.oneof(
    fc.jsonValue(),
    fc.record({
      errors: fc.oneof(fc.boolean(), fc.jsonValue()),
      items: fc.oneof(fc.array(item, { maxLength: 4 }), fc.jsonValue()),
    }),
  )
  fc.assert(
    fc.property(answer, fc.integer({ min: 1, max: 4 }), (value, records) => {
      const result = judge(Buffer.from(JSON.stringify(value)), records)
      if (result.ok !== 'partly') return
      const all = [...result.retry, ...result.refused.map(({ record }) => record)]
      assert.equal(new Set(all).size, all.length)
      assert.ok(all.length > 0 && all.every((record) => record >= 0 && record < records))
    }),
    { seed: 20260110, numRuns: 500 },
  )
  const hostile = { errors: true, items: [{ create: { status: 400, error: { type: { toString: 1 }, reason: [] } } }] }
  assert.equal(judge(Buffer.from(JSON.stringify(hostile)), 1).ok, 'partly')
})
