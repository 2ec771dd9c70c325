/**
 * A circuit breaker: closed, open, half open. Pure: it is told what happened and asked whether to go on.
 *
 * It looks at whole requests, after their retries. A single target that fails is ejected (`outlier.ts`); the breaker is
 * for the case that all of them do, when every further request only adds to the trouble.
 */
import type { Clock } from '#std/clock.ts'
import type { BreakerPlan } from './plan.ts'

export const breakerStates = ['closed', 'open', 'half_open'] as const
export type BreakerState = (typeof breakerStates)[number]

/** `none`: it says nothing about the other side, such as a request that was taken back. */
export type Verdict = 'success' | 'failure' | 'none'

/** Given to a request that may go; given back with its verdict. Those of an earlier state count no more. */
export type Ticket = number

const BUCKETS = 10
/** An open time is up to this share longer, so that many nodes do not come back at once. */
const JITTER_RATIO = 0.1
/** When to come again while others probe. */
const PROBING_RETRY_MS = 200

export class Breaker {
  plan: BreakerPlan
  /** How often it has opened. */
  opened = 0
  readonly #clock: Clock
  readonly #random: () => number
  #state: BreakerState = 'closed'
  #epoch = 0
  #openUntil = 0
  /** Openings since it was last closed. */
  #times = 0
  #underWay = 0
  #successes = 0
  #consecutive = 0
  readonly #requests = new Float64Array(BUCKETS)
  readonly #failures = new Float64Array(BUCKETS)
  #bucket = 0

  constructor(plan: BreakerPlan, clock: Clock, random: () => number) {
    this.plan = plan
    this.#clock = clock
    this.#random = random
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Milliseconds until it makes sense to ask again; 0: go ahead. Changes nothing. */
  get refusedForMs(): number {
    if (this.#state === 'closed') return 0
    if (this.#state === 'open') return Math.max(0, this.#openUntil - this.#clock.now())
    return this.#underWay < this.plan.probes ? 0 : PROBING_RETRY_MS
  }

  /** Undefined when `refusedForMs` says to wait. A ticket must come back by `done`. */
  admit(): Ticket | undefined {
    if (this.refusedForMs > 0) return undefined
    if (this.#state === 'open') this.#enter('half_open')
    if (this.#state === 'half_open') this.#underWay++
    return this.#epoch
  }

  done(ticket: Ticket, verdict: Verdict): void {
    if (ticket !== this.#epoch) return
    if (this.#state === 'half_open') this.#probed(verdict)
    else if (verdict !== 'none') this.#count(verdict)
  }

  #probed(verdict: Verdict): void {
    this.#underWay--
    if (verdict === 'failure') this.#open()
    else if (verdict === 'success' && ++this.#successes >= this.plan.successes) {
      this.#times = 0
      this.#enter('closed')
    }
  }

  #count(verdict: 'success' | 'failure'): void {
    this.#turn()
    const at = this.#bucket % BUCKETS
    this.#requests[at]!++
    if (verdict === 'success') {
      this.#consecutive = 0
      return
    }
    this.#failures[at]!++
    this.#consecutive++
    const requests = sum(this.#requests)
    const tooMany = requests >= this.plan.minRequests && sum(this.#failures) / requests >= this.plan.failureRatio
    if (tooMany || this.#consecutive >= this.plan.consecutiveFailures) this.#open()
  }

  #open(): void {
    const { openMs, openMaxMs } = this.plan
    const restMs = Math.min(openMaxMs, openMs * 2 ** this.#times)
    this.#times++
    this.opened++
    this.#openUntil = this.#clock.now() + restMs * (1 + JITTER_RATIO * this.#random())
    this.#enter('open')
  }

  #enter(state: BreakerState): void {
    this.#state = state
    this.#epoch++
    this.#underWay = 0
    this.#successes = 0
    this.#consecutive = 0
    this.#requests.fill(0)
    this.#failures.fill(0)
  }

  /** Empties the buckets that time has passed by. */
  #turn(): void {
    const bucket = Math.floor(this.#clock.now() / (this.plan.windowMs / BUCKETS))
    // Beyond a whole turn, or backwards after a reload changed the window, nothing that was counted holds.
    if (bucket - this.#bucket >= BUCKETS || bucket < this.#bucket) {
      this.#requests.fill(0)
      this.#failures.fill(0)
      this.#bucket = bucket
    }
    while (this.#bucket < bucket) {
      const at = ++this.#bucket % BUCKETS
      this.#requests[at] = 0
      this.#failures[at] = 0
    }
  }
}

function sum(numbers: Float64Array): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
