/** Inputs of receipts as they come about: traffic through the real chains, and samples as nodes show them. */
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import type { Receipt } from '#contract/receipt.ts'
import type { ReceiptInput } from '#control/receipts/input.ts'
import { impactReceipt } from '#control/receipts/receipt.ts'
import type { Replayed, Rule } from '#control/receipts/replayed.ts'
import { replayedRules } from '#control/receipts/rules.ts'
import { randomFrom } from '#std/random.ts'
import { runChain, traits } from './replayed.ts'

export interface Rules {
  live: Rule[]
  candidate: Rule[]
}

export const MINUTES = 10
export const price = { output: 'vendor', currency: 'EUR', per_gb: 2.5, per_million_events: 1.7, since: 0 }

export function inputOf(windows: SampleWindow[], rules: Rules, random: () => number): ReceiptInput {
  const before = windows.flatMap((window) => window.records.map((record) => record.before.text!))
  const chains = replayedRules(rules.live, rules.candidate, traits)
  return {
    now: MINUTES * 60_000,
    live: 'a',
    candidate: 'b',
    pipelines: [
      {
        id: 'logs',
        signal: 'logs',
        live: { rules: rules.live, outputs: ['vendor'], sources: ['s'] },
        candidate: { rules: rules.candidate, outputs: ['vendor'], sources: ['s'] },
        samples: [{ gateway: 'g', answered_at: 0, windows }],
        replayed: {
          live: runChain(chains.live, before, { random }),
          candidate: runChain(chains.candidate, before, { random }),
        },
      },
    ],
    traits,
    prices: [price],
    gateways: { asked: 1, answered: 1 },
  }
}

/** Records of a run as a node shows them: the text before them is redacted by the live rules. */
export function observed(run: Replayed, before: Replayed, numbers: readonly number[]): ObservedRecord[] {
  return numbers.map((number, n) => {
    const { errors: _, ...record } = run.records[number]!
    const text = before.records[n]!.after!
    return { ...record, edited_by: [...record.edited_by], pipeline: 'logs', source: 's', at: 0, before: text }
  })
}

/** What protects a sample. */
export function redacted(rules: readonly Rule[], texts: readonly string[], random: () => number): Replayed {
  return runChain(
    rules.filter(({ type }) => type === 'redact'),
    texts,
    { random },
  )
}

/** A receipt of `texts`, all of them looked at. */
export function wholeReceipt(texts: string[], rules: Rules, change: Partial<ReceiptInput> = {}): Receipt {
  const random = randomFrom(1)
  const run = runChain(rules.live, texts, { random })
  const records = observed(run, redacted(rules.live, texts, random), [...texts.keys()])
  const bytes = records.reduce((sum, record) => sum + record.bytes_in, 0)
  const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: texts.length, bytes }, records }
  return impactReceipt({ ...inputOf([window], rules, random), ...change })
}
