import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Batch } from '#component/output.ts'
import { ManualClock } from '#std/clock.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { CloudwatchLogsFake, error, cloudwatchLogs as vendor } from '#test/support/vendors/cloudwatch_logs.ts'
import { cloudwatchLogs } from './cloudwatch_logs.ts'
import { weigh } from './events.ts'

const never = new AbortController().signal
const NOW = Date.UTC(2026, 0, 20)
const HOUR = 3_600_000
const DAY = 24 * HOUR

interface Change {
  options?: Record<string, unknown>
  prepare?(fake: CloudwatchLogsFake): void
  /** Sends so many times; the last result counts. */
  times?: number
}

async function send(records: string[], { options = {}, prepare = () => {}, times = 1 }: Change = {}) {
  await using fake = await new CloudwatchLogsFake().listen()
  fake.now = () => NOW
  fake.groups.set('/streamgate/test', new Set(['stream-1']))
  prepare(fake)
  const all = { ...vendor.options(fake), ...options }
  const output = cloudwatchLogs.create(cloudwatchLogs.config.parse(all), outputContext('cw', new ManualClock(NOW)))
  await output.start()
  const batch = batchFor(all, records)
  let result = await output.send(batch, never)
  for (let i = 1; i < times; i++) result = await output.send(batch, never)
  await output.stop()
  return { fake, result, output, batch }
}

const at = (ms: number, text: string) => JSON.stringify({ ts: ms, text })

test('cloudwatch_logs: records are messages as they are, with their own time or that of their arrival', async () => {
  const json = '{"msg":"paid \\"x\\"","ts":1768867200.25}'
  const { fake, result } = await send(['GET /é 200\t"quoted" \\ \u0001', json])
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.events, [
    { timestamp: NOW, message: 'GET /é 200\t"quoted" \\ \u0001' },
    { timestamp: 1768867200250, message: json },
  ])
})

test('cloudwatch_logs: events are sorted by time, and equal times keep their order', async () => {
  const { fake, result } = await send([at(NOW, 'c'), at(NOW - 5, 'a'), at(NOW, 'd'), at(NOW - 5, 'b')])
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(
    fake.stored.map((text) => JSON.parse(text).text),
    ['a', 'b', 'c', 'd'],
  )
})

test('cloudwatch_logs: a batch that spans more than a day becomes several calls; exactly a day is one', async () => {
  const { fake, result } = await send([
    at(NOW, 'e'),
    at(NOW - 3 * DAY, 'a'),
    at(NOW - 2 * DAY, 'b'),
    at(NOW - 2 * DAY + 1, 'c'),
    at(NOW - DAY + 1, 'd'),
  ])
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(
    fake.batches.map((batch) => batch.map(({ message }) => JSON.parse(message).text).join('')),
    ['ab', 'cd', 'e'],
  )
})

test('cloudwatch_logs: what would be refused is not sent: too old, too far ahead, empty; the borders are', async () => {
  const { fake, result } = await send([
    at(NOW - 14 * DAY - 1, 'old'),
    at(NOW - 14 * DAY, 'oldest'),
    '',
    at(NOW + 2 * HOUR + 1, 'new'),
    at(NOW + 2 * HOUR, 'newest'),
  ])
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(
    fake.stored.map((text) => JSON.parse(text).text),
    ['oldest', 'newest'],
  )
  assert.ok(result.ok === 'partly')
  assert.deepEqual(result.retry, [])
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [
      [0, 'too_old'],
      [2, 'empty_message'],
      [3, 'too_new'],
    ],
  )
  const nothing = await send([at(NOW - 15 * DAY, 'old')])
  assert.deepEqual(nothing.fake.requests, [])
  assert.partialDeepStrictEqual(nothing.result, { ok: 'partly', retry: [], refused: [{ record: 0, code: 'too_old' }] })
})

test('cloudwatch_logs: events that a call was taken without are refused by their own index', async () => {
  const { result, fake } = await send([at(NOW, 'new'), at(NOW - 3 * HOUR, 'old'), at(NOW - HOUR, 'new')], {
    prepare: (fake) => {
      fake.retentionMs = 2 * HOUR
    },
  })
  assert.equal(fake.stored.length, 2)
  assert.partialDeepStrictEqual(result, { ok: 'partly', retry: [], refused: [{ record: 1, code: 'expired' }] })
  const body = JSON.stringify({ rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 2 } })
  const told = await send([at(NOW, 'c'), at(NOW - 2, 'a'), at(NOW - 1, 'b')], {
    prepare: (fake) => fake.faults.push({ status: 200, body }),
  })
  assert.partialDeepStrictEqual(told.result, {
    ok: 'partly',
    retry: [],
    refused: [
      { record: 0, code: 'too_new' },
      { record: 1, code: 'too_old' },
    ],
  })
})

