import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { summaryBytes } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { LineKind, StatsdLine } from '#codecs/statsd/line.ts'
import { Block } from '#telemetry/block.ts'
import { encodePoints } from '#test/support/metric-outputs.ts'
import type { Point } from '#test/support/metrics.ts'
import { outputContext } from '#test/support/outputs.ts'
import { datagramsOf } from './datagrams.ts'
import { statsd } from './statsd.ts'

const SEED = 20_261_121
const never = new AbortController().signal

/** An output over UDP, and what it sends. */
async function overUdp(t: TestContext, options: Record<string, unknown> = {}) {
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const datagrams: string[] = []
  server.on('message', (datagram) => datagrams.push(datagram.toString()))
  const all = { address: `127.0.0.1:${server.address().port}`, ...options }
  const output = statsd.create(statsd.config.parse(all), outputContext('out', undefined, 'metrics'))
  await output.start()
  t.after(async () => {
    await output.stop()
    server.close()
  })
  const send = async (points: readonly Point[] | Block) => {
    datagrams.length = 0
    const result = await output.send(encodePoints(statsd, all, points), never)
    // What went before it has come when this one has.
    const marker = createSocket('udp4')
    const seen = new Promise<void>((resolve) => {
      const look = (datagram: Buffer) => {
        if (datagram.toString() !== 'marker') return
        server.off('message', look)
        resolve()
      }
      server.on('message', look)
    })
    marker.send('marker', server.address().port, '127.0.0.1', () => marker.close())
    await seen
    return { result, lines: datagrams.filter((text) => text !== 'marker').flatMap((text) => text.split('\n')) }
  }
  return { send, datagrams }
}

const total = (value: number, timeMs: number, startMs?: number): Point => ({
  kind: 'sum',
  temporality: 'cumulative',
  monotonic: true,
  labels: { __name__: 'total', a: 'b' },
  value,
  timeMs,
  ...(startMs === undefined ? {} : { startMs }),
})

function distributions(): Block {
  const block = new Block()
  const writer = new MetricWriter()
  writer.begin(block, { source: 'test', arrivalMs: 0, truncated: false, format: metricFormat })
  const sketch = new Sketch()
  for (const [value, count] of [
    [1, 1],
    [100, 3],
  ] as const)
    sketch.add(value, count)
  writer.start(Kind.sketch, Temporality.DELTA, 0)
  writer.labelText('__name__', 'sketch')
  writer.field(MetricField.DISTRIBUTION, sketchBytes(sketch))
  writer.end()
  writer.start(Kind.summary, Temporality.CUMULATIVE, 0)
  writer.labelText('__name__', 'summary')
  writer.field(MetricField.DISTRIBUTION, summaryBytes({ count: 3, sum: 6, quantiles: [{ quantile: 0.99, value: -3 }] }))
  writer.end()
  return block
}

test('points as DogStatsD: labels are tags, and what would end them is an underscore', async (t) => {
  const { send } = await overUdp(t, { tags: ['env:prod'] })
  const { result, lines } = await send([
    { kind: 'gauge', labels: { __name__: 'load', host: 'a', flag: '' }, value: -1.5 },
    { kind: 'sum', temporality: 'delta', labels: { __name__: 'hits:x|y', 'k:e,y': 'v,a|l:u\ne' }, value: 3 },
    { kind: 'unknown', labels: { __name__: 'up' }, value: 1 },
  ])
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(lines, [
    'load:-1.5|g|#flag,host:a,env:prod',
    'hits_x_y:3|c|#k_e_y:v_a_l:u_e,env:prod',
    'up:1|g|#env:prod',
  ])
})

test('points as plain StatsD: no tags, and a negative gauge is set by way of 0', async (t) => {
  const { send } = await overUdp(t, { dialect: 'statsd' })
  const { lines } = await send([
    { kind: 'gauge', labels: { __name__: 'load', host: 'a' }, value: -1.5 },
    { kind: 'sum', temporality: 'delta', labels: { __name__: 'hits' }, value: 3 },
  ])
  assert.deepEqual(lines, ['load:0|g', 'load:-1.5|g', 'hits:3|c'])
})

test('distributions are values with rates, summaries gauges', async (t) => {
  const { send } = await overUdp(t)
  const { lines } = await send(distributions())
  assert.equal(lines.length, 3)
  assert.match(lines[0]!, /^sketch:1\|d$/)
  assert.match(lines[1]!, /^sketch:(99|100)(\.\d+)?\|d\|@0\.33/)
  assert.equal(lines[2], 'summary.p99:-3|g')
  const plain = await overUdp(t, { dialect: 'statsd' })
  assert.match((await plain.send(distributions())).lines.join(), /^sketch:1\|ms,/)
  const histogram: Point = {
    ...{ kind: 'histogram', temporality: 'delta', labels: { __name__: 'h' } },
    histogram: { count: 300, sum: 1, counts: [100, 200], bounds: [10] },
  }
  const { lines: spread } = await send([histogram])
  const weights = spread.map((line) => {
    const rate = /@(.+)$/.exec(line)?.[1]
    return rate === undefined ? 1 : 1 / Number(rate)
  })
  assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 300) < 1e-6)
})

