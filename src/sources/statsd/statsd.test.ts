import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect as connectSecurely } from 'node:tls'
import fc from 'fast-check'
import { ManualClock } from '#std/clock.ts'
import { authority, clientCertificate, clientKey } from '#test/support/certificates.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { pointsIn, type ReadPoint } from '#test/support/metric-entries.ts'
import { tlsFiles } from '#test/support/tls-files.ts'
import { Lines } from './lines.ts'
import { statsd } from './statsd.ts'

const SEED = 20_261_121
const T0 = Date.UTC(2026, 0, 1)

class Bench {
  readonly clock = new ManualClock(T0)
  readonly intake = new FakeIntake()
  readonly context: FakeSourceContext
  readonly lines: Lines

  constructor(options: object = {}) {
    this.context = new FakeSourceContext(this.intake, this.clock)
    this.lines = new Lines(statsd.config.parse({ flush_interval_ms: 1000, ...options }), this.context)
    this.lines.start()
  }

  send(...lines: string[]): void {
    const bytes = Buffer.from(lines.join('\n'))
    this.lines.put({ origin: 0, framing: 'lines' }, null, bytes, 0, bytes.length)
  }

  /** The points of one more interval. */
  async flush(): Promise<ReadPoint[]> {
    this.intake.entries.length = 0
    this.clock.advance(1000)
    await this.settled()
    return pointsIn(this.intake.entries)
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  }
}

const shown = (points: ReadPoint[]) =>
  points.map(({ kind, labels, value }) => {
    const { __name__: name, ...tags } = labels
    const tail = Object.entries(tags).map(([key, text]) => `${key}=${text}`)
    return `${kind} ${[name, ...tail].join(' ')} ${value}`
  })

test('counters add up, divided by their rate, and begin anew at each flush', async () => {
  const bench = new Bench()
  bench.send('hits:1|c', 'hits:2|c|@0.5', 'hits:1:2:3|c', 'falls:-1|c', 'meter:4|m')
  const points = await bench.flush()
  assert.deepEqual(shown(points), ['sum hits 11', 'sum falls -1', 'sum meter 4'])
  assert.deepEqual([bench.context.lines, bench.context.series], [5, 3])
  const { temporality, monotonic, timeMs, startMs, intervalMs } = points[0]!
  assert.deepEqual(
    { temporality, monotonic, timeMs, startMs, intervalMs },
    { temporality: 'delta', monotonic: true, timeMs: T0 + 1000, startMs: T0, intervalMs: 1000 },
  )
  assert.equal(points[1]!.monotonic, undefined)
  assert.deepEqual(await bench.flush(), [])
  bench.send('hits:5|c')
  assert.deepEqual(shown(await bench.flush()), ['sum hits 5'])
})

test('a gauge keeps its value, takes what is added to it, and ends when nobody has sent it for long', async () => {
  const bench = new Bench({ gauge_expiry_ms: 3000 })
  bench.send('temp:20|g', 'temp:+3|g', 'temp:-1|g', 'low:-5|g')
  assert.deepEqual(shown(await bench.flush()), ['gauge temp 22', 'gauge low -5'])
  bench.send('low:inf|g')
  assert.deepEqual(shown(await bench.flush()), ['gauge temp 22', 'gauge low Infinity'])
  assert.deepEqual(shown(await bench.flush()), ['gauge temp 22', 'gauge low Infinity'])
  assert.deepEqual(shown(await bench.flush()), ['gauge low Infinity'])
  assert.deepEqual(shown(await bench.flush()), [])
  bench.send('temp:+1|g')
  assert.deepEqual(shown(await bench.flush()), ['gauge temp 1'])
})

test('signs of gauges are taken as the Agent takes them where that is asked for', async () => {
  const bench = new Bench({ signed_gauges: 'value' })
  bench.send('g:5|g', 'g:-3|g', 'h:+2|g')
  assert.deepEqual(shown(await bench.flush()), ['gauge g -3', 'gauge h 2'])
})

