/**
 * What a dead vendor costs its neighbour: the same lines to a healthy output, alone and beside one whose vendor refuses
 * connections, or takes requests and never answers. Everything for the dead one goes to disk meanwhile.
 */
import { blast, Sink, Subject } from './measure.ts'
import {
  booksOf,
  CONNECTIONS,
  corpusFile,
  delivered,
  judged,
  megabytes,
  type Result,
  type Size,
  streamgate,
  until,
} from './setup.ts'

const REFUSING_PORT = 19_001
const SILENT_PORT = 19_002
/** What the dead ones spool in all must fit on disk beside other things. */
const REPEAT_SHARE = 1 / 2
const GiB = 1 << 30

interface Run {
  linesPerCpuSecond: number
  cpu: number
  lines: number
  peakMb: number
  /** Records that arrived at the healthy one. */
  delivered: number
  /** Records and bytes that wait for the dead one, and what of that takes room on disk. */
  waiting: { records: number; bytes: number }
  onDisk: number
}

export async function* deadVendor(size: Size): AsyncGenerator<Result> {
  const alone = await run('alone', undefined, size)
  yield resultOf('alone', alone, 'one output, for comparison')
  yield beside('beside a vendor that refuses', await run('refusing', REFUSING_PORT, size), alone)
  await using _ = await Sink.start('silent', SILENT_PORT)
  yield beside('beside a vendor that never answers', await run('silent', SILENT_PORT, size), alone)
}

function beside(title: string, dead: Run, alone: Run): Result {
  const ratio = (dead.linesPerCpuSecond / alone.linesPerCpuSecond).toFixed(2)
  const { records, bytes } = dead.waiting
  const notes =
    `${ratio} of the rate alone; ${records} records (${megabytes(bytes)} MB) wait for the dead one, ` +
    `${megabytes(dead.onDisk)} MB on disk`
  const complete = dead.delivered === dead.lines && records === dead.lines
  return judged(resultOf(title, dead, notes), 'all delivered, all kept', complete)
}

function resultOf(title: string, { linesPerCpuSecond, cpu, lines, peakMb }: Run, notes: string): Result {
  return {
    case: `TCP lines, ${title}`,
    program: 'streamgate',
    unit: 'lines per CPU-second',
    value: linesPerCpuSecond,
    peakMb,
    notes: `${cpu.toFixed(2)} s CPU for ${lines} lines; ${notes}`,
  }
}

async function run(name: string, deadPort: number | undefined, size: Size): Promise<Run> {
  const dead = {
    id: 'dead',
    type: 'http',
    url: `http://127.0.0.1:${deadPort}/`,
    when_full: 'spool',
    spool: { max_bytes: 4 * GiB },
  }
  const others = deadPort === undefined ? [] : [dead]
  const program = streamgate(`dead-vendor-${name}`, { others })
  const file = corpusFile(size.lines, 'mixed')
  const repeat = Math.max(1, Math.floor(size.repeat * REPEAT_SHARE))
  await using sink = await Sink.start('tcp')
  await using subject = await Subject.start(program.command, program.port)
  await blast('tcp', program.port, file, 1, 1)
  await until(delivered(size.lines))
  subject.reset()
  await blast('tcp', program.port, file, CONNECTIONS, repeat)
  const lines = size.lines * CONNECTIONS * repeat
  await until(delivered(size.lines + lines))
  await sink.settled()
  const cpu = Math.max(0.01, subject.cpu())
  const healthy = await booksOf('out')
  const books = deadPort === undefined ? undefined : await booksOf('dead')
  const { records, bytes } = books?.in_flight ?? { records: size.lines, bytes: 0 }
  return {
    linesPerCpuSecond: Math.round(lines / cpu),
    cpu,
    lines,
    peakMb: Math.round(subject.peakMb()),
    delivered: healthy.delivered.records - size.lines,
    waiting: { records: records - size.lines, bytes },
    onDisk: books?.spool?.bytes ?? 0,
  }
}
