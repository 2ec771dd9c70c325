/** Work that takes too long for the thread that moves records: it runs in one of its own (`analysis-worker.ts`). */
import type { SampleWindow } from '#contract/observation.ts'
import type { Receipt } from '#contract/receipt.ts'
import type { Suggestions } from '#contract/suggestion.ts'
import type { ReceiptInput } from './receipts/input.ts'
import { impactReceipt } from './receipts/receipt.ts'
import { suggest } from './suggestions/suggestions.ts'

/** Plain data. */
export type AnalysisTask =
  | { kind: 'receipt'; input: ReceiptInput }
  | { kind: 'suggestions'; windows: readonly SampleWindow[] }

export interface AnalysisResults {
  receipt: Receipt
  suggestions: Suggestions
}

/** The thread's side. */
export function analyse(task: AnalysisTask): AnalysisResults[AnalysisTask['kind']] {
  return task.kind === 'receipt' ? impactReceipt(task.input) : suggest(task.windows)
}