test('timers, histograms and distributions are sketches, with quantiles beside them where asked for', async () => {
  const bench = new Bench({ percentiles: [0.5, 0.99] })
  bench.send('t:1:2:3|ms|#a:b', 't:100|ms|@0.1|#a:b', 'h:5|h', 'd:7|d')
  const points = await bench.flush()
  const timer = points[0]!
  assert.deepEqual([timer.kind, timer.temporality, timer.unit, timer.intervalMs], ['sketch', 'delta', 'ms', 1000])
  assert.deepEqual([timer.sketch!.count, timer.sketch!.sum, timer.sketch!.max], [13, 1006, 100])
  const quantiles = points.filter(({ labels }) => labels['__name__']!.startsWith('t.'))
  assert.deepEqual(
    quantiles.map(({ labels }) => labels),
    ['t.p50', 't.p99'].map((name) => ({ __name__: name, a: 'b' })),
  )
  assert.ok(Math.abs(quantiles[1]!.value! - 100) < 1)
  assert.deepEqual(
    points.filter(({ kind }) => kind === 'sketch').map(({ labels }) => labels['__name__']),
    ['t', 'h', 'd'],
  )
  assert.deepEqual(await bench.flush(), [])
})

test('rates that are no part of a whole weigh right on the average', async () => {
  const bench = new Bench()
  for (let i = 0; i < 300; i++) bench.send('t:1|ms|@0.3')
  assert.equal((await bench.flush())[0]!.sketch!.count, 1000)
})

test('timers as histograms and as summaries', async () => {
  const histogram = new Bench({ timers_as: 'histogram', histogram_bounds: [1, 10] })
  histogram.send('t:0.5:1:5:50|ms', 't:10|ms|@0.5')
  assert.deepEqual((await histogram.flush())[0]!.histogram, { count: 6, sum: 76.5, counts: [2, 3, 1], bounds: [1, 10] })
  const summary = new Bench({ timers_as: 'summary', percentiles: [0.5] })
  summary.send('t:1:2:3|ms')
  const [point] = await summary.flush()
  assert.equal(point!.kind, 'summary')
  assert.deepEqual([point!.summary!.count, point!.summary!.sum], [3, 6])
  assert.deepEqual(
    point!.summary!.quantiles.map(({ quantile }) => quantile),
    [0.5],
  )
})

test('sets count distinct values: exactly at first, within a few percent then', async () => {
  const bench = new Bench({ set_values_max: 100 })
  bench.send('few:a|s', 'few:b|s', 'few:a|s')
  for (let i = 0; i < 20_000; i++) bench.send(`many:user-${i}|s`, `many:user-${i}|s`)
  const points = await bench.flush()
  assert.deepEqual(shown(points.slice(0, 1)), ['gauge few 2'])
  assert.ok(Math.abs(points[1]!.value! - 20_000) < 1000, String(points[1]!.value))
  assert.deepEqual(await bench.flush(), [])
})

test('tags are labels, in whatever order they come, and the types of a name are series of their own', async () => {
  const bench = new Bench()
  bench.send('m:1|c|#b:2,a:1', 'm:1|c|#a:1,b:2', 'm:1|c|#a:1,b:2|c:ci-1', 'm:1|g|#a:1,b:2', 'm:1|c')
  bench.send('n:1|c|#flag,,:x,url:http://x/y,flag:again,__name__:evil')
  assert.deepEqual(shown(await bench.flush()), [
    ...['sum m a=1 b=2 3', 'gauge m a=1 b=2 1', 'sum m 1', 'sum n flag= url=http://x/y 1'],
  ])
  const labelled = new Bench({ origin_labels: true })
  labelled.send('m:1|c|#a:1|c:ci-1|e:it-false,cn-x', 'm:1|c|c:ci-1', 'm:1|c')
  assert.deepEqual(shown(await labelled.flush()), [
    ...['sum m a=1 container_id=ci-1 external_data=it-false;cn-x 1', 'sum m container_id=ci-1 1', 'sum m 1'],
  ])
})

test('what is not UTF-8 is made so', async () => {
  const bench = new Bench()
  const bytes = Buffer.from('m\xff:1|c|#a:\xfe', 'latin1')
  bench.lines.put({ origin: 0, framing: 'lines' }, null, bytes, 0, bytes.length)
  assert.deepEqual(shown(await bench.flush()), ['sum m\ufffd a=\ufffd 1'])
})

test('a point with a time goes on at once, as it is', async () => {
  const bench = new Bench()
  bench.send('m:1:2|c|T1767225000|#a:b', 'm:5|c|#a:b', 'g:7|g|T1767225000')
  await bench.settled()
  const points = pointsIn(bench.intake.entries)
  assert.deepEqual(shown(points), ['sum m a=b 1', 'sum m a=b 2', 'gauge g 7'])
  assert.deepEqual(new Set(points.map(({ timeMs }) => timeMs)), new Set([1_767_225_000_000]))
  assert.deepEqual(shown(await bench.flush()), ['sum m a=b 5'])
})

