/** The source against a real nats-server, where one is installed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { FakeSourceContext } from '#test/support/fake-intake.ts'
import { type NatsServer, startNats } from '#test/support/nats.ts'
import { requireService } from '#test/support/services.ts'
import { nats } from './nats.ts'

const timeout = 60_000
const LOGS = { name: 'LOGS', subjects: ['logs.>'] }

async function startSource(
  t: TestContext,
  server: NatsServer,
  options: object = {},
  context = new FakeSourceContext(),
) {
  const source = nats.create(nats.config.parse({ servers: [server.url], stream: 'LOGS', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  return { source, context, intake: context.intake }
}

async function publish(server: NatsServer, ...payloads: (string | Uint8Array)[]): Promise<void> {
  const stream = jetstream(await server.client())
  for (const payload of payloads) await stream.publish('logs.a', payload)
}

async function consumerOf(server: NatsServer, name = 'streamgate') {
  return await (await jetstreamManager(await server.client())).consumers.info('LOGS', name)
}

/** Resolves when the server waits for no acknowledgement. */
async function acknowledged(server: NatsServer, name?: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; ; ) {
    const { num_ack_pending: waiting, num_pending: left } = await consumerOf(server, name)
    if (waiting === 0 && left === 0) return
    assert.ok(Date.now() < deadline, `${waiting} messages are not acknowledged, ${left} not delivered`)
    await new Promise(setImmediate)
  }
}

test('nats: what the stream holds and what comes is taken, in order, and acknowledged', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(LOGS)
  const lines = Array.from({ length: 600 }, (_, i) => `line ${i}`)
  await publish(server, ...lines)
  const { intake, source } = await startSource(t, server)
  await intake.until(() => intake.records().length === 600)
  await publish(server, 'two\nlines', '', 'with return\r', 'last')
  await intake.until(() => intake.records().length === 603)
  assert.deepEqual(intake.records(), [...lines, 'two\nlines', 'with return\r', 'last'])
  assert.ok(intake.entries.length < 300, `${intake.entries.length} entries`)
  await acknowledged(server)
  await source.stop()
  await publish(server, 'later')
  const second = await startSource(t, server)
  await second.intake.until(() => second.intake.entries.length === 1)
  assert.deepEqual(second.intake.records(), ['later'])
})

test('nats: messages that hold lines, of some subjects, from now on', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(LOGS)
  await publish(server, 'before')
  const { intake, context } = await startSource(t, server, {
    payload: 'lines',
    subjects: ['logs.b'],
    deliver: 'new',
    consumer: 'b',
  })
  while ((await consumerOf(server, 'b').catch(() => undefined)) === undefined) assert.deepEqual(context.logged, [])
  const stream = jetstream(await server.client())
  await stream.publish('logs.b', 'one\ntwo\n')
  await stream.publish('logs.a', 'not this')
  await stream.publish('logs.b', 'three')
  await intake.until(() => intake.records().length === 3)
  assert.deepEqual(intake.records(), ['one', 'two', 'three'])
})

test('nats: a full intake stops the pulling, and what waits is not sent again', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(LOGS)
  await publish(server, ...Array.from({ length: 50 }, (_, i) => `line ${i}`))
  const context = new FakeSourceContext()
  context.intake.setRoom(0)
  const { intake } = await startSource(t, server, { ack_wait_ms: 1000, pull_messages_max: 10 }, context)
  while (intake.waiting === 0) await new Promise(setImmediate)
  // Longer than the server waits: it has to be told that they are worked on.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const { num_ack_pending: waiting, num_redelivered: again } = await consumerOf(server)
  assert.deepEqual([waiting, again], [10, 0])
  intake.setRoom(1000)
  await intake.until(() => intake.records().length === 50)
  await acknowledged(server)
  assert.equal(intake.records().length, 50)
})

test('nats: a durable source acknowledges what is safe; what is not comes again', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(LOGS)
  await publish(server, 'a')
  const context = new FakeSourceContext()
  context.durable = true
  const safety = Promise.withResolvers<boolean>()
  context.intake.isSafe = safety.promise
  const { intake } = await startSource(t, server, {}, context)
  await intake.until(() => intake.entries.length === 1)
  assert.equal((await consumerOf(server)).num_ack_pending, 1)
  intake.isSafe = true
  safety.resolve(false)
  await intake.until(() => intake.entries.length === 2)
  assert.deepEqual(intake.records(), ['a', 'a'])
  await acknowledged(server)
})

test('nats: nothing is lost when the server goes, or the stream is late', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  const { intake, context } = await startSource(t, server, { ack_wait_ms: 1000 })
  while (context.logged.length === 0) await new Promise(setImmediate)
  assert.match(context.logged[0]!, /cannot pull/)
  await server.addStream(LOGS)
  await publish(server, 'one')
  await intake.until(() => intake.entries.length === 1)
  await acknowledged(server)
  await server.stop()
  await server.start()
  await publish(server, 'two')
  await intake.until(() => intake.records().includes('two'), 40_000)
  await acknowledged(server)
})

test('nats: a message that no entry can hold is refused, and does not come again', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats('max_payload: 4194304')
  await server.addStream(LOGS)
  await publish(server, 'x'.repeat(3 * 1024 * 1024), 'small')
  const { intake, context } = await startSource(t, server)
  await intake.until(() => intake.entries.length === 1)
  await acknowledged(server)
  assert.deepEqual(intake.records(), ['small'])
  assert.deepEqual(context.reasons(), ['body_too_large'])
})

test('nats: with a user; a wrong password is told without it', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  const client = { user: 'admin', pass: 'pw' }
  await using server = await startNats('authorization { users: [{ user: admin, password: pw }] }', client)
  await server.addStream(LOGS)
  await publish(server, 'a')
  const wrong = await startSource(t, server, { user: 'admin', password: 'secret of nobody' })
  while (wrong.context.logged.length === 0) await new Promise(setImmediate)
  assert.ok(!JSON.stringify(wrong.context.logged).includes('nobody'))
  await wrong.source.stop()
  const { intake } = await startSource(t, server, { user: 'admin', password: 'pw' })
  await intake.until(() => intake.entries.length === 1)
})

test('nats: credentials go one way only, do not print, and their files must be there', async () => {
  const base = { servers: ['nats://127.0.0.1:4222'], stream: 'LOGS' }
  const options = nats.config.parse({ ...base, token: 'hidden' })
  assert.ok(!JSON.stringify(options).includes('hidden'))
  for (const wrong of [
    { user: 'a' },
    { user: 'a', password: 'b', token: 'c' },
    { stream: 'a.b' },
    { servers: ['http://x'] },
    { servers: ['nats://user:pw@x'] },
    { consumer: 'a b' },
    { tls: { cert_file: 'x' } },
  ]) {
    assert.equal(nats.config.safeParse({ ...base, ...wrong }).success, false, JSON.stringify(wrong))
  }
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-nats-'))
  try {
    const missing = nats.create(
      nats.config.parse({ ...base, credentials_file: join(folder, 'none') }),
      new FakeSourceContext(),
    )
    await assert.rejects(missing.start(), { code: 'SG_CONFIG_REFERENCE' })
    writeFileSync(join(folder, 'bad.creds'), 'secret of nobody')
    const context = new FakeSourceContext()
    const bad = nats.create(nats.config.parse({ ...base, credentials_file: join(folder, 'bad.creds') }), context)
    await bad.start()
    while (context.logged.length === 0) await new Promise(setImmediate)
    await bad.stop()
    await bad.stop()
    assert.ok(!JSON.stringify(context.logged).includes('nobody'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
