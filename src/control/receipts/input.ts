/** What a receipt is made from. */
import type { SampleWindow } from '#contract/observation.ts'
import type { Price } from './money.ts'
import type { Replayed, Rule, RuleTraits } from './replayed.ts'

export interface ReceiptInput {
  /** Unix milliseconds. */
  now: number
  live: string | null
  candidate: string
  pipelines: readonly ReceiptPipeline[]
  /** By type of processor. What is not there is taken for stateful. */
  traits: Readonly<Record<string, RuleTraits>>
  prices: readonly Price[]
  gateways: { asked: number; answered: number }
}

/** A pipeline of either configuration. */
export interface ReceiptPipeline {
  id: string
  /** Only `logs` are looked at. */
  signal: string
  /** Undefined: that side has no such pipeline. */
  live: PipelineSide | undefined
  candidate: PipelineSide | undefined
  samples: readonly GatewaySample[]
  /**
   * Of the chains that `replayedRules` gives, over the records of all windows of all samples, in their order.
   * Undefined only where there is no record.
   */
  replayed: { live: Replayed; candidate: Replayed } | undefined
}

export interface PipelineSide {
  /** Ids of the sources; empty where they are the node's own business. */
  sources: readonly string[]
  rules: readonly Rule[]
  /** Ids of the outputs; every one gets all records. */
  outputs: readonly string[]
}

export interface GatewaySample {
  gateway: string
  /** Unix milliseconds: when it answered. Minutes without traffic have no window, but they count. */
  answered_at: number
  windows: readonly SampleWindow[]
}