test('events and service checks are logs, one line each', async () => {
  const bench = new Bench()
  bench.send('_e{5,4}:title|te\\n|#a:b', 'm:1|c', '_sc|db|2|m:down')
  assert.deepEqual(
    bench.intake.entries.map(({ framing }) => framing),
    ['lines'],
  )
  assert.deepEqual(
    bench.intake.records().map((record) => JSON.parse(record).message),
    ['te\n', 'down'],
  )
})

test('a bad line is counted, told once a second, and does no harm to its neighbours', async () => {
  const bench = new Bench()
  bench.send('good:1|c', 'bad', '\u001b[31m:x|c', '_e{9,9}:x|y', '', 'good:1|c\r', 'a'.repeat(70_000))
  assert.deepEqual(shown(await bench.flush()), ['sum good 2'])
  assert.deepEqual(
    bench.context.rejected.map(({ reason, records }) => [reason, records]),
    Array<unknown>(4).fill(['malformed', 1]),
  )
  assert.deepEqual(bench.context.logged.filter((message) => message === 'a line is no metric').length, 1)
})

test('series beyond the limit are counted and left out; who has gone makes room', async () => {
  const bench = new Bench({ series_max: 3, gauge_expiry_ms: 1000 })
  bench.send('a:1|g', 'b:1|g', 'c:1|c', 'd:1|c', 'a:2|g', 'd:1|c')
  assert.deepEqual(bench.context.reasons(), ['too_many_series', 'too_many_series'])
  assert.deepEqual(shown(await bench.flush()), ['gauge a 2', 'gauge b 1', 'sum c 1'])
  await bench.flush()
  bench.send('d:1|c', 'e:1|c', 'f:1|c', 'c:1|c')
  assert.deepEqual(bench.context.reasons().length, 3)
  assert.deepEqual(shown(await bench.flush()).sort(), ['sum c 1', 'sum d 1', 'sum e 1'])
})

test('names, aliases and values take no more memory than they may', async () => {
  const bench = new Bench({ memory_bytes_max: 4 * 1024 * 1024 })
  for (let i = 0; i < 200; i++) bench.send(`${'x'.repeat(60_000)}${i}:1|c`)
  assert.ok(bench.context.reasons().filter((reason) => reason === 'too_many_series').length > 100)
  const tags = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  for (let i = 0; i < 5000; i++) bench.send(`m:1|c|#${tags.toSorted(() => ((i * 7919) % 13) - 6).join(',')}`)
  await bench.flush()
})

test('without room a flush waits, and what comes meanwhile is in it or in the next, once', async () => {
  const bench = new Bench()
  bench.send('m:1|c')
  bench.intake.setRoom(0)
  assert.deepEqual(await bench.flush(), [])
  bench.send('m:2|c', 'n:1|c')
  assert.deepEqual(await bench.flush(), [])
  bench.intake.setRoom(100)
  await bench.settled()
  const points = pointsIn(bench.intake.entries)
  bench.send('n:5|c')
  points.push(...(await bench.flush()))
  const sums: Record<string, number> = {}
  for (const { labels, value } of points) sums[labels['__name__']!] = (sums[labels['__name__']!] ?? 0) + value!
  assert.deepEqual(sums, { m: 3, n: 6 })
})

test('stop brings what is new, and gauges only when they are', async () => {
  const bench = new Bench()
  bench.send('old:1|g', 'm:1|c')
  await bench.flush()
  bench.intake.entries.length = 0
  bench.send('m:2|c', 'new:1|g', 't:1|ms')
  await bench.lines.stop()
  assert.deepEqual(shown(pointsIn(bench.intake.entries)).sort(), ['gauge new 1', 'sketch t 0', 'sum m 2'])
})

test('whatever is sent and however it is cut up, all counters add up to what was sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          name: fc.constantFrom('a', 'b', 'c', 'a.b'),
          tags: fc.shuffledSubarray(['x:1', 'y', 'z:3']),
          value: fc.integer({ min: -100, max: 100 }),
          flush: fc.integer({ min: 0, max: 9 }),
          room: fc.constantFrom(0, 1, 1000),
        }),
        { maxLength: 60 },
      ),
      async (steps) => {
        const bench = new Bench()
        const expected: Record<string, number> = {}
        for (const { name, tags, value, flush, room } of steps) {
          const key = [name, ...tags.toSorted()].join()
          expected[key] = (expected[key] ?? 0) + value
          bench.send(`${name}:${value}|c${tags.length === 0 ? '' : `|#${tags.join()}`}`)
          bench.intake.setRoom(room)
          if (flush === 0) bench.clock.advance(1000)
          if (flush === 1) await new Promise(setImmediate)
        }
        bench.intake.setRoom(Number.POSITIVE_INFINITY)
        await bench.lines.stop()
        const got: Record<string, number> = {}
        for (const { labels, value } of pointsIn(bench.intake.entries)) {
          const { __name__: name, ...tags } = labels
          const key = [name, ...Object.entries(tags).map(([k, v]) => (v === '' ? k : `${k}:${v}`))].join()
          got[key] = (got[key] ?? 0) + value!
        }
        assert.deepEqual(got, expected)
      },
    ),
    { seed: SEED, numRuns: 200 },
  )
})

