/** An alert rule as a form has it: the fields of all kinds beside each other, so that trying another kind loses nothing. */
import type { AlertCondition, AlertKind, AlertRule, AlertRuleBody, ScopeKey } from '#contract/alert.ts'
import { scopeKeys } from '#contract/alert-scope.ts'

export const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
export type ByteUnit = (typeof byteUnits)[number]

export interface Bytes {
  amount: string
  unit: ByteUnit
}

export interface RuleForm {
  /** Empty: made of the name. */
  id: string
  name: string
  description: string
  kind: AlertKind
  direction: 'in' | 'out'
  measure: 'records' | 'bytes'
  is: 'above' | 'below'
  /** Of volumes in bytes. */
  bytes: Bytes
  /** Of volumes in records. */
  records: string
  percent: string
  bypassed: Bytes
  /** Empty: does not matter. */
  waiting: Bytes
  growingMinutes: string
  moreThan: string
  withinMinutes: string
  gateways: string
  scope: Record<ScopeKey, string>
  forMinutes: string
  resolveMinutes: string
  noData: AlertRuleBody['no_data']
  severity: AlertRuleBody['severity']
  webhooks: string[]
  enabled: boolean
}

export function newRuleForm(): RuleForm {
  return {
    id: '',
    name: '',
    description: '',
    kind: 'volume',
    direction: 'in',
    measure: 'bytes',
    is: 'above',
    bytes: { amount: '50', unit: 'MiB' },
    records: '10000',
    percent: '20',
    bypassed: { amount: '0', unit: 'B' },
    waiting: { amount: '1', unit: 'GiB' },
    growingMinutes: '',
    moreThan: '0',
    withinMinutes: '5',
    gateways: '1',
    scope: { configuration: '', pipeline: '', output: '', gateway: '' },
    forMinutes: '1',
    resolveMinutes: '1',
    noData: 'ok',
    severity: 'warning',
    webhooks: [],
    enabled: true,
  }
}

/** Without what a `PUT` does not take. */
export function definitionOf(rule: AlertRule): AlertRuleBody {
  const { name, description, condition, scope, for_minutes, resolve_minutes, no_data, severity, webhooks, enabled } =
    rule
  return { name, description, condition, scope, for_minutes, resolve_minutes, no_data, severity, webhooks, enabled }
}

export function formOfRule(id: string, rule: AlertRuleBody): RuleForm {
  return {
    ...newRuleForm(),
    id,
    name: rule.name,
    description: rule.description,
    ...fieldsOf(rule.condition),
    scope: {
      configuration: rule.scope.configuration ?? '',
      pipeline: rule.scope.pipeline ?? '',
      output: rule.scope.output ?? '',
      gateway: rule.scope.gateway ?? '',
    },
    forMinutes: String(rule.for_minutes),
    resolveMinutes: String(rule.resolve_minutes),
    noData: rule.no_data,
    severity: rule.severity,
    webhooks: [...rule.webhooks],
    enabled: rule.enabled,
  }
}

export function bodyOfForm(form: RuleForm): AlertRuleBody {
  const scope = scopeKeys[form.kind].flatMap((key) => {
    const value = form.scope[key].trim()
    return value === '' ? [] : [[key, value]]
  })
  return {
    name: form.name.trim(),
    description: form.description,
    condition: conditionOf(form),
    scope: Object.fromEntries(scope),
    for_minutes: numberOf(form.forMinutes),
    resolve_minutes: numberOf(form.resolveMinutes),
    no_data: form.noData,
    severity: form.severity,
    webhooks: form.webhooks,
    enabled: form.enabled,
  }
}

/** What is missing before it can be sent; by field. */
export function missingInRule(form: RuleForm): string | undefined {
  const body = bodyOfForm(form)
  const figures = [body.for_minutes, body.resolve_minutes, ...Object.values(body.condition)]
  if (figures.some((value) => Number.isNaN(value))) return 'A number is missing.'
  if (form.kind === 'spool_growth' && form.waiting.amount.trim() === '' && form.growingMinutes.trim() === '')
    return 'Say how much may wait on disk, or for how many minutes it may grow.'
  return body.name === '' ? 'Give it a name.' : undefined
}

/** `Hardly anything comes in` → `hardly_anything_comes_in`. `otherwise`: where the name has none of its letters. */
export function idFrom(name: string, otherwise = 'rule'): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const words = plain.match(/[a-z0-9]+/g) ?? []
  return words.join('_').slice(0, 64) || otherwise
}

/** The largest unit in which the figure is short and still exact. */
export function splitBytes(value: number): Bytes {
  for (const [power, unit] of [...byteUnits.entries()].reverse()) {
    const scaled = value / 1024 ** power
    if (power === 0 || (scaled >= 1 && Number(scaled.toFixed(2)) === scaled)) return { amount: String(scaled), unit }
  }
  return { amount: String(value), unit: 'B' }
}

function conditionOf(form: RuleForm): AlertCondition {
  const { kind, measure, is } = form
  switch (kind) {
    case 'volume': {
      const threshold = measure === 'bytes' ? bytesOf(form.bytes) : numberOf(form.records)
      return { kind, direction: form.direction, measure, is, threshold }
    }
    case 'reduction':
      return { kind, measure, is, threshold: numberOf(form.percent) }
    case 'bypass':
      return { kind, bytes_above: bytesOf(form.bypassed) }
    case 'spool_growth':
      return {
        kind,
        ...(form.waiting.amount.trim() !== '' && { bytes_above: bytesOf(form.waiting) }),
        ...(form.growingMinutes.trim() !== '' && { growing_minutes: numberOf(form.growingMinutes) }),
      }
    case 'dead_letters':
    case 'lost':
      return { kind, more_than: numberOf(form.moreThan), within_minutes: numberOf(form.withinMinutes) }
    case 'gateway_offline':
      return { kind, gateways: numberOf(form.gateways) }
    case 'config_failed':
      return { kind }
  }
}

function fieldsOf(condition: AlertCondition): Partial<RuleForm> {
  const { kind } = condition
  switch (kind) {
    case 'volume': {
      const { direction, measure, is, threshold } = condition
      const figure = measure === 'bytes' ? { bytes: splitBytes(threshold) } : { records: String(threshold) }
      return { kind, direction, measure, is, ...figure }
    }
    case 'reduction':
      return { kind, measure: condition.measure, is: condition.is, percent: String(condition.threshold) }
    case 'bypass':
      return { kind, bypassed: splitBytes(condition.bytes_above) }
    case 'spool_growth':
      return {
        kind,
        waiting: condition.bytes_above === undefined ? { amount: '', unit: 'GiB' } : splitBytes(condition.bytes_above),
        growingMinutes: condition.growing_minutes === undefined ? '' : String(condition.growing_minutes),
      }
    case 'dead_letters':
    case 'lost':
      return { kind, moreThan: String(condition.more_than), withinMinutes: String(condition.within_minutes) }
    case 'gateway_offline':
      return { kind, gateways: String(condition.gateways) }
    case 'config_failed':
      return { kind }
  }
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

function bytesOf({ amount, unit }: Bytes): number {
  return Math.round(numberOf(amount) * 1024 ** byteUnits.indexOf(unit))
}
