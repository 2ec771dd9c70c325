/** What is measured, and against what. Figures are CPU time of the whole process tree, so they hold on a busy machine. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CorpusKind, corpus } from './corpus.ts'
import { blast, SINK_PORT, Sink, Subject } from './measure.ts'
import { type Program, relays, routers } from './peers.ts'

export interface Result {
  case: string
  program: string
  /** What the figure counts, such as `lines per CPU-second`. */
  unit: string
  value: number
  /** What the design asks of this case; undefined for peers. */
  reach?: string
  reached?: boolean
  /** Peak memory of the process tree. */
  peakMb?: number
  notes?: string
}

export interface Size {
  /** Lines of the corpus; it is sent over four connections, `repeat` times each. */
  lines: number
  repeat: number
  datagrams: number
  seconds: number
}

export const fullSize: Size = { lines: 200_000, repeat: 8, datagrams: 600_000, seconds: 5 }
export const smokeSize: Size = { lines: 2_000, repeat: 1, datagrams: 2_000, seconds: 1 }

const CONNECTIONS = 4
const PORT = 18_085
const UDP_PORT = 18_086
const scratch = mkdtempSync(join(tmpdir(), 'streamgate-bench-'))

const DROP = { id: 'drop', type: 'filter', params: { value: 'DEBUG' } }
const REDACT = { id: 'redact', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' } }
const ATTRIBUTE = { id: 'attribute', type: 'attribute_filter', params: { attribute: 'service', equals: 'checkout' } }

interface Setup {
  processors?: object[]
  output?: object
  batch?: object
}

/** A configuration of ours, written where the program can read it. */
function streamgate(name: string, { processors = [], output, batch = {} }: Setup): Program {
  const config = {
    version: 2,
    sources: [
      { id: 'tcp', type: 'tcp', listen: `127.0.0.1:${PORT}`, overflow: 'block' },
      { id: 'udp', type: 'udp', listen: `127.0.0.1:${UDP_PORT}` },
    ],
    pipelines: [{ id: 'default_pipeline', sources: ['tcp', 'udp'], processors, outputs: ['out'], batch }],
    outputs: [{ id: 'out', when_full: 'block', ...(output ?? { type: 'tcp', address: `127.0.0.1:${SINK_PORT}` }) }],
    admin: { listen: '127.0.0.1:18083' },
    log_level: 'warn',
  }
  const file = join(scratch, `${name}.json`)
  writeFileSync(file, JSON.stringify(config))
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
  const command = [process.execPath, main, 'node', '--config', file, '--data-dir', join(scratch, name)]
  return { name: 'streamgate', version: '', port: PORT, command }
}

/** Lines in over TCP, whatever is left of them out; lines per CPU-second. */
async function lines(
  title: string,
  program: Program,
  size: Size,
  kind: CorpusKind,
  mode: 'tcp' | 'http' = 'tcp',
): Promise<Result> {
  const bytes = corpus(size.lines, kind)
  const file = join(scratch, `${kind}.txt`)
  writeFileSync(file, bytes)
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

function programName(program: Program): string {
  return program.version === '' ? program.name : `${program.name} ${program.version}`
}

function judged(result: Result, reach: string, reached: boolean): Result {
  return { ...result, reach, reached }
}

export async function* runCases(size: Size, only: (title: string) => boolean): AsyncGenerator<Result> {
  if (only('empty')) yield* emptyPipeline(size)
  if (only('rules')) yield* dropAndRedact(size)
  if (only('json')) yield await json(size)
  if (only('udp')) yield await udp(size)
  if (only('latency')) yield await latency(size)
  if (only('reload')) yield await reload(size)
  if (only('idle')) yield* idle(size)
}

async function* emptyPipeline(size: Size): AsyncGenerator<Result> {
  const title = 'TCP lines, empty pipeline, to TCP'
  const ours = await lines(title, streamgate('empty', {}), size, 'mixed')
  let share = Number.NaN
  for (const relay of relays()) {
    const floor = await lines(title, relay, size, 'mixed')
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
    const theirs = await lines(title, router, slower, 'mixed')
    if (router.name === 'syslog-ng') times = ours.value / theirs.value
    yield theirs
  }
  yield judged({ ...ours, notes: `${ours.notes}; ${times.toFixed(1)} x syslog-ng` }, '5 x syslog-ng', !(times < 5))
  const http = {
    ...setup,
    output: { type: 'http', url: `http://127.0.0.1:${SINK_PORT}/` },
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
  const stats = (await (await fetch('http://127.0.0.1:18083/stats')).json()) as {
    pipelines: { in: { records: number } }[]
  }
  return stats.pipelines[0]!.in.records
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
