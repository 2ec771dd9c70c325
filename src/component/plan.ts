/**
 * A plan is a configuration that has been read, resolved and validated: what a node runs. `config` makes plans, the
 * engine carries them out. Options are what the component's schema gave out; a plan holds no references any more.
 * Processor plans cross into engine threads, so they are plain data (structured clone).
 */
import type { Signal } from '#telemetry/signal.ts'
import type { UpstreamPlan } from '#upstreams/plan.ts'
import type { Condition } from './condition.ts'
import type { OnError } from './processor.ts'
import type { Overflow } from './source.ts'

export interface SourcePlan {
  id: string
  type: string
  overflow: Overflow
  /** It answers only when what it took in is safe on disk, or has gone its way. */
  durable: boolean
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

/** What becomes of records for an output whose memory queue is full. */
export const whenFullPolicies = ['spool', 'drop_oldest', 'drop_newest', 'block'] as const
export type WhenFull = (typeof whenFullPolicies)[number]

/** What becomes of them when the spool is full as well. */
export const spoolFullPolicies = ['drop_oldest', 'drop_newest', 'block'] as const
export type SpoolFull = (typeof spoolFullPolicies)[number]

/** What an output may keep on disk. */
export interface SpoolPlan {
  bytesMax: number
  /** Older records are given up when they are read. */
  maxAgeMs: number
  /** Undefined: `block` where a durable source feeds it, otherwise `drop_oldest`. */
  whenFull: SpoolFull | undefined
}

export interface OutputPlan {
  id: string
  type: string
  /** What the pipelines carry that it is an output of. */
  signal: Signal
  /** Overrides the pipeline's batch limits. */
  batch: Partial<BatchLimits>
  /** Bytes that may wait for this output in memory. */
  queueBytesMax: number
  /** Undefined: what the output's definition says, or `drop_oldest` where there is no data directory. */
  whenFull: WhenFull | undefined
  spool: SpoolPlan
  /** Bytes of dead letters to keep on disk; 0: none. */
  deadLettersBytesMax: number
  retry: RetryPlan
  options: Record<string, unknown>
}

/** Full-jitter exponential backoff between `baseMs` and `capMs`; a batch is given up after `maxAttempts`, or when it is too old. */
export interface RetryPlan {
  maxAttempts: number
  maxAgeMs: number
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
  signal: Signal
  sources: string[]
  processors: ProcessorPlan[]
  outputs: string[]
  /** What is configured; outputs have defaults of their own. */
  batch: Partial<BatchLimits>
  failOpen: FailOpenPlan
  /** How much of what each rule drops is kept for a while; undefined: nothing. */
  keepDropped: { bytesMax: number; ageMsMax: number } | undefined
}

export interface NodePlan {
  /** SHA-256 of the manifest or document that the plan came from, in hex. */
  hash: string
  sources: SourcePlan[]
  pipelines: PipelinePlan[]
  outputs: OutputPlan[]
  upstreams: UpstreamPlan[]
}

/** What stays for the life of a node process. */
export interface NodeLimits {
  /** Engine threads. 1 keeps strict order; n keeps order per connection. */
  engines: number
  /** Intake memory over all engines, in bytes and in entries. */
  intakeBytesMax: number
  intakeEntriesMax: number
}
