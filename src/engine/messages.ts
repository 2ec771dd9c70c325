/** What the wire and an engine thread say to each other, besides records. Plain data (structured clone). */
import type { Condition } from '#component/condition.ts'
import type { EncoderPlan } from '#component/output.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import type { Fate, ObservedRecord } from '#contract/observation.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { LaneMemory, Position } from './lane-memory.ts'

/** What an engine must know to run a configuration. `epoch` counts configurations up, so commits say which one made them. */
export interface Program {
  epoch: number
  /** Ids of the sources, by slot. */
  sources: string[]
  pipelines: ProgramPipeline[]
}

export interface ProgramPipeline {
  /** Stable for the life of the node: the same pipeline id keeps its slot over reloads. */
  slot: number
  id: string
  signal: Signal
  /** Slots of the sources that feed it. */
  sources: number[]
  processors: ProcessorPlan[]
  /** Shared state of each processor, in the same order; see `ProcessorDefinition.stateBytes`. */
  states: SharedArrayBuffer[]
  /** The distinct encoders that its outputs need. */
  encoders: EncoderPlan[]
  /** Whether what its rules drop is kept. */
  keepsDropped: boolean
}

/**
 * Where a replaced engine's successor begins, and how careful it must be: blocks of at most `recordsMax` records until it
 * is past `until`; the next record is skipped as quarantined when `skip` is set.
 */
export interface Start {
  position: Position
  recordsMax: number
  until: Position
  quarantineNext: boolean
}

export interface EngineData {
  /** Index of the lane, so that sequence numbers of several are told apart. */
  lane: number
  memory: LaneMemory
  program: Program
  start: Start
  seed: number
  /** Counts up with each engine of the lane. */
  incarnation: number
  /** What stopped the engine before this one may stand before here: what need not be done with it is not done. */
  quietUntil: Position
  watches: Watch[]
}

/** A tap, as engines know it; see `TapSelection`. */
export interface Watch {
  id: number
  pipeline: string | undefined
  rule: string | undefined
  when: Condition | undefined
  fate: Fate | undefined
  raw: boolean
  perSecondMax: number
}

/** What an engine has counted in one pipeline since a window began, and what it took for the sample since it told last. */
export interface SampleReport {
  /** Id of the pipeline. */
  pipeline: string
  /** Unix milliseconds at which the window begins. */
  window: number
  /** Names the sample that the slots are of: no other engine, and no other time, has the same. */
  part: string
  seen: { records: number; bytes: number }
  /** Null: the record may not be shown. */
  picks: { slot: number; record: ObservedRecord | null }[]
}

export interface TapReport {
  /** Id of the watch. */
  tap: number
  records: ObservedRecord[]
  skipped: number
}

export type ToEngine =
  | { type: 'load'; program: Program }
  | { type: 'swap'; epoch: number }
  | { type: 'flush'; epoch: number }
  | { type: 'watch'; watch: Watch }
  | { type: 'unwatch'; id: number }
  | { type: 'stop' }

export type FromEngine =
  | { type: 'running'; epoch: number }
  | { type: 'loaded'; epoch: number }
  | { type: 'refused'; epoch: number; code: string; message: string; path: string | undefined }
  | { type: 'swapped'; epoch: number }
  | { type: 'flushed'; epoch: number }
  | { type: 'observed'; epoch: number; samples: SampleReport[]; taps: TapReport[] }
