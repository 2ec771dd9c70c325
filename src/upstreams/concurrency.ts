/**
 * How many requests of one upstream are under way at once. Others wait in line, first come first served, up to a
 * maximum.
 *
 * An adaptive limit grows by about one each round trip while latency holds, and shrinks by a tenth when latency rises
 * well above what it was or the server says that it has too much (additive increase, multiplicative decrease, as in
 * TCP). Pure.
 */
import type { ConcurrencyPlan } from './plan.ts'

/** `overloaded`: 429, 503 or too late. `none`: it tells nothing, such as a failure to connect. */
export type LoadSign = 'ok' | 'overloaded' | 'none'

export type Turn = 'granted' | 'overflow' | 'aborted' | 'timeout'

const START = 20
const SHRINK = 0.9
/** Latency above this multiple of the base counts as rising; below a few milliseconds that is only noise. */
const TOLERANCE = 2
const NOISE_MS = 2
const RECENT_WEIGHT = 0.2
/** The base follows a lower latency at once and a higher one slowly: about 500 requests make the new normal. */
const BASE_RISE = 0.002

export class Concurrency {
  plan: ConcurrencyPlan
  pendingMax: number
  #limit: number
  #active = 0
  readonly #line: Waiter[] = []
  #recentMs: number | undefined
  #baseMs = 0
  /** Results until the limit may shrink again: what was under way at the last time tells of the same bad moment. */
  #untilShrink = 0

  constructor(plan: ConcurrencyPlan, pendingMax: number) {
    this.plan = plan
    this.pendingMax = pendingMax
    this.#limit = plan.adaptive ? START : plan.max
  }

  get limit(): number {
    if (!this.plan.adaptive) return this.plan.max
    return Math.floor(Math.min(this.plan.max, Math.max(this.plan.min, this.#limit)))
  }

  get active(): number {
    return this.#active
  }

  get waiting(): number {
    return this.#line.length
  }

  /** After `granted`, `leave` must be called. Never rejects. */
  enter(signal: AbortSignal, timeoutMs: number): Turn | Promise<Turn> {
    if (this.#active < this.limit && this.#line.length === 0) {
      this.#active++
      return 'granted'
    }
    if (this.#line.length >= this.pendingMax) return 'overflow'
    return new Promise((resolve) => {
      const waiter: Waiter = { settle: resolve }
      const leaveLine = (turn: Turn) => {
        this.#line.splice(this.#line.indexOf(waiter), 1)
        waiter.settle(turn)
      }
      const timer = setTimeout(() => leaveLine('timeout'), timeoutMs)
      const aborted = () => leaveLine('aborted')
      signal.addEventListener('abort', aborted, { once: true })
      waiter.settle = (turn) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        resolve(turn)
      }
      this.#line.push(waiter)
    })
  }

  leave(sign: LoadSign, latencyMs: number): void {
    const busy = this.#active >= this.limit / 2
    this.#active--
    if (this.plan.adaptive && sign !== 'none') this.#learn(sign, latencyMs, busy)
    this.admitWaiting()
  }

  /** Lets in whoever has a place now; after a reload has changed the limit too. */
  admitWaiting(): void {
    while (this.#active < this.limit) {
      const next = this.#line.shift()
      if (next === undefined) return
      this.#active++
      next.settle('granted')
    }
  }

  #learn(sign: 'ok' | 'overloaded', latencyMs: number, busy: boolean): void {
    if (this.#untilShrink > 0) this.#untilShrink--
    if (sign === 'ok') {
      this.#recentMs =
        this.#recentMs === undefined ? latencyMs : this.#recentMs + (latencyMs - this.#recentMs) * RECENT_WEIGHT
      if (this.#baseMs === 0 || this.#recentMs < this.#baseMs) this.#baseMs = this.#recentMs
      else this.#baseMs += (this.#recentMs - this.#baseMs) * BASE_RISE
    }
    const slow = this.#recentMs !== undefined && this.#recentMs > this.#baseMs * TOLERANCE + NOISE_MS
    if (sign === 'overloaded' || slow) this.#shrink()
    // A limit that nobody reaches says nothing about what would be too much.
    else if (busy) this.#limit = Math.min(this.plan.max, this.#limit + 1 / this.#limit)
  }

  #shrink(): void {
    if (this.#untilShrink > 0) return
    this.#limit = Math.max(this.plan.min, Math.min(this.plan.max, this.#limit) * SHRINK)
    this.#untilShrink = this.#active + 1
  }
}

interface Waiter {
  settle: (turn: Turn) => void
}
