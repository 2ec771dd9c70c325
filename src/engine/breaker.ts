/**
 * The breaker of one pipeline: decides how the node fails open without leaking. Pure: it is told what is and answers
 * what to do; time comes in.
 *
 *   normal ──pressed or too many errors──▶ pressed   only `required` processors run
 *   any ──an engine is stalled──▶ bypass   nothing is required: records go to the outputs as they came
 *                             └▶ hold      something is required: records wait, never raw
 *   pressed, bypass, hold ──over, after probe_ms──▶ probing ──enough good blocks──▶ normal
 */

import type { FailOpenPlan } from '#component/plan.ts'
import type { PipelineBooks } from '#contract/stats.ts'

export type BreakerState = PipelineBooks['state']

/** Below this share of `at_buffer_ratio` a pressed pipeline is no longer pressed, so that it does not flutter. */
const RELIEF = 0.5
/** Records over which the error ratio is taken. */
const ERROR_WINDOW_RECORDS = 1000
/** Blocks that must go well before a probing pipeline is normal again. */
const GOOD_BLOCKS = 8

export class Breaker {
  state: BreakerState = 'normal'
  /** Unix milliseconds of the last change. */
  since: number
  #plan: FailOpenPlan
  #hasRequired: boolean
  #changedAt = 0
  #goodBlocks = 0
  #windowRecords = 0
  #windowErrors = 0
  #tooManyErrors = false

  constructor(plan: FailOpenPlan, hasRequired: boolean, wall: number) {
    this.#plan = plan
    this.#hasRequired = hasRequired
    this.since = wall
  }

  /** A reload changes the rules, not the state. */
  configure(plan: FailOpenPlan, hasRequired: boolean): void {
    this.#plan = plan
    this.#hasRequired = hasRequired
    this.#windowRecords = 0
    this.#windowErrors = 0
    this.#tooManyErrors = false
  }

  /** Engines leave out what is not required. */
  get requiredOnly(): boolean {
    return this.state === 'pressed' || this.state === 'hold'
  }

  /** A block went through, with so many processor errors on its records. */
  observeBlock(records: number, errors: number): void {
    this.#windowRecords += records
    this.#windowErrors += errors
    if (this.#windowRecords >= ERROR_WINDOW_RECORDS) {
      this.#tooManyErrors = this.#windowErrors >= this.#plan.errorRatio * this.#windowRecords
      this.#windowRecords = 0
      this.#windowErrors = 0
    }
    this.#goodBlocks = errors === 0 ? this.#goodBlocks + 1 : 0
  }

  /** Takes stock. True: the state has changed. */
  update(pressure: number, stalled: boolean, now: number, wall: number): boolean {
    const next = this.#next(pressure, stalled, now)
    if (next === this.state) return false
    this.state = next
    this.since = wall
    this.#changedAt = now
    this.#goodBlocks = 0
    if (next === 'probing') this.#tooManyErrors = false
    return true
  }

  #next(pressure: number, stalled: boolean, now: number): BreakerState {
    if (stalled) return this.#hasRequired ? 'hold' : 'bypass'
    const pressed = pressure >= this.#plan.atBufferRatio || this.#tooManyErrors
    const rested = now - this.#changedAt >= this.#plan.probeMs
    switch (this.state) {
      case 'normal':
        return pressed ? 'pressed' : 'normal'
      case 'pressed': {
        const relieved = pressure < this.#plan.atBufferRatio * RELIEF
        return rested && relieved ? 'probing' : 'pressed'
      }
      case 'bypass':
      case 'hold':
        return 'probing'
      case 'probing':
        if (pressed) return 'pressed'
        return rested && this.#goodBlocks >= GOOD_BLOCKS ? 'normal' : 'probing'
      default:
        return this.state satisfies never
    }
  }
}
