/**
 * The intakes for agents of Datadog, Splunk and Elasticsearch, through the whole program: real clients send to it,
 * rules work on what they send, and what our own outputs send comes back in as it went out.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import { pino } from 'pino'
import winston from 'winston'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { HttpSink } from '#test/support/sinks.ts'

const require = createRequire(import.meta.url)
const KEY = 'key-of-the-test'
const AGENT = { listen: '127.0.0.1:0', api_keys: [{ name: 'test', key: KEY }] }

type Fields = Record<string, unknown>

/** Hears of all that comes in by one intake, less what rules end, on its standard output. */
async function startIntakes(folder: string, options: Fields = {}): Promise<Program> {
  const types = ['datadog', 'splunk_hec', 'elasticsearch']
  const config = {
    version: 2,
    sources: types.map((type) => ({ id: type, type, ...AGENT, ...(options[type] as Fields | undefined) })),
    pipelines: [
      {
        id: 'all',
        sources: types,
        processors: [
          { id: 'no_debug', type: 'filter', params: { pattern: '.' }, when: { field: 'level', equals: 'debug' } },
          {
            id: 'no_ssn',
            type: 'redact',
            params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
          },
        ],
        outputs: ['console'],
      },
    ],
    outputs: [{ id: 'console', type: 'console', batch: { max_wait_ms: 20 } }],
  }
  const file = join(folder, `intakes-${Object.keys(options).join('-')}.json`)
  writeFileSync(file, JSON.stringify(config))
  return await Program.start('node', { flags: ['--config', file] })
}

