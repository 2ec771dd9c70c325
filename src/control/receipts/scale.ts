/**
 * From a uniform sample to all that was seen, as survey sampling does it (Cochran, Sampling Techniques, 1977). Each
 * sample window is a stratum: `n` of its `seen` records were drawn without replacement.
 *
 * Records are scaled by `seen / n`. Bytes are scaled by the ratio to bytes in, which are known for all that was seen
 * (chapter 6): what differs from record to record is then mostly the rule, and not the size. Variances have the finite
 * population correction, so a window that was kept whole is exact. Windows are independent of each other.
 */
import type { Estimate } from '#contract/receipt.ts'
import { fewBounds, mover, varianceOf } from './bounds.ts'
import { hull, normal, wilson } from './interval.ts'
import { NOTHING, type Part, type Stratum, type Sums } from './stratum.ts'

/** Below this many hits the normal approximation of a sum is not trusted alone. */
const FEW = 30

/** One quantity: records that something holds for, and their bytes. */
export class Quantity {
  readonly #strata: readonly Stratum[]
  readonly #sums: (Sums | undefined)[]
  /** How many of the sample's records counted. */
  hits = 0

  constructor(strata: readonly Stratum[]) {
    this.#strata = strata
    this.#sums = new Array<Sums | undefined>(strata.length)
  }

  /** Of a record that does not count nothing is to be said. */
  add(stratum: number, records: number, bytes: number, bytesIn: number): void {
    if (records === 0 && bytes === 0) return
    let sums = this.#sums[stratum]
    if (sums === undefined) {
      sums = { hits: 0, x: 0, c: 0, cc: 0, y: 0, yy: 0, xy: 0, cy: 0, cx: 0 }
      this.#sums[stratum] = sums
    }
    this.hits++
    sums.hits++
    sums.x += bytesIn
    sums.c += records
    sums.cc += records * records
    sums.y += bytes
    sums.yy += bytes * bytes
    sums.xy += bytesIn * bytes
    sums.cy += records * bytes
    sums.cx += records * bytesIn
  }

  /** How many records, of those seen. Only where each counted as 1. */
  records(perMonth = false): Estimate {
    return mover(
      this.#classes(perMonth).map((parts) => {
        let value = 0
        let total = 0
        let spread = 0
        let drawn = 0
        let others = 0
        for (const { stratum, sums, scale } of parts) {
          const records = stratum.records * scale
          value += (records * sums.c) / stratum.n
          total += records
          spread += (records * records * stratum.rest) / stratum.n
          drawn += sums.c * scale
          others += (stratum.n - sums.c) * scale
        }
        const { low, high } = wilson(value / total, (total * total) / spread)
        // What was drawn is certain, either way.
        return {
          value,
          low: Math.min(value, Math.max(low * total, drawn)),
          high: Math.max(value, Math.min(high * total, total - others)),
        }
      }),
    )
  }

  /** Their bytes, or a sum of differences. `signed`: it may be below zero. */
  bytes(perMonth = false, signed = false): Estimate {
    return this.#sum({ bytes: 1, records: 0, perMonth, signed })
  }

  /** A sum of differences of records. */
  difference(perMonth = false): Estimate {
    return this.#sum({ bytes: 0, records: 1, perMonth, signed: true })
  }

  /** What they cost: `perByte` for each byte and `perRecord` for each record, for a month. */
  cost(perByte: number, perRecord: number, signed = false): Estimate {
    return this.#sum({ bytes: perByte, records: perRecord, perMonth: true, signed })
  }

  #sum(terms: { bytes: number; records: number; perMonth: boolean; signed: boolean }): Estimate {
    const { bytes: a, records: b, perMonth, signed } = terms
    const estimate = mover(
      this.#classes(perMonth).map((parts) => {
        let value = 0
        let variance = 0
        let hits = 0
        for (const { stratum, sums, scale } of parts) {
          const perByte = a * stratum.bytesPerByte * scale
          const perRecord = b * stratum.weight * scale
          value += perByte * sums.y + perRecord * sums.c
          variance += varianceOf(stratum, sums, perByte, perRecord)
          hits += sums.hits
        }
        const bounds = normal(value, variance)
        return { value, ...(hits < FEW ? hull(bounds, fewBounds(parts, { a, b, value, hits, signed })) : bounds) }
      }),
    )
    return signed ? estimate : { ...estimate, low: Math.max(0, estimate.low) }
  }

  /** Windows whose sampled records stand for about as much: those are taken together where hits are few. */
  #classes(perMonth: boolean): Part[][] {
    const classes = new Map<string, Part[]>()
    this.#strata.forEach((stratum, i) => {
      if (stratum.n === 0) return
      const key = `${Math.round(Math.log2(stratum.weight))} ${Math.round(Math.log2(stratum.monthFactor))}`
      const parts = classes.get(key) ?? []
      if (parts.length === 0) classes.set(key, parts)
      parts.push({ stratum, sums: this.#sums[i] ?? NOTHING, scale: perMonth ? stratum.monthFactor : 1 })
    })
    return [...classes.values()]
  }
}
