/** Who is told of events, and what became of what was sent. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { MoreHorizontal, Plus } from 'lucide-react'
import { useState } from 'react'
import type { Webhook } from '#contract/webhook.ts'
import { deleteAsShown } from '#ui/api/as-shown.ts'
import { send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { Confirm, Dialog } from '#ui/kit/dialog.tsx'
import { Menu, type MenuItem } from '#ui/kit/menu.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, QueryView, wordsOf } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { Deliveries } from '#ui/screens/alerts/deliveries.tsx'
import { webhookPath, webhooksChanged, webhooksQuery } from '#ui/screens/alerts/queries.ts'
import { ExistingWebhook, NewWebhookDrawer, type ShownSecret } from '#ui/screens/alerts/webhook-drawer.tsx'
import { eventsText } from '#ui/screens/alerts/webhook-words.ts'

type Open = { kind: 'new' } | { kind: 'edit'; id: string }

export function Webhooks() {
  const query = useQuery(webhooksQuery)
  const client = useQueryClient()
  const navigate = useNavigate({ from: '/alerts' })
  const mayAdmin = useCan('admin')
  const mayOperate = useCan('operate')
  const [open, setOpen] = useState<Open>()
  const [going, setGoing] = useState<Webhook>()
  const [secret, setSecret] = useState<ShownSecret>()
  const sendTest = async (webhook: Webhook) => {
    try {
      await send('POST', `${webhookPath(webhook.id)}/test`)
      toast(`A test is on its way to “${webhook.name}”: see its deliveries`)
    } catch (error) {
      toast(wordsOf(error).detail)
    }
    await webhooksChanged(client)
  }
  const itemsFor = (webhook: Webhook): MenuItem[] => [
    ...(mayOperate ? [{ label: 'Send a test', run: () => void sendTest(webhook) }] : []),
    {
      label: 'Its deliveries',
      run: () => void navigate({ search: (old) => ({ ...old, webhook: webhook.id }) }),
    },
    ...(mayAdmin
      ? [
          { label: 'Edit', run: () => setOpen({ kind: 'edit', id: webhook.id }) },
          { label: 'Delete', danger: true, run: () => setGoing(webhook) },
        ]
      : []),
  ]
  const add = mayAdmin && (
    <Button look="primary" icon={Plus} onClick={() => setOpen({ kind: 'new' })}>
      Add a webhook
    </Button>
  )
  const closing = { onClose: () => setOpen(undefined), onSecret: setSecret }
  return (
    <>
      <Card
        flush
        title="Webhooks"
        hint="Where events go, signed as Standard Webhooks describe, or as messages for Slack."
        actions={add || <Needs permission="admin" to="change webhooks" />}
      >
        <QueryView
          query={query}
          isEmpty={(webhooks) => webhooks.length === 0}
          empty={
            <Empty title="Nobody is told yet" action={add}>
              Events show here only. A webhook tells a receiver of yours, or a Slack channel, within seconds.
            </Empty>
          }
        >
          {(webhooks) => (
            <Table
              label="Webhooks"
              rows={webhooks}
              rowKey={({ id }) => id}
              rowHeight={56}
              columns={[...columns, menuColumn(itemsFor)]}
            />
          )}
        </QueryView>
      </Card>
      <Deliveries webhooks={query.data ?? []} />
      {open?.kind === 'new' && <NewWebhookDrawer {...closing} />}
      {open?.kind === 'edit' && <ExistingWebhook key={open.id} id={open.id} {...closing} />}
      <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />
      <Confirm
        open={going !== undefined}
        onClose={() => setGoing(undefined)}
        title={`Delete “${going?.name ?? ''}”?`}
        action="Delete the webhook"
        run={async () => {
          await deleteAsShown(webhookPath(going!.id), going!)
          await webhooksChanged(client)
          toast(`“${going!.name}” is deleted`)
        }}
      >
        <p>What is still on its way to it goes with it. Rules that name it tell the others they name.</p>
      </Confirm>
    </>
  )
}

/** Shown once: it cannot be asked for again. */
function SecretDialog({ secret, onClose }: { secret: ShownSecret | undefined; onClose: () => void }) {
  return (
    <Dialog
      open={secret !== undefined}
      onClose={onClose}
      title={`The secret of “${secret?.name ?? ''}”`}
      description="The receiver verifies signatures with it. It is never shown again."
      footer={
        <Button look="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      {secret !== undefined && <Command text={secret.secret} label="Secret of the webhook" />}
    </Dialog>
  )
}

const columns: Column<Webhook>[] = [
  {
    id: 'name',
    header: 'Webhook',
    width: 'minmax(14rem, 2fr)',
    cell: ({ name, url }) => (
      <span className="block min-w-0">
        <span className="block truncate font-medium">{name}</span>
        <span className="block truncate font-mono text-xs text-muted" title={url}>
          {url}
        </span>
      </span>
    ),
    sort: ({ name }) => name,
  },
  {
    id: 'kind',
    header: 'Kind',
    width: '10rem',
    cell: ({ kind }) => (kind === 'slack' ? 'Slack' : 'Standard Webhooks'),
  },
  { id: 'events', header: 'Told of', width: 'minmax(10rem, 1fr)', cell: ({ events }) => eventsText(events) },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(12rem, 2fr)',
    cell: ({ enabled, disabled_reason }) =>
      enabled ? (
        <Badge tone="ok">Enabled</Badge>
      ) : (
        <span className="block min-w-0">
          <Badge tone={disabled_reason === null ? 'neutral' : 'bad'}>Disabled</Badge>
          {disabled_reason !== null && (
            <span className="block truncate text-xs text-bad" title={disabled_reason}>
              {disabled_reason}
            </span>
          )}
        </span>
      ),
  },
]

function menuColumn(itemsFor: (webhook: Webhook) => MenuItem[]): Column<Webhook> {
  return {
    id: 'menu',
    header: <span className="sr-only">What to do</span>,
    width: '2.5rem',
    align: 'right',
    cell: (webhook) => (
      <Menu
        trigger={<IconButton label={`What to do with ${webhook.name}`} icon={MoreHorizontal} />}
        items={itemsFor(webhook)}
      />
    ),
  }
}
