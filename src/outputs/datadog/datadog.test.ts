import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { DatadogFake } from '#test/support/vendors/datadog.ts'
import { datadog } from './datadog.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 1)

async function send(
  records: string[],
  options: Record<string, unknown>,
  prepare: (fake: DatadogFake) => void = () => {},
) {
  await using fake = await new DatadogFake().listen()
  prepare(fake)
  const all = { url: fake.url, api_key: 'dd-test-key', ...options }
  const output = datadog.create(datadog.config.parse(all), outputContext())
  await output.start()
  const result = await output.send(encodeFor(datadog, all, records, { arrivalMs: ARRIVAL }), never)
  await output.stop()
  return { fake, result, output }
}

test('datadog: text becomes the message, JSON keeps its members, and what is missing is filled in', async () => {
  const { fake, result } = await send(
    [
      'GET /health 200',
      '{"msg":"paid","level":"warn","service":"checkout","host":"web-1","ts":1767225600.5,"amount":12}',
      '{"message":"own","ddsource":"mine","ddtags":"a:b","hostname":"h","status":"error","timestamp":"2026-01-02T00:00:00Z"}',
    ],
    { source: 'nginx', service: 'fallback', hostname: 'gateway', tags: ['env:prod', 'team:web'] },
  )
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  const common = { ddsource: 'nginx', ddtags: 'env:prod,team:web' }
  assert.deepEqual(fake.entries, [
    { timestamp: ARRIVAL, service: 'fallback', hostname: 'gateway', ...common, message: 'GET /health 200' },
    {
      timestamp: 1767225600500,
      status: 'warn',
      service: 'checkout',
      hostname: 'web-1',
      ...common,
      ...{ msg: 'paid', level: 'warn', host: 'web-1', ts: 1767225600.5, amount: 12 },
    },
    {
      service: 'fallback',
      ...{ message: 'own', ddsource: 'mine', ddtags: 'a:b', hostname: 'h', status: 'error' },
      timestamp: '2026-01-02T00:00:00Z',
    },
  ])
})

test('datadog: the body is gzip unless told otherwise, and the key is a header', async () => {
  const { fake } = await send(['a'], {})
  assert.equal(fake.requests[0]?.headers['content-encoding'], 'gzip')
  const plain = await send(['a'], { compression: 'none' })
  assert.equal(plain.fake.requests[0]?.headers['content-encoding'], undefined)
  assert.deepEqual(plain.fake.stored, ['a'])
})

test('datadog: 413 asks for halves, 400 is for good, a wrong key waits, 429 and 503 come again', async () => {
  const answer = async (status: number, headers: Record<string, string> = {}) =>
    (await send(['a'], {}, (fake) => fake.faults.push({ status, headers, body: 'no' }))).result
  assert.partialDeepStrictEqual(await answer(413), { ok: false, retryable: false, tooLarge: true, code: 'http_413' })
  assert.partialDeepStrictEqual(await answer(400), { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400' })
  assert.partialDeepStrictEqual(await answer(401), { ok: false, retryable: true, code: 'http_401' })
  assert.partialDeepStrictEqual(await answer(403), { ok: false, retryable: true, code: 'http_403' })
  assert.partialDeepStrictEqual(await answer(429, { 'retry-after': '2' }), { retryable: true, retryAfterMs: 2000 })
  assert.partialDeepStrictEqual(await answer(503), { ok: false, retryable: true, code: 'http_503' })
})

test('datadog: the key shows nowhere', async () => {
  const { output, result } = await send(['a'], { api_key: 'wr0ng-key' })
  assert.partialDeepStrictEqual(result, { ok: false, code: 'http_403' })
  const options = datadog.config.parse({ api_key: 'wr0ng-key' })
  for (const shown of [
    inspect(options, { depth: 9 }),
    JSON.stringify(options),
    inspect(output, { depth: 9 }),
    inspect(result),
  ]) {
    assert.ok(!shown.includes('wr0ng-key'), shown)
  }
})

test('datadog: a site names its intake, and a key that cannot be one is refused without being told', () => {
  assert.equal(datadog.config.safeParse({ api_key: 'k', site: 'https://x' }).success, false)
  const { error } = datadog.config.safeParse({ api_key: 'secret\nkey' })
  assert.ok(error !== undefined && !error.message.includes('secret'))
})
