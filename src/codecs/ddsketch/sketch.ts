/**
 * DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees",
 * VLDB 2019) with the bins of Datadog's Agent; see `mapping.ts`. Bins are kept sparse, in order of their keys.
 */
import { keyOf, middleOf } from './mapping.ts'

/** As the Agent has it. Beyond it the lowest bins become one, so that what is lost is accuracy of the low quantiles. */
export const BINS_MAX = 4096
const BINS_MIN = 4

export class Sketch {
  count = 0
  sum = 0
  /** Of no meaning while `count` is 0. */
  min = Infinity
  max = -Infinity
  /** The first `bins` of each: keys, ascending, and how many values fell into them, whole numbers. */
  keys: Int16Array
  counts: Float64Array
  bins = 0

  constructor(binsExpected = BINS_MIN) {
    const room = Math.min(BINS_MAX, Math.max(BINS_MIN, binsExpected))
    this.keys = new Int16Array(room)
    this.counts = new Float64Array(room)
  }

  /** Bytes that its bins take. */
  get bytes(): number {
    return this.keys.length * (Int16Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT)
  }

  /** Adds a finite value, `count` times: a whole number from 1 on. */
  add(value: number, count = 1): void {
    this.count += count
    this.sum += value * count
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    this.addBin(keyOf(value), count)
  }

  /** Adds to a bin alone: the caller sees to `count`, `sum`, `min` and `max`. */
  addBin(key: number, count: number): void {
    const at = this.#find(key)
    if (at < this.bins && this.keys[at] === key) {
      this.counts[at] = this.counts[at]! + count
      return
    }
    if (this.bins === BINS_MAX) {
      this.#collapse(at, key, count)
      return
    }
    if (this.bins === this.keys.length) this.#grow()
    this.keys.copyWithin(at + 1, at, this.bins)
    this.counts.copyWithin(at + 1, at, this.bins)
    this.keys[at] = key
    this.counts[at] = count
    this.bins++
  }

  /** Adds all that `other` holds. */
  merge(other: Sketch): void {
    if (other.count === 0) return
    this.count += other.count
    this.sum += other.sum
    if (other.min < this.min) this.min = other.min
    if (other.max > this.max) this.max = other.max
    for (let i = 0; i < other.bins; i++) this.addBin(other.keys[i]!, other.counts[i]!)
  }

  /** Empty again; its memory stays. */
  clear(): void {
    this.count = 0
    this.sum = 0
    this.min = Infinity
    this.max = -Infinity
    this.bins = 0
  }

  /**
   * A value within 1/128 of the one that has this share of all below it (rank `q * (count - 1)`); NaN when there is
   * none.
   */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN
    if (q <= 0) return this.min
    if (q >= 1) return this.max
    const rank = q * (this.count - 1)
    let below = 0
    for (let i = 0; i < this.bins; i++) {
      below += this.counts[i]!
      if (below > rank) return Math.min(this.max, Math.max(this.min, middleOf(this.keys[i]!)))
    }
    return this.max
  }

  /** The first bin whose key is not below `key`. */
  #find(key: number): number {
    const { keys } = this
    let low = 0
    let high = this.bins
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const room = Math.min(BINS_MAX, 2 * this.keys.length)
    const keys = new Int16Array(room)
    const counts = new Float64Array(room)
    keys.set(this.keys)
    counts.set(this.counts)
    this.keys = keys
    this.counts = counts
  }

  /**
   * Makes room for a bin that belongs before `at`: the lowest goes into its neighbour, or the new one itself is the
   * lowest.
   */
  #collapse(at: number, key: number, count: number): void {
    const { keys, counts } = this
    if (at === 0) {
      counts[0] = counts[0]! + count
      return
    }
    const lowest = counts[0]!
    keys.copyWithin(0, 1, at)
    counts.copyWithin(0, 1, at)
    keys[at - 1] = key
    counts[at - 1] = count
    counts[0] = counts[0]! + lowest
  }
}
