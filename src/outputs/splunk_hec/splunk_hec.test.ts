import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { SendResult } from '#component/output.ts'
import { batchOf, encodeFor, outputContext } from '#test/support/outputs.ts'
import { until } from '#test/support/sinks.ts'
import { SplunkFake } from '#test/support/vendors/splunk_hec.ts'
import type { Fault } from '#test/support/vendors/vendor-fake.ts'
import { judge, readReply } from './reply.ts'
import { splunkHec } from './splunk_hec.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 1)
const TOKEN = 'hec-test-token'

async function send(
  records: string[],
  options: Record<string, unknown> = {},
  prepare: (fake: SplunkFake) => void = () => {},
) {
  await using fake = await new SplunkFake().listen()
  prepare(fake)
  const all = { url: fake.url, token: TOKEN, ack_poll_ms: 5, ...options }
  const output = splunkHec.create(splunkHec.config.parse(all), outputContext())
  await output.start()
  const result = await output.send(encodeFor(splunkHec, all, records, { arrivalMs: ARRIVAL }), never)
  await output.stop()
  return { fake, result, output }
}

test('splunk_hec: text is an event, JSON is an event, each with its time and metadata', async () => {
  const { fake, result } = await send(
    [
      'GET /health 200',
      '{"msg":"paid","host":"web-1","ts":1767225600.5}',
      '{"message":"m","time":"2026-01-02T00:00:00Z"}',
    ],
    { host: 'gateway', source: 's', sourcetype: 'nginx', index: 'main', fields: { env: 'prod', shard: 3 } },
  )
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  const common = { source: 's', sourcetype: 'nginx', index: 'main', fields: { env: 'prod', shard: 3 } }
  assert.deepEqual(fake.events, [
    { time: 1767225600, host: 'gateway', ...common, event: 'GET /health 200' },
    { time: 1767225600.5, host: 'web-1', ...common, event: { msg: 'paid', host: 'web-1', ts: 1767225600.5 } },
    { time: 1767312000, host: 'gateway', ...common, event: { message: 'm', time: '2026-01-02T00:00:00Z' } },
  ])
  const [request] = fake.requests
  assert.equal(request?.headers['content-encoding'], 'gzip')
  assert.equal(request?.headers['x-splunk-request-channel'], undefined)
  assert.match(request!.body.toString(), /^\{"time":1767225600\.000,/)
})

test('splunk_hec: raw lines go as they are, metadata in the query, on a channel', async () => {
  const options = { mode: 'raw', index: 'main', sourcetype: 'a b&c', compression: 'none' }
  const { fake, result } = await send(['one', '{"two":2}'], options)
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.stored, ['one', '{"two":2}'])
  assert.deepEqual(Object.fromEntries(fake.queries[0]!), { index: 'main', sourcetype: 'a b&c' })
  assert.equal(fake.requests[0]?.headers['content-encoding'], undefined)
})

test('splunk_hec: a path in the URL stands before the collector, and no raw metadata means no query', async () => {
  await using fake = await new SplunkFake().listen()
  const options = splunkHec.config.parse({ url: `${fake.url}/splunk/`, token: TOKEN, mode: 'raw' })
  const output = splunkHec.create(options, outputContext())
  await output.start()
  await output.send(batchOf('a\n'), never)
  await output.stop()
  assert.equal(fake.requests[0]?.path, '/splunk/services/collector/raw')
})

test('splunk_hec: a refused event goes alone; those before it are taken, those behind come again', async () => {
  const { fake, result } = await send(['a', 'b', '', 'c', 'd'])
  const message = 'Splunk answered 13: Event field cannot be blank'
  assert.partialDeepStrictEqual(result, {
    ok: 'partly',
    retry: [3, 4],
    refused: [{ record: 2, code: 'hec_13', message }],
  })
  assert.deepEqual(fake.stored, ['a', 'b'])
})

test('splunk_hec: with acknowledgements, events before a bad one come again too', async () => {
  const { result } = await send(['a', '', 'b'], { acknowledgements: true }, (fake) => {
    fake.acknowledges = true
  })
  assert.partialDeepStrictEqual(result, { ok: 'partly', retry: [0, 2], refused: [{ record: 1 }] })
})

test('splunk_hec: what strikes every event alike refuses the batch', async () => {
  const { result, fake } = await send(['a', 'b'], { index: 'unknown' })
  assert.partialDeepStrictEqual(result, { ok: false, retryable: false, code: 'hec_7' })
  assert.deepEqual(fake.stored, [])
})

