/** When a rule would have fired. Pure. */
import { type AlertPreview, type AlertRuleBody, PREVIEW_DAYS } from '#contract/alert.ts'
import { evaluate, type Transition } from './evaluate.ts'
import { lookbackMinutes, type Observations, type Point, pointsOf, watchesGateways } from './points.ts'
import { type AlertSource, MINUTE_MS } from './source.ts'

const FIRINGS_MAX = 200
const SERIES_POINTS_MAX = 336
const DAY_MS = 86_400_000

/** Over the last days of what is stored. `now`: Unix milliseconds. */
export async function previewOf(
  rule: AlertRuleBody,
  source: AlertSource,
  org: string,
  now: number,
): Promise<AlertPreview> {
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const from = to - PREVIEW_DAYS * DAY_MS
  const observations = watchesGateways(rule.condition)
    ? { minutes: [], gateways: await source.gateways(org) }
    : {
        minutes: await source.minutes(org, rule.scope, from - lookbackMinutes(rule.condition) * MINUTE_MS, to),
        gateways: [],
      }
  return preview(rule, observations, from, to)
}

/** `from` and `to`: multiples of a minute. What was before the first observation is left out: it is not stored. */
export function preview(rule: AlertRuleBody, observations: Observations, from: number, to: number): AlertPreview {
  const isExact = !watchesGateways(rule.condition)
  const begin = Math.max(from, observations.minutes[0]?.at ?? (isExact ? to : from))
  const points = pointsOf(rule, observations, begin, to)
  const { transitions } = evaluate(rule, points)
  const firings = firingsOf(transitions)
  const step = Math.max(1, Math.ceil(points.length / SERIES_POINTS_MAX))
  return {
    from: begin,
    to,
    minutes: points.length,
    minutes_without_data: points.filter(({ breached }) => breached === null).length,
    firings: firings.slice(-FIRINGS_MAX),
    firings_left_out: Math.max(0, firings.length - FIRINGS_MAX),
    series: thin(points, step),
    series_step_minutes: step,
    exact: isExact,
  }
}

function firingsOf(transitions: readonly Transition[]): AlertPreview['firings'] {
  const firings: AlertPreview['firings'] = []
  for (const { kind, at, value } of transitions) {
    const last = firings.at(-1)
    if (kind === 'fired') firings.push({ started_at: at, resolved_at: null, value })
    else if (last !== undefined) last.resolved_at = at
  }
  return firings
}

/** Of several minutes one that breached stands for all, else the last of which something is known. */
function thin(points: readonly Point[], step: number): AlertPreview['series'] {
  const series: AlertPreview['series'] = []
  for (let i = 0; i < points.length; i += step) {
    const group = points.slice(i, i + step)
    const breached = group.find((point) => point.breached === true)
    const shown = breached ?? group.findLast(({ value }) => value !== null)
    series.push({ at: group[0]!.at, value: shown?.value ?? null, breached: breached !== undefined })
  }
  return series
}
