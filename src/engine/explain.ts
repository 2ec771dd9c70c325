/** Runs one record through a list of processors, one at a time, and tells what each did to it. For people and tests. */
import { textFormat } from '#codecs/text/format.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { outcomes } from '#component/processor.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import { type Bytes, concat, fromText, NEWLINE } from '#std/bytes.ts'
import { sharedMemory } from '#std/shared-memory.ts'
import { Block } from '#telemetry/block.ts'
import { Chain } from './chain.ts'
import { Tally } from './outtake.ts'

export interface ExplainedStep {
  id: string
  type: string
  /** `kept`: looked at and left alone. `skipped`: its `when` does not hold. `error`: it failed; see `on_error`. */
  result: 'kept' | 'edited' | 'skipped' | 'error' | (typeof outcomes)[number]
  before: string
  /** The record as it goes on; null when it ends here. */
  after: string | null
}

/** `record` is one record without its line end. Throws `StreamgateError` when the processors cannot be compiled. */
export function explainRecord(
  processors: readonly ProcessorPlan[],
  registry: Pick<EngineRegistry, 'processors'>,
  record: Uint8Array,
): ExplainedStep[] {
  const steps: ExplainedStep[] = []
  const block = blockOf(record)
  const chain = new Chain(processors, registry, (plan) => ({
    random: Math.random,
    engine: 0,
    state: sharedMemory(find(registry.processors, plan.type)?.stateBytes?.(plan.options) ?? 0),
  }))
  for (let i = 0; i < processors.length && block.selected > 0; i++) {
    const { id, type } = processors[i]!
    const before = block.recordText(0)
    const kinds: number[] = []
    const seen = chain.step(i, block, { tally: (_rule, kind) => kinds.push(kind) })
    const after = block.selected > 0 ? block.recordText(0) : null
    steps.push({ id, type, result: resultOf(kinds, seen), before, after })
  }
  return steps
}

function resultOf(kinds: number[], seen: number): ExplainedStep['result'] {
  if (kinds.includes(Tally.ERROR)) return 'error'
  const ended = kinds.find((kind) => kind < outcomes.length)
  if (ended !== undefined) return outcomes[ended]!
  if (kinds.includes(Tally.EDITED)) return 'edited'
  return seen === 0 ? 'skipped' : 'kept'
}

function blockOf(record: Uint8Array): Block {
  const bytes: Bytes = concat([record, fromText('\n')])
  const block = new Block()
  block.fill(bytes, 0, bytes.length, { source: 'explain', arrivalMs: 0, truncated: false, format: textFormat })
  block.addRecord(0, record.length)
  block.multiline = record.includes(NEWLINE)
  return block
}
