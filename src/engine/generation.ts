/**
 * What runs under one configuration: its pipelines and the deliveries that they share. Commits name the generation whose
 * rules made them, so a reload lets old and new stand side by side until the last old commit is taken.
 */
import type { NodePlan, PipelinePlan } from '#component/plan.ts'
import type { PipelineLedger, RuleLedger } from '#observe/books.ts'
import type { Dropped } from '#spool/dropped.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { Breaker } from './breaker.ts'
import type { Delivery } from './delivery.ts'
import type { Program } from './messages.ts'

export interface Generation {
  epoch: number
  plan: NodePlan
  program: Program
  /** By slot; a hole where another generation has a pipeline. */
  pipelines: (PipelineRuntime | undefined)[]
  /** By id of the output. */
  deliveries: Map<string, Delivery>
}

export interface PipelineRuntime {
  slot: number
  plan: PipelinePlan
  ledger: PipelineLedger
  breaker: Breaker
  hasRequired: boolean
  /** In the order of the plan's processors. */
  rules: RuleLedger[]
  encoders: Encoder[]
  /** For each encoder, the deliveries that want its encoding. */
  routes: Delivery[][]
  /** Where what its rules drop is kept; undefined: nowhere. */
  keepDropped: Dropped | undefined
}

/** The pipelines that a source feeds with records of a signal. */
export function pipelinesOf(generation: Generation, sourceSlot: number, signal: Signal): PipelineRuntime[] {
  const fed = generation.program.pipelines.filter(
    (pipeline) => pipeline.signal === signal && pipeline.sources.includes(sourceSlot),
  )
  return fed.flatMap((pipeline) => generation.pipelines[pipeline.slot] ?? [])
}