test('cloudwatch_logs: a stream and a group that are not there are made', async () => {
  const fresh = await send(['a'], { prepare: (fake) => fake.groups.clear(), options: { retention_days: 30 } })
  assert.deepEqual(fresh.result, { ok: true })
  const made = [
    'PutLogEvents',
    'CreateLogStream',
    'CreateLogGroup',
    'PutRetentionPolicy',
    'CreateLogStream',
    'PutLogEvents',
  ]
  assert.deepEqual(fresh.fake.calls, made)
  assert.equal(fresh.fake.retention.get('/streamgate/test'), 30)
  const stream = await send(['a'], { prepare: (fake) => fake.groups.get('/streamgate/test')!.clear() })
  assert.deepEqual(stream.result, { ok: true })
  assert.deepEqual(stream.fake.calls, ['PutLogEvents', 'CreateLogStream', 'PutLogEvents'])
  const forbidden = await send(['a'], { prepare: (fake) => fake.groups.clear(), options: { create_group: false } })
  assert.partialDeepStrictEqual(forbidden.result, { ok: false, retryable: true, code: 'ResourceNotFoundException' })
  assert.match(inspect(forbidden.result), /create it, or set create_group/)
  assert.deepEqual([...forbidden.fake.groups], [])
})

test('cloudwatch_logs: a group that somebody else made in between is as good', async () => {
  const { fake, result } = await send(['a'], {
    prepare: (fake) => {
      fake.groups.clear()
      fake.faults.push(error(400, 'ResourceNotFoundException'), error(400, 'ResourceNotFoundException'))
      fake.faults.push(error(400, 'ResourceAlreadyExistsException'), error(400, 'ResourceAlreadyExistsException'))
      fake.groups.set('/streamgate/test', new Set(['stream-1']))
    },
  })
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.stored, ['a'])
})

test('cloudwatch_logs: without a stream of its own it is named by the host', async () => {
  const { fake } = await send(['a'], { options: { stream: undefined } })
  const [name] = [...fake.groups.get('/streamgate/test')!].slice(-1)
  assert.match(name ?? '', /^[^:*]+$/)
  assert.notEqual(name, 'stream-1')
})

test('cloudwatch_logs: what each error means', async () => {
  const told = async (status: number, name: string, message?: string) =>
    (await send(['a', 'b'], { prepare: (fake) => fake.faults.push(error(status, name, message)) })).result
  assert.partialDeepStrictEqual(await told(400, 'ThrottlingException', 'Rate exceeded'), {
    ok: false,
    retryable: true,
    code: 'ThrottlingException',
    message: 'CloudWatch Logs answered 400 ThrottlingException: Rate exceeded',
  })
  const withPrefix = await told(400, 'com.amazonaws.logs#ThrottlingException')
  assert.partialDeepStrictEqual(withPrefix, { retryable: true, code: 'ThrottlingException' })
  assert.partialDeepStrictEqual(await told(503, 'ServiceUnavailableException'), { ok: false, retryable: true })
  assert.partialDeepStrictEqual(await told(500, 'Whatever'), { ok: false, retryable: true, code: 'http_500' })
  assert.partialDeepStrictEqual(await told(400, 'AccessDeniedException'), { ok: false, retryable: true })
  assert.partialDeepStrictEqual(await told(404, 'Whatever'), { ok: false, retryable: false, code: 'http_404' })
  assert.partialDeepStrictEqual(await told(400, 'Whatever'), {
    ok: false,
    retryable: false,
    oneMaySpoil: true,
    code: 'http_400',
  })
  const large = await told(400, 'InvalidParameterException', 'Upload too large: 1049882 bytes exceeds limit of 1048576')
  assert.partialDeepStrictEqual(large, { ok: false, retryable: false, tooLarge: true })
  const invalid = await told(400, 'InvalidParameterException', 'no')
  assert.ok(invalid.ok === false && !invalid.retryable && invalid.tooLarge === undefined && invalid.oneMaySpoil)
  assert.partialDeepStrictEqual(await told(413, ''), { ok: false, tooLarge: true })
})

