/**
 * A uniform sample of a stream whose length nobody knows, which looks at no record that it does not take: it knows beforehand
 * how many to let pass.
 *
 * Algorithm L of Kim-Hung Li, "Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))", ACM TOMS 20(4), 1994.
 * The sample itself stands elsewhere, in `size` slots; here is only which record goes into which.
 */

/** One record to take: its place among those that `take` was told of, and the slot whose record it replaces. */
export interface Pick {
  index: number
  slot: number
}

export class Sampler {
  readonly #size: number
  readonly #random: () => number
  #seen = 0
  /** The largest of `size` uniform numbers, those that the records in the slots have drawn. */
  #largest = 1
  /** Which record is taken next, counted from 0. */
  #next = 0
  #saved = { seen: 0, largest: 1, next: 0 }

  constructor(size: number, random: () => number) {
    this.#size = size
    this.#random = random
  }

  /** `count` records more; adds those of them that are to be taken. */
  take(count: number, picks: Pick[]): void {
    const end = this.#seen + count
    while (this.#next < end) {
      const isFilling = this.#next < this.#size
      const slot = isFilling ? this.#next : Math.floor(this.#random() * this.#size)
      picks.push({ index: this.#next - this.#seen, slot })
      if (!isFilling || this.#next === this.#size - 1) this.#draw()
      this.#next++
    }
    this.#seen = end
  }

  begin(): void {
    this.#seen = 0
    this.#largest = 1
    this.#next = 0
  }

  save(): void {
    const saved = this.#saved
    saved.seen = this.#seen
    saved.largest = this.#largest
    saved.next = this.#next
  }

  /** Goes back to what `save` has noted, but for the random numbers drawn since. */
  restore(): void {
    this.#seen = this.#saved.seen
    this.#largest = this.#saved.largest
    this.#next = this.#saved.next
  }

  /** The slots are full: how many records pass until the next is taken. */
  #draw(): void {
    this.#largest *= Math.exp(this.#logRandom() / this.#size)
    this.#next += Math.floor(this.#logRandom() / Math.log1p(-this.#largest))
  }

  /** Of a number in (0, 1]. */
  #logRandom(): number {
    return Math.log(1 - this.#random())
  }
}