async function started(t: TestContext, options: object) {
  const context = new FakeSourceContext(new FakeIntake(), new ManualClock(T0))
  const source = statsd.create(statsd.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  return { context, source }
}

test('over UDP, TCP and a Unix socket, and what was sent before stop is in the last flush', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-statsd-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { context, source } = await started(t, {
    tcp: '127.0.0.1:0',
    unix: join(folder, 'own.sock'),
    unix_mode: '0600',
  })
  const udp = createSocket('udp4')
  t.after(() => udp.close())
  const port = Number(new URL(source.address()).port)
  for (const datagram of ['m:1|c', 'm:1|c\nm:1|c\n', 'u:1|g\n'])
    await new Promise<void>((resolve) => udp.send(datagram, port, '127.0.0.1', () => resolve()))
  const tcpPort = Number(new URL((source as unknown as { tcpAddress(): string }).tcpAddress()).port)
  const tcp = connect(tcpPort, '127.0.0.1')
  tcp.write('m:1|')
  await new Promise(setImmediate)
  tcp.end('c\nm:1|c')
  const local = connect(join(folder, 'own.sock'))
  local.end('m:1|c\n')
  await Promise.all([once(tcp, 'close'), once(local, 'close')])
  assert.equal(statSync(join(folder, 'own.sock')).mode & 0o777, 0o600)
  await source.stop()
  assert.equal(existsSync(join(folder, 'own.sock')), false)
  assert.deepEqual(shown(pointsIn(context.intake.entries)).sort(), ['gauge u 1', 'sum m 6'])
  assert.deepEqual(context.rejected, [])
})

test('over TLS, from who shows a certificate', async (t) => {
  const context = new FakeSourceContext()
  const files = tlsFiles(t)
  const options = { listen: '127.0.0.1:0', tcp: '127.0.0.1:0', tls: { ...files, client_auth: 'require' } }
  const source = statsd.create(statsd.config.parse(options), context)
  await source.start()
  const port = Number(new URL((source as unknown as { tcpAddress(): string }).tcpAddress()).port)
  const client = connectSecurely({
    port,
    host: '127.0.0.1',
    ca: authority,
    cert: clientCertificate,
    key: clientKey,
    servername: 'server.test',
  })
  await once(client, 'secureConnect')
  client.end('hits:3|c\n')
  client.resume()
  await once(client, 'close')
  await source.stop()
  assert.deepEqual(shown(pointsIn(context.intake.entries)), ['sum hits 3'])
})

test('tls without tcp is refused', () => {
  const result = statsd.config.safeParse({ tls: { cert_file: 'a', key_file: 'b' } })
  assert.match(result.error?.message ?? '', /goes with tcp only/)
})

test('a socket on which somebody listens is left alone, and one that nobody does is taken over', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-statsd-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.sock')
  const first = await started(t, { unix: path })
  const second = statsd.create(statsd.config.parse({ listen: '127.0.0.1:0', unix: path }), new FakeSourceContext())
  await assert.rejects(second.start(), { code: 'SG_LISTEN' })
  await first.source.stop()
  const { spawnSync } = await import('node:child_process')
  const leaves =
    `const die = () => process.kill(process.pid, 'SIGKILL')\n` +
    `require('node:net').createServer().listen(process.argv[1], die)`
  spawnSync(process.execPath, ['-e', leaves, path])
  assert.ok(existsSync(path))
  await started(t, { unix: path })
})

test('defaults are valid, and the README names every option', () => {
  assert.ok(statsd.config.safeParse({}).success)
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  for (const option of Object.keys(statsd.config.shape)) assert.ok(readme.includes(`| \`${option}\` |`), option)
  for (const bad of [{ tcp: 'x' }, { unix_mode: '9' }, { percentiles: [1] }, { histogram_bounds: [2, 1] }, { a: 1 }]) {
    assert.equal(statsd.config.safeParse(bad).success, false, JSON.stringify(bad))
  }
})