test('cloudwatch_logs: when a later call fails, only what was not taken comes again, or is refused', async () => {
  const days = [at(NOW, 'c'), at(NOW - 4 * DAY, 'a'), at(NOW - 2 * DAY, 'b'), at(NOW, 'd')]
  const withSecond = async (answer: ReturnType<typeof error>) =>
    await send(days, {
      prepare: (fake) => {
        fake.faults.push({ status: 200, body: '{}' }, answer)
      },
    })
  const throttled = await withSecond(error(400, 'ThrottlingException'))
  assert.partialDeepStrictEqual(throttled.result, {
    ok: 'partly',
    retry: [0, 2, 3],
    refused: [],
    code: 'ThrottlingException',
  })
  const denied = await withSecond(error(400, 'AccessDeniedException'))
  assert.partialDeepStrictEqual(denied.result, { ok: 'partly', retry: [0, 2, 3], refused: [] })
  const refused = await withSecond(error(404, 'Whatever'))
  assert.partialDeepStrictEqual(refused.result, { ok: 'partly', retry: [], refused: [{ record: 2 }] })
  assert.equal(refused.fake.stored.length, 2)
  const spoiled = await withSecond(error(400, 'InvalidParameterException'))
  assert.partialDeepStrictEqual(spoiled.result, { ok: 'partly', retry: [2], refused: [] })
  assert.equal(spoiled.fake.stored.length, 2)
  const every = Array.from({ length: 3 }, () => error(400, 'InvalidParameterException'))
  const all = await send(days, { prepare: (fake) => fake.faults.push(...every) })
  assert.partialDeepStrictEqual(all.result, { ok: false, retryable: false, oneMaySpoil: true })
  const large = await withSecond(error(400, 'InvalidParameterException', 'Upload too large'))
  assert.partialDeepStrictEqual(large.result, { ok: 'partly', retry: [0, 2, 3], refused: [] })
})

test('cloudwatch_logs: a broken connection and a slow body', async () => {
  const withFault = async (fault: 'reset' | 'slow_body') =>
    await send(['a'], { prepare: (fake) => fake.faults.push(fault) })
  assert.partialDeepStrictEqual((await withFault('reset')).result, { ok: false, retryable: true })
  assert.deepEqual((await withFault('slow_body')).result, { ok: true })
})

test('cloudwatch_logs: keys that have expired are replaced once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'streamgate-test-cw-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'credentials')
  const before = process.env['AWS_SHARED_CREDENTIALS_FILE']
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file
  t.after(() => {
    if (before === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE']
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = before
  })
  const profile = (id: string) => `[p]\naws_access_key_id=${id}\naws_secret_access_key=secret/+test\n`
  await writeFile(file, profile('OLD'))
  const options = { access_key_id: undefined, secret_access_key: undefined, profile: 'p' }
  const expired = await send(['a'], { options, prepare: (fake) => fake.expired.push('OLD') })
  assert.partialDeepStrictEqual(expired.result, { ok: false, retryable: true, code: 'ExpiredTokenException' })
  assert.equal(expired.fake.requests.length, 2)
  const unknown = await send(['a'], { options })
  assert.partialDeepStrictEqual(unknown.result, { ok: false, retryable: true, code: 'UnrecognizedClientException' })
  const replaced = await send(['a'], {
    options,
    prepare: (fake) => {
      fake.faults.push(error(400, 'ExpiredTokenException'))
      fake.keys.accessKeyId = 'OLD'
    },
  })
  assert.deepEqual(replaced.result, { ok: true })
  const none = await send(['a'], { options: { ...options, profile: 'none' } })
  assert.partialDeepStrictEqual(none.result, { ok: false, retryable: true, code: 'aws_credentials' })
  assert.match(inspect(none.result), /no profile "none"/)
  assert.deepEqual(none.fake.requests, [])
})

test('cloudwatch_logs: a clock that is off and a wrong secret are told, and waited for', async () => {
  const late = await send(['a'], {
    prepare: (fake) => {
      fake.now = () => NOW + HOUR
    },
  })
  assert.partialDeepStrictEqual(late.result, { ok: false, retryable: true, code: 'InvalidSignatureException' })
  const wrong = await send(['a'], { options: { secret_access_key: 'wr0ng' } })
  assert.partialDeepStrictEqual(wrong.result, { ok: false, retryable: true, code: 'InvalidSignatureException' })
})

test('cloudwatch_logs: secrets show nowhere, not even where the service quotes what was signed', async () => {
  const secrets = { secret_access_key: 'wr0ng-key', session_token: 'session-token' }
  const { output, result } = await send(['a'], {
    options: secrets,
    prepare: (fake) => {
      fake.keys.sessionToken = 'session-token'
    },
  })
  assert.partialDeepStrictEqual(result, { ok: false, code: 'InvalidSignatureException' })
  const options = cloudwatchLogs.config.parse({ ...vendor.options(fakeOf('http://x')), ...secrets })
  const shown = [
    inspect(options, { depth: 9 }),
    JSON.stringify(options),
    inspect(output, { depth: 9 }),
    inspect(result),
  ]
  for (const text of shown) assert.ok(!/wr0ng-key|session-token/.test(text), text)
})

