/** What values of a timer come to in a histogram with bounds that are configured. */
import { type Histogram, histogramBytes } from '#codecs/metric/distribution.ts'
import type { Bytes } from '#std/bytes.ts'

export class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #count = 0
  #sum = 0
  #min = Infinity
  #max = -Infinity

  /** `bounds` ascend; a value that is equal to one is in its bucket. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array<number>(bounds.length + 1).fill(0)
  }

  get bytes(): number {
    return 8 * this.#counts.length
  }

  add(value: number, count: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++
    this.#counts[bucket]! += count
    this.#count += count
    this.#sum += value * count
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  toBytes(): Bytes {
    const histogram: Histogram = {
      count: this.#count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
      counts: this.#counts,
      bounds: this.#bounds as number[],
    }
    return histogramBytes(histogram)
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#min = Infinity
    this.#max = -Infinity
  }
}
