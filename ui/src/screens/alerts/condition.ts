/** Alert rules in words: what a rule watches, when it fires, what was measured. */
import type { AlertCondition, AlertKind, AlertRuleBody, AlertScope, ScopeKey } from '#contract/alert.ts'
import { bytes, count } from '#ui/kit/format.ts'

export const kindWords: Record<AlertKind, { label: string; meaning: string }> = {
  volume: { label: 'Volume', meaning: 'How much comes in or goes out in a minute.' },
  reduction: { label: 'Reduction', meaning: 'What share of what comes in the rules take away.' },
  bypass: { label: 'Bypass', meaning: 'Records go past the rules, or a pipeline is in the state bypass or hold.' },
  spool_growth: {
    label: 'Waiting on disk',
    meaning: 'An output cannot keep up: what waits for it on disk is much, or grows.',
  },
  dead_letters: { label: 'Dead letters', meaning: 'A receiver has refused records for good.' },
  lost: {
    label: 'Lost records',
    meaning: 'Outputs have overwritten records, let them expire, or could not read them again.',
  },
  gateway_offline: { label: 'Gateway offline', meaning: 'Gateways are not heard of any more.' },
  config_failed: {
    label: 'Configuration refused',
    meaning: 'A gateway has refused the version that it was offered last.',
  },
}

type Sentence = Pick<AlertRuleBody, 'condition' | 'scope' | 'for_minutes'>

/** `bytes in above 50 MiB/min for 5 minutes on pipeline x` */
export function conditionText({ condition, scope, for_minutes }: Sentence): string {
  const where = scopeText(scope)
  return `${holdsText(condition, for_minutes)}${where === '' ? '' : ` on ${where}`}`
}

/** What was measured, in its unit; null: nothing could be. */
export function valueText(condition: AlertCondition, value: number | null): string {
  if (value === null) return 'no data'
  switch (condition.kind) {
    case 'volume':
      return rateText(value, condition.measure)
    case 'bypass':
      return rateText(value, 'bytes')
    case 'reduction':
      return `${Math.round(value * 10) / 10} %`
    case 'spool_growth':
      return bytes(value)
    case 'dead_letters':
    case 'lost':
      return recordsText(value)
    case 'gateway_offline':
    case 'config_failed':
      return gatewaysText(value)
  }
}

/** The same without what all values of one chart share: for its axis. */
export function figureText(condition: AlertCondition, value: number): string {
  if (condition.kind === 'reduction') return valueText(condition, value)
  return isInBytes(condition) ? bytes(value) : count(value)
}

export function isInBytes(condition: AlertCondition): boolean {
  if (condition.kind === 'volume') return condition.measure === 'bytes'
  return condition.kind === 'bypass' || condition.kind === 'spool_growth'
}

/** Of the line that the measured value crosses; undefined where the condition has none. */
export function thresholdOf(condition: AlertCondition): number | undefined {
  switch (condition.kind) {
    case 'volume':
    case 'reduction':
      return condition.threshold
    case 'bypass':
      return condition.bytes_above
    case 'spool_growth':
      return condition.bytes_above
    case 'dead_letters':
    case 'lost':
      return condition.more_than
    case 'gateway_offline':
      return condition.gateways
    case 'config_failed':
      return undefined
  }
}

/** What the chart of a rule shows. */
export function measureText(condition: AlertCondition): string {
  switch (condition.kind) {
    case 'volume':
      return `${condition.measure === 'bytes' ? 'Bytes' : 'Records'} ${condition.direction} per minute`
    case 'reduction':
      return `Reduction in ${condition.measure}`
    case 'bypass':
      return 'Bytes per minute that went past the rules'
    case 'spool_growth':
      return 'Bytes that wait on disk'
    case 'dead_letters':
      return `Records refused within ${minutesText(condition.within_minutes)}`
    case 'lost':
      return `Records lost within ${minutesText(condition.within_minutes)}`
    case 'gateway_offline':
      return 'Gateways that are offline'
    case 'config_failed':
      return 'Gateways that refused their version'
  }
}

function minutesText(minutes: number): string {
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}

function holdsText(condition: AlertCondition, minutes: number): string {
  const during = ` for ${minutesText(minutes)}`
  switch (condition.kind) {
    case 'volume': {
      const { measure, direction, is, threshold } = condition
      return `${measure} ${direction} ${is} ${rateText(threshold, measure)}${during}`
    }
    case 'reduction':
      return `reduction in ${condition.measure} ${condition.is} ${condition.threshold} %${during}`
    case 'bypass': {
      const more = condition.bytes_above === 0 ? 'anything' : `more than ${rateText(condition.bytes_above, 'bytes')}`
      return `${more} past the rules, or a pipeline in bypass or hold,${during}`
    }
    case 'spool_growth': {
      const parts = [
        condition.bytes_above === undefined ? [] : [`more than ${bytes(condition.bytes_above)} waiting on disk`],
        condition.growing_minutes === undefined
          ? []
          : [`more waiting on disk with each of ${minutesText(condition.growing_minutes)}`],
      ].flat()
      return `${parts.join(' or ')}${during}`
    }
    case 'dead_letters':
      return `more than ${recordsText(condition.more_than)} refused within ${minutesText(condition.within_minutes)}${during}`
    case 'lost':
      return `more than ${recordsText(condition.more_than)} lost within ${minutesText(condition.within_minutes)}${during}`
    case 'gateway_offline':
      return `${condition.gateways === 1 ? 'a gateway' : `at least ${gatewaysText(condition.gateways)}`} offline${during}`
    case 'config_failed':
      return `a gateway that refused its version${during}`
  }
}

const scopeOrder: readonly ScopeKey[] = ['pipeline', 'output', 'gateway', 'configuration']

function scopeText(scope: AlertScope): string {
  return scopeOrder.flatMap((key) => (scope[key] === undefined ? [] : [`${key} ${scope[key]}`])).join(', ')
}

function rateText(value: number, measure: 'bytes' | 'records'): string {
  return measure === 'bytes' ? `${bytes(value)}/min` : `${count(value)} records/min`
}

function recordsText(value: number): string {
  return `${count(value)} ${value === 1 ? 'record' : 'records'}`
}

function gatewaysText(value: number): string {
  return `${count(value)} ${value === 1 ? 'gateway' : 'gateways'}`
}