test('cloudwatch_logs: the largest batches are taken, by count and by bytes', async () => {
  const most = await send(Array.from({ length: 10_000 }, (_, i) => `line ${i}`))
  assert.deepEqual(most.result, { ok: true })
  assert.deepEqual(most.fake.violations, [])
  const quotes = '"\\\u0001é'.repeat(209_710)
  const largest = await send([quotes.slice(0, -4)])
  const weight = weigh(largest.batch.bytes, 0, largest.batch.bytes.length)
  assert.equal(weight, Buffer.byteLength(quotes.slice(0, -4)) + 26)
  assert.ok(weight <= 1_048_576 && weight > 1_048_500)
  assert.deepEqual(largest.result, { ok: true })
  assert.deepEqual(largest.fake.violations, [])
})

test('cloudwatch_logs: an event weighs what its message has in UTF-8, and 26', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
      const { bytes, ends }: Batch = encodeFor(cloudwatchLogs, vendor.options(fakeOf('http://x')), texts)
      let from = 0
      texts.forEach((text, i) => {
        assert.equal(weigh(bytes, from, ends[i]!), Buffer.byteLength(text) + 26)
        from = ends[i]!
      })
    }),
    { seed: 20260120 },
  )
})

test('cloudwatch_logs: one event too many, or one byte, is told as too large', async () => {
  const many = await send(Array.from({ length: 10_001 }, () => 'a'))
  assert.partialDeepStrictEqual(many.result, { ok: false, retryable: false, tooLarge: true })
  const large = await send(['x'.repeat(1_048_576 - 25)])
  assert.partialDeepStrictEqual(large.result, { ok: false, retryable: false, tooLarge: true })
  const most = await send(['x'.repeat(1_048_576 - 26)])
  assert.deepEqual(most.result, { ok: true })
})

test('cloudwatch_logs: whatever their times, each record ends in one place, and no rule is broken', async () => {
  await using fake = await new CloudwatchLogsFake().listen()
  fake.now = () => NOW
  const options = vendor.options(fake)
  const output = cloudwatchLogs.create(cloudwatchLogs.config.parse(options), outputContext('cw', new ManualClock(NOW)))
  await output.start()
  const offset = fc.oneof(fc.integer({ min: -16 * DAY, max: 4 * HOUR }), fc.constantFrom(0, -DAY, -14 * DAY, 2 * HOUR))
  await fc.assert(
    fc.asyncProperty(
      fc.array(offset, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (offsets, days) => {
        fake.retentionMs = days * DAY
        fake.stored.length = 0
        const records = offsets.map((offset, i) => at(NOW + offset, String(i)))
        const result = await output.send(batchFor(options, records), never)
        const refused = result.ok === 'partly' ? result.refused.map(({ record }) => record) : []
        const stored = fake.stored.map((text) => Number(JSON.parse(text).text))
        assert.deepEqual(
          [...refused, ...stored].sort((a, b) => a - b),
          records.map((_, i) => i),
        )
        assert.deepEqual(fake.violations, [])
        for (const i of refused) {
          const old = offsets[i]! < -Math.min(14, days) * DAY
          assert.ok(old || offsets[i]! > 2 * HOUR)
        }
      },
    ),
    { seed: 20260120, numRuns: 60 },
  )
  await output.stop()
})

test('cloudwatch_logs: names and periods that cannot be are refused', () => {
  const good = { region: 'eu-central-1', group: 'g' }
  const { safeParse } = cloudwatchLogs.config
  assert.equal(safeParse(good).success, true)
  for (const bad of [{ group: 'a b' }, { group: '' }, { stream: 'a:b' }, { stream: '*' }, { retention_days: 2 }]) {
    assert.equal(safeParse({ ...good, ...bad }).success, false, JSON.stringify(bad))
  }
  assert.equal(safeParse({ ...good, access_key_id: 'a' }).success, false)
})

/** A block holds fewer records than a batch may. */
function batchFor(options: Record<string, unknown>, records: string[]): Batch {
  const encode = (some: string[]) => encodeFor(cloudwatchLogs, options, some, { arrivalMs: NOW })
  if (records.length <= 8_000) return encode(records)
  const [first, second] = [encode(records.slice(0, 8_000)), encode(records.slice(8_000))]
  const bytes = Buffer.concat([first.bytes, second.bytes])
  const ends = Int32Array.from([...first.ends, ...second.ends.map((end) => end + first.bytes.length)])
  return { bytes, records: records.length, ends }
}

function fakeOf(url: string): CloudwatchLogsFake {
  return { url } as CloudwatchLogsFake
}
