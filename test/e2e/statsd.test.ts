/** StatsD and DogStatsD from the clients that people use, through the whole program: to a console, to Datadog, to another StatsD. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { StatsD } from 'hot-shots'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { DatadogMetricsFake } from '#test/support/vendors/datadog_metrics.ts'

const require = createRequire(import.meta.url)
const FLUSH_MS = 200

interface Shown {
  name?: string
  message?: string
  kind?: string
  labels?: Record<string, string>
  value?: number
  distribution?: { count: number; sum: number; max: number }
  [more: string]: unknown
}

/** A port that nobody has; somebody may take it until it is used, which has not happened yet. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

interface Started {
  program: Program
  port: number
  shown(): Shown[]
  sum(name: string): number
}

async function started(t: TestContext, outputs: string, pipelines: string, attempts = 5): Promise<Started> {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const port = await freePort()
  const file = join(folder, 'streamgate.yaml')
  writeFileSync(
    file,
    `version: 2
sources:
  - { id: statsd, type: statsd, listen: '127.0.0.1:${port}', tcp: '127.0.0.1:${port}', flush_interval_ms: ${FLUSH_MS} }
pipelines:
${pipelines}
outputs:
${outputs}
`,
  )
  const program = await Program.start('node', { flags: ['--config', file] }).catch((error: Error) => {
    // UDP and TCP want the same port: somebody else may have taken one of them in between.
    if (attempts === 1 || !error.message.includes('EADDRINUSE')) throw error
    return undefined
  })
  if (program === undefined) return await started(t, outputs, pipelines, attempts - 1)
  t.after(() => program[Symbol.asyncDispose]())
  const shown = () => program.lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Shown] : []))
  /** Value of all points of a name together. */
  const sum = (name: string) =>
    shown().reduce((all, point) => all + (point.name === name ? (point.value ?? point.distribution!.count) : 0), 0)
  return { program, port, shown, sum }
}

const CONSOLE = `  - { id: metrics, signal: metrics, sources: [statsd], outputs: [points] }
  - { id: events, sources: [statsd], outputs: [logs] }`

test('hot-shots over UDP and TCP, statsd-client and plain datagrams, to a console', async (t) => {
  const outputs = '  - { id: points, type: console }\n  - { id: logs, type: console }'
  const { program, port, shown, sum } = await started(t, outputs, CONSOLE)
  const errors: unknown[] = []
  const client = { host: '127.0.0.1', port, globalTags: ['env:test'], errorHandler: (e: unknown) => errors.push(e) }
  const udp = new StatsD({ ...client, maxBufferSize: 1432 })
  const tcp = new StatsD({ ...client, protocol: 'tcp', tcpGracefulErrorHandling: true })
  for (const each of [udp, tcp]) {
    for (let i = 0; i < 50; i++) each.increment('shots.hits', 2, ['path:/a'])
    each.timing('shots.took', 320)
    each.distribution('shots.size', 7)
    each.histogram('shots.histogram', 8)
    each.set('shots.users', 'a')
  }
  udp.gauge('shots.load', 1.5)
  udp.gauge('shots.past', 9, { timestamp: new Date(Date.UTC(2026, 0, 1)) } as never)
  udp.event('deployed', 'line one\nline "two"', { alert_type: 'warning', hostname: 'web-1' }, ['service:checkout'])
  udp.check('db.up', udp.CHECKS.CRITICAL, { message: 'timed out' })
  await Promise.all([udp, tcp].map((each) => new Promise((resolve) => each.close(resolve))))
  const SDC = require('statsd-client')
  const other = new SDC({ host: '127.0.0.1', port, prefix: 'sdc' })
  other.increment('hits', 3)
  other.timing('took', 12)
  other.close()
  const nc = connect(port, '127.0.0.1')
  nc.end('plain.hits:5|c\nplain.bad\nplain.hits:1|c|@0.5')
  await program.until(
    () => sum('shots.hits') === 200 && sum('shots.took') === 2 && sum('sdc.hits') === 3 && sum('plain.hits') === 7,
    'all that was sent',
  )
  await program.until(() => shown().some(({ check }) => check === 'db.up'), 'the service check')
  assert.deepEqual(errors, [])
  const point = (name: string) => shown().find((each) => each.name === name)
  assert.deepEqual(point('shots.hits')!.labels, { env: 'test', path: '/a' })
  assert.equal(point('shots.took')!.distribution!.max, 320)
  assert.equal(point('shots.users')!.value, 1)
  assert.equal(point('shots.load')!.value, 1.5)
  assert.equal(point('shots.past')!['timestamp'], '2026-01-01T00:00:00.000Z')
  assert.equal(point('sdc.took')!.kind, 'sketch')
  const event = shown().find(({ title }) => title === 'deployed')!
  assert.equal(event.message, 'line one\nline "two"')
  assert.partialDeepStrictEqual(event, { level: 'warning', host: 'web-1', service: 'checkout' })
  const check = shown().find((each) => each['check'] === 'db.up')!
  assert.partialDeepStrictEqual(check, { status: 'critical', message: 'timed out' })
})

test('to Datadog, and by way of another node that is spoken to in DogStatsD', async (t) => {
  await using fake = await new DatadogMetricsFake().listen()
  const dd = `  - { id: dd, type: datadog_metrics, url: '${fake.url}', api_key: dd-test-key, batch: { max_wait_ms: 50 } }`
  const behind = await started(t, dd, '  - { id: metrics, signal: metrics, sources: [statsd], outputs: [dd] }')
  const on = `  - { id: on, type: statsd, address: '127.0.0.1:${behind.port}', tags: ['via:gateway'] }`
  const front = await started(t, on, '  - { id: metrics, signal: metrics, sources: [statsd], outputs: [on] }')
  const client = new StatsD({ host: '127.0.0.1', port: front.port })
  for (let i = 0; i < 100; i++) {
    client.increment('hits', 1, ['a:b'])
    client.distribution('size', i)
  }
  await new Promise((resolve) => client.close(resolve))
  const hits = () => fake.series.filter(({ metric }) => metric === 'hits')
  const count = () => fake.sketches.reduce((all, { metric, cnt }) => all + (metric === 'size' ? cnt : 0), 0)
  await behind.program.until(
    () => hits().reduce((all, { points }) => all + points[0]![0], 0) === 100 && count() >= 99,
    'all that was sent',
  )
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(hits()[0]!.tags, ['a:b', 'via:gateway'])
  assert.equal(hits()[0]!.type, 'count')
  assert.equal(count(), 100)
})
