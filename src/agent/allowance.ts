/** So often at once, and then once in a while: what a server may make a node do, however often it says so. */
import type { Clock } from '#std/clock.ts'

export class Allowance {
  readonly #clock: Clock
  readonly #burst: number
  readonly #everyMs: number
  /** When all of it is there again. */
  #fullAt = 0

  constructor(clock: Clock, burst: number, everyMs: number) {
    this.#clock = clock
    this.#burst = burst
    this.#everyMs = everyMs
  }

  /** 0: it is allowed now, and has been taken. Otherwise milliseconds until it may be asked again. */
  take(): number {
    const now = this.#clock.now()
    const fullAt = Math.max(this.#fullAt, now) + this.#everyMs
    const waitMs = fullAt - now - this.#burst * this.#everyMs
    if (waitMs > 0) return Math.ceil(waitMs)
    this.#fullAt = fullAt
    return 0
  }
}
