import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { NatsFake, type NatsFault } from '#test/support/vendors/nats.ts'
import { nats } from './nats.ts'

const never = new AbortController().signal

/** Sends `records` as often as `times` says, each time the same batch. */
async function send(
  records: readonly (string | Bytes)[],
  options: Record<string, unknown> = {},
  faults: NatsFault[] = [],
  times = 1,
) {
  await using fake = await new NatsFake().listen()
  fake.faults.push(...faults)
  const all = { servers: [fake.url], subject: 'logs.{service}', ...options }
  const output = nats.create(nats.config.parse(all), outputContext())
  await output.start()
  const results: SendResult[] = []
  const batch = encodeFor(nats, all, records)
  for (let i = 0; i < times; i++) results.push(await output.send(batch, never))
  await output.stop()
  return { fake, result: results.at(-1)!, results, output }
}

test('nats: a record is a message, its subject made from it, and its id its own', async () => {
  const records = ['{"service":"check.out *","level":"WARN"}', 'text', 'text']
  const { fake, result } = await send(records, { subject: 'logs.{service}.{level}' })
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.subjects, ['logs.check_out__.warn', 'logs.unknown.unknown', 'logs.unknown.unknown'])
  assert.deepEqual(fake.stored, [records[0], '{"message":"text"}', '{"message":"text"}'])
  assert.equal(new Set(fake.ids).size, 3)
  assert.ok(fake.ids.every((id) => /^[0-9a-f]{28}$/.test(id)))
  const text = await send(['as it came', ''], { format: 'text' })
  assert.deepEqual(text.fake.stored, ['as it came', ''])
})

test('nats: the stream drops what is sent again, on one connection', async () => {
  const { fake, results } = await send(['a', 'b'], { format: 'text' }, [], 3)
  assert.deepEqual(results, [{ ok: true }, { ok: true }, { ok: true }])
  assert.deepEqual(fake.stored, ['a', 'b'])
  assert.equal(fake.connections, 1)
})

test('nats: each record has a result of its own', async () => {
  const stored = { status: 503, code: 10077, description: 'maximum messages exceeded' }
  const large = { status: 400, code: 10054, description: 'message size exceeds maximum allowed' }
  const some = await send(['{"service":"a"}', 'b', 'c'], {}, ['no_responders', large])
  assert.partialDeepStrictEqual(some.result, { ok: 'partly', retry: [0], code: 'no_stream' })
  assert.match((some.result as { message: string }).message, /no stream takes the subject logs\.a/)
  assert.partialDeepStrictEqual((some.result as { refused: unknown[] }).refused, [
    { record: 1, code: 'jetstream_10054' },
  ])
  assert.equal(some.fake.stored.length, 1)
  const cases: [NatsFault, Record<string, unknown>][] = [
    [stored, { retryable: true, code: 'jetstream_10077' }],
    [large, { retryable: false, code: 'jetstream_10054' }],
    [{ status: 400, code: 10060, description: 'expected stream does not match' }, { retryable: false }],
    [{ status: 503, code: 10008, description: 'JetStream system temporarily unavailable' }, { retryable: true }],
    ['no_responders', { retryable: true, code: 'no_stream' }],
    ['stranger', { retryable: true, code: 'no_ack' }],
  ]
  for (const [fault, expected] of cases) {
    assert.partialDeepStrictEqual((await send(['a'], {}, [fault])).result, { ok: false, ...expected })
  }
})

test('nats: a connection that breaks says so at once, and the retry makes no second message', async () => {
  for (const fault of ['reset', 'reset_after'] as const) {
    const { fake, results } = await send(['a', 'b', 'c'], { format: 'text', publishes_max: 1 }, [fault], 2)
    assert.partialDeepStrictEqual(results[0], { ok: false, retryable: true, code: 'connection' })
    assert.deepEqual(results[1], { ok: true })
    assert.deepEqual(fake.stored, ['a', 'b', 'c'])
    assert.equal(fake.connections, 2)
  }
})

test('nats: one silent message does not hold the others, and a silent server is left', async () => {
  const options = { format: 'text', timeout_ms: 100 }
  const one = await send(['a', 'b', 'c'], options, ['hang'], 2)
  assert.partialDeepStrictEqual(one.results[0], { ok: 'partly', retry: [0], refused: [], code: 'timeout' })
  assert.deepEqual([one.fake.stored.sort(), one.fake.connections], [['a', 'b', 'c'], 1])
  const all = await send(['a', 'b'], options, ['hang', 'hang'], 2)
  assert.partialDeepStrictEqual(all.results[0], { ok: false, retryable: true, code: 'timeout' })
  assert.deepEqual([all.results[1], all.fake.connections], [{ ok: true }, 2])
})