test('cumulative sums are sent as what they have grown by, once, whatever is sent again', async (t) => {
  const { send } = await overUdp(t)
  assert.deepEqual((await send([total(10, 1000)])).lines, [])
  assert.deepEqual((await send([total(15, 2000), total(18, 3000)])).lines, ['total:5|c|#a:b', 'total:3|c|#a:b'])
  assert.deepEqual((await send([total(18, 3000)])).lines, [])
  const { result } = await send([total(16, 2500), total(20, 4000)])
  assert.partialDeepStrictEqual(result, { ok: 'partly', refused: [{ record: 0, code: 'out_of_order' }] })
  // Fallen, and begun anew without falling.
  assert.deepEqual((await send([total(4, 5000)])).lines, ['total:4|c|#a:b'])
  assert.deepEqual((await send([total(9, 7000, 6000)])).lines, ['total:9|c|#a:b'])
})

test('a batch that did not go through says the same again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-statsd-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.sock')
  const options = { path }
  const output = statsd.create(statsd.config.parse(options), outputContext('out', undefined, 'metrics'))
  await output.start()
  t.after(() => output.stop())
  const batch = encodePoints(statsd, options, [total(10, 1000), total(15, 2000)])
  assert.partialDeepStrictEqual(await output.send(batch, never), { ok: false, retryable: true, code: 'connect' })
  const got: string[] = []
  const server = createServer((socket) => socket.on('data', (chunk) => got.push(chunk.toString()))).listen(path)
  t.after(() => server.close())
  await once(server, 'listening')
  assert.deepEqual(await output.send(batch, never), { ok: true })
  assert.deepEqual(await output.send(encodePoints(statsd, options, [total(17, 3000)]), never), { ok: true })
  await output.stop()
  while (got.join('').split('\n').length < 3) await new Promise(setImmediate)
  assert.equal(got.join(''), 'total:5|c|#a:b\ntotal:2|c|#a:b\n')
})

test('over TCP', async (t) => {
  const got: string[] = []
  const server = createServer((socket) => socket.on('data', (chunk) => got.push(chunk.toString())))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const options = { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, transport: 'tcp' }
  const output = statsd.create(statsd.config.parse(options), outputContext('out', undefined, 'metrics'))
  await output.start()
  assert.deepEqual(await output.send(encodePoints(statsd, options, [{ labels: { __name__: 'g' }, value: 1 }]), never), {
    ok: true,
  })
  await output.stop()
  while (got.length === 0) await new Promise(setImmediate)
  assert.deepEqual(got, ['g:1|g\n'])
})

test('what cannot be sent is refused with a reason', async (t) => {
  const { send } = await overUdp(t)
  const { result, lines } = await send([
    { labels: { __name__: 'g' }, value: Number.NaN },
    { labels: { a: 'b' }, value: 1 },
    {
      ...{ kind: 'histogram', temporality: 'cumulative', labels: { __name__: 'h' } },
      histogram: { count: 1, sum: 1, counts: [1], bounds: [] },
    },
    { labels: { __name__: 'gone' }, stale: true },
    { labels: { __name__: 'good' }, value: 1 },
  ])
  assert.deepEqual(lines, ['good:1|g'])
  assert.ok(result.ok === 'partly')
  assert.deepEqual(result.retry, [])
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [
      [0, 'not_finite'],
      [1, 'no_name'],
      [2, 'cumulative_distribution'],
    ],
  )
})

test('lines are packed in order, and no datagram is longer than it may be unless its one line is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.stringMatching(/^[a-z]{1,40}$/), { minLength: 1, maxLength: 4 }), { maxLength: 30 }),
      fc.integer({ min: 10, max: 60 }),
      (records, bytesMax) => {
        const lines = records.map((texts, record) => ({
          record,
          bytes: Buffer.from(texts.map((text) => `${text}\n`).join('')),
        }))
        const { batch, recordsOf } = datagramsOf(lines, bytesMax)
        const datagrams = Array.from({ length: batch.records }, (_, i) =>
          batch.bytes.toString('utf8', i === 0 ? 0 : batch.ends[i - 1], batch.ends[i]),
        )
        assert.deepEqual(
          datagrams.flatMap((datagram) => datagram.split('\n')),
          records.flat(),
        )
        for (const datagram of datagrams) assert.ok(datagram.length <= bytesMax || !datagram.includes('\n'))
        assert.equal(recordsOf.length, datagrams.length)
        assert.deepEqual(new Set(recordsOf.flat()), new Set(records.keys()))
      },
    ),
    { seed: SEED },
  )
})

test('whatever the labels, the lines are lines, within the bound', () => {
  const labels = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
    maxKeys: 6,
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(labels, fc.double({ noNaN: true, noDefaultInfinity: true }))), (points) => {
      for (const dialect of ['statsd', 'dogstatsd']) {
        const batch = encodePoints(
          statsd,
          { address: 'h:1', dialect, tags: ['own:é'] },
          points.map(([own, value]) => ({ labels: { ...own, __name__: 'n\n:m' }, value })),
        )
        const text = batch.bytes.toString('latin1')
        const line = new StatsdLine()
        for (const [found] of text.matchAll(/n__m:.*\n/g)) {
          const bytes = Buffer.from(found, 'latin1')
          assert.equal(line.read(bytes, 0, bytes.length - 1), LineKind.METRIC, found)
        }
      }
    }),
    { seed: SEED },
  )
})

test('an address or a path, and not both', () => {
  for (const bad of [{}, { address: 'a:1', path: '/x' }, { address: 'a' }, { address: 'a:1', tags: ['a,b'] }]) {
    assert.equal(statsd.config.safeParse(bad).success, false, JSON.stringify(bad))
  }
})
