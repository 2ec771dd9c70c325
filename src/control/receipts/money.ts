/** What the traffic costs at each output, by the vendor's meter: gigabytes (10^9 bytes) and millions of events. */
import type { Estimate, Receipt } from '#contract/receipt.ts'
import { Comparison, type Side } from './comparison.ts'
import type { Stratum } from './stratum.ts'

export interface Price {
  output: string
  currency: string
  per_gb: number
  per_million_events: number
  /** Since when it holds: Unix milliseconds. */
  since: number
}

const GB = 1e9
const MILLION = 1e6
const NOTHING: Side = { records: 0, bytes: 0 }
/** Prices have a few digits behind the dot. */
const DIGITS = 4

export class Money {
  readonly #strata: readonly Stratum[]
  readonly #outputs = new Map<string, Comparison>()

  constructor(strata: readonly Stratum[]) {
    this.#strata = strata
  }

  /** One record of a pipeline that has these outputs. */
  add(
    stratum: number,
    live: Side & { outputs: ReadonlySet<string> },
    candidate: Side & { outputs: ReadonlySet<string> },
    bytesIn: number,
  ): void {
    for (const output of live.outputs.union(candidate.outputs)) {
      let comparison = this.#outputs.get(output)
      if (comparison === undefined) {
        comparison = new Comparison(this.#strata)
        this.#outputs.set(output, comparison)
      }
      comparison.add(
        stratum,
        live.outputs.has(output) ? live : NOTHING,
        candidate.outputs.has(output) ? candidate : NOTHING,
        bytesIn,
      )
    }
  }

  /** At the prices that hold at `at`. */
  perMonth(prices: readonly Price[], at: number): Receipt['money'] {
    const outputs: Receipt['money']['outputs'] = []
    const unpriced: string[] = []
    for (const [output, comparison] of [...this.#outputs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const price = priceOf(prices, output, at)
      if (price === undefined) {
        unpriced.push(output)
        continue
      }
      const { currency, per_gb: perGb, per_million_events: perMillion, since } = price
      const cost = (side: 'live' | 'candidate' | 'difference') =>
        cents(comparison[side].cost(perGb / GB, perMillion / MILLION, side === 'difference'))
      outputs.push({
        ...{ output, currency, per_gb: perGb, per_million_events: perMillion, since },
        live: cost('live'),
        candidate: cost('candidate'),
        difference: cost('difference'),
      })
    }
    return { totals: totalsOf(outputs), outputs, unpriced }
  }
}

function priceOf(prices: readonly Price[], output: string, at: number): Price | undefined {
  return prices
    .filter((price) => price.output === output && price.since <= at)
    .reduce<Price | undefined>(
      (last, price) => (last === undefined || price.since >= last.since ? price : last),
      undefined,
    )
}

/** Bounds are added as they are: outputs of one pipeline get the same records, so their errors go together. */
function totalsOf(outputs: Receipt['money']['outputs']): Receipt['money']['totals'] {
  return [...new Set(outputs.map(({ currency }) => currency))].sort().map((currency) => {
    const ofCurrency = outputs.filter((output) => output.currency === currency)
    const total = (side: 'live' | 'candidate' | 'difference') => cents(sumOf(ofCurrency.map((output) => output[side])))
    return { currency, live: total('live'), candidate: total('candidate'), difference: total('difference') }
  })
}

function sumOf(estimates: readonly Estimate[]): Estimate {
  const sum = { value: 0, low: 0, high: 0 }
  for (const { value, low, high } of estimates) {
    sum.value += value
    sum.low += low
    sum.high += high
  }
  return sum
}

function cents({ value, low, high }: Estimate): Estimate {
  const scale = 10 ** DIGITS
  return {
    value: Math.round(value * scale) / scale + 0,
    low: Math.floor(low * scale + 1e-6) / scale + 0,
    high: Math.ceil(high * scale - 1e-6) / scale + 0,
  }
}
