/**
 * Lines in over TCP, out to a vendor's API, in its shape and compressed as it wants. The other side takes and counts bytes, no
 * more, so what is measured is the program.
 */
import { blast, SINK_PORT, Sink, Subject } from './measure.ts'
import {
  CONNECTIONS,
  corpusFile,
  delivered,
  megabytes,
  microseconds,
  type Result,
  type Size,
  streamgate,
  until,
} from './setup.ts'

const url = `http://127.0.0.1:${SINK_PORT}`
/** Small enough that gzip, by far the dearest part, does not take minutes. */
const REPEAT_SHARE = 1 / 4

const OUTPUTS = {
  datadog: { type: 'datadog', url, api_key: 'no-such-key', service: 'bench', tags: ['env:bench'] },
  loki: { type: 'loki', url, labels: { job: 'bench' }, label_fields: { level: 'level', service: 'service' } },
}
const SHAPES = { datadog: 'JSON, gzip', loki: 'protobuf, Snappy' }

export async function vendor(name: keyof typeof OUTPUTS, size: Size): Promise<Result> {
  const program = streamgate(name, { output: OUTPUTS[name] })
  const file = corpusFile(size.lines, 'mixed')
  const repeat = Math.max(1, Math.floor(size.repeat * REPEAT_SHARE))
  await using sink = await Sink.start('http')
  await using subject = await Subject.start(program.command, program.port)
  await blast('tcp', program.port, file, 1, 1)
  await until(delivered(size.lines))
  const before = await sink.counts()
  subject.reset()
  await blast('tcp', program.port, file, CONNECTIONS, repeat)
  const lines = size.lines * CONNECTIONS * repeat
  await until(delivered(size.lines + lines))
  const cpu = Math.max(0.01, subject.cpu())
  const counts = await sink.counts()
  const sent = `${megabytes(counts.bytes - before.bytes)} MB in ${counts.requests - before.requests} requests`
  return {
    case: `TCP lines, to ${name} (${SHAPES[name]})`,
    program: 'streamgate',
    unit: 'lines per CPU-second',
    value: Math.round(lines / cpu),
    peakMb: Math.round(subject.peakMb()),
    notes: `${microseconds(cpu, lines)} µs a line; ${cpu.toFixed(2)} s CPU for ${lines} lines; ${sent}`,
  }
}
