/** Whether a request is tried again at once, within the same call, and after what wait. Pure. */
import type { RetryPlan } from './plan.ts'
import { NEUTRAL_CODES } from './result.ts'
import type { UpstreamRequest, UpstreamResult } from './upstream.ts'

/**
 * What is known about an attempt beside its result. `not_sent`: there was no connection, so the server has seen
 * nothing. `stale`: a connection that had been used before broke before any byte of an answer, as when the server
 * closes an idle connection just then. `sent`: anything else.
 */
export type Reach = 'not_sent' | 'stale' | 'sent'

/** Whoever pools connections may find several stale ones in a row. Beyond these a reset counts as a failure. */
export const REPLAYS_MAX = 3

const IDEMPOTENT: ReadonlySet<UpstreamRequest['method']> = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])
const UNAVAILABLE = new Set([429, 502, 503, 504])

/**
 * Milliseconds that `Retry-After` asks to wait before a further attempt, 0 for none, undefined when there shall be
 * none. A request that the server has seen is repeated only when doing it twice does no harm.
 */
export function retryWaitMs(
  method: UpstreamRequest['method'],
  reach: Reach,
  result: UpstreamResult,
  plan: RetryPlan,
): number | undefined {
  if (!result.answered) {
    if (NEUTRAL_CODES.has(result.code)) return undefined
    return reach !== 'sent' || IDEMPOTENT.has(method) ? 0 : undefined
  }
  if (!UNAVAILABLE.has(result.status) || !IDEMPOTENT.has(method)) return undefined
  const askedMs = result.retryAfterMs ?? 0
  return askedMs <= plan.retryAfterMaxMs ? askedMs : undefined
}

/**
 * Keeps retries from multiplying the load of a server that is in trouble: a share of what is under way, but some
 * always.
 */
export class RetryBudget {
  #retrying = 0

  /** True: go ahead, and call `give` when that attempt is over. */
  take(active: number, { budgetRatio, budgetMin }: RetryPlan): boolean {
    if (this.#retrying >= Math.max(budgetMin, active * budgetRatio)) return false
    this.#retrying++
    return true
  }

  give(): void {
    this.#retrying--
  }
}
