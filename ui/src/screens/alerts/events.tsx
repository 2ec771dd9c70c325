/** What alert rules have made: what fires first, then what is over. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useState } from 'react'
import type { AlertEvent, AlertRule } from '#contract/alert.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { duration } from '#ui/kit/format.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Table } from '#ui/kit/table.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { AcknowledgeDialog } from '#ui/screens/alerts/acknowledge-dialog.tsx'
import { conditionText } from '#ui/screens/alerts/condition.ts'
import { EventDrawer } from '#ui/screens/alerts/event-drawer.tsx'
import { Acknowledged, Measured } from '#ui/screens/alerts/event-parts.tsx'
import { firingQuery, rulesQuery } from '#ui/screens/alerts/queries.ts'
import { alertsRoute } from '#ui/screens/alerts/route.ts'
import { SilenceDialog } from '#ui/screens/alerts/silence-dialog.tsx'
import { SeverityBadge } from '#ui/screens/alerts/states.tsx'

export function Events() {
  const { rule, open, tab } = alertsRoute.useSearch()
  const navigate = useNavigate({ from: '/alerts' })
  const firing = useQuery(firingQuery(rule))
  const rules = useQuery(rulesQuery)
  const [acknowledging, setAcknowledging] = useState<AlertEvent>()
  const [silencing, setSilencing] = useState<AlertRule>()
  const show = (id: string) => void navigate({ search: (old) => ({ ...old, open: id }) })
  const ruleOf = (id: string) => rules.data?.find((one) => one.id === id)
  return (
    <>
      {rule !== undefined && (
        <p className="flex items-center gap-2 text-sm">
          Only events of the rule <b>{ruleOf(rule)?.name ?? rule}</b>
          <Button icon={X} onClick={() => void navigate({ search: ({ rule: _, ...old }) => old })} className="text-xs">
            Show all
          </Button>
        </p>
      )}
      <Card flush title="Firing" hint="What is wrong now, until its condition no longer holds.">
        <QueryView
          query={firing}
          isEmpty={(events) => events.length === 0}
          empty={<NothingFires rules={rules.data} onRules={() => void navigate({ search: { tab: 'rules' } })} />}
        >
          {(events) => (
            <ul aria-label="Firing" className="border-t border-line">
              {events.map((event) => (
                <Firing
                  key={event.id}
                  event={event}
                  rule={ruleOf(event.rule)}
                  onOpen={() => show(event.id)}
                  onAcknowledge={() => setAcknowledging(event)}
                  onSilence={setSilencing}
                />
              ))}
            </ul>
          )}
        </QueryView>
      </Card>
      <Resolved rule={rule} ruleOf={ruleOf} onOpen={show} />
      {(tab ?? 'events') === 'events' && open !== undefined && (
        <EventDrawer
          id={open}
          ruleOf={ruleOf}
          onAcknowledge={setAcknowledging}
          onSilence={setSilencing}
          onClose={() => void navigate({ search: ({ open: _, ...old }) => old })}
        />
      )}
      <AcknowledgeDialog event={acknowledging} onClose={() => setAcknowledging(undefined)} />
      <SilenceDialog rule={silencing} onClose={() => setSilencing(undefined)} />
    </>
  )
}

function Firing({
  event,
  rule,
  onOpen,
  onAcknowledge,
  onSilence,
}: {
  event: AlertEvent
  rule: AlertRule | undefined
  onOpen: () => void
  onAcknowledge: () => void
  onSilence: (rule: AlertRule) => void
}) {
  const mayOperate = useCan('operate')
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0">
      <div className="min-w-0 flex-1 basis-80">
        <p className="flex flex-wrap items-center gap-2">
          <SeverityBadge severity={event.severity} />
          <button type="button" onClick={onOpen} className="min-h-6 text-left font-medium hover:underline">
            {event.rule_name}
          </button>
          <span className="text-xs text-muted">
            fired <Ago at={event.started_at} />
          </span>
        </p>
        <p className="text-sm text-muted">
          {rule === undefined ? 'Its rule is not there any more' : conditionText(rule)}:{' '}
          <Measured event={event} rule={rule} />
        </p>
        <Acknowledged event={event} />
        {event.silenced && <p className="text-xs text-muted">Nobody has been told: it is silenced.</p>}
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Needs permission="operate" to="acknowledge or silence" />
        {mayOperate && event.acknowledged === null && (
          <Button onClick={onAcknowledge}>
            Acknowledge<span className="sr-only"> {event.rule_name}</span>
          </Button>
        )}
        {mayOperate && rule !== undefined && rule.silence === null && (
          <Button look="quiet" onClick={() => onSilence(rule)}>
            Silence<span className="sr-only"> {event.rule_name}</span>
          </Button>
        )}
      </div>
    </li>
  )
}

function Resolved({
  rule,
  ruleOf,
  onOpen,
}: {
  rule: string | undefined
  ruleOf: (id: string) => AlertRule | undefined
  onOpen: (id: string) => void
}) {
  const { query, rows, more } = usePages({
    ...pagesQuery<AlertEvent>('/alerts/events', { state: 'resolved', rule }),
    refetchInterval: 15_000,
  })
  return (
    <Card flush title="Resolved" hint="Newest first.">
      <QueryView query={query}>
        {() => (
          <Table
            label="Resolved events"
            rows={rows}
            rowKey={({ id }) => id}
            onOpen={({ id }) => onOpen(id)}
            onEnd={more}
            empty={<p className="px-4 pb-4 text-sm text-muted">Nothing has been resolved yet.</p>}
            columns={[
              {
                id: 'severity',
                header: 'Severity',
                width: '7rem',
                cell: (it) => <SeverityBadge severity={it.severity} />,
              },
              { id: 'name', header: 'Rule', width: 'minmax(12rem, 2fr)', cell: ({ rule_name }) => rule_name },
              {
                id: 'value',
                header: 'Measured',
                width: 'minmax(9rem, 1fr)',
                cell: (event) => <Measured event={event} rule={ruleOf(event.rule)} />,
              },
              {
                id: 'at',
                header: 'Fired',
                width: 'minmax(12rem, 1fr)',
                cell: ({ started_at }) => <Moment at={started_at} />,
              },
              {
                id: 'lasted',
                header: 'Lasted',
                width: '8rem',
                cell: (it) => (it.resolved_at === null ? '–' : duration(it.resolved_at - it.started_at)),
              },
              {
                id: 'acknowledged',
                header: 'Acknowledged',
                width: 'minmax(8rem, 1fr)',
                cell: ({ acknowledged }) => acknowledged?.by ?? '–',
              },
            ]}
          />
        )}
      </QueryView>
    </Card>
  )
}

function NothingFires({ rules, onRules }: { rules: AlertRule[] | undefined; onRules: () => void }) {
  if (rules === undefined || rules.length > 0)
    return (
      <Empty title="Nothing is firing">
        {rules !== undefined && `${rules.filter(({ enabled }) => enabled).length} rules are evaluated once a minute.`}
      </Empty>
    )
  return (
    <Empty
      title="Nothing is watched yet"
      action={
        <Button look="primary" onClick={onRules}>
          Add an alert rule
        </Button>
      }
    >
      An alert rule says what must not happen, and who is told when it does.
    </Empty>
  )
}
