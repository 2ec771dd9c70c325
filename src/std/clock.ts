/** Time as a value that is passed in, so that tests decide what time it is. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean something. */
  now(): number
  /** Unix time in milliseconds. */
  wall(): number
  /** Calls back once, `ms` from now at the earliest, unless cancelled before. */
  after(ms: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** Resolves after `ms`, or as soon as the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      timer.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number
  readonly #origin: number
  readonly #timers = new Set<{ at: number; callback: () => void }>()
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
  after(ms: number, callback: () => void): Timer {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }
  /** When the next timer is due; undefined when there is none. */
  get nextAt(): number | undefined {
    let next: number | undefined
    for (const { at } of this.#timers) if (next === undefined || at < next) next = at
    return next
  }
  /** Moves on, and calls back what falls due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let next = this.nextAt; next !== undefined && next <= until; next = this.nextAt) {
      this.#now = Math.max(this.#now, next)
      for (const timer of this.#timers) {
        if (timer.at !== next) continue
        this.#timers.delete(timer)
        timer.callback()
        break
      }
    }
    this.#now = until
  }
}
