import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { cloudwatchPut } from '#codecs/cloudwatch_put/cloudwatch_put.ts'
import { ManualClock } from '#std/clock.ts'
import { decodeEntry } from '#test/support/decoding.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { cloudwatchLogs } from './cloudwatch_logs.ts'

const HOUR_MS = 3_600_000
const WHERE = { logGroupName: '/app/web', logStreamName: 'host-1' }
const AROUND = { log_group: '/app/web', log_stream: 'host-1' }

async function startSource(t: TestContext, options: object = {}, context = new FakeSourceContext()) {
  const source = cloudwatchLogs.create(cloudwatchLogs.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  const client = (secretAccessKey = 'secret', accessKeyId = 'AKIDEXAMPLE') => {
    const made = new CloudWatchLogsClient({
      endpoint: source.address(),
      region: 'eu-central-1',
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    })
    t.after(() => made.destroy())
    return made
  }
  const call = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const target = { 'x-amz-target': 'Logs_20140328.PutLogEvents', 'content-type': 'application/x-amz-json-1.1' }
    const response = await fetch(source.address(), {
      method: 'POST',
      body: body as string,
      headers: { ...target, ...headers },
    })
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
  }
  return { source, context, intake: context.intake, client, call }
}

function recordsOf(intake: FakeIntake): unknown[] {
  return intake.entries.flatMap(({ framing, bytes }) => {
    assert.equal(framing, 'cloudwatch_put')
    const { records, malformed } = decodeEntry(cloudwatchPut, bytes)
    assert.equal(malformed, 0)
    return records.map((record) => JSON.parse(record))
  })
}

test("the SDK's calls of an agent that starts and sends are answered", async (t) => {
  const { client, intake } = await startSource(t)
  const logs = client()
  await logs.send(new CreateLogGroupCommand({ logGroupName: WHERE.logGroupName }))
  await logs.send(new PutRetentionPolicyCommand({ logGroupName: WHERE.logGroupName, retentionInDays: 7 }))
  await logs.send(new CreateLogStreamCommand(WHERE))
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/app/web' }))
  assert.equal(logGroups![0]!.logGroupName, '/app/web')
  const { logStreams } = await logs.send(
    new DescribeLogStreamsCommand({ logGroupName: '/app/web', logStreamNamePrefix: 'host-1' }),
  )
  assert.equal(logStreams![0]!.logStreamName, 'host-1')
  const now = Date.now()
  const logEvents = ['one', '{"level":"warn","msg":"two"}', 'drei ü "3"\n'].map((message, i) => ({
    timestamp: now + i,
    message,
  }))
  const answer = await logs.send(new PutLogEventsCommand({ ...WHERE, logEvents }))
  assert.equal(answer.rejectedLogEventsInfo, undefined)
  assert.deepEqual(recordsOf(intake), [
    { message: 'one', timestamp: now, ...AROUND },
    { level: 'warn', msg: 'two', timestamp: now + 1, ...AROUND },
    { message: 'drei ü "3"\n', timestamp: now + 2, ...AROUND },
  ])
  await assert.rejects(logs.send(new GetLogEventsCommand(WHERE)), { name: 'UnknownOperationException' })
})

test('events that are too old or too new are left out and told', async (t) => {
  const clock = new ManualClock()
  const { client, intake, context } = await startSource(t, {}, new FakeSourceContext(new FakeIntake(), clock))
  clock.advance(1000 * 24 * HOUR_MS)
  const now = clock.wall()
  const times = [now - 15 * 24 * HOUR_MS, now - 14 * 24 * HOUR_MS, now - 14 * 24 * HOUR_MS + HOUR_MS]
  const put = (list: number[]) =>
    client().send(
      new PutLogEventsCommand({
        ...WHERE,
        logEvents: list.map((timestamp) => ({ timestamp, message: `at ${timestamp}` })),
      }),
    )
  const old = await put(times)
  assert.deepEqual(old.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 })
  const fresh = await put([now - 1, now + 2 * HOUR_MS, now + 2 * HOUR_MS + 1, now + 30 * HOUR_MS])
  assert.deepEqual(fresh.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 2 })
  const none = await put([now - 20 * 24 * HOUR_MS, now + 3 * HOUR_MS])
  assert.deepEqual(none.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 1 })
  const taken = [...times.slice(1), now - 1, now + 2 * HOUR_MS]
  assert.deepEqual(
    recordsOf(intake),
    taken.map((timestamp) => ({ message: `at ${timestamp}`, timestamp, ...AROUND })),
  )
  assert.deepEqual(
    context.rejected.map(({ records }) => records),
    [1, 2, 2],
  )
})

