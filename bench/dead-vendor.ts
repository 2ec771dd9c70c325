/**
 * What a dead vendor costs its neighbour: the same lines to a healthy output, alone and beside one whose vendor refuses
 * connections, or takes requests and never answers. What the dead one cannot send goes to disk meanwhile, as far as the disk
 * keeps up: with `drop_oldest`, the default, the rest is given up, so that the neighbour waits for nothing; with `block` it waits
 * for the disk, and all is kept.
 */
import type { SpoolFull } from '#component/plan.ts'
import type { Amount } from '#contract/stats.ts'
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
const DEAD = 'dead'

interface Dead {
  port: number
  spoolFull: SpoolFull
}

interface Run {
  lines: number
  cpu: number
  peakMb: number
  /** Records that arrived at the healthy one. */
  delivered: number
  /** For the dead one: what waits in memory and on disk, what was given up, and the bytes on disk. */
  waiting: Amount
  givenUp: Amount
  onDisk: number
}

export async function* deadVendor(size: Size): AsyncGenerator<Result> {
  const alone = await run('alone', undefined, size)
  yield resultOf('alone', alone, 'for comparison')
  for (const spoolFull of ['drop_oldest', 'block'] as const) {
    const refusing = await run(`refusing-${spoolFull}`, { port: REFUSING_PORT, spoolFull }, size)
    yield beside(`beside a vendor that refuses, spool.when_full: ${spoolFull}`, refusing, alone)
  }
  await using _ = await Sink.start('silent', SILENT_PORT)
  const silent = await run('silent', { port: SILENT_PORT, spoolFull: 'drop_oldest' }, size)
  yield beside('beside a vendor that never answers', silent, alone)
}

function beside(title: string, dead: Run, alone: Run): Result {
  const ratio = (rateOf(dead) / rateOf(alone)).toFixed(2)
  const { waiting, givenUp } = dead
  const notes =
    `${ratio} of the rate alone; for the dead one ${waiting.records} records (${megabytes(waiting.bytes)} MB) wait, ` +
    `${megabytes(dead.onDisk)} MB on disk, ${givenUp.records} are given up`
  const complete = dead.delivered === dead.lines && waiting.records + givenUp.records === dead.lines
  return judged(resultOf(title, dead, notes), 'all delivered to the healthy one', complete)
}

function rateOf({ lines, cpu }: Run): number {
  return lines / cpu
}

function resultOf(title: string, run: Run, notes: string): Result {
  return {
    case: `TCP lines, ${title}`,
    program: 'streamgate',
    unit: 'lines per CPU-second',
    value: Math.round(rateOf(run)),
    peakMb: run.peakMb,
    notes: `${run.cpu.toFixed(2)} s CPU for ${run.lines} lines; ${notes}`,
  }
}

async function run(name: string, dead: Dead | undefined, size: Size): Promise<Run> {
  const program = streamgate(`dead-vendor-${name}`, { others: dead === undefined ? [] : [outputOf(dead)] })
  const file = corpusFile(size.lines, 'mixed')
  const repeat = Math.max(1, Math.floor(size.repeat * REPEAT_SHARE))
  await using sink = await Sink.start('tcp')
  await using subject = await Subject.start(program.command, program.port)
  await blast('tcp', program.port, file, 1, 1)
  await until(delivered(size.lines))
  const before = dead === undefined ? NONE : await deadBooks()
  subject.reset()
  await blast('tcp', program.port, file, CONNECTIONS, repeat)
  const lines = size.lines * CONNECTIONS * repeat
  await until(delivered(size.lines + lines))
  await sink.settled()
  const cpu = Math.max(0.01, subject.cpu())
  const healthy = await booksOf('out')
  const after = dead === undefined ? NONE : await deadBooks()
  return {
    lines,
    cpu,
    peakMb: Math.round(subject.peakMb()),
    delivered: healthy.delivered.records - size.lines,
    waiting: difference(after.waiting, before.waiting),
    givenUp: difference(after.givenUp, before.givenUp),
    onDisk: after.onDisk,
  }
}

function outputOf({ port, spoolFull }: Dead): { id: string } {
  const spool = { max_bytes: 4 * GiB, when_full: spoolFull }
  const output = { id: DEAD, type: 'http', url: `http://127.0.0.1:${port}/`, when_full: 'spool', spool }
  return output
}

const NONE = { waiting: { records: 0, bytes: 0 }, givenUp: { records: 0, bytes: 0 }, onDisk: 0 }

async function deadBooks(): Promise<typeof NONE> {
  const { in_flight: waiting, overwritten: givenUp, spool } = await booksOf(DEAD)
  return { waiting, givenUp, onDisk: spool?.bytes ?? 0 }
}

function difference(after: Amount, before: Amount): Amount {
  return { records: after.records - before.records, bytes: after.bytes - before.bytes }
}
