/**
 * Leaves out a target that answers badly, for a time, as Envoy's outlier detection does: after so many failures in a
 * row, for a base time multiplied by how often that has happened. It comes back by itself, or when an active check
 * succeeds. Pure.
 */
import type { Clock } from '#std/clock.ts'
import type { OutlierPlan } from './plan.ts'

/** `server`: another 5xx. `gateway`: 502, 503, 504, or nobody answered. */
export type TargetOutcome = 'ok' | 'server' | 'gateway'

const GATEWAY_STATUSES = new Set([502, 503, 504])

export function outcomeOf(status: number): TargetOutcome {
  if (status < 500) return 'ok'
  return GATEWAY_STATUSES.has(status) ? 'gateway' : 'server'
}

export class Outlier {
  /** How often it has been ejected. */
  ejections = 0
  readonly #clock: Clock
  #consecutive5xx = 0
  #consecutiveGateway = 0
  /** Multiplies the base time; forgotten one by one while it behaves. */
  #times = 0
  #ejectedUntil = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get ejected(): boolean {
    return this.#clock.now() < this.#ejectedUntil
  }

  /** Milliseconds until it comes back; 0 when it is not ejected. */
  get ejectedForMs(): number {
    return Math.max(0, this.#ejectedUntil - this.#clock.now())
  }

  /**
   * True when the target is ejected by this. `mayEject` is asked only then: it knows how many others are out. When it
   * says no, the count begins anew.
   */
  record(outcome: TargetOutcome, plan: OutlierPlan, mayEject: () => boolean): boolean {
    if (outcome === 'ok') {
      this.#consecutive5xx = 0
      this.#consecutiveGateway = 0
      return false
    }
    this.#consecutive5xx++
    this.#consecutiveGateway = outcome === 'gateway' ? this.#consecutiveGateway + 1 : 0
    const tooMany =
      this.#consecutive5xx >= plan.consecutive5xx || this.#consecutiveGateway >= plan.consecutiveGatewayFailures
    // In a panic an ejected target is used all the same; its failures are no news.
    if (!tooMany || this.ejected) return false
    this.#consecutive5xx = 0
    this.#consecutiveGateway = 0
    if (!mayEject()) return false
    this.#eject(plan)
    return true
  }

  #eject({ baseEjectionMs, maxEjectionMs, intervalMs }: OutlierPlan): void {
    const now = this.#clock.now()
    const behavedMs = Math.max(0, now - this.#ejectedUntil)
    this.#times = Math.max(0, this.#times - Math.floor(behavedMs / intervalMs)) + 1
    this.#ejectedUntil = now + Math.min(maxEjectionMs, baseEjectionMs * this.#times)
    this.ejections++
  }

  /** Ends an ejection. True when there was one. */
  restore(): boolean {
    if (!this.ejected) return false
    this.#ejectedUntil = this.#clock.now()
    this.#consecutive5xx = 0
    this.#consecutiveGateway = 0
    return true
  }
}

/** Whether one more of `total` targets may be ejected: the first always, more up to the maximum share. */
export function mayEject(ejected: number, total: number, maxPercent: number): boolean {
  return ejected === 0 || ((ejected + 1) / total) * 100 <= maxPercent
}
