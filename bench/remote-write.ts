/**
 * Samples in by remote write 1.0, as Prometheus sends them: 10,000 series of six and of eleven labels, 2,000 in a request; a rule that
 * drops the series of one
 * label; what is left out by remote write.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compressSync } from 'snappy'
import { encodeRequest, labelsOf } from '#test/support/prometheus-protos.ts'
import { blast, SINK_PORT, Sink, Subject } from './measure.ts'
import { agents, type Program } from './peers.ts'
import {
  CONNECTIONS,
  delivered,
  judged,
  megabytes,
  microseconds,
  type Result,
  type Size,
  scratch,
  streamgate,
  until,
} from './setup.ts'

const WRITE_PORT = 18_089
const EXPOSITION_PORT = 18_095
const SETTLE_MS = 2000
const SERIES = 10_000
/** What Prometheus sends at most in one request unless it is told otherwise. */
const IN_REQUEST = 2000
const REACH = 1e6

const RULE = { id: 'canary', type: 'metric_filter', params: { labels: { pod: 'checkout-7' } } }

export async function* remoteWrite(size: Size): AsyncGenerator<Result> {
  for (const [kind, labels] of Object.entries(KINDS)) yield* ofKind(kind, labels, size)
}

async function* ofKind(kind: string, labels: LabelsOf, size: Size): AsyncGenerator<Result> {
  const load = requestsFile(labels)
  for (const agent of agents(scratch, WRITE_PORT, SINK_PORT)) {
    try {
      yield await beside(agent, kind, load.file, size)
    } catch (error) {
      console.error(`${agent.name} is left out: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
  }
  for (const [title, processors] of [
    ['empty pipeline', []],
    ['metric filter', [RULE]],
  ] as const) {
    const program = streamgate(`remote-write-${processors.length}`, {
      signal: 'metrics',
      processors: [...processors],
      sources: [
        Object.assign(
          { id: 'prometheus', type: 'prometheus_remote_write', overflow: 'block' },
          { listen: `127.0.0.1:${WRITE_PORT}` },
        ),
      ],
      output: { type: 'prometheus_remote_write', url: `http://127.0.0.1:${SINK_PORT}/api/v1/write` },
    })
    await using sink = await Sink.start('http')
    await using subject = await Subject.start(program.command, program.port)
    const warmUp = requestsOf(size, 1 / 8)
    await blast('requests', WRITE_PORT, load.file, CONNECTIONS, warmUp)
    await until(delivered(warmUp * IN_REQUEST))
    const before = await sink.settled()
    subject.reset()
    const count = requestsOf(size, 2)
    const { accepted } = await blast<{ accepted: number }>('requests', WRITE_PORT, load.file, CONNECTIONS, count)
    await until(delivered((warmUp + accepted) * IN_REQUEST))
    const counts = await sink.settled()
    const cpu = Math.max(0.01, subject.cpu())
    if (accepted !== count) throw new Error(`streamgate took ${accepted} of ${count} requests`)
    const samples = count * IN_REQUEST
    const out = `${megabytes(counts.bytes - before.bytes)} MB out in ${counts.requests - before.requests} requests`
    const each = `${microseconds(cpu, samples)} µs and ${Math.round(load.bytes / SERIES)} bytes a sample`
    const value = Math.round(samples / cpu)
    const result = {
      case: `remote write, ${kind}, ${title}, to remote write`,
      program: 'streamgate',
      unit: 'samples per CPU-second',
      value,
      peakMb: Math.round(subject.peakMb()),
      notes: `${each}; ${cpu.toFixed(2)} s CPU for ${count} requests; ${out}`,
    }
    yield judged(result, '1 M samples per CPU-s', value >= REACH)
  }
}

/** What a series takes that waits to be scraped, and what a scrape of all of them takes beside. */
export async function* manySeries(size: Size): AsyncGenerator<Result> {
  const series = Math.min(1_000_000, Math.ceil(size.lines / IN_REQUEST) * IN_REQUEST * 20)
  const labels = KINDS['6 labels']!
  const load = requestsFile((i) => ({ ...labels(i), cpu: String(i) }), series)
  const listen = `127.0.0.1:${EXPOSITION_PORT}`
  const program = streamgate('many-series', {
    signal: 'metrics',
    sources: [
      Object.assign(
        { id: 'prometheus', type: 'prometheus_remote_write', overflow: 'block' },
        { listen: `127.0.0.1:${WRITE_PORT}` },
      ),
    ],
    output: { type: 'prometheus_exposition', listen },
  })
  await using subject = await Subject.start(program.command, program.port)
  const before = subject.rssMb()
  await blast('requests', WRITE_PORT, load.file, 1, series / IN_REQUEST)
  await until(delivered(series))
  await sleep(SETTLE_MS)
  const held = Math.round(subject.rssMb() - before)
  const answer = await fetch(`http://${listen}/metrics`)
  let shown = 0
  for await (const chunk of answer.body!) shown += chunk.length
  const scrape = Math.round(subject.peakMb() - before)
  const notes = `${megabytes(shown)} MB of text in a scrape; ${scrape} MB above idle at the peak`
  yield { case: `${series} series, exposed`, program: 'streamgate', unit: 'MB more than before', value: held, notes }
}

