/** What the list of events and the drawer of one both show. */
import type { AlertEvent, AlertRule } from '#contract/alert.ts'
import { exact } from '#ui/kit/format.ts'
import { Ago } from '#ui/kit/time.tsx'
import { valueText } from '#ui/screens/alerts/condition.ts'

export function Acknowledged({ event: { acknowledged } }: { event: AlertEvent }) {
  if (acknowledged === null) return null
  return (
    <p className="text-sm">
      Acknowledged by {acknowledged.by} <Ago at={acknowledged.at} />
      {acknowledged.note !== '' && <span className="text-muted">: {acknowledged.note}</span>}
    </p>
  )
}

/** What was measured when it fired, and which gateways it is about. */
export function Measured({ event, rule }: { event: AlertEvent; rule: AlertRule | undefined }) {
  const measured = measuredText(event, rule)
  return (
    <span className="font-medium text-ink">
      {measured}
      {event.subjects.length > 0 && ` (${event.subjects.join(', ')})`}
    </span>
  )
}

function measuredText({ cause, kind, value }: AlertEvent, rule: AlertRule | undefined): string {
  if (cause === 'no_data') return 'nothing was known of the minute'
  if (kind === 'bypass' && (value === null || value === 0)) return 'a pipeline in bypass or hold'
  if (rule?.condition.kind === kind) return valueText(rule.condition, value)
  return value === null ? 'no figure' : exact(value)
}
