/** What the cases share: what a result is, how large a run is, and a program of ours with its configuration and its books. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { NodeStats, OutputBooks } from '#contract/stats.ts'
import type { Signal } from '#telemetry/signal.ts'
import { type CorpusKind, corpus, numbered } from './corpus.ts'
import { SINK_PORT } from './measure.ts'
import type { Program } from './peers.ts'

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

export const CONNECTIONS = 4
const PORT = 18_085
export const UDP_PORT = 18_086
export const HTTP_PORT = 18_087
export const STATSD_PORT = 18_095
const ADMIN = '127.0.0.1:18083'
/** How often the books are asked, and how long they may stand still before a case is given up. */
const ASK_MS = 100
const STILL_MS_MAX = 60_000

export const scratch = mkdtempSync(join(tmpdir(), 'streamgate-bench-'))

export function removeScratch(): void {
  rmSync(scratch, { recursive: true, force: true })
}

export const DROP = { id: 'drop', type: 'filter', params: { value: 'DEBUG' } }
export const REDACT = {
  id: 'redact',
  type: 'redact',
  params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
}
export const TCP_OUTPUT = { type: 'tcp', address: `127.0.0.1:${SINK_PORT}` }
export const HTTP_OUTPUT = { type: 'http', url: `http://127.0.0.1:${SINK_PORT}/` }

export interface Setup {
  /** `logs` without it, which TCP and UDP bring; of others, `sources` alone. */
  signal?: Signal
  processors?: object[]
  /** The output `out`, which lets its source wait when it is full unless it says otherwise. */
  output?: object
  /** Outputs beside it, each with an id. */
  others?: { id: string }[]
  /** Sources beside TCP and UDP, each with an id. */
  sources?: { id: string }[]
  batch?: object
}

/** A configuration of ours, written where the program can read it. Each name has a data directory of its own. */
export function streamgate(name: string, setup: Setup): Program {
  const { signal, processors = [], output = TCP_OUTPUT, others = [], sources = [], batch = {} } = setup
  const ids = (entries: { id: string }[]) => entries.map(({ id }) => id)
  const config = {
    version: 2,
    sources: [
      { id: 'tcp', type: 'tcp', listen: `127.0.0.1:${PORT}`, overflow: 'block' },
      { id: 'udp', type: 'udp', listen: `127.0.0.1:${UDP_PORT}` },
      ...sources,
    ],
    pipelines: [
      {
        id: 'default_pipeline',
        ...(signal === undefined ? {} : { signal }),
        sources: [...(signal === undefined ? ['tcp', 'udp'] : []), ...ids(sources)],
        processors,
        outputs: ['out', ...ids(others)],
        batch,
      },
    ],
    outputs: [{ id: 'out', when_full: 'block', ...output }, ...others],
    admin: { listen: ADMIN },
    log_level: 'warn',
    shutdown_timeout_ms: 1000,
  }
  const file = join(scratch, `${name}.json`)
  writeFileSync(file, JSON.stringify(config))
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
  const command = [process.execPath, main, 'node', '--config', file, '--data-dir', join(scratch, name)]
  return { name: 'streamgate', version: '', port: PORT, command }
}

/** The corpus as a file, for the load to read. `numbered`: each line begins with its number. */
export function corpusFile(lines: number, kind: CorpusKind, style: 'plain' | 'numbered' = 'plain'): string {
  const bytes = corpus(lines, kind)
  const file = join(scratch, `${kind}-${style}.txt`)
  writeFileSync(file, style === 'plain' ? bytes : numbered(bytes))
  return file
}

export async function stats(): Promise<NodeStats> {
  return (await (await fetch(`http://${ADMIN}/stats`)).json()) as NodeStats
}

export async function booksOf(output: string): Promise<OutputBooks> {
  return (await stats()).outputs.find(({ id }) => id === output)!
}

/** Waits until `done` holds. Gives up when nothing moves any more. */
export async function until(done: (now: NodeStats) => boolean): Promise<NodeStats> {
  let before = ''
  let movedAt = performance.now()
  for (;;) {
    const now = await stats()
    if (done(now)) return now
    const books = JSON.stringify([
      now.sources,
      now.pipelines,
      now.outputs.map(({ delivered, spool }) => [delivered, spool]),
    ])
    if (books !== before) movedAt = performance.now()
    else if (performance.now() - movedAt > STILL_MS_MAX) throw new Error(`the program stands still: ${books}`)
    before = books
    await sleep(ASK_MS)
  }
}

/** All of `records` came in, and what the rules left of them went out through `out`. */
export function delivered(records: number): (now: NodeStats) => boolean {
  return ({ pipelines: [pipeline], outputs }) =>
    pipeline!.in.records >= records &&
    pipeline!.in_flight.records === 0 &&
    outputs.find(({ id }) => id === 'out')!.in_flight.records === 0
}

export function programName(program: Program): string {
  return program.version === '' ? program.name : `${program.name} ${program.version}`
}

export function judged(result: Result, reach: string, reached: boolean): Result {
  return { ...result, reach, reached }
}

export function microseconds(cpuSeconds: number, records: number): number {
  return Number(((cpuSeconds * 1e6) / records).toFixed(2))
}

export function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6)
}