const folder = temporaryFolder()
let program: Program
before(async () => {
  program = await startIntakes(folder)
})
after(async () => {
  await program[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** The records with this mark, when there are as many. */
async function records(mark: string, count: number, from = program): Promise<Fields[]> {
  const marked = () => from.lines.filter((line) => line.includes(mark))
  await from.until(() => marked().length >= count, `${count} records with ${mark}`)
  return marked().map((line) => JSON.parse(line) as Fields)
}

function portOf(source: string): number {
  return Number(new URL(program.address(source)).port)
}

test('pino sends to Datadog by its HTTP transport', async () => {
  const transport = pino.transport({
    target: 'pino-http-transport',
    options: {
      url: `http://127.0.0.1:${portOf('datadog')}/api/v2/logs?ddsource=nodejs&service=shop`,
      headers: { 'dd-api-key': KEY },
      batchSize: 3,
      batchInterval: 50,
    },
  })
  const logger = pino({ level: 'debug', formatters: { level: (level) => ({ level }) } }, transport)
  logger.debug('pino-mark debug')
  for (let i = 0; i < 4; i++) logger.info({ order: i }, `pino-mark ssn 123-45-678${i}`)
  const seen = await records('pino-mark', 4)
  transport.end()
  assert.deepEqual(
    seen.map(({ msg, order, service, ddsource }) => ({ msg, order, service, ddsource })),
    [0, 1, 2, 3].map((order) => ({
      msg: 'pino-mark ssn XXX-XX-XXXX',
      order,
      service: 'shop',
      ddsource: 'nodejs',
    })),
  )
})

test('winston sends to Datadog as its documentation has it', async () => {
  const path = `/api/v2/logs?dd-api-key=${KEY}&ddsource=nodejs&service=checkout`
  const transport = new winston.transports.Http({ host: '127.0.0.1', port: portOf('datadog'), path, ssl: false })
  const logger = winston.createLogger({ level: 'debug', transports: [transport] })
  logger.debug('dropped dd-winston')
  logger.info('dd-winston', { ssn: '123-45-6789' })
  logger.warn('dd-winston again', { order: 7 })
  const got = await records('dd-winston', 2)
  assert.deepEqual(
    got.sort((a, b) => String(a['message']).length - String(b['message']).length),
    [
      { ddsource: 'nodejs', service: 'checkout', level: 'info', message: 'dd-winston', ssn: 'XXX-XX-XXXX' },
      { ddsource: 'nodejs', service: 'checkout', level: 'warn', message: 'dd-winston again', order: 7 },
    ],
  )
  logger.close()
})

test('what a Datadog Agent sends is taken, tags and all', async () => {
  const headers = { 'dd-api-key': KEY, 'content-type': 'application/json' }
  const base = program.address('datadog')
  const probe = await fetch(`${base}/api/v2/logs`, { method: 'POST', body: '{}', headers })
  assert.deepEqual([probe.status, await probe.text()], [202, '{}'])
  const entry = {
    ...{ message: 'dd-agent line', status: 'info', timestamp: 1_700_000_000_123, hostname: 'web-1', service: 'nginx' },
    ...{ ddsource: 'nginx', ddtags: 'filename:access.log,env:prod' },
  }
  const body = JSON.stringify([entry, { ...entry, status: 'debug' }])
  const answer = await fetch(`${base}/api/v2/logs`, { method: 'POST', body, headers })
  assert.equal(answer.status, 202)
  const { status, ...rest } = entry
  assert.deepEqual(await records('dd-agent', 1), [{ ...rest, level: status }])
})

test('winston sends to Splunk over its HTTP logger', async () => {
  const SplunkStreamEvent = require('winston-splunk-httplogger') as new (options: object) => winston.transport
  const splunk = { token: KEY, host: '127.0.0.1', port: portOf('splunk_hec'), protocol: 'http', index: 'web' }
  const logger = winston.createLogger({ level: 'debug', transports: [new SplunkStreamEvent({ splunk })] })
  logger.info('hec-winston', { ssn: '123-45-6789' })
  logger.warn('hec-winston again')
  const got = await records('hec-winston', 2)
  for (const { timestamp } of got) assert.ok(Math.abs(Number(timestamp) * 1000 - Date.now()) < 60_000)
  const shared = { index: 'web', source: 'winston', sourcetype: 'winston-splunk-logger' }
  assert.partialDeepStrictEqual(
    got.sort((a, b) => String(a['severity']).localeCompare(String(b['severity']))),
    [
      { ...shared, severity: 'info', message: { msg: 'hec-winston', meta: { ssn: 'XXX-XX-XXXX' } } },
      { ...shared, severity: 'warn', message: { msg: 'hec-winston again' } },
    ],
  )
  logger.close()
})

test("Splunk's own logger sends to the collector", async () => {
  const { Logger } = require('splunk-logging') as { Logger: new (options: object) => SplunkLogger }
  const logger = new Logger({ token: KEY, url: program.address('splunk_hec'), maxBatchCount: 0 })
  for (const n of [1, 2, 3]) {
    logger.send({ message: { message: 'hec-own', n, level: n === 2 ? 'debug' : 'info' }, metadata: { source: 's' } })
  }
  const answer = await new Promise((resolve, reject) =>
    logger.flush((error: unknown, _response: unknown, body: unknown) =>
      error === null || error === undefined ? resolve(body) : reject(error),
    ),
  )
  assert.deepEqual(answer, { text: 'Success', code: 0 })
  assert.equal((await records('hec-own', 3)).length, 3)
})

interface SplunkLogger {
  send(context: object): void
  flush(callback: (error: unknown, response: unknown, body: unknown) => void): void
}

test("Elastic's client is content: it asks, writes in bulk, and writes one", async () => {
  const client = new Client({ node: program.address('elasticsearch'), auth: { apiKey: KEY } })
  const info = await client.info()
  assert.equal(info.tagline, 'You Know, for Search')
  assert.equal(await client.indices.exists({ index: 'es-logs' }), true)
  const documents = Array.from({ length: 500 }, (_, i) => ({
    ...{ '@timestamp': '2026-01-31T08:15:30.000Z', message: `es-bulk ${i} 123-45-6789` },
    ...{ 'log.level': i % 5 === 0 ? 'debug' : 'info', n: i },
  }))
  const dropped: unknown[] = []
  const { total, successful, failed } = await client.helpers.bulk({
    datasource: documents,
    onDocument: () => ({ create: { _index: 'es-logs' } }),
    onDrop: (document) => dropped.push(document),
    flushBytes: 10_000,
  })
  assert.deepEqual([total, successful, failed, dropped], [500, 500, 0, []])
  const written = await client.index({ index: 'es-one', id: '7', document: { message: 'es-one' } })
  assert.deepEqual([written.result, written._index, written._id], ['created', 'es-one', '7'])
  const refused = await client.bulk({
    operations: [{ update: { _index: 'es-logs', _id: '1' } }, { doc: { message: 'es-update' } }],
  })
  assert.deepEqual([refused.errors, refused.items[0]?.update?.status], [true, 400])
  const got = await records('es-bulk', 400)
  assert.deepEqual(
    got.map(({ n }) => n).sort((a, b) => Number(a) - Number(b)),
    documents.filter((_, i) => i % 5 !== 0).map(({ n }) => n),
  )
  assert.ok(
    got.every((record) => record['es_index'] === 'es-logs' && String(record['message']).endsWith('XXX-XX-XXXX')),
  )
  assert.deepEqual(await records('es-one', 1), [{ es_index: 'es-one', message: 'es-one' }])
  await client.close()
})

const HEC = { index: 'web', metadata_from_records: true }
const SENT = [
  {
    message: 'round-trip 1',
    level: 'info',
    service: 'checkout',
    host: 'web-1',
    sourcetype: 'app',
    n: { a: [1, '"\\\n☃'] },
  },
  { '@timestamp': '2026-01-31T08:15:30.123Z', msg: 'round-trip 2', trace_id: 'abc', level: 'error' },
  'round-trip 3: a line "of text"',
]

test('what our own outputs send comes in as it went out', async () => {
  await using receiver = await startIntakes(folder, { splunk_hec: { acknowledgements: true } })
  const outputs = [
    { id: 'datadog', type: 'datadog', api_key: KEY, source: 'nodejs', tags: ['env:prod'] },
    { id: 'splunk_hec', type: 'splunk_hec', token: KEY, acknowledgements: true, ack_poll_ms: 20, ...HEC },
    { id: 'elasticsearch', type: 'elasticsearch', api_key: KEY, data_stream: 'logs-test-default' },
  ].map((output) => ({ ...output, url: receiver.address(output.id), batch: { max_wait_ms: 20 } }))
  const config = {
    version: 2,
    sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
    pipelines: [{ id: 'all', sources: ['tcp'], outputs: outputs.map(({ id }) => id) }],
    outputs,
  }
  writeFileSync(join(folder, 'sender.json'), JSON.stringify(config))
  await using sender = await Program.start('node', { flags: ['--config', join(folder, 'sender.json')] })
  await sender.sendTcp(SENT.map((each) => `${typeof each === 'string' ? each : JSON.stringify(each)}\n`).join(''))
  const got = await records('round-trip', 9, receiver)
  const from = {
    datadog: got.filter((record) => record['ddsource'] === 'nodejs' && record['ddtags'] === 'env:prod'),
    splunk: got.filter((record) => record['index'] === 'web'),
    elasticsearch: got.filter((record) => record['es_index'] === 'logs-test-default'),
  }
  for (const [name, records] of Object.entries(from)) {
    assert.equal(records.length, 3, name)
    SENT.forEach((sent, i) => {
      const expected = typeof sent === 'string' ? { message: sent } : sent
      assert.partialDeepStrictEqual(records[i], expected, name)
    })
  }
  const stats = async () =>
    (await (await fetch(sender.address('metrics').replace('/metrics', '/stats'))).json()) as {
      outputs: { id: string; delivered: { records: number }; last_error: unknown }[]
    }
  const isDelivered = async () => (await stats()).outputs.every(({ delivered }) => delivered.records === 3)
  await sender.until(isDelivered, 'all to be delivered, and acknowledged')
  for (const { id, last_error } of (await stats()).outputs) assert.equal(last_error, null, id)
})

const CHANNEL = '0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba'
const REQUESTS = 20

/**
 * Sends it all and hears yes to it: from Splunk's collector, that it is acknowledged. Returns what must not be lost.
 */
async function sendAndHearYes(node: Program): Promise<string[]> {
  const post = async (path: string, body: string, status: number) => {
    const headers = { 'content-type': 'application/json', 'x-splunk-request-channel': CHANNEL }
    const answer = await fetch(path, { method: 'POST', body, headers })
    assert.equal(answer.status, status)
    return (await answer.json()) as { ackId: number; acks: Record<string, boolean> }
  }
  const sent: string[] = []
  const named = (name: string) => {
    sent.push(name)
    return `"message":"<${name}>"`
  }
  const hec = `${node.address('splunk_hec')}/services/collector`
  const unacknowledged = new Set<number>()
  for (let i = 0; i < REQUESTS; i++) {
    await post(`${node.address('datadog')}/api/v2/logs`, `[{${named(`dd-${i}`)}},{"message":"DEBUG"}]`, 202)
    const action = '{"create":{}}'
    await post(`${node.address('elasticsearch')}/logs/_bulk`, `${action}\n{${named(`es-${i}`)}}\n`, 200)
    unacknowledged.add((await post(`${hec}/event`, `{"event":{${named(`hec-${i}`)}}}`, 200)).ackId)
  }
  await node.until(async () => {
    const { acks } = await post(`${hec}/ack`, JSON.stringify({ acks: [...unacknowledged] }), 200)
    for (const [id, isSafe] of Object.entries(acks)) if (isSafe) unacknowledged.delete(Number(id))
    return unacknowledged.size === 0
  }, 'acknowledgements')
  return sent
}

test('what durable intakes have said yes to survives kill -9', async () => {
  const dataDir = join(folder, 'durable')
  await using vendor = await HttpSink.start()
  const durable = { listen: '127.0.0.1:0', durable: true }
  const config = {
    version: 2,
    sources: [
      { id: 'datadog', type: 'datadog', ...durable },
      { id: 'splunk_hec', type: 'splunk_hec', acknowledgements: true, ...durable },
      { id: 'elasticsearch', type: 'elasticsearch', ...durable },
    ],
    pipelines: [
      {
        id: 'all',
        sources: ['datadog', 'splunk_hec', 'elasticsearch'],
        processors: [{ id: 'no_debug', type: 'filter', params: { value: 'DEBUG' } }],
        outputs: ['vendor'],
      },
    ],
    outputs: [
      { id: 'vendor', type: 'http', url: vendor.url, batch: { max_wait_ms: 10 }, retry: { base_ms: 20, cap_ms: 50 } },
    ],
  }
  writeFileSync(join(folder, 'durable.json'), JSON.stringify(config))
  const flags = ['--config', join(folder, 'durable.json')]
  for (let i = 0; i < 10_000; i++) vendor.answers.push({ status: 503 })
  let sent: string[]
  {
    await using first = await Program.start('node', { flags, dataDir })
    sent = await sendAndHearYes(first)
    await first.stop('SIGKILL')
  }
  assert.equal(sent.length, 3 * REQUESTS)
  vendor.answers.length = 0
  vendor.requests.length = 0
  await using second = await Program.start('node', { flags, dataDir })
  const arrived = () => vendor.requests.map(({ body }) => body).join('')
  await second.until(() => sent.every((name) => arrived().includes(`<${name}>`)), 'all that was promised')
  assert.ok(!arrived().includes('DEBUG'))
})