test('splunk_hec: each status means what Splunk says it means', async () => {
  const cases: [status: number, body: unknown, expected: Record<string, unknown>, headers?: Record<string, string>][] =
    [
      [503, { text: 'Server is busy', code: 9 }, { ok: false, retryable: true, code: 'hec_9' }],
      [503, { text: 'Server is busy', code: 9, 'invalid-event-number': 1 }, { ok: false, retryable: true }],
      [500, { text: 'Internal server error', code: 8 }, { ok: false, retryable: true, code: 'hec_8' }],
      [400, { text: 'Server is busy', code: 9 }, { ok: false, retryable: true, code: 'hec_9' }],
      [503, { text: 'Server is shutting down', code: 23 }, { ok: false, retryable: true, code: 'hec_23' }],
      [429, 'slow down', { ok: false, retryable: true, code: 'http_429', retryAfterMs: 3000 }, { 'retry-after': '3' }],
      [413, 'too large', { ok: false, retryable: false, tooLarge: true, code: 'http_413' }],
      [403, { text: 'Invalid token', code: 4 }, { ok: false, retryable: true, code: 'hec_4' }],
      [400, { text: 'Invalid token', code: 4 }, { ok: false, retryable: true, code: 'hec_4' }],
      [403, { text: 'Token disabled', code: 1 }, { ok: false, retryable: true, code: 'hec_1' }],
      [401, { text: 'Token is required', code: 2 }, { ok: false, retryable: true, code: 'hec_2' }],
      [400, { text: 'Invalid data format', code: 6 }, { ok: false, retryable: false, code: 'hec_6' }],
      [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': 9 }, { ok: false, retryable: false }],
      [400, { text: 'Invalid data format', code: 6, 'invalid-event-number': -1 }, { ok: false, retryable: false }],
      [400, '[]', { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400' }],
      [400, 'null', { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400' }],
      [403, '<html>', { ok: false, retryable: true, code: 'http_403' }],
      [502, '<html>', { ok: false, retryable: true, code: 'http_502' }],
      [404, '<html>', { ok: false, retryable: false, code: 'http_404' }],
    ]
  for (const [status, body, expected, headers] of cases) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { result } = await send(['a', 'b'], {}, (fake) =>
      fake.faults.push({ status, headers: headers ?? {}, body: text }),
    )
    assert.partialDeepStrictEqual(result, expected, `${status} ${text}`)
    if (expected['code'] !== 'http_400') assert.ok(!('oneMaySpoil' in result), 'events before the bad one may be taken')
  }
})

test('splunk_hec: a broken connection is tried again, a slow answer is an answer', async () => {
  for (const fault of ['reset', 'reset_after'] as const) {
    const { result } = await send(['a'], {}, (fake) => fake.faults.push(fault))
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  }
  assert.deepEqual((await send(['a'], {}, (fake) => fake.faults.push('slow_body'))).result, { ok: true })
  const late = await send(['a'], { timeout_ms: 50 }, (fake) => fake.faults.push('hang'))
  assert.partialDeepStrictEqual(late.result, { ok: false, retryable: true, code: 'timeout' })
})

const acknowledging = { acknowledgements: true }

test('splunk_hec: a batch is delivered when it is acknowledged, however often one must ask', async () => {
  let asked = 0
  const { result, fake } = await send(['a'], acknowledging, (fake) => {
    fake.acknowledges = true
    fake.indexed = () => ++asked > 2
  })
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  const channels = new Set(fake.requests.map(({ headers }) => headers['x-splunk-request-channel']))
  assert.equal(channels.size, 1)
  assert.equal(fake.requests.length, 4)
})

test('splunk_hec: polls that fail are asked again; without acknowledgement in time the batch comes again', async () => {
  const broken = await send(['a'], acknowledging, (fake) => {
    fake.acknowledges = true
    const troubles: Fault[] = ['reset', { status: 503 }, { status: 200, body: 'no JSON' }, { status: 200, body: '[]' }]
    fake.indexed = () => {
      const isQuiet = troubles.length === 0
      fake.faults.push(...troubles.splice(0))
      return isQuiet
    }
  })
  assert.deepEqual(broken.result, { ok: true })
  const late = await send(['a'], { ...acknowledging, ack_timeout_ms: 60 }, (fake) => {
    fake.acknowledges = true
    fake.indexed = () => false
  })
  assert.partialDeepStrictEqual(late.result, { ok: false, retryable: true, code: 'not_acknowledged' })
})

test('splunk_hec: a token without acknowledgement is told, whether by the answer or by the poll', async () => {
  const expected = { ok: false, retryable: false, code: 'hec_14' }
  assert.partialDeepStrictEqual((await send(['a'], acknowledging)).result, expected)
  const byPoll = await send(['a'], acknowledging, (fake) => {
    fake.faults.push({ status: 200, body: '{"text":"Success","code":0,"ackId":0}' })
  })
  assert.partialDeepStrictEqual(byPoll.result, expected)
})

test("splunk_hec: one poll asks for all; a number that comes twice is the younger batch's", async () => {
  await using fake = await new SplunkFake().listen()
  fake.acknowledges = true
  fake.indexed = () => false
  const options = { url: fake.url, token: TOKEN, ack_poll_ms: 5, ...acknowledging }
  const output = splunkHec.create(splunkHec.config.parse(options), outputContext())
  await output.start()
  const batch = encodeFor(splunkHec, options, ['a'])
  const posted = () => fake.stored.length
  const older = output.send(batch, never)
  await until(() => posted() === 1, 'the first batch')
  const other = output.send(batch, never)
  await until(() => fake.requests.some(({ body }) => body.toString() === '{"acks":[0,1]}'), 'one poll for both')
  fake.restart()
  const younger = output.send(batch, never)
  assert.partialDeepStrictEqual(await older, { ok: false, retryable: true, code: 'not_acknowledged' })
  // Splunk tells a number once, and a poll that left before the younger batch came asked for the older one.
  await until(() => fake.requests.some(({ body }) => body.toString() === '{"acks":[1,0]}'), 'a poll for the younger')
  fake.indexed = (ackId) => ackId === 0
  assert.deepEqual(await younger, { ok: true })
  const controller = new AbortController()
  const aborted = output.send(batch, controller.signal)
  await until(() => posted() === 4, 'the fourth batch')
  assert.partialDeepStrictEqual(await other, { ok: false, retryable: true, code: 'not_acknowledged' })
  controller.abort()
  assert.partialDeepStrictEqual(await aborted, { ok: false, retryable: true, code: 'aborted' })
  const stopped = output.send(batch, never)
  await until(() => posted() === 5, 'the last batch')
  await output.stop()
  assert.partialDeepStrictEqual(await stopped, { ok: false, retryable: true })
})

test('splunk_hec: the token shows nowhere', async () => {
  const { output, result } = await send(['a'], { token: 'wr0ng-token', ...acknowledging })
  assert.partialDeepStrictEqual(result, { ok: false, code: 'hec_4' })
  const options = splunkHec.config.parse({ url: 'http://127.0.0.1:1', token: 'wr0ng-token' })
  const shown: (string | SendResult)[] = [inspect(options, { depth: 9 }), JSON.stringify(options)]
  for (const text of [...shown, inspect(output, { depth: 9 }), inspect(result)]) {
    assert.ok(!String(text).includes('wr0ng-token'), String(text))
  }
  const { error } = splunkHec.config.safeParse({ url: 'http://127.0.0.1:1', token: 'secret\nkey' })
  assert.ok(error !== undefined && !error.message.includes('secret'))
})

test('splunk_hec: it wants somewhere to send, and fields with events only', () => {
  const valid = (options: Record<string, unknown>) => splunkHec.config.safeParse({ token: 't', ...options }).success
  assert.equal(valid({}), false)
  assert.equal(valid({ upstream: 'indexers' }), true)
  assert.equal(valid({ url: 'https://user:pass@splunk:8088' }), false)
  assert.equal(valid({ url: 'https://splunk:8088', mode: 'raw', fields: { a: 1 } }), false)
  assert.equal(valid({ url: 'https://splunk:8088', fields: { a: { b: 1 } } }), false)
})

test('splunk_hec: whatever Splunk answers, there is a result, and no record is in it twice', () => {
  const number = fc.oneof(fc.integer({ min: -1, max: 5 }), fc.jsonValue())
  const known = fc.record(
    {
      code: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.jsonValue()),
      text: fc.jsonValue(),
      'invalid-event-number': number,
    },
    { requiredKeys: [] },
  )
  const failed = { ok: false, retryable: false, code: 'http_400', message: '' } as const
  fc.assert(
    fc.property(fc.oneof(known, fc.jsonValue()), fc.boolean(), (value, takenBeforeBad) => {
      const body = Buffer.from(JSON.stringify(value))
      const reply = readReply({ answered: true, status: 400, headers: {}, body, retryAfterMs: undefined })
      const result = judge(reply, failed, { records: 4, takenBeforeBad, perEvent: true })
      if (result.ok !== 'partly') return
      const [bad, ...others] = result.refused.map(({ record }) => record)
      assert.ok(bad !== undefined && bad < 4 && others.length === 0)
      const expected = [0, 1, 2, 3].filter((record) => (takenBeforeBad ? record > bad : record !== bad))
      assert.deepEqual(result.retry, expected)
    }),
    { seed: 20260111, numRuns: 500 },
  )
})
