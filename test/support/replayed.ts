/**
 * Runs rules over texts with the node's own chain and tells what became of each record: the truth that tests compare
 * with.
 */
import { textFormat } from '#codecs/text/format.ts'
import type { Condition } from '#component/condition.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import type { ProcessorDefinition } from '#component/processor.ts'
import { find } from '#component/registry.ts'
import type { Fate } from '#contract/observation.ts'
import type { Replayed, ReplayedRecord, Rule, RuleTraits } from '#control/receipts/replayed.ts'
import { Chain } from '#engine/chain.ts'
import { Tally } from '#engine/outtake.ts'
import { fromText } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { engineRegistry } from '../../src/engine-registry.ts'

const registry: { processors: readonly ProcessorDefinition[] } = engineRegistry
const STATEFUL = new Set(['dedupe', 'aggregate', 'cardinality_limit'])

export const traits: Record<string, RuleTraits> = Object.fromEntries(
  registry.processors.map(({ name, mutates, outcome }) => [name, { stateful: STATEFUL.has(name), mutates, outcome }]),
)

export interface ChainRunOptions {
  random: () => number
  /** Unix milliseconds of the first record, and how far the clock goes with each. */
  from?: number
  stepMs?: number
}

const BLOCK_RECORDS = 500

/** All records in one order through one chain. CPU time is not measured: it would not be the same twice. */
export function runChain(rules: readonly Rule[], texts: readonly string[], options: ChainRunOptions): Replayed {
  const run = new ChainRun(rules, options)
  const records: ReplayedRecord[] = []
  for (let i = 0; i < texts.length; i += BLOCK_RECORDS) {
    records.push(...run.block(texts.slice(i, i + BLOCK_RECORDS), (options.from ?? 0) + i * (options.stepMs ?? 0)))
  }
  return { records, cpu_ns_per_record: 0 }
}

class ChainRun {
  readonly #rules: readonly Rule[]
  readonly #chain: Chain

  constructor(rules: readonly Rule[], { random }: ChainRunOptions) {
    this.#rules = rules
    this.#chain = new Chain(rules.map(planOf), engineRegistry, ({ type, options }) => ({
      random,
      engine: 0,
      state: new SharedArrayBuffer(find(registry.processors, type)?.stateBytes?.(options) ?? 0),
    }))
  }

  block(texts: readonly string[], arrivalMs: number): ReplayedRecord[] {
    const block = blockOf(texts, arrivalMs)
    const records = texts.map((text) => {
      const bytes = fromText(text).length
      const edits: string[] = []
      return { fate: 'forwarded' as Fate, rule: null as string | null, edited_by: edits, bytes, errors: [] as string[] }
    })
    this.#rules.forEach(({ id, type }, i) => {
      const before = block.selection.slice(0, block.count)
      block.changed.length = 0
      let failed = false
      this.#chain.step(i, block, {
        tally: (_rule, kind) => {
          failed ||= kind === Tally.ERROR
        },
      })
      for (const record of new Set(block.changed)) records[record]!.edited_by.push(id)
      records.forEach((record, r) => {
        if (before[r] === 0 || block.selection[r] === 1) return
        record.rule = id
        record.fate = failed ? 'quarantined' : traits[type]!.outcome
      })
    })
    return records.map(({ bytes, ...record }, r) => ({
      ...record,
      after: record.rule === null ? { text: block.recordText(r) } : null,
      bytes_in: bytes,
      bytes_out: record.rule === null ? block.ends[r]! - block.starts[r]! : 0,
    }))
  }
}

export function planOf(rule: Rule): ProcessorPlan {
  const definition = find(registry.processors, rule.type)!
  return {
    id: rule.id,
    type: rule.type,
    options: definition.config.parse(rule.params) as Record<string, unknown>,
    when: rule.when as Condition | undefined,
    required: rule.required ?? definition.required,
    onError: rule.on_error ?? definition.onError,
  }
}

function blockOf(texts: readonly string[], arrivalMs: number): Block {
  const bytes = fromText(texts.map((text) => `${text}\n`).join(''))
  const block = new Block()
  block.fill(bytes, 0, bytes.length, { source: 'test', arrivalMs, truncated: false, format: textFormat })
  let at = 0
  for (const text of texts) {
    const end = at + fromText(text).length
    block.addRecord(at, end)
    if (text.includes('\n')) block.multiline = true
    at = end + 1
  }
  return block
}
