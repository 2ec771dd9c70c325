/** Exponential backoff with full jitter: a random wait between 0 and a bound that doubles up to `capMs`. */
export class Backoff {
  readonly #baseMs: number
  readonly #capMs: number
  readonly #random: () => number
  #attempt = 0
  constructor(baseMs: number, capMs: number, random: () => number = Math.random) {
    this.#baseMs = baseMs
    this.#capMs = capMs
    this.#random = random
  }
  /** How often `next` was asked since the last `reset`. */
  get attempt(): number {
    return this.#attempt
  }
  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const bound = Math.min(this.#capMs, this.#baseMs * 2 ** this.#attempt)
    this.#attempt++
    return Math.ceil(this.#random() * bound)
  }
  reset(): void {
    this.#attempt = 0
  }
}
