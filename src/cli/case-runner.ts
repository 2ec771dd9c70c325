/**
 * Runs the records of a case through the rules of a pipeline: the chain that a node runs, record by record, with its state
 * kept from one to the next. Time is the case's own and chance has a seed, so a case ends the same way each time.
 */
import { fromJson } from '#codecs/otlp/from-json.ts'
import type { PipelinePlan } from '#component/plan.ts'
import { outcomes } from '#component/processor.ts'
import { find, type Registry } from '#component/registry.ts'
import type { Fate } from '#contract/observation.ts'
import { Chain } from '#engine/chain.ts'
import { Tally } from '#engine/outtake.ts'
import { assert } from '#std/assert.ts'
import { concat, fromText } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'
import type { Signal } from '#telemetry/signal.ts'

export const inputFormats = ['text', 'syslog', 'otlp'] as const
export type InputFormat = (typeof inputFormats)[number]

/** What became of one record. Texts of records that are no text are JSON. */
export interface RanRecord {
  before: string
  /** Null when it ended. */
  after: string | null
  fate: Fate
  /** Id of the rule that ended it. */
  rule: string | null
  editedBy: string[]
  /** Ids of the rules that failed on it; what came of that is up to their `on_error`. */
  failed: string[]
}

export interface Ran {
  records: RanRecord[]
  /** What rules had held back and sent at the end. */
  emitted: RanRecord[]
}

export type RunResult = { ok: true; ran: Ran } | { ok: false; reason: string }

const SEED = 1
/** When the first record of a case comes in. */
const START_MS = Date.UTC(2026, 0, 1)

export interface CaseInput {
  pipeline: PipelinePlan
  format: InputFormat
  inputs: readonly string[]
  everyMs: number
}

/** Not ok: an input is not what its format says. Throws `StreamgateError` when the rules cannot be compiled. */
export function runCase({ pipeline, format, inputs, everyMs }: CaseInput, registry: Registry): RunResult {
  const runner = new CaseRunner(pipeline, registry)
  const definition = find<DecoderDefinition>(registry.decoders, decoderName(format, pipeline.signal))
  assert(definition !== undefined, 'the decoders of all input formats are registered')
  const records: RanRecord[] = []
  let atMs = START_MS
  for (const input of inputs) {
    const request = format === 'otlp' ? fromJson(pipeline.signal, fromText(input)) : undefined
    if (request?.ok === false) return { ok: false, reason: `is no OTLP/JSON of ${pipeline.signal}: ${request.message}` }
    const bytes = request?.bytes ?? fromText(input)
    const before = records.length
    for (const record of runner.run(bytes, definition, atMs)) {
      records.push(record)
      atMs += everyMs
    }
    if (records.length === before) return { ok: false, reason: 'holds no record' }
  }
  return { ok: true, ran: { records, emitted: runner.emit(atMs) } }
}

function decoderName(format: InputFormat, signal: Signal): string {
  if (format === 'text') return 'record'
  return format === 'syslog' ? 'syslog_record' : `otlp_${signal}`
}

class CaseRunner {
  readonly #chain: Chain
  readonly #ids: string[]
  readonly #block = new Block()
  readonly #json = new Block()
  #sequence = 0
  /** Of the record at hand. */
  #kinds: { rule: number; kind: number }[] = []

  constructor({ processors }: PipelinePlan, registry: Registry) {
    const random = randomFrom(SEED)
    this.#ids = processors.map(({ id }) => id)
    this.#chain = new Chain(processors, registry, ({ type, options }) => ({
      random,
      engine: 0,
      state: new SharedArrayBuffer(find(registry.processors, type)?.stateBytes?.(options) ?? 0),
    }))
  }

  /** The records of one entry, each in a block of its own. */
  *run(entry: Uint8Array, { create, format }: DecoderDefinition, arrivalMs: number): Generator<RanRecord> {
    const bytes = concat([entry, fromText('\n')])
    const encoded = { bytes, from: 0, to: entry.length }
    const decoder = create()
    const block = this.#block
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, 0, bytes.length, { source: 'test', arrivalMs, truncated: false, format })
      const decoded = decoder.decode(encoded, at, block, 1)
      at = decoded.end
      done = decoded.done
      if (block.count > 0) yield this.#through(block, 0)
    }
  }

  emit(nowMs: number): RanRecord[] {
    const emitted: RanRecord[] = []
    for (const { rule, processor } of this.#chain.emitters) {
      while (processor.emit!(nowMs, true, this.#block)) {
        const { count } = this.#block
        for (let i = 0; i < count; i++) emitted.push(this.#through(only(this.#block, i), rule + 1))
        processor.committed?.()
      }
    }
    return emitted
  }

  /** Runs the one selected record of `block` through the rules from `from` on. */
  #through(block: Block, from: number): RanRecord {
    block.sequence = this.#sequence++
    this.#kinds = []
    const before = this.#textOf(block)
    this.#chain.run(block, false, { tally: (rule, kind) => this.#kinds.push({ rule, kind }) }, from)
    const after = block.selected > 0 ? this.#textOf(block) : null
    this.#chain.committed()
    const ended = this.#kinds.find(({ kind }) => kind < outcomes.length)
    const idsWith = (wanted: number) =>
      this.#kinds.flatMap(({ rule, kind }) => (kind === wanted ? [this.#ids[rule]!] : []))
    return {
      before,
      after,
      fate: ended === undefined ? 'forwarded' : outcomes[ended.kind]!,
      rule: ended === undefined ? null : this.#ids[ended.rule]!,
      editedBy: idsWith(Tally.EDITED),
      failed: idsWith(Tally.ERROR),
    }
  }

  #textOf(block: Block): string {
    const { format } = block.context
    if (format.isText) return block.recordText(block.selection.indexOf(1))
    format.toJson(block, this.#json)
    return this.#json.recordText(0)
  }
}

/** A block over the same bytes in which record `i` alone is selected. */
function only(block: Block, i: number): Block {
  const copy = new Block()
  copy.copyFrom(block)
  for (let j = 0; j < block.count; j++) if (j !== i) copy.drop(j)
  return copy
}