/** So many requests hold this share of the samples that other cases have lines. */
function requestsOf(size: Size, share: number): number {
  return Math.ceil((share * size.lines * size.repeat) / IN_REQUEST)
}

/** The same through another program, without rules. It may group samples anew, so what counts is that all bytes have come to rest. */
async function beside(agent: Program, kind: string, file: string, size: Size): Promise<Result> {
  await using sink = await Sink.start('http')
  await using subject = await Subject.start(agent.command, agent.port)
  await blast('requests', WRITE_PORT, file, CONNECTIONS, requestsOf(size, 1 / 8))
  const before = await sink.settled()
  subject.reset()
  const count = requestsOf(size, 2)
  await blast('requests', WRITE_PORT, file, CONNECTIONS, count)
  const counts = await sink.settled()
  const cpu = Math.max(0.01, subject.cpu())
  const samples = count * IN_REQUEST
  const out = `${megabytes(counts.bytes - before.bytes)} MB out in ${counts.requests - before.requests} requests`
  return {
    case: `remote write, ${kind}, empty pipeline, to remote write`,
    program: `${agent.name} ${agent.version}`,
    unit: 'samples per CPU-second',
    value: Math.round(samples / cpu),
    peakMb: Math.round(subject.peakMb()),
    notes: `${microseconds(cpu, samples)} µs a sample; ${cpu.toFixed(2)} s CPU for ${count} requests; ${out}`,
  }
}

/** Whole HTTP requests, each behind its length as 32 bits; `bytes` are those of their bodies before Snappy. */
function requestsFile(labels: LabelsOf, series = SERIES): { file: string; bytes: number } {
  const parts: Buffer[] = []
  let bytes = 0
  for (let r = 0; r < series / IN_REQUEST; r++) {
    const timeseries = Array.from({ length: IN_REQUEST }, (_, i) => seriesOf(r * IN_REQUEST + i, labels))
    const plain = encodeRequest(1, { timeseries })
    const body = compressSync(plain)
    const about = [
      'Content-Type: application/x-protobuf',
      'Content-Encoding: snappy',
      'X-Prometheus-Remote-Write-Version: 0.1.0',
    ].join('\r\n')
    const head = `POST /api/v1/write HTTP/1.1\r\nHost: bench\r\n${about}\r\nContent-Length: ${body.length}\r\n\r\n`
    const length = Buffer.alloc(4)
    length.writeUInt32LE(head.length + body.length)
    parts.push(length, Buffer.from(head), body)
    bytes += plain.length
  }
  const file = join(scratch, 'remote-write-requests.bin')
  writeFileSync(file, Buffer.concat(parts))
  return { file, bytes }
}

type LabelsOf = (i: number) => Record<string, string>

/** What an exporter on a host says, and what a scraper in Kubernetes makes of it. */
const KINDS: Readonly<Record<string, LabelsOf>> = {
  '6 labels': (i) => ({
    __name__: `node_cpu_seconds_${i % 40}_total`,
    cpu: String(i % 16),
    env: 'prod',
    instance: `10.0.${i % 64}.${i % 251}:9100`,
    job: 'node',
    mode: 'system',
  }),
  '11 labels': (i) => ({
    __name__: `http_server_requests_${i % 40}_total`,
    cluster: 'eu-west-1',
    code: String(200 + (i % 7)),
    container: 'checkout',
    endpoint: 'metrics',
    instance: `10.0.${i % 64}.${i % 251}:9090`,
    job: 'checkout',
    method: 'GET',
    namespace: 'shop',
    pod: `checkout-${i % 97}`,
    service: 'checkout',
  }),
}

function seriesOf(i: number, labels: LabelsOf) {
  return { labels: labelsOf(labels(i)), samples: [{ value: i * 1.5, timestamp: 1_700_000_000_000 + i }] }
}
