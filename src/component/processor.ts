/**
 * What a processor is: a schema, a few declared facts, and `create`.
 *
 * It runs inside an engine thread, on one block at a time, and is synchronous. It marks records (`block.drop`) or edits
 * them (`block.edit` … `block.commitEdits`); the chain around it evaluates `when`, applies `on_error`, and keeps the
 * books: what a processor drops is counted under its `outcome`, so that no processor counts for itself.
 *
 * The chain hides from `block.selection` what `when` excludes or another processor has ended: a processor acts on
 * records with `selection[i] === 1` and leaves the others alone.
 */
import type { z } from 'zod'
import type { Block } from '#telemetry/block.ts'
import type { Signal } from '#telemetry/signal.ts'

/** What the books call it when a processor ends a record. */
export const outcomes = ['dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined'] as const
export type Outcome = (typeof outcomes)[number]

/** What happens to a record on which a processor throws. */
export const onErrorPolicies = ['pass', 'drop', 'quarantine'] as const
export type OnError = (typeof onErrorPolicies)[number]

export interface Processor {
  process(block: Block): void
  /**
   * What `process` or `emit` did last is in the books: nothing of it will be done again. Whoever merges records keeps what it
   * swallowed aside until now, so that an engine which dies in between neither loses nor doubles it.
   */
  committed?(): void
  /**
   * For who makes records of its own, such as sums over an interval: fills `block` with those that are due, as a decoder
   * would, and returns true; or false when none are. Called again until it is false. They go through the processors behind it
   * and are counted as emitted. `now` is Unix milliseconds; `final`: this is the last time, everything is due.
   */
  emit?(now: number, final: boolean, block: Block): boolean
  /** Unix milliseconds at which `emit` is worth a call; infinity for never. */
  due?(): number
}

export interface ProcessorContext {
  /** A number in [0, 1) from a seeded generator of the engine's own. */
  random(): number
  /**
   * Shared memory of the size that the definition's `stateBytes` asked for, zeroed when new. It is the same for every
   * engine thread, survives their replacement and every reload that leaves the processor's options as they are.
   * Several engines may work on it at once: use Atomics.
   */
  state: SharedArrayBuffer
  /** Number of the engine thread; a successor has the same. */
  engine: number
}

export type ProcessorReport = Record<string, number | { name: string; value: number }[]>

export interface ProcessorDefinition<Config extends z.ZodObject = z.ZodObject> {
  kind: 'processor'
  name: string
  summary: string
  config: Config
  outcome: Outcome
  /** Whether it may change the bytes of a record. */
  mutates: boolean
  /** Runs even when the node is pressed, and is never bypassed, unless the user says otherwise. */
  required: boolean
  onError: OnError
  /** What it works on. */
  signals: readonly Signal[]
  /** Bytes of shared state that an instance with these options needs; without it, none. */
  stateBytes?(options: z.output<Config>): number
  /** What its shared state shows to people: numbers by name, or names of what stands out with their numbers. */
  report?(options: z.output<Config>, state: SharedArrayBuffer): ProcessorReport
  /** Has no side effects. Throws `StreamgateError` with a `path` inside the options when they cannot work. */
  create(options: z.output<Config>, context: ProcessorContext): Processor
}

type ProcessorFacts<Config extends z.ZodObject> = Omit<
  ProcessorDefinition<Config>,
  'kind' | 'outcome' | 'required' | 'onError' | 'signals'
> &
  Partial<Pick<ProcessorDefinition<Config>, 'outcome' | 'required' | 'onError' | 'signals'>>

export function defineProcessor<Config extends z.ZodObject>(
  definition: ProcessorFacts<Config>,
): ProcessorDefinition<Config> {
  return {
    kind: 'processor',
    outcome: 'dropped',
    required: false,
    onError: 'pass',
    signals: ['logs'],
    ...definition,
  }
}

/**
 * The simple form: a function from one record to what becomes of it. Returns the same bytes to leave the record alone,
 * other bytes to replace it, `null` to end it.
 */
export function eachRecord(transform: (record: Uint8Array) => Uint8Array | null): Processor {
  return {
    process(block) {
      for (let i = 0; i < block.count; i++) {
        if (block.selection[i] === 0) continue
        const record = block.recordBytes(i)
        const result = transform(record)
        if (result === null) block.drop(i)
        else if (result !== record) block.replaceRecord(i, result)
      }
      block.commitEdits()
    },
  }
}
