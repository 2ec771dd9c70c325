/**
 * A plan is a configuration that has been read, resolved and validated: what a node runs. `config` makes plans, the
 * engine carries them out. Options are what the component's schema gave out; a plan holds no references any more.
 * Processor plans cross into engine threads, so they are plain data (structured clone).
 */
import type { Condition } from './condition.ts'
import type { OnError } from './processor.ts'
import type { Overflow } from './source.ts'

export interface SourcePlan {
  id: string
  type: string
  overflow: Overflow
  options: Record<string, unknown>
}

export interface ProcessorPlan {
  id: string
  type: string
  options: Record<string, unknown>
  when: Condition | undefined
  required: boolean
  onError: OnError
}

/** Limits of one batch; it goes out when the first of them is reached. */
export interface BatchLimits {
  maxRecords: number
  maxBytes: number
  maxWaitMs: number
}

export const whenFullPolicies = ['drop_oldest', 'drop_newest', 'block'] as const
export type WhenFull = (typeof whenFullPolicies)[number]

export interface OutputPlan {
  id: string
  type: string
  /** Overrides the pipeline's batch limits. */
  batch: Partial<BatchLimits>
  /** Bytes that may wait for this output in memory. */
  queueBytesMax: number
  whenFull: WhenFull
  retry: RetryPlan
  options: Record<string, unknown>
}

/** Full-jitter exponential backoff between `baseMs` and `capMs`; a batch is given up after `maxAttempts`. */
export interface RetryPlan {
  maxAttempts: number
  baseMs: number
  capMs: number
}

/** When the rules are too slow or broken; see docs/decisions/0004. */
export interface FailOpenPlan {
  atBufferRatio: number
  stallMs: number
  killMs: number
  probeMs: number
  errorRatio: number
}

export interface PipelinePlan {
  id: string
  sources: string[]
  processors: ProcessorPlan[]
  outputs: string[]
  batch: BatchLimits
  failOpen: FailOpenPlan
}

export interface NodePlan {
  /** SHA-256 of the manifest or document that the plan came from, in hex. */
  hash: string
  sources: SourcePlan[]
  pipelines: PipelinePlan[]
  outputs: OutputPlan[]
}

/** What stays for the life of a node process. */
export interface NodeLimits {
  /** Engine threads. 1 keeps strict order; n keeps order per connection. */
  engines: number
  /** Intake memory over all engines, in bytes and in entries. */
  intakeBytesMax: number
  intakeEntriesMax: number
}
