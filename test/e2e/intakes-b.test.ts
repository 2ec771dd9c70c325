/**
 * Loki, CloudWatch Logs, Fluent forward and NATS, through the whole program and from the clients that people use: what
 * they send goes through a rule, and arrives; and what was acknowledged survives the power cut.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { FluentClient } from '@fluent-org/logger'
import { decodeMultiStream, encode } from '@msgpack/msgpack'
import { jetstream } from '@nats-io/jetstream'
import fluentLogger from 'fluent-logger'
import { pino } from 'pino'
import { pinoLoki } from 'pino-loki'
import { createLogger } from 'winston'
import LokiTransport from 'winston-loki'
import { startNats } from '#test/support/nats.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { freePort } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'

const SSN = '078-05-1120'
const LOCAL = '127.0.0.1'
const timeout = 120_000
const QUIET = { info() {}, error() {} }

/** A node with these sources, a rule that drops and one that redacts, and a file for an output. */
async function withNode(
  sources: object[],
  use: (node: { program: Program; records(): Record<string, unknown>[]; again(): Promise<Program> }) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder()
  const path = join(folder, 'out.ndjson')
  const processors = [
    { id: 'no_debug', type: 'filter', params: { value: 'DEBUG' } },
    { id: 'ssn', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' } },
  ]
  const ids = sources.map((source) => (source as { id: string }).id)
  const pipelines = [{ id: 'main', sources: ids, processors, outputs: ['out'] }]
  const config = {
    version: 2,
    sources,
    pipelines,
    outputs: [{ id: 'out', type: 'file', path, batch: { max_wait_ms: 5 } }],
  }
  writeFileSync(join(folder, 'node.json'), JSON.stringify(config))
  const options = { flags: ['--config', join(folder, 'node.json')], dataDir: join(folder, 'data') }
  const programs: Program[] = []
  const again = async () => {
    const program = await Program.start('node', options)
    programs.push(program)
    return program
  }
  const records = () => {
    if (!existsSync(path)) return []
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  try {
    await use({ program: await again(), records, again })
  } finally {
    for (const program of programs) await program[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  }
}

/** Port of a source. */
function portOf(program: Program, id: string): number {
  return Number(new URL(program.address(id)).port)
}

const messageOf = (record: Record<string, unknown>) => String(record['message'] ?? record['msg'] ?? record['log'])

test('loggers of Fluentd, in all their modes, with acknowledgements and with a shared key', { timeout }, async () => {
  const key = 'shared secret'
  const sources = [
    { id: 'open', type: 'fluent_forward', listen: `${LOCAL}:0` },
    {
      id: 'keyed',
      type: 'fluent_forward',
      listen: `${LOCAL}:0`,
      shared_key: key,
      users: [{ name: 'ana', password: 'pw' }],
    },
  ]
  await withNode(sources, async ({ program, records }) => {
    const modes = ['Message', 'PackedForward', 'CompressedPackedForward'] as const
    const security = { clientHostname: 'client', sharedKey: key, username: 'ana', password: 'pw' }
    const expected: string[] = []
    for (const source of ['open', 'keyed'] as const) {
      const port = portOf(program, source)
      for (const eventMode of modes) {
        const about = `fluent-logger ${source} ${eventMode}`
        const options = { host: LOCAL, port, eventMode, requireAckResponse: true, timeout: 10, internalLogger: QUIET }
        const sender = fluentLogger.createFluentSender('app', {
          ...options,
          ...(source === 'keyed' ? { security } : {}),
        })
        const emit = (record: object) =>
          new Promise<void>((resolve, reject) =>
            sender.emit('web', record, (error) => (error ? reject(error) : resolve())),
          )
        await Promise.all([emit({ message: `${about} ${SSN}` }), emit({ message: 'DEBUG nobody reads this' })])
        expected.push(`${about} XXX`)
        Reflect.apply(sender.end, sender, [])
      }
      for (const eventMode of ['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'] as const) {
        const about = `@fluent-org/logger ${source} ${eventMode}`
        const security = { clientHostname: 'client', sharedKey: key, authInfo: { username: 'ana', password: 'pw' } }
        const client = new FluentClient('app', {
          socket: { host: LOCAL, port },
          ack: { ackTimeout: 10_000 },
          eventMode,
          ...(source === 'keyed' ? { security: { ...security, username: 'ana', password: 'pw' } } : {}),
        })
        await Promise.all([client.emit('web', { message: `${about} ${SSN}` }), client.emit('web', { log: 'DEBUG' })])
        expected.push(`${about} XXX`)
        await client.shutdown()
      }
    }
    await program.until(() => records().length >= expected.length, 'all events')
    assert.deepEqual(records().map(messageOf).sort(), expected.sort())
    for (const { timestamp, fluent_tag: tag } of records()) {
      assert.equal(tag, 'app.web')
      assert.ok(Math.abs(Date.parse(String(timestamp)) - Date.now()) < 120_000)
    }
  })
})

test('loggers of Loki and the SDK of CloudWatch, on one address', { timeout }, async () => {
  const port = await freePort()
  const listen = `${LOCAL}:${port}`
  const sources = [
    { id: 'loki', type: 'loki', listen },
    {
      id: 'cloudwatch',
      type: 'cloudwatch_logs',
      listen,
      credentials: [{ access_key_id: 'AKID', secret_access_key: 'key' }],
    },
  ]
  await withNode(sources, async ({ program, records }) => {
    for (const json of [true, false]) {
      const transport = new LokiTransport({
        host: `http://${listen}`,
        json,
        batching: false,
        labels: { app: 'winston' },
      })
      const logger = createLogger({ transports: [transport] })
      logger.info(`winston-loki ${json} ${SSN}`)
      logger.info('DEBUG from winston')
      const arrived = () => records().some((record) => messageOf(record).includes(`winston-loki ${json}`))
      await program.until(arrived, 'what winston has logged')
      logger.close()
    }
    const stream = pinoLoki({ host: `http://${listen}`, labels: { app: 'pino' }, batching: { interval: 0.05 } })
    const logger = pino({}, stream)
    logger.warn({ user: 'u1' }, `pino-loki ${SSN}`)
    await program.until(
      () => records().some((record) => messageOf(record).includes('pino-loki')),
      'what pino has logged',
    )
    stream.end()
    const client = new CloudWatchLogsClient({
      endpoint: `http://${listen}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'key' },
    })
    const messages = [`plain ${SSN}`, 'DEBUG', `{"msg":"json ${SSN}","level":"info"}`]
    const logEvents = messages.map((message) => ({ message, timestamp: Date.now() }))
    await client.send(new PutLogEventsCommand({ logGroupName: 'g', logStreamName: 's', logEvents }))
    await program.until(() => records().length >= 5, 'what the SDK has sent')
    client.destroy()
    const all = records()
    assert.equal(all.length, 5)
    assert.ok(!JSON.stringify(all).includes(SSN) && !JSON.stringify(all).includes('DEBUG'))
    assert.deepEqual(
      all.map(({ app, log_group: group }) => app ?? group),
      ['winston', 'winston', 'pino', 'g', 'g'],
    )
    assert.deepEqual([all[3]!['message'], all[4]!['msg'], all[4]!['level']], ['plain XXX', 'json XXX', 'info'])
    assert.match(String(all[2]!['message']), /u1/)
  })
})

/**
 * Sends chunk after chunk, each until it is acknowledged, over as many connections as that takes. Gives what was
 * acknowledged.
 */
async function sendChunks(port: number, acknowledged: Set<number>, until: () => boolean): Promise<void> {
  for (let n = 0; !until(); ) {
    const socket = connect(port, LOCAL)
    socket.on('error', () => undefined)
    try {
      await once(socket, 'connect')
      const answers = decodeMultiStream(socket)
      for (; !until(); n++) {
        socket.write(encode(['t', [[1, { n }]], { chunk: `c${n}` }]))
        const { value, done } = await answers.next()
        if (done === true) break
        assert.deepEqual(value, { ack: `c${n}` })
        acknowledged.add(n)
      }
    } catch {
      // Nobody listens now.
      await sleep(10)
    }
    socket.destroy()
  }
}

test('a durable fluent_forward that is killed loses nothing that it has acknowledged', { timeout }, async () => {
  const port = await freePort()
  const source = { id: 'fluent', type: 'fluent_forward', listen: `${LOCAL}:${port}`, durable: true, overflow: 'block' }
  await withNode([source], async ({ program, records, again }) => {
    const acknowledged = new Set<number>()
    let enough = false
    const sending = sendChunks(port, acknowledged, () => enough)
    let node = program
    for (let kill = 1; kill <= 3; kill++) {
      const before = acknowledged.size
      await node.until(() => acknowledged.size >= before + 20, 'chunks to be acknowledged')
      process.kill(node.pid, 'SIGKILL')
      await node.until(() => node.ended, 'the end').catch(() => undefined)
      node = await again()
    }
    const before = acknowledged.size
    await node.until(() => acknowledged.size >= before + 20, 'chunks to be acknowledged')
    enough = true
    await sending
    const arrived = () => new Set(records().map(({ n }) => n))
    await node.until(() => [...acknowledged].every((n) => arrived().has(n)), 'all that was acknowledged')
  })
})

test('a durable nats source that is killed loses no message', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream({ name: 'LOGS', subjects: ['logs.>'] })
  const source = {
    id: 'bus',
    type: 'nats',
    servers: [server.url],
    stream: 'LOGS',
    durable: true,
    overflow: 'block',
    ack_wait_ms: 1000,
  }
  await withNode([source], async ({ program, records, again }) => {
    const stream = jetstream(await server.client())
    const arrived = () => new Set(records().map(({ n }) => n))
    let node = program
    let published = 0
    const publish = async (count: number) => {
      for (let i = 0; i < count; i++) await stream.publish('logs.a', JSON.stringify({ n: published++, text: SSN }))
    }
    for (let kill = 1; kill <= 3; kill++) {
      await publish(300)
      await node.until(() => arrived().size >= 100 * kill, 'some of it')
      process.kill(node.pid, 'SIGKILL')
      await node.until(() => node.ended, 'the end').catch(() => undefined)
      node = await again()
    }
    await publish(10)
    await node.until(() => arrived().size === published, 'every message')
    assert.ok(records().every(({ text }) => text === 'XXX'))
  })
})
