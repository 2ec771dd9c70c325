/**
 * The state of a rule, minute by minute. Pure: what came out last time goes in again.
 *
 *             breached                     breached for for_minutes
 *      ok ───────────────▶ pending ─────────────────────────────────▶ firing
 *       ▲                     │ not breached                             │ not breached for resolve_minutes
 *       └─────────────────────┴──────────────────────────────────────────┘
 *
 * A minute without data is counted as the rule's `no_data` says. `no_data` is what the state is called while nothing is known:
 * with `ok` a calm one, with `alert` one that has fired.
 */
import type { AlertRuleBody, AlertState } from '#contract/alert.ts'
import { holdMinutes, type Point } from './points.ts'
import { MINUTE_MS } from './source.ts'

/** What is kept of a rule between two evaluations. Times are Unix milliseconds. */
export interface Standing {
  state: AlertState
  /** Since when it is in this state; null before the first minute. */
  since: number | null
  value: number | null
  /** It has fired and is not resolved; the state may still be `no_data`. */
  fired: boolean
  /** Beginning of the first minute of an unbroken row of those that count as breached, or as calm. */
  breachedSince: number | null
  calmSince: number | null
}

export const NEVER_EVALUATED: Standing = {
  state: 'ok',
  since: null,
  value: null,
  fired: false,
  breachedSince: null,
  calmSince: null,
}

export type Transition =
  | { kind: 'fired'; at: number; value: number | null; cause: 'condition' | 'no_data'; subjects: readonly string[] }
  | { kind: 'resolved'; at: number; value: number | null }

export interface Evaluation extends Standing {
  transitions: Transition[]
}

/**
 * `points`: one for each minute, oldest first, continuing where `before` ended. `keepBefore` (Unix milliseconds): minutes
 * without data that began before it count as `keep` whatever the rule says: they are made up for late, and that nothing is
 * known of them may be because no controller was there.
 */
export function evaluate(
  rule: AlertRuleBody,
  points: readonly Point[],
  before: Standing = NEVER_EVALUATED,
  keepBefore = 0,
): Evaluation {
  const transitions: Transition[] = []
  let standing = before
  for (const point of points) {
    const isLate = point.at < keepBefore
    const next = step(rule, standing, point, isLate)
    const end = point.at + MINUTE_MS
    if (next.fired && !standing.fired) {
      const cause = point.breached === null ? 'no_data' : 'condition'
      transitions.push({ kind: 'fired', at: end, value: point.value, cause, subjects: point.subjects })
    }
    if (!next.fired && standing.fired) transitions.push({ kind: 'resolved', at: end, value: point.value })
    standing = next
  }
  return { ...standing, transitions }
}

function step(rule: AlertRuleBody, before: Standing, point: Point, isLate: boolean): Standing {
  const policy = isLate ? 'keep' : rule.no_data
  if (point.breached === null && policy === 'keep') return { ...before, since: before.since ?? point.at }
  const isBreached = point.breached ?? policy === 'alert'
  const end = point.at + MINUTE_MS
  const breachedSince = isBreached ? (before.breachedSince ?? point.at) : null
  const calmSince = isBreached ? null : (before.calmSince ?? point.at)
  const fired = before.fired
    ? calmSince === null || end - calmSince < rule.resolve_minutes * MINUTE_MS
    : breachedSince !== null && end - breachedSince >= holdMinutes(rule) * MINUTE_MS
  const state = stateOf(point.breached === null, isBreached, fired)
  const since = state === before.state && before.since !== null ? before.since : point.at
  return { state, since, value: point.value, fired, breachedSince, calmSince }
}

function stateOf(isUnknown: boolean, isBreached: boolean, fired: boolean): AlertState {
  if (isUnknown && (fired ? isBreached : !isBreached)) return 'no_data'
  if (fired) return 'firing'
  return isBreached ? 'pending' : 'ok'
}
