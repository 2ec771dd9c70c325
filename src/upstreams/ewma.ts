/**
 * A moving average of latencies that fades with time, not with the number of samples, so that silence is no evidence.
 */
import type { Clock } from '#std/clock.ts'

const FADE_MS = 10_000

export class LatencyAverage {
  readonly #clock: Clock
  #value: number | undefined
  #at = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds; undefined before the first sample. */
  get value(): number | undefined {
    return this.#value
  }

  add(latencyMs: number): void {
    const now = this.#clock.now()
    const kept = Math.exp(-(now - this.#at) / FADE_MS)
    // Samples at the same instant weigh next to nothing by the formula: a floor lets a burst count too.
    const weight = Math.max(1 - kept, WEIGHT_MIN)
    this.#value = this.#value === undefined ? latencyMs : this.#value * (1 - weight) + latencyMs * weight
    this.#at = now
  }
}

const WEIGHT_MIN = 0.01
