/** What is declared of a processor, as plain data: for who reasons about rules and runs none. */
import type { Outcome } from '#component/processor.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import type { Signal } from '#telemetry/signal.ts'

export interface ProcessorTraits {
  /** What it does to a record hangs on others that came before, so a sample tells little of it. */
  stateful: boolean
  /** It may change the bytes of a record. */
  mutates: boolean
  /** What it is called when it ends a record. */
  outcome: Outcome
  signals: readonly Signal[]
}

/** Undefined: there is no such processor. */
export function traitsOf(type: string, registry: Pick<EngineRegistry, 'processors'>): ProcessorTraits | undefined {
  const definition = find(registry.processors, type)
  if (definition === undefined) return undefined
  const { mutates, outcome, signals, stateBytes } = definition
  return { stateful: stateBytes !== undefined, mutates, outcome, signals: [...signals] }
}
