/** Time as a value that is passed in, so that tests decide what time it is. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean something. */
  now(): number
  /** Unix time in milliseconds. */
  wall(): number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number
  readonly #origin: number
  constructor(origin = Date.UTC(2026, 0, 1)) {
    this.#now = 0
    this.#origin = origin
  }
  now(): number {
    return this.#now
  }
  wall(): number {
    return this.#origin + this.#now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}
