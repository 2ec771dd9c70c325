/**
 * Tells a stalled engine from one that is only slow, or waits, or could not run because the whole machine was busy.
 * The clock runs only while the engine has work and shows no sign of life; one look never adds more than two look
 * intervals, so a wire thread that was itself held up does not take its own lag for the engine's.
 */
export const LOOK_INTERVAL_MS = 50

export class Watchdog {
  #progress = 0
  #silentMs = 0

  /** Milliseconds for which the engine has had work and done none of it. */
  get silentMs(): number {
    return this.#silentMs
  }

  look(progress: number, hasWork: boolean, elapsedMs: number): void {
    if (progress !== this.#progress || !hasWork) {
      this.#progress = progress
      this.#silentMs = 0
      return
    }
    this.#silentMs += Math.min(elapsedMs, 2 * LOOK_INTERVAL_MS)
  }

  /** A new engine gets the whole patience. */
  restart(): void {
    this.#silentMs = 0
  }
}
