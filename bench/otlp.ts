/**
 * Log records in over OTLP/HTTP, as an SDK or a collector sends them: 512 in a request, one resource; a rule that
 * drops, one that redacts; what is left out over OTLP/HTTP. Nothing is compressed: gzip would be most of what is measured.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeMessage } from '#test/support/otlp-messages.ts'
import { corpus } from './corpus.ts'
import { blast, SINK_PORT, Sink, Subject } from './measure.ts'
import { collectors, type Program } from './peers.ts'
import {
  CONNECTIONS,
  DROP,
  delivered,
  judged,
  megabytes,
  microseconds,
  programName,
  REDACT,
  type Result,
  type Size,
  scratch,
  streamgate,
  until,
} from './setup.ts'

const OTLP_PORT = 18_088
const RECORDS = 512
/** What the corpus would be is sent in fewer records, since each is larger than a line. */
const LINES_SHARE = 1 / 4
const REACH_MB = 150

export async function* otlp(size: Size): AsyncGenerator<Result> {
  const load = requestsFile(Math.max(RECORDS, Math.floor(size.lines * LINES_SHARE)))
  const doors = { http: { listen: `127.0.0.1:${OTLP_PORT}` }, grpc: false }
  const program = streamgate('otlp', {
    processors: [DROP, REDACT],
    sources: [Object.assign({ id: 'otlp', type: 'otlp', overflow: 'block' }, doors)],
    output: { type: 'otlp', url: `http://127.0.0.1:${SINK_PORT}`, compression: 'none' },
  })
  const ours = await run(
    { ...program, port: OTLP_PORT },
    load,
    size,
    async (records) => void (await until(delivered(records))),
  )
  let beside = 'no otelcol-contrib on PATH'
  for (const collector of collectors()) {
    const theirs = await run(collector, load, size)
    beside = `${(ours.value / theirs.value).toFixed(1)} x otelcol-contrib`
    yield theirs
  }
  yield judged({ ...ours, notes: `${ours.notes}; ${beside}` }, `${REACH_MB} MB per CPU-s`, ours.value >= REACH_MB)
}

interface Load {
  file: string
  requests: number
  /** Of all bodies together. */
  bytes: number
}

/** `settled` waits until so many records are through, where the sink's standing still is not proof enough. */
async function run(
  program: Program,
  load: Load,
  size: Size,
  settled?: (records: number) => Promise<void>,
): Promise<Result> {
  const { file, requests, bytes } = load
  await using sink = await Sink.start('http')
  await using subject = await Subject.start(program.command, program.port)
  const wait = async (sent: number) => {
    await settled?.(sent * RECORDS)
    return await sink.settled()
  }
  await blast('requests', program.port, file, CONNECTIONS, requests)
  const before = await wait(requests)
  subject.reset()
  const count = requests * size.repeat * CONNECTIONS
  const { accepted } = await blast<{ accepted: number }>('requests', program.port, file, CONNECTIONS, count)
  const counts = await wait(requests + count)
  const cpu = Math.max(0.01, subject.cpu())
  if (accepted !== count) throw new Error(`${program.name} took ${accepted} of ${count} requests`)
  const sent = counts.requests - before.requests
  const out = `${megabytes(counts.bytes - before.bytes)} MB out in ${sent} requests`
  const each = `${microseconds(cpu, count * RECORDS)} µs and ${Math.round(bytes / requests / RECORDS)} bytes a record`
  return {
    case: 'OTLP logs over HTTP, drop + redact, to OTLP over HTTP',
    program: programName(program),
    unit: 'MB per CPU-second',
    value: Math.round((bytes * (count / requests)) / 1e6 / cpu),
    peakMb: Math.round(subject.peakMb()),
    notes: `${each}; ${cpu.toFixed(2)} s CPU for ${count} requests; ${out}`,
  }
}

/** Whole HTTP requests, each behind its length as 32 bits; `bytes` are those of their bodies. */
function requestsFile(records: number): Load {
  const lines = corpus(records, 'mixed').toString('latin1').split('\n')
  const requests = Math.floor(records / RECORDS)
  const parts: Buffer[] = []
  let bytes = 0
  for (let r = 0; r < requests; r++) {
    const body = requestOf(lines.slice(r * RECORDS, (r + 1) * RECORDS))
    const type = 'Content-Type: application/x-protobuf'
    const head = `POST /v1/logs HTTP/1.1\r\nHost: bench\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`
    const length = Buffer.alloc(4)
    length.writeUInt32LE(head.length + body.length)
    parts.push(length, Buffer.from(head), body)
    bytes += body.length
  }
  const file = join(scratch, 'otlp-requests.bin')
  writeFileSync(file, Buffer.concat(parts))
  return { file, requests, bytes }
}

function requestOf(lines: readonly string[]): Buffer {
  const text = (key: string, value: string) => ({ key, value: { string_value: value } })
  const records = lines.map((line, i) => {
    const level = /DEBUG|INFO|WARN|ERROR/.exec(line)?.[0] ?? 'INFO'
    return {
      time_unix_nano: `17320000000${String(i).padStart(8, '0')}`,
      observed_time_unix_nano: `17320000001${String(i).padStart(8, '0')}`,
      severity_number: { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 }[level],
      severity_text: level,
      body: { string_value: line },
      attributes: [
        text('http.request.method', 'GET'),
        text('code.function.name', 'handleRequest'),
        { key: 'http.response.status_code', value: { int_value: '200' } },
      ],
      trace_id: Buffer.alloc(16, i + 1),
      span_id: Buffer.alloc(8, i + 1),
    }
  })
  const attributes = [
    text('service.name', 'checkout'),
    text('service.version', '1.12.0'),
    text('host.name', 'node-17.eu-1.example.com'),
    text('telemetry.sdk.language', 'nodejs'),
    text('telemetry.sdk.name', 'opentelemetry'),
  ]
  const scope_logs = [{ scope: { name: 'checkout', version: '1.0.0' }, log_records: records }]
  return encodeMessage('ExportLogsServiceRequest', { resource_logs: [{ resource: { attributes }, scope_logs }] })
}
