/**
 * What is measured, and against what. Figures are CPU time of the whole process tree, so they hold on a busy machine.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CorpusKind } from './corpus.ts'
import { deadVendor } from './dead-vendor.ts'
import { durable } from './durable.ts'
import { fleet } from './fleet.ts'
import { blast, Sink, Subject } from './measure.ts'
import { otlp } from './otlp.ts'
import { type Program, relays, routers } from './peers.ts'
import { receipt } from './receipt.ts'
import { manySeries, remoteWrite } from './remote-write.ts'
import {
  CONNECTIONS,
  corpusFile,
  DROP,
  HTTP_OUTPUT,
  judged,
  programName,
  REDACT,
  type Result,
  removeScratch,
  type Size,
  scratch,
  stats,
  streamgate,
  UDP_PORT,
} from './setup.ts'
import { spool } from './spool.ts'
import { statsd } from './statsd.ts'
import { vendor } from './vendors.ts'

const ATTRIBUTE = { id: 'attribute', type: 'attribute_filter', params: { attribute: 'service', equals: 'checkout' } }

const LEVEL = { id: 'level', type: 'attribute_filter', params: { attribute: 'level', equals: 'debug' } }
const SYSLOG_PORT = 18_088

/** Lines in over TCP, whatever is left of them out; lines per CPU-second. */
async function lines(
  title: string,
  program: Program,
  size: Size,
  kind: CorpusKind,
  mode: 'tcp' | 'http' = 'tcp',
): Promise<Result> {
  const file = corpusFile(size.lines, kind)
  await using sink = await Sink.start(mode)
  await using subject = await Subject.start(program.command, program.port)
  const warmUp = Math.max(1, Math.floor(size.repeat / 8))
  await blast('tcp', program.port, file, CONNECTIONS, warmUp)
  await sink.settled()
  subject.reset()
  await blast('tcp', program.port, file, CONNECTIONS, size.repeat)
  const counts = await sink.settled()
  const cpu = Math.max(0.01, subject.cpu())
  const sent = size.lines * CONNECTIONS * size.repeat
  const value = Math.round(sent / cpu)
  const notes = `${cpu.toFixed(2)} s CPU for ${sent} lines; ${Math.round(counts.bytes / 1e6)} MB out`
  return {
    case: title,
    program: programName(program),
    unit: 'lines per CPU-second',
    value,
    peakMb: Math.round(subject.peakMb()),
    notes,
  }
}

