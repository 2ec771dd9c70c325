/** A receipt on which little happens, for tests of how receipts are read. */
import type { Estimate, Receipt } from '#contract/receipt.ts'

export const exactly = (value: number): Estimate => ({ value, low: value, high: value })
export const amount = (records: number, bytes: number) => ({ records: exactly(records), bytes: exactly(bytes) })
export const compared = (live: number, candidate: number) => ({
  live: amount(live, live * 100),
  candidate: amount(candidate, candidate * 100),
  difference: amount(candidate - live, (candidate - live) * 100),
})

export function receiptOf(change: Partial<Receipt> = {}): Receipt {
  return {
    version: 1,
    made_at: 0,
    live: 'aa',
    candidate: 'bb',
    sample: {
      records: 512,
      seen: { records: 12_003, bytes: 1_200_300 },
      from: 0,
      to: 120_000,
      windows: 2,
      minutes: 2,
      gateways: { asked: 1, answered: 1 },
      not_reproduced: 0,
    },
    method: { confidence: 0.95, month_days: 30.44, statement: '' },
    in: amount(1000, 100_000),
    out: compared(1000, 750),
    month: { in: amount(1_000_000, 100_000_000), out: compared(1_000_000, 750_000) },
    money: { totals: [], outputs: [], unpriced: [] },
    rules: [],
    services: [],
    severities: [],
    lost_errors: { lost: exactly(0), regained: exactly(0), sampled: 0, by_rule: [] },
    vanished_fields: [],
    redactions: [],
    cpu: [],
    not_covered: [],
    ...change,
  }
}
