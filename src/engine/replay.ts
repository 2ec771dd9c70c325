/**
 * Runs records of text through rules, as a node would run them in one engine, and tells what becomes of each and what the rules
 * cost. For receipts and for tests of rules: nothing of it counts anywhere, and state and chance are the replay's own, so the same
 * records and rules with the same seed end the same.
 */
import { textFormat } from '#codecs/text/format.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { outcomes } from '#component/processor.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Fate, RecordText } from '#contract/observation.ts'
import { type Bytes, concat, fromBase64, fromText, NEWLINE } from '#std/bytes.ts'
import { cpuMicros } from '#std/cpu-time.ts'
import { randomFrom } from '#std/random.ts'
import { sharedMemory } from '#std/shared-memory.ts'
import { Block } from '#telemetry/block.ts'
import { Chain, type TallySink } from './chain.ts'
import { Tally } from './outtake.ts'
import { recordText } from './portrait.ts'
import { NO_END, Trail } from './trail.ts'

export const REPLAY_RECORDS_MAX = 50_000
export const REPLAY_BYTES_MAX = 64 * 1024 * 1024
/** Records of one block, when they came in at the same time. */
const BLOCK_RECORDS = 256
/** How long to measure what the rules cost, and how long to warm up for it. */
const MEASURE_MS_MAX = 200
const WARM_UP_MS = 50
/** When records came in that say nothing of it. */
const SOME_TIME_MS = Date.UTC(2026, 0, 1)

/** `at`: when it came in, Unix milliseconds; rules that look at time look at this. */
export type ReplayInput = RecordText & { at?: number }

export interface ReplayOptions {
  seed?: number
  measureCpu?: boolean
}

export interface ReplayedRecord {
  fate: Fate
  /** Id of the rule that ended it; null when it goes on. */
  rule: string | null
  /** Ids of the rules that edited it, in order. */
  edited_by: string[]
  /** Whole; null when it ended. */
  after: RecordText | null
  bytes_in: number
  bytes_out: number
  /** Ids of the rules that failed on it. */
  errors: string[]
}

export interface ReplayedRule {
  id: string
  ended: number
  edited: number
  errors: number
  /** What it took out: bytes of the records that it ended, and by how much its edits made others shorter. */
  bytes: number
}

export interface ReplayResult {
  records: ReplayedRecord[]
  rules: ReplayedRule[]
  /** CPU time of all rules together; null when nobody asked. */
  cpu_ns_per_record: number | null
}

/** Throws `StreamgateError`: `SG_REPLAY` when there are too many records, and what a rule says that cannot be compiled. */
export function replay(
  processors: readonly ProcessorPlan[],
  registry: Pick<EngineRegistry, 'processors'>,
  records: readonly ReplayInput[],
  { seed = 1, measureCpu = false }: ReplayOptions = {},
): ReplayResult {
  const pieces = piecesOf(records)
  const rules = processors.map(({ id }) => ({ id, ended: 0, edited: 0, errors: 0, bytes: 0 }))
  const chain = chainFor(processors, registry, seed)
  const trail = new Trail()
  const block = new Block()
  const sink = sinkInto(rules)
  const replayed: ReplayedRecord[] = []
  for (const piece of pieces) {
    fill(block, piece)
    chain.runTracked(block, false, sink, trail, undefined)
    chain.committed()
    for (const record of recordsOf(block, trail, processors)) replayed.push(record)
  }
  const cpu = measureCpu && records.length > 0 ? measure(processors, registry, pieces, seed) : null
  return { records: replayed, rules, cpu_ns_per_record: cpu }
}

/** Records that came in together. */
interface Piece {
  bytes: Bytes
  ends: number[]
  /** How many records come before. Rules tell records that are done again by their number. */
  sequence: number
  at: number
  multiline: boolean
}