/** The same with a program of others, which may be on PATH and not start; then there is nothing to stand beside. */
async function peer(title: string, program: Program, size: Size): Promise<Result | undefined> {
  try {
    return await lines(title, program, size, 'mixed')
  } catch (error) {
    console.error(`${program.name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    return undefined
  }
}

/** All that are wanted, one after the other. What they wrote is removed at the end. */
export async function* runCases(size: Size, only: (title: string) => boolean): AsyncGenerator<Result> {
  try {
    yield* wanted(size, only)
  } finally {
    removeScratch()
  }
}

async function* wanted(size: Size, only: (title: string) => boolean): AsyncGenerator<Result> {
  if (only('empty')) yield* emptyPipeline(size)
  if (only('rules')) yield* dropAndRedact(size)
  if (only('json')) yield await json(size)
  if (only('udp')) yield await udp(size)
  if (only('syslog')) yield* syslog(size)
  if (only('statsd')) yield await statsd(size)
  if (only('latency')) yield await latency(size)
  if (only('reload')) yield await reload(size)
  if (only('idle')) yield* idle(size)
  if (only('dead_vendor')) yield* deadVendor(size)
  if (only('datadog')) yield await vendor('datadog', size)
  if (only('loki')) yield await vendor('loki', size)
  if (only('otlp')) yield* otlp(size)
  if (only('remote_write')) yield* remoteWrite(size)
  if (only('series')) yield* manySeries(size)
  if (only('spool')) yield* spool(size)
  if (only('fleet')) yield* fleet(size)
  if (only('receipt')) yield* receipt(size)
  if (only('durable')) yield* durable(size)
}

async function* emptyPipeline(size: Size): AsyncGenerator<Result> {
  const title = 'TCP lines, empty pipeline, to TCP'
  const ours = await lines(title, streamgate('empty', {}), size, 'mixed')
  let share = Number.NaN
  for (const relay of relays()) {
    const floor = await peer(title, relay, size)
    if (floor === undefined) continue
    share = ours.value / floor.value
    yield floor
  }
  const reach = '6 M lines per CPU-s; 0.3 of haproxy'
  const reached = ours.value >= 6e6 && !(share < 0.3)
  yield judged({ ...ours, notes: `${ours.notes}; ${share.toFixed(2)} of haproxy` }, reach, reached)
}

async function* dropAndRedact(size: Size): AsyncGenerator<Result> {
  const title = 'TCP lines, drop + redact, to TCP'
  const setup = { processors: [DROP, REDACT] }
  const ours = await lines(title, streamgate('rules', setup), size, 'mixed')
  let times = Number.NaN
  for (const router of routers(scratch)) {
    const slower = { ...size, repeat: Math.max(1, Math.floor(size.repeat / 8)) }
    const theirs = await peer(title, router, slower)
    if (theirs === undefined) continue
    if (router.name === 'syslog-ng') times = ours.value / theirs.value
    yield theirs
  }
  yield judged({ ...ours, notes: `${ours.notes}; ${times.toFixed(1)} x syslog-ng` }, '5 x syslog-ng', !(times < 5))
  const http = {
    ...setup,
    output: HTTP_OUTPUT,
    batch: { max_records: 5000, max_bytes: 1_048_576 },
  }
  const batches = await lines('the same, to HTTP batches', streamgate('http', http), size, 'mixed', 'http')
  const share = batches.value / ours.value
  yield judged(
    { ...batches, notes: `${batches.notes}; ${share.toFixed(2)} of the TCP figure` },
    '0.8 of the TCP figure',
    share >= 0.8,
  )
}

async function json(size: Size): Promise<Result> {
  const setup = { processors: [ATTRIBUTE, REDACT] }
  const result = await lines('JSON lines, attribute filter + redact', streamgate('json', setup), size, 'json')
  return judged(result, '1.5 M lines per CPU-s', result.value >= 1.5e6)
}

/**
 * The same messages as plain lines, with a filter that searches their text, and as syslog, with one that asks for their
 * level.
 */
async function* syslog(size: Size): AsyncGenerator<Result> {
  const plain = await lines(
    'syslog as TCP lines, text filter',
    streamgate('plain', { processors: [DROP] }),
    size,
    'syslog',
  )
  yield plain
  const source = { id: 'syslog', type: 'syslog', listen: `127.0.0.1:${SYSLOG_PORT}`, overflow: 'block' }
  for (const kind of ['syslog', 'counted'] as const) {
    const setup = { processors: [LEVEL], sources: [source] }
    const program = { ...streamgate(kind, setup), port: SYSLOG_PORT }
    const result = await lines(`syslog (${kind === 'syslog' ? 'lines' : 'counted'}), level filter`, program, size, kind)
    const times = plain.value / result.value
    const notes = `${result.notes}; ${times.toFixed(2)} x the CPU of plain lines`
    // Counted messages are copied one by one: no figure is asked of them.
    yield kind === 'counted' ? { ...result, notes } : judged({ ...result, notes }, '1.5 x plain lines', times <= 1.5)
  }
}

async function udp(size: Size): Promise<Result> {
  const program = streamgate('udp', { output: { type: 'blackhole' } })
  await using subject = await Subject.start(program.command, program.port)
  await blast('udp', UDP_PORT, Math.floor(size.datagrams / 6), 50_000)
  const before = await inRecords()
  subject.reset()
  const sent = await blast<{ datagrams: number; seconds: number }>('udp', UDP_PORT, size.datagrams, 150_000)
  await sleep(500)
  const cpu = subject.cpu()
  const arrived = (await inRecords()) - before
  const value = Number(((cpu / arrived) * 1e6).toFixed(2))
  const notes = `${sent.datagrams - arrived} of ${sent.datagrams} lost at ${Math.round(sent.datagrams / sent.seconds)}/s`
  const reached = value <= 3.5 && arrived === sent.datagrams
  const result = {
    case: 'UDP datagrams',
    program: 'streamgate',
    unit: 'µs CPU each',
    value,
    peakMb: Math.round(subject.peakMb()),
    notes,
  }
  return judged(result, '≤ 3.5 µs, none lost at 150,000/s', reached)
}

async function inRecords(): Promise<number> {
  return (await stats()).pipelines[0]!.in.records
}

async function latency(size: Size): Promise<Result> {
  const setup = { processors: [DROP, REDACT], batch: { max_records: 1, max_wait_ms: 1 } }
  await using sink = await Sink.start('latency')
  const program = streamgate('latency', setup)
  await using subject = await Subject.start(program.command, program.port)
  await blast('paced', program.port, 20_000, size.seconds)
  const { lines, p50Ms, p99Ms, maxMs } = await sink.settled()
  const notes = `${lines} lines at 20,000/s; p50 ${p50Ms.toFixed(2)} ms, max ${maxMs.toFixed(1)} ms, sender and receiver included`
  const value = Number(p99Ms.toFixed(2))
  const peakMb = Math.round(subject.peakMb())
  const result = {
    case: 'latency, 20,000 lines/s, batch of 1',
    program: 'streamgate',
    unit: 'ms p99',
    value,
    peakMb,
    notes,
  }
  return judged(result, 'p99 < 2 ms', p99Ms < 2)
}

/** Rules read again ten times a second while lines flow: what the worst line waited is the longest pause there was. */
async function reload(size: Size): Promise<Result> {
  const setup = { processors: [DROP, REDACT], batch: { max_records: 1, max_wait_ms: 1 } }
  const other = { ...setup, processors: [REDACT, DROP] }
  await using sink = await Sink.start('latency')
  const program = streamgate('reload', setup)
  await using subject = await Subject.start(program.command, program.port)
  let reloads = 0
  const timer = setInterval(() => {
    streamgate('reload', reloads++ % 2 === 0 ? other : setup)
    subject.signal('SIGHUP')
  }, 100)
  const sent = await blast<{ lines: number }>('paced', program.port, 20_000, size.seconds)
  clearInterval(timer)
  const { lines, p99Ms, maxMs } = await sink.settled()
  const notes = `${reloads} reloads, ${sent.lines - lines} of ${sent.lines} lines lost; the slowest took ${maxMs.toFixed(1)} ms`
  const result = {
    case: 'reload while 20,000 lines/s flow',
    program: 'streamgate',
    unit: 'ms p99',
    value: Number(p99Ms.toFixed(2)),
    notes,
  }
  return judged(result, '0 lost, p99 < 50 ms', lines === sent.lines && p99Ms < 50)
}

async function* idle(size: Size): AsyncGenerator<Result> {
  for (const command of ['up', 'node'] as const) {
    const program = streamgate(`idle-${command}`, { output: { type: 'blackhole' } })
    const args = program.command.map((part) => (part === 'node' ? command : part))
    const control = command === 'up' ? ['--control-port', '18000'] : []
    await using subject = await Subject.start([...args, ...control], program.port)
    await sleep(1500)
    subject.reset()
    await sleep(size.seconds * 2000)
    const share = Number(((subject.cpu() / (size.seconds * 2)) * 100).toFixed(2))
    const rss = Math.round(subject.rssMb())
    const limit = command === 'up' ? 140 : 90
    const common = { case: `idle, ${command}`, program: 'streamgate' }
    yield judged({ ...common, unit: 'MB resident', value: rss }, `< ${limit} MB`, rss < limit)
    yield judged({ ...common, unit: '% CPU', value: share }, '< 0.5 %', share < 0.5)
  }
}
