/** What is told of alerts and of versions: the data of the events, with a sentence for people. */
import type { AlertCondition, AlertRuleBody, AlertScope } from '#contract/alert.ts'
import type { Tx } from '../store/database.ts'
import type { ConfigurationTables } from '../store/tables/configurations.ts'
import { enqueue } from './enqueue.ts'
import { type EventRow, showEvent } from './events.ts'

/** Tells whoever the rule names, or all that are subscribed. `at`: now, Unix milliseconds. */
export async function notify(tx: Tx, rule: AlertRuleBody, event: EventRow, at: number): Promise<void> {
  const shown = showEvent({ ...event, notified: 1 })
  const { name, description, condition, scope } = rule
  await enqueue(tx, event.org_id, {
    type: event.resolved_at === null ? 'alert.firing' : 'alert.resolved',
    at,
    data: { event: shown, rule: { id: event.rule, name, description, condition, scope }, text: textOf(rule, event) },
    ...(rule.webhooks.length > 0 && { webhooks: rule.webhooks }),
  })
}

/** To be called in the transaction that makes the version. `at`: now, Unix milliseconds. */
export async function notifyPublished(tx: Tx, version: PublishedVersion, at: number): Promise<void> {
  const { org_id, configuration, number, sha256, author, message, restored_from } = version
  const restored = restored_from === null ? '' : `, which is version ${restored_from} again`
  const text = `${author} published version ${number} of ${configuration}${restored}: ${message}`
  const data = { configuration, version: number, sha256, author, message, restored_from, text }
  await enqueue(tx, org_id, { type: 'version.published', at, data })
}

type PublishedVersion = Pick<
  ConfigurationTables['versions'],
  'org_id' | 'configuration' | 'number' | 'sha256' | 'author' | 'message' | 'restored_from'
>

/** Such as `[critical] Checkout is quiet: records in per minute below 10 (0) for 5 min; pipeline checkout*`. */
export function textOf({ name, severity, condition, scope, for_minutes }: AlertRuleBody, event: EventRow): string {
  if (event.resolved_at !== null) return `[resolved] ${name}: was firing for ${minutesOf(event)} min`
  const value = event.value === null ? '' : ` (${Number(event.value.toFixed(2))})`
  const what = event.cause === 'no_data' ? 'no data' : `${conditionText(condition)}${value}`
  const subjects = JSON.parse(event.subjects) as string[]
  const about = [scopeText(scope), subjects.join(', ')].filter((part) => part !== '').join('; ')
  return `[${severity}] ${name}: ${what} for ${for_minutes} min${about === '' ? '' : `; ${about}`}`
}

function minutesOf({ started_at, resolved_at }: EventRow): number {
  return Math.round(((resolved_at ?? started_at) - started_at) / 60_000)
}

function scopeText(scope: AlertScope): string {
  return Object.entries(scope)
    .map(([key, pattern]) => `${key} ${pattern}`)
    .join(', ')
}

function conditionText(condition: AlertCondition): string {
  switch (condition.kind) {
    case 'volume':
      return `${condition.measure} ${condition.direction} per minute ${condition.is} ${condition.threshold}`
    case 'reduction':
      return `reduction of ${condition.measure} ${condition.is} ${condition.threshold} %`
    case 'bypass':
      return `bytes bypassed per minute above ${condition.bytes_above}, or a pipeline in bypass or hold`
    case 'spool_growth': {
      const above = condition.bytes_above === undefined ? [] : [`above ${condition.bytes_above}`]
      const growing = condition.growing_minutes === undefined ? [] : [`growing for ${condition.growing_minutes} min`]
      return `bytes waiting on disk ${[...above, ...growing].join(' or ')}`
    }
    case 'dead_letters':
      return `more than ${condition.more_than} dead letters within ${condition.within_minutes} min`
    case 'lost':
      return `more than ${condition.more_than} records lost within ${condition.within_minutes} min`
    case 'gateway_offline':
      return `at least ${condition.gateways} gateway${condition.gateways === 1 ? '' : 's'} offline`
    case 'config_failed':
      return 'a gateway refused its version'
  }
}
