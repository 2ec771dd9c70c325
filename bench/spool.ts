/**
 * Lines in over TCP to disk while the vendor is dead, and from there to the vendor when it lives again, beside the same lines
 * straight to the vendor. Each line must arrive exactly as often as it was sent.
 */
import { blast, Sink, type SinkCounts, Subject } from './measure.ts'
import {
  booksOf,
  CONNECTIONS,
  corpusFile,
  delivered,
  HTTP_OUTPUT,
  judged,
  megabytes,
  microseconds,
  type Result,
  type Size,
  streamgate,
  until,
} from './setup.ts'

/** What is spooled must fit on disk beside other things. */
const REPEAT_SHARE = 1 / 4
const MiB = 1 << 20

const SETUP = {
  output: {
    ...HTTP_OUTPUT,
    when_full: 'spool',
    queue_bytes_max: MiB,
    // A sender faster than the disk waits for it; by default the spool would give records up.
    spool: { max_bytes: 4096 * MiB, when_full: 'block' },
    retry: { base_ms: 100, cap_ms: 250 },
  },
  batch: { max_records: 5000, max_bytes: MiB / 2, max_wait_ms: 100 },
}

export async function* spool(size: Size): AsyncGenerator<Result> {
  const file = corpusFile(size.lines, 'mixed', 'numbered')
  const repeat = Math.max(1, Math.floor(size.repeat * REPEAT_SHARE))
  const lines = size.lines * CONNECTIONS * repeat
  const straight = await sentStraight(file, repeat, lines)
  const unit = 'µs CPU a line'
  yield { case: 'lines straight to HTTP', program: 'streamgate', unit, value: straight, notes: 'for comparison' }

  const program = streamgate('spool', SETUP)
  await using subject = await Subject.start(program.command, program.port)
  await blast('tcp', program.port, file, CONNECTIONS, repeat)
  await until(({ pipelines: [pipeline] }) => pipeline!.in.records >= lines && pipeline!.in_flight.records === 0)
  const writing = microseconds(subject.cpu(), lines)
  const { in_flight: waiting, spool: books } = await booksOf('out')
  const onDisk = `${megabytes(books?.bytes ?? 0)} MB on disk`
  yield judged(
    {
      case: 'lines to the spool, vendor dead',
      program: 'streamgate',
      unit,
      value: writing,
      peakMb: Math.round(subject.peakMb()),
      notes: `${waiting.records} records (${megabytes(waiting.bytes)} MB) wait, ${onDisk}`,
    },
    'all kept',
    waiting.records === lines,
  )
  subject.reset()
  await using sink = await Sink.start('numbered')
  await until(delivered(lines))
  const reading = microseconds(subject.cpu(), lines)
  const counts = await sink.settled()
  const both = ((writing + reading) / straight).toFixed(2)
  yield judged(
    {
      case: 'lines from the spool, vendor alive again',
      program: 'streamgate',
      unit,
      value: reading,
      peakMb: Math.round(subject.peakMb()),
      notes: `${arrivalsOf(counts)}; to disk and back ${both} times the straight way`,
    },
    'each line exactly once',
    eachCame(counts, size.lines, CONNECTIONS * repeat),
  )
}

async function sentStraight(file: string, repeat: number, lines: number): Promise<number> {
  const program = streamgate('spool-straight', { ...SETUP, output: { ...SETUP.output, when_full: 'block' } })
  await using _ = await Sink.start('http')
  await using subject = await Subject.start(program.command, program.port)
  await blast('tcp', program.port, file, CONNECTIONS, repeat)
  await until(delivered(lines))
  return microseconds(subject.cpu(), lines)
}

/** Every line was sent `times` times: once on each connection and in each round. */
function eachCame({ numbers, fewest, most }: SinkCounts, lines: number, times: number): boolean {
  return numbers === lines && fewest === times && most === times
}

function arrivalsOf({ lines, numbers, fewest, most }: SinkCounts): string {
  return `${lines} arrived: ${numbers} different, each ${fewest === most ? fewest : `${fewest} to ${most}`} times`
}