test('nats: what the user may not publish waits, and is tried on a new connection', async () => {
  const one = await send(['{"service":"a"}', '{"service":"b"}'], { publishes_max: 1 }, ['forbidden'], 1)
  assert.partialDeepStrictEqual(one.result, { ok: 'partly', retry: [0], refused: [], code: 'permission' })
  const all = await send(['a'], {}, ['forbidden'], 2)
  assert.partialDeepStrictEqual(all.results[0], { ok: false, retryable: true, code: 'permission' })
  assert.deepEqual([all.results[1], all.fake.connections], [{ ok: true }, 2])
})

test('nats: no more messages wait than may', { timeout: 20_000 }, async () => {
  await using fake = await new NatsFake().listen()
  fake.held = []
  const all = { servers: [fake.url], publishes_max: 3 }
  const output = nats.create(nats.config.parse(all), outputContext())
  await output.start()
  const sending = output.send(encodeFor(nats, all, Array(10).fill('x')), never)
  while (fake.waitingMax < 3) await new Promise(setImmediate)
  fake.release()
  assert.deepEqual(await sending, { ok: true })
  assert.equal(fake.waitingMax, 3)
  await output.stop()
})

test('nats: a stop while sending settles the send', async () => {
  await using fake = await new NatsFake().listen()
  fake.faults.push('hang')
  const all = { servers: [fake.url] }
  const output = nats.create(nats.config.parse(all), outputContext())
  await output.start()
  const abort = new AbortController()
  const sending = output.send(encodeFor(nats, all, ['a', 'b']), abort.signal)
  while (fake.stored.length < 1) await new Promise(setImmediate)
  abort.abort()
  const result = await sending
  assert.partialDeepStrictEqual(result, { code: 'aborted' })
  assert.ok(result.ok !== true && (result.ok === 'partly' ? result.retry.includes(0) : result.retryable))
  await output.stop()
})

test('nats: a message above what the server takes is refused, one at the border is not', async () => {
  const room = 1024 * 1024 - 1024
  const { result, fake } = await send(['x'.repeat(room), 'x'.repeat(1024 * 1024)], { format: 'text' })
  assert.partialDeepStrictEqual(result, {
    ok: 'partly',
    retry: [],
    refused: [{ record: 1, code: 'message_too_large' }],
  })
  assert.deepEqual([fake.stored.length, fake.violations], [1, []])
  const options = nats.config.parse({ servers: ['nats://a'], message_bytes_max: 2048 })
  assert.deepEqual(nats.limits?.(options), { recordBytes: 1536 })
  const { bytes, ends } = encodeFor(nats, { servers: ['nats://a'], format: 'text' }, ['12345'])
  assert.equal(nats.weigh?.(bytes, 0, ends[0]!), 5)
})

test('nats: nobody there is a reason to try again', async () => {
  const all = { servers: ['nats://127.0.0.1:1', 'nats://127.0.0.1:2'], connect_timeout_ms: 2000 }
  const output = nats.create(nats.config.parse(all), outputContext())
  await output.start()
  const result = await output.send(encodeFor(nats, all, ['a']), never)
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'connection' })
  await output.stop()
})

test('nats: secrets show nowhere, also where they cannot be read', async () => {
  const servers = ['nats://127.0.0.1:1']
  for (const secrets of [{ user: 'u', password: 's3cret' }, { token: 's3cret' }, { nkey_seed: 's3cret' }]) {
    const options = nats.config.parse({ servers, ...secrets })
    const output = nats.create(options, outputContext())
    await output.start()
    const result = await output.send(encodeFor(nats, { servers, ...secrets }, ['a']), never)
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'connection' })
    const shown = [
      inspect(options, { depth: 9 }),
      JSON.stringify(options),
      inspect(output, { depth: 9 }),
      inspect(result),
    ]
    for (const text of shown) assert.ok(!text.includes('s3cret'), text)
    await output.stop()
  }
})

test('nats: configurations that cannot work are refused', async () => {
  const good = { servers: ['nats://localhost:4222', 'tls://n2.example'] }
  assert.ok(nats.config.safeParse(good).success)
  for (const bad of [
    { servers: [] },
    { servers: ['nats://user:pass@host'] },
    { servers: ['http://host'] },
    { subject: 'logs.>' },
    { subject: 'logs..{service}' },
    { subject: '' },
    { subject: 'a b' },
    { user: 'u' },
    { user: 'u', password: 'p', token: 't' },
    { stream: 'a.b' },
    { missing: '*' },
    { token: 'two\nlines' },
  ]) {
    assert.equal(nats.config.safeParse({ ...good, ...bad }).success, false, JSON.stringify(bad))
  }
  const output = nats.create(nats.config.parse({ ...good, credentials_file: '/nonexistent/x.creds' }), outputContext())
  await assert.rejects(output.start(), /\/nonexistent\/x\.creds cannot be read/)
})