test('what AWS refuses is refused as AWS does it', async (t) => {
  const { call, intake, context } = await startSource(t)
  const now = Date.now()
  const event = { timestamp: now, message: 'm' }
  const put = (over: object) => JSON.stringify({ ...WHERE, logEvents: [event], ...over })
  const many = (count: number, message: string) => Array.from({ length: count }, () => ({ timestamp: now, message }))
  const cases: [string, string, RegExp][] = [
    ['{', 'SerializationException', /JSON/],
    ['[]', 'SerializationException', /JSON/],
    [put({ logGroupName: undefined }), 'InvalidParameterException', /logGroupName/],
    [put({ logGroupName: 'a b' }), 'InvalidParameterException', /logGroupName/],
    [put({ logGroupName: 5 }), 'InvalidParameterException', /logGroupName/],
    [put({ logStreamName: 'a:b' }), 'InvalidParameterException', /logStreamName/],
    [put({ logEvents: undefined }), 'InvalidParameterException', /logEvents/],
    [put({ logEvents: 'x' }), 'InvalidParameterException', /logEvents/],
    [put({ logEvents: [] }), 'InvalidParameterException', /logEvents/],
    [put({ logEvents: [5] }), 'InvalidParameterException', /timestamp/],
    [put({ logEvents: [{ message: 'm' }] }), 'InvalidParameterException', /timestamp/],
    [put({ logEvents: [{ ...event, timestamp: -1 }] }), 'InvalidParameterException', /timestamp/],
    [put({ logEvents: [{ ...event, timestamp: 1.5 }] }), 'InvalidParameterException', /timestamp/],
    [put({ logEvents: [event, { timestamp: now }] }), 'InvalidParameterException', /logEvents\.2/],
    [put({ logEvents: [{ ...event, message: '' }] }), 'InvalidParameterException', /message/],
    [put({ logEvents: [event, { ...event, timestamp: now - 1 }] }), 'InvalidParameterException', /chronological/],
    [put({ logEvents: [{ ...event, timestamp: now - 25 * HOUR_MS }, event] }), 'InvalidParameterException', /24 hours/],
    [put({ logEvents: many(10_001, 'm') }), 'InvalidParameterException', /10000/],
    [put({ logEvents: many(2, 'x'.repeat(524_288)) }), 'InvalidParameterException', /Upload too large/],
  ]
  for (const [body, type, message] of cases) {
    const { status, answer } = await call(body)
    assert.deepEqual([status, answer['__type']], [400, type], body.slice(0, 100))
    assert.match(String(answer['message']), message)
  }
  assert.equal(context.rejected.length, cases.length)
  assert.equal(intake.entries.length, 0)
  assert.equal(
    (await call('{}', { 'x-amz-target': 'Logs_20140328.constructor' })).answer['__type'],
    'UnknownOperationException',
  )
  assert.equal((await call('{}', { 'x-amz-target': 'DynamoDB.Put' })).answer['__type'], 'UnknownOperationException')
  assert.equal(
    (await call('{', { 'x-amz-target': 'Logs_20140328.CreateLogGroup' })).answer['__type'],
    'SerializationException',
  )
  assert.equal((await call(put({ logEvents: many(10_000, 'm'.repeat(78)) }))).status, 200)
})

test('a batch whose messages are escaped to more than an entry holds is cut; compressed ones are taken', async (t) => {
  const { call, intake } = await startSource(t, {}, new FakeSourceContext(new FakeIntake(1000)))
  const logEvents = Array.from({ length: 20 }, (_, i) => ({
    timestamp: Date.now(),
    message: `${i}${'\u0001'.repeat(50)}`,
  }))
  const body = gzipSync(JSON.stringify({ ...WHERE, logEvents }, null, 1))
  assert.equal((await call(body, { 'content-encoding': 'gzip' })).status, 200)
  assert.ok(intake.entries.length > 5)
  assert.equal(intake.oversized, 0)
  assert.deepEqual(
    recordsOf(intake),
    logEvents.map((event) => ({ ...event, ...AROUND })),
  )
  const large = [{ timestamp: Date.now(), message: 'x'.repeat(1000) }]
  assert.match(
    String((await call(JSON.stringify({ ...WHERE, logEvents: large }))).answer['message']),
    /larger than the intake/,
  )
})

test('with credentials, who signs with one is let in, compressed or not; others are refused as AWS does it', async (t) => {
  const clock = new ManualClock()
  clock.advance(Date.now() - clock.wall())
  const credentials = [{ access_key_id: 'AKIDEXAMPLE', secret_access_key: 'secret' }]
  const { client, call, context, intake } = await startSource(
    t,
    { credentials },
    new FakeSourceContext(new FakeIntake(), clock),
  )
  const command = () => new PutLogEventsCommand({ ...WHERE, logEvents: [{ timestamp: clock.wall(), message: 'm' }] })
  await client().send(command())
  const compressing = client()
  compressing.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string | Uint8Array; headers: Record<string, string> }
      request.body = gzipSync(request.body)
      request.headers['content-encoding'] = 'gzip'
      request.headers['content-length'] = String(request.body.length)
      return next(args)
    },
    { step: 'build', priority: 'low' },
  )
  await compressing.send(command())
  assert.equal(intake.entries.length, 2)
  await assert.rejects(client('wrong').send(command()), { name: 'InvalidSignatureException' })
  await assert.rejects(client('secret', 'AKIDOTHER').send(command()), { name: 'UnrecognizedClientException' })
  const unsigned = await call('{}')
  assert.equal(unsigned.answer['__type'], 'MissingAuthenticationTokenException')
  const half = await call('{}', { authorization: 'AWS4-HMAC-SHA256 Credential=x' })
  assert.equal(half.answer['__type'], 'IncompleteSignatureException')
  clock.advance(300_000 + 5000)
  await assert.rejects(client().send(command()), { name: 'InvalidSignatureException', message: /expired/ })
  assert.deepEqual(new Set(context.reasons()), new Set(['unauthorized']))
  assert.equal(intake.entries.length, 2)
})

test('a key that has sent enough waits; without room the SDK is told to come again', async (t) => {
  const context = new FakeSourceContext()
  context.durable = true
  const options = { durable_timeout_ms: 20, api_keys: [{ name: 'a', key: 'AKIDEXAMPLE', records_per_second: 0.001 }] }
  const { client, intake } = await startSource(t, options, context)
  const command = () => new PutLogEventsCommand({ ...WHERE, logEvents: [{ timestamp: Date.now(), message: 'm' }] })
  intake.setRoom(0)
  await assert.rejects(client().send(command()), { name: 'ServiceUnavailableException' })
  intake.setRoom(10)
  await client().send(command())
  await assert.rejects(client().send(command()), { name: 'ThrottlingException' })
  await assert.rejects(client('secret', 'OTHER').send(command()), { name: 'UnrecognizedClientException' })
})
