/** What was sent, or is on its way: each with its attempts, what it says, and a way to send it again. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import type { Webhook, WebhookDelivery, WebhookDeliveryWithBody } from '#contract/webhook.ts'
import { send } from '#ui/api/client.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { duration } from '#ui/kit/format.ts'
import { Needs } from '#ui/kit/needs.tsx'
import { ProblemNote, QueryView } from '#ui/kit/states.tsx'
import { Table } from '#ui/kit/table.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { deliveryQuery, webhooksChanged } from '#ui/screens/alerts/queries.ts'
import { alertsRoute } from '#ui/screens/alerts/route.ts'
import { deliveryWords, typeText } from '#ui/screens/alerts/webhook-words.ts'

export function Deliveries({ webhooks }: { webhooks: readonly Webhook[] }) {
  const { webhook, open, tab } = alertsRoute.useSearch()
  const navigate = useNavigate({ from: '/alerts' })
  const { query, rows, more } = usePages({
    ...pagesQuery<WebhookDelivery>('/webhook-deliveries', { webhook }),
    refetchInterval: 5000,
  })
  const choose = (id: string) =>
    void navigate({ search: ({ webhook: _, ...old }) => (id === '' ? old : { ...old, webhook: id }), replace: true })
  const ids = [...new Set([...webhooks.map(({ id }) => id), ...(webhook === undefined ? [] : [webhook])])]
  const nameOf = (id: string) => webhooks.find((one) => one.id === id)?.name ?? id
  return (
    <Card
      flush
      title="Deliveries"
      hint="The last 5,000, newest first."
      actions={
        <SelectField
          label="Deliveries to"
          hiddenLabel
          value={webhook ?? ''}
          onChange={(event) => choose(event.target.value)}
          options={[{ value: '', label: 'All webhooks' }, ...ids.map((id) => ({ value: id, label: nameOf(id) }))]}
        />
      }
    >
      <QueryView query={query}>
        {() => (
          <Table
            label="Deliveries"
            rows={rows}
            rowKey={({ id }) => id}
            onOpen={({ id }) => void navigate({ search: (old) => ({ ...old, open: id }) })}
            onEnd={more}
            maxHeight="50vh"
            empty={<p className="px-4 pb-4 text-sm text-muted">Nothing has been sent yet.</p>}
            columns={[
              {
                id: 'state',
                header: 'State',
                width: '8rem',
                cell: ({ state }) => <Badge tone={deliveryWords[state].tone}>{deliveryWords[state].word}</Badge>,
              },
              { id: 'type', header: 'What', width: 'minmax(10rem, 1fr)', cell: ({ type }) => typeText(type) },
              { id: 'webhook', header: 'To', width: 'minmax(9rem, 1fr)', cell: (it) => nameOf(it.webhook) },
              { id: 'at', header: 'When', width: '8rem', cell: ({ created_at }) => <Ago at={created_at} /> },
              { id: 'last', header: 'Last attempt', width: 'minmax(12rem, 2fr)', cell: lastText },
            ]}
          />
        )}
      </QueryView>
      {tab === 'webhooks' && open !== undefined && (
        <DeliveryDrawer
          id={open}
          nameOf={nameOf}
          onClose={() => void navigate({ search: ({ open: _, ...old }) => old })}
        />
      )}
    </Card>
  )
}

function lastText({ attempts, recent_attempts, next_attempt_at, state }: WebhookDelivery) {
  const last = recent_attempts.at(-1)
  if (last === undefined) return 'Not tried yet'
  return (
    <span>
      {attempts === 1 ? 'One attempt' : `${attempts} attempts`}: {last.status ?? last.error ?? 'no answer'}
      {state === 'pending' && next_attempt_at !== null && (
        <span className="text-muted">
          {', next '}
          <Ago at={next_attempt_at} />
        </span>
      )}
    </span>
  )
}

function DeliveryDrawer({
  id,
  nameOf,
  onClose,
}: {
  id: string
  nameOf: (webhook: string) => string
  onClose: () => void
}) {
  const query = useQuery(deliveryQuery(id))
  const client = useQueryClient()
  const mayOperate = useCan('operate')
  const [problem, setProblem] = useState<unknown>(null)
  const delivery = query.data
  const replay = async () => {
    setProblem(null)
    try {
      await send('POST', `/webhook-deliveries/${encodeURIComponent(id)}/replay`)
      toast('It is sent once more')
    } catch (error) {
      setProblem(error)
    }
    await webhooksChanged(client)
  }
  const footer = (
    <>
      <Needs permission="operate" to="send it again" />
      {mayOperate && (
        <Button
          icon={RotateCw}
          disabled={delivery === undefined || delivery.state === 'pending'}
          onClick={() => void replay()}
        >
          Send it again
        </Button>
      )}
    </>
  )
  const title = delivery === undefined ? 'Delivery' : `${typeText(delivery.type)}, to ${nameOf(delivery.webhook)}`
  return (
    <Dialog open onClose={onClose} title={title} place="side" footer={footer}>
      <QueryView query={query}>{(one) => <Details delivery={one} />}</QueryView>
      <ProblemNote error={problem} className="mt-3" />
    </Dialog>
  )
}

function Details({ delivery }: { delivery: WebhookDeliveryWithBody }) {
  const { state, next_attempt_at, recent_attempts, attempts, response } = delivery
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={deliveryWords[state].tone}>{deliveryWords[state].word}</Badge>
        {state === 'pending' && next_attempt_at !== null && (
          <span className="text-muted">
            tried again <Ago at={next_attempt_at} />, given up <Ago at={delivery.give_up_at} />
          </span>
        )}
      </p>
      <p className="text-sm text-muted">
        Message <code className="font-mono break-all">{delivery.message_id}</code>: the same for every attempt and
        replay.
      </p>
      <section>
        <h3 className="text-sm font-semibold">{attempts === 1 ? 'One attempt' : `${attempts} attempts`}</h3>
        <ol aria-label="Attempts" className="text-sm">
          {recent_attempts.toReversed().map(({ at, status, error, duration_ms }) => (
            <li key={at} className="flex flex-wrap justify-between gap-x-3 border-b border-line py-1 last:border-b-0">
              <Moment at={at} />
              <span>{status === null ? (error ?? 'no answer') : `answered ${status}`}</span>
              <span className="text-muted">{duration(duration_ms)}</span>
            </li>
          ))}
        </ol>
      </section>
      {response !== null && response !== '' && (
        <section className="flex flex-col gap-1">
          <h3 className="text-sm font-semibold">The last answer</h3>
          <Command text={response} label="The last answer" />
        </section>
      )}
      <section className="flex flex-col gap-1">
        <h3 className="text-sm font-semibold">What is sent</h3>
        <Command text={JSON.stringify(delivery.body, null, 2)} label="What is sent" />
      </section>
    </div>
  )
}
