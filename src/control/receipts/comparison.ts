/** One thing on both sides, and their difference taken record by record. */
import type { Compared, Estimate } from '#contract/receipt.ts'
import { Quantity } from './scale.ts'
import type { Stratum } from './stratum.ts'

/** What is known of one record of the sample when all rules are through. */
export interface Side {
  /** 1: it counts. */
  records: number
  bytes: number
}

export class Comparison {
  readonly live: Quantity
  readonly candidate: Quantity
  readonly difference: Quantity

  constructor(strata: readonly Stratum[]) {
    this.live = new Quantity(strata)
    this.candidate = new Quantity(strata)
    this.difference = new Quantity(strata)
  }

  add(stratum: number, live: Side, candidate: Side, bytesIn: number): void {
    this.live.add(stratum, live.records, live.bytes, bytesIn)
    this.candidate.add(stratum, candidate.records, candidate.bytes, bytesIn)
    this.difference.add(stratum, candidate.records - live.records, candidate.bytes - live.bytes, bytesIn)
  }

  compared(perMonth = false): Compared {
    return {
      live: amountOf(this.live, perMonth),
      candidate: amountOf(this.candidate, perMonth),
      difference: {
        records: rounded(this.difference.difference(perMonth)),
        bytes: rounded(this.difference.bytes(perMonth, true)),
      },
    }
  }
}

export function amountOf(quantity: Quantity, perMonth = false): { records: Estimate; bytes: Estimate } {
  return { records: rounded(quantity.records(perMonth)), bytes: rounded(quantity.bytes(perMonth)) }
}

/** Whole numbers, with the bounds outward. */
export function rounded({ value, low, high }: Estimate): Estimate {
  // What rounding errors of sums leave is no reason to go one further.
  const slack = 1e-9 * Math.max(1, Math.abs(value))
  // Plus 0: there is no -0 in what people read.
  return { value: Math.round(value) + 0, low: Math.floor(low + slack) + 0, high: Math.ceil(high - slack) + 0 }
}
