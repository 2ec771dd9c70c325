/** What a rule measures: observations become one point a minute, with what its condition says of it. Pure. */
import type { AlertCondition, AlertRuleBody } from '#contract/alert.ts'
import { type GatewayObservation, MINUTE_MS, type MinuteObservation, matches } from './source.ts'

export interface Point {
  /** Unix milliseconds at which the minute begins. */
  at: number
  value: number | null
  /** Whether the condition holds; null when that cannot be said. */
  breached: boolean | null
  /** Names of gateways that it is about; at most `SUBJECTS_MAX`. */
  subjects: readonly string[]
}

export const SUBJECTS_MAX = 20

export interface Observations {
  /** From `from` less `lookbackMinutes` on, oldest first. */
  minutes: readonly MinuteObservation[]
  gateways: readonly GatewayObservation[]
}

/** Kinds that look at gateways as they are, not at minutes. */
export function watchesGateways({ kind }: AlertCondition): boolean {
  return kind === 'gateway_offline' || kind === 'config_failed'
}

/** How many minutes before the first one a condition looks at. */
export function lookbackMinutes(condition: AlertCondition): number {
  if (condition.kind === 'spool_growth') return condition.growing_minutes ?? 0
  return 'within_minutes' in condition ? condition.within_minutes - 1 : 0
}

/** How long a condition must hold: kinds whose condition has a time of its own fire at once. */
export function holdMinutes({ condition, for_minutes }: AlertRuleBody): number {
  return condition.kind === 'gateway_offline' ? 1 : for_minutes
}

/** One point for each minute from `from` (inclusive) to `to` (exclusive), both multiples of a minute. */
export function pointsOf(rule: AlertRuleBody, observations: Observations, from: number, to: number): Point[] {
  const measure = measureOf(rule, observations)
  const points: Point[] = []
  for (let at = from; at < to; at += MINUTE_MS) points.push({ at, subjects: [], ...measure(at) })
  return points
}

type Measure = (at: number) => Pick<Point, 'value' | 'breached'> & { subjects?: readonly string[] }

const UNKNOWN = { value: null, breached: null }

function measureOf(rule: AlertRuleBody, { minutes, gateways }: Observations): Measure {
  const { condition } = rule
  const byMinute = new Map(minutes.map((minute) => [minute.at, minute]))
  switch (condition.kind) {
    case 'volume':
      return (at) => {
        const value = byMinute.get(at)?.[condition.direction]?.[condition.measure]
        return value === undefined ? UNKNOWN : { value, breached: compare(value, condition) }
      }
    case 'reduction':
      return (at) => {
        const minute = byMinute.get(at)
        const before = minute?.in?.[condition.measure] ?? 0
        const after = minute?.out?.[condition.measure]
        if (before === 0 || after === undefined) return UNKNOWN
        const value = ((before - after) / before) * 100
        return { value, breached: compare(value, condition) }
      }
    case 'bypass':
      return (at) => {
        const minute = byMinute.get(at)
        const value = minute?.bypassedBytes ?? null
        if (minute?.held === true) return { value, breached: true }
        return value === null ? UNKNOWN : { value, breached: value > condition.bytes_above }
      }
    case 'spool_growth':
      return (at) => spoolPoint(condition, (minute) => byMinute.get(minute)?.spoolBytes ?? null, at)
    case 'dead_letters':
      return (at) => sumPoint(condition, (minute) => byMinute.get(minute)?.deadLetters ?? null, at)
    case 'lost':
      return (at) => sumPoint(condition, (minute) => byMinute.get(minute)?.lost ?? null, at)
    case 'gateway_offline': {
      const scoped = inScope(rule, gateways)
      const heldMs = rule.for_minutes * MINUTE_MS
      return (at) =>
        gatewayPoint(
          scoped.filter(({ online, since }) => !online && since + heldMs <= at + MINUTE_MS),
          condition.gateways,
        )
    }
    case 'config_failed': {
      const scoped = inScope(rule, gateways)
      return (at) =>
        gatewayPoint(
          scoped.filter(({ failed }) => failed !== null && failed.at < at + MINUTE_MS),
          1,
        )
    }
  }
}

function compare(value: number, { is, threshold }: { is: 'above' | 'below'; threshold: number }): boolean {
  return is === 'above' ? value > threshold : value < threshold
}

type Of<Kind> = Extract<AlertCondition, { kind: Kind }>
type Series = (at: number) => number | null

/** The sum of what is known of the last minutes; unknown when the newest minute is. */
function sumPoint({ more_than, within_minutes }: Of<'dead_letters' | 'lost'>, series: Series, at: number) {
  if (series(at) === null) return UNKNOWN
  let value = 0
  for (let i = 0; i < within_minutes; i++) value += series(at - i * MINUTE_MS) ?? 0
  return { value, breached: value > more_than }
}

function spoolPoint({ bytes_above, growing_minutes }: Of<'spool_growth'>, series: Series, at: number) {
  const value = series(at)
  if (value === null) return UNKNOWN
  const isAbove = bytes_above !== undefined && value > bytes_above
  return { value, breached: isAbove || (growing_minutes !== undefined && isGrowing(series, at, growing_minutes)) }
}

function isGrowing(series: Series, at: number, steps: number): boolean {
  for (let i = 0; i < steps; i++) {
    const after = series(at - i * MINUTE_MS)
    const before = series(at - (i + 1) * MINUTE_MS)
    if (after === null || before === null || after <= before) return false
  }
  return true
}

function inScope({ scope }: AlertRuleBody, gateways: readonly GatewayObservation[]): GatewayObservation[] {
  return gateways.filter(
    ({ name, configuration }) => matches(scope.gateway, name) && matches(scope.configuration, configuration),
  )
}

function gatewayPoint(found: readonly GatewayObservation[], needed: number) {
  const subjects = found.slice(0, SUBJECTS_MAX).map(({ name }) => name)
  return { value: found.length, breached: found.length >= needed, subjects }
}