function piecesOf(records: readonly ReplayInput[]): Piece[] {
  if (records.length > REPLAY_RECORDS_MAX) {
    throw new StreamgateError('SG_REPLAY', `${records.length} records are more than ${REPLAY_RECORDS_MAX}`)
  }
  const pieces: Piece[] = []
  let total = 0
  for (let from = 0, to = 0; from < records.length; from = to) {
    const at = records[from]!.at ?? SOME_TIME_MS
    const parts: Bytes[] = []
    const ends: number[] = []
    let end = -1
    let multiline = false
    for (; to < records.length && to - from < BLOCK_RECORDS && (records[to]!.at ?? SOME_TIME_MS) === at; to++) {
      const bytes = bytesOf(records[to]!)
      parts.push(bytes, LINE_END)
      end += bytes.length + 1
      ends.push(end)
      multiline ||= bytes.includes(NEWLINE)
    }
    total += end + 1
    if (total > REPLAY_BYTES_MAX) {
      throw new StreamgateError('SG_REPLAY', `the records have more than ${REPLAY_BYTES_MAX} bytes`)
    }
    pieces.push({ bytes: concat(parts), ends, sequence: from, at, multiline })
  }
  return pieces
}

const LINE_END = fromText('\n')

function bytesOf({ text, base64 }: RecordText): Bytes {
  return text === undefined ? fromBase64(base64 ?? '') : fromText(text)
}

function fill(block: Block, { bytes, ends, sequence, at, multiline }: Piece): void {
  block.fill(bytes, 0, bytes.length, { source: 'replay', arrivalMs: at, truncated: false, format: textFormat })
  let start = 0
  for (const end of ends) {
    block.addRecord(start, end)
    start = end + 1
  }
  block.multiline = multiline
  block.sequence = sequence
}

function chainFor(
  processors: readonly ProcessorPlan[],
  registry: Pick<EngineRegistry, 'processors'>,
  seed: number,
): Chain {
  const random = randomFrom(seed)
  return new Chain(processors, registry, ({ type, options }) => {
    const bytes = find(registry.processors, type)?.stateBytes?.(options) ?? 0
    return { random, engine: 0, state: sharedMemory(bytes) }
  })
}

function sinkInto(rules: readonly ReplayedRule[]): TallySink {
  return {
    tally(index, kind, records, bytes) {
      const rule = rules[index]!
      if (kind < outcomes.length) {
        rule.ended += records
        rule.bytes += bytes
      } else if (kind === Tally.EDITED) {
        rule.edited += records
        rule.bytes -= bytes
      } else if (kind === Tally.ERROR) rule.errors += records
    },
  }
}

function recordsOf(block: Block, trail: Trail, processors: readonly ProcessorPlan[]): ReplayedRecord[] {
  const idsOf = (rules: number[]) => rules.map((rule) => processors[rule]!.id)
  return Array.from({ length: block.count }, (_, i) => {
    const endedBy = trail.endedBy[i]!
    const goesOn = endedBy === NO_END
    const [start, end] = [block.starts[i]!, block.ends[i]!]
    return {
      fate: goesOn ? 'forwarded' : outcomes[trail.outcome[i]!]!,
      rule: goesOn ? null : processors[endedBy]!.id,
      edited_by: idsOf(trail.edits.of(i)),
      after: goesOn ? recordText(block.bytes, start, end, Infinity) : null,
      bytes_in: trail.ends[i]! - trail.starts[i]!,
      bytes_out: goesOn ? end - start : 0,
      errors: idsOf(trail.errors.of(i)),
    }
  })
}

/** Nanoseconds of CPU time for each record. Rules with state begin anew each time, as with `replay`. */
function measure(
  processors: readonly ProcessorPlan[],
  registry: Pick<EngineRegistry, 'processors'>,
  pieces: readonly Piece[],
  seed: number,
): number {
  const silent: TallySink = { tally: () => undefined }
  const isStateful = processors.some(({ type }) => find(registry.processors, type)?.stateBytes !== undefined)
  const block = new Block()
  let chain = chainFor(processors, registry, seed)
  let micros = 0
  let records = 0
  const startedAt = performance.now()
  for (let measuring = false, elapsedMs = 0; elapsedMs < MEASURE_MS_MAX || records === 0; ) {
    if (isStateful) chain = chainFor(processors, registry, seed)
    const before = cpuMicros()
    for (const piece of pieces) {
      fill(block, piece)
      chain.run(block, false, silent)
      chain.committed()
    }
    const used = cpuMicros() - before
    if (measuring) {
      micros += used
      records += pieces.reduce((sum, { ends }) => sum + ends.length, 0)
    }
    elapsedMs = performance.now() - startedAt
    measuring = elapsedMs >= WARM_UP_MS
  }
  return Math.round((micros * 1000) / records)
}
