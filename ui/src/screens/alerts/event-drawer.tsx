/** One event: what was measured, when, who was told, who looks after it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { AlertEvent, AlertRule } from '#contract/alert.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, textLink } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { duration } from '#ui/kit/format.ts'
import { QueryView } from '#ui/kit/states.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { conditionText } from '#ui/screens/alerts/condition.ts'
import { Acknowledged, Measured } from '#ui/screens/alerts/event-parts.tsx'
import { eventQuery } from '#ui/screens/alerts/queries.ts'
import { SeverityBadge } from '#ui/screens/alerts/states.tsx'

const endings: Record<NonNullable<AlertEvent['resolved_by']>, string> = {
  condition: 'its condition no longer held',
  rule_changed: 'the rule was changed',
  rule_disabled: 'the rule was disabled',
  rule_deleted: 'the rule was deleted',
}

export function EventDrawer({
  id,
  ruleOf,
  onAcknowledge,
  onSilence,
  onClose,
}: {
  id: string
  ruleOf: (id: string) => AlertRule | undefined
  onAcknowledge: (event: AlertEvent) => void
  onSilence: (rule: AlertRule) => void
  onClose: () => void
}) {
  const query = useQuery(eventQuery(id))
  const mayOperate = useCan('operate')
  const event = query.data
  const rule = event === undefined ? undefined : ruleOf(event.rule)
  const footer = mayOperate && event !== undefined && (
    <>
      {rule !== undefined && rule.silence === null && <Button onClick={() => onSilence(rule)}>Silence its rule</Button>}
      {event.acknowledged === null && (
        <Button look="primary" onClick={() => onAcknowledge(event)}>
          Acknowledge
        </Button>
      )}
    </>
  )
  return (
    <Dialog open onClose={onClose} title={event?.rule_name ?? 'Event'} place="side" footer={footer || undefined}>
      <QueryView query={query}>{(one) => <Details event={one} rule={rule} />}</QueryView>
    </Dialog>
  )
}

function Details({ event, rule }: { event: AlertEvent; rule: AlertRule | undefined }) {
  return (
    <dl className="flex flex-col gap-3">
      <Line name="State">
        <span className="inline-flex flex-wrap gap-2">
          {event.state === 'firing' ? <Badge tone="bad">Firing</Badge> : <Badge tone="ok">Resolved</Badge>}
          <SeverityBadge severity={event.severity} />
          {event.silenced && <Badge tone="info">Nobody was told: silenced</Badge>}
        </span>
      </Line>
      <Line name="Measured when it fired">
        <Measured event={event} rule={rule} />
      </Line>
      <Line name="Rule">
        {rule === undefined ? (
          `${event.rule} (not there any more)`
        ) : (
          <Link to="/alerts" search={{ tab: 'rules', open: rule.id }} className={textLink}>
            {conditionText(rule)}
          </Link>
        )}
      </Line>
      {rule !== undefined && rule.description !== '' && <Line name="What to do">{rule.description}</Line>}
      <Line name="Fired">
        <Moment at={event.started_at} />
      </Line>
      {event.resolved_at !== null && (
        <Line name="Resolved">
          <Moment at={event.resolved_at} /> after {duration(event.resolved_at - event.started_at)}
          {event.resolved_by !== null && `: ${endings[event.resolved_by]}`}
        </Line>
      )}
      <Line name="Acknowledged">
        {event.acknowledged === null ? 'Nobody has said that they look after it.' : <Acknowledged event={event} />}
      </Line>
    </dl>
  )
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  )
}
