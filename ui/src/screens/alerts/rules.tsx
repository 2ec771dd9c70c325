/** The alert rules: what they watch, how it stands, and what one can do with each. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { MoreHorizontal, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { AlertRule } from '#contract/alert.ts'
import { deleteAsShown } from '#ui/api/as-shown.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { Menu, type MenuItem } from '#ui/kit/menu.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, QueryView, wordsOf } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { conditionText, valueText } from '#ui/screens/alerts/condition.ts'
import { alertsChanged, rulePath, rulesQuery } from '#ui/screens/alerts/queries.ts'
import { alertsRoute } from '#ui/screens/alerts/route.ts'
import { ExistingRule, NewRule } from '#ui/screens/alerts/rule-drawer.tsx'
import { definitionOf, newRuleForm, type RuleForm } from '#ui/screens/alerts/rule-form.ts'
import { SilenceDialog } from '#ui/screens/alerts/silence-dialog.tsx'
import { starters } from '#ui/screens/alerts/starters.ts'
import { RuleState, SeverityBadge } from '#ui/screens/alerts/states.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'

const NO_OFFER: never[] = []

export function Rules() {
  const query = useQuery(rulesQuery)
  const client = useQueryClient()
  const { open, tab } = alertsRoute.useSearch()
  const navigate = useNavigate({ from: '/alerts' })
  const mayEdit = useCan('edit')
  const mayOperate = useCan('operate')
  const [making, setMaking] = useState<RuleForm>()
  const [silencing, setSilencing] = useState<AlertRule>()
  const [going, setGoing] = useState<AlertRule>()
  const show = (id: string) => void navigate({ search: (old) => ({ ...old, open: id }) })
  const close = () => void navigate({ search: ({ open: _, ...old }) => old })
  const offer = useMemo(
    () => [{ id: 'alerts.new', label: 'Add an alert rule', run: () => setMaking(newRuleForm()) }],
    [],
  )
  useOffer(mayEdit ? offer : NO_OFFER)
  const attempt = async (done: string, run: () => Promise<unknown>) => {
    try {
      await run()
      toast(done)
    } catch (error) {
      toast(wordsOf(error).detail)
    }
    await alertsChanged(client)
  }
  const setEnabled = (rule: AlertRule, enabled: boolean) =>
    attempt(`“${rule.name}” is ${enabled ? 'enabled' : 'disabled'}`, async () => {
      const { body, etag } = await getTagged<AlertRule>(rulePath(rule.id))
      await send('PUT', rulePath(rule.id), { ...definitionOf(body), enabled }, { etag })
    })
  const itemsFor = (rule: AlertRule): MenuItem[] => [
    { label: mayEdit ? 'Edit' : 'Look at it', run: () => show(rule.id) },
    { label: 'Its events', run: () => void navigate({ search: { tab: 'events', rule: rule.id } }) },
    ...(mayEdit
      ? [
          rule.enabled
            ? { label: 'Disable', note: 'It is not evaluated', run: () => void setEnabled(rule, false) }
            : { label: 'Enable', run: () => void setEnabled(rule, true) },
        ]
      : []),
    ...(mayOperate
      ? [
          rule.silence === null
            ? { label: 'Silence', note: 'Nobody is told for a while', run: () => setSilencing(rule) }
            : {
                label: 'End the silence',
                run: () =>
                  void attempt(`“${rule.name}” is heard again`, () => send('POST', `${rulePath(rule.id)}/unsilence`)),
              },
        ]
      : []),
    ...(mayEdit ? [{ label: 'Delete', danger: true, run: () => setGoing(rule) }] : []),
  ]
  return (
    <Card
      flush
      title="Rules"
      hint="A rule looks at everything in its scope together. For one alert per pipeline, write one rule per pipeline."
      actions={
        mayEdit ? (
          <Menu
            trigger={
              <Button look="primary" icon={Plus}>
                Add a rule
              </Button>
            }
            items={[
              { label: 'Empty rule', run: () => setMaking(newRuleForm()) },
              ...starters.map(({ form, why }) => ({ label: form.name, note: why, run: () => setMaking(form) })),
            ]}
          />
        ) : (
          <Needs permission="edit" to="change rules" />
        )
      }
    >
      <QueryView
        query={query}
        isEmpty={(rules) => rules.length === 0}
        empty={<NoRules {...(mayEdit && { onUse: setMaking })} />}
      >
        {(rules) => (
          <Table
            label="Alert rules"
            rows={rules}
            rowKey={({ id }) => id}
            onOpen={({ id }) => show(id)}
            rowHeight={56}
            columns={[...columns, menuColumn(itemsFor)]}
          />
        )}
      </QueryView>
      {making !== undefined && <NewRule initial={making} onClose={() => setMaking(undefined)} />}
      {tab === 'rules' && open !== undefined && <ExistingRule key={open} id={open} onClose={close} />}
      <SilenceDialog rule={silencing} onClose={() => setSilencing(undefined)} />
      <Confirm
        open={going !== undefined}
        onClose={() => setGoing(undefined)}
        title={`Delete “${going?.name ?? ''}”?`}
        action="Delete the rule"
        run={async () => {
          await deleteAsShown(rulePath(going!.id), going!)
          await alertsChanged(client)
          toast(`“${going!.name}” is deleted`)
        }}
      >
        <p>Nothing watches for this any more. Its events stay; one that is open is resolved.</p>
      </Confirm>
    </Card>
  )
}

const columns: Column<AlertRule>[] = [
  {
    id: 'name',
    header: 'Rule',
    width: 'minmax(16rem, 3fr)',
    cell: (rule) => (
      <span className="block min-w-0">
        <span className="block truncate font-medium">{rule.name}</span>
        <span className="block truncate text-xs text-muted" title={conditionText(rule)}>
          {conditionText(rule)}
        </span>
      </span>
    ),
    sort: ({ name }) => name,
  },
  { id: 'state', header: 'State', width: 'minmax(9rem, 1.5fr)', cell: (rule) => <RuleState rule={rule} /> },
  {
    id: 'value',
    header: 'Last value',
    width: '9rem',
    cell: ({ status, condition }) => (status.evaluated_to === null ? '–' : valueText(condition, status.value)),
  },
  {
    id: 'since',
    header: 'Since',
    width: '8rem',
    cell: ({ status: { since } }) => (since === null ? '–' : <Ago at={since} />),
    sort: ({ status: { since } }) => since ?? 0,
  },
  {
    id: 'severity',
    header: 'Severity',
    width: '7rem',
    cell: ({ severity }) => <SeverityBadge severity={severity} />,
    sort: ({ severity }) => ({ critical: 0, warning: 1, info: 2 })[severity],
  },
  {
    id: 'webhooks',
    header: 'Told',
    width: 'minmax(7rem, 1fr)',
    cell: ({ webhooks }) => (webhooks.length === 0 ? 'All that listen' : webhooks.join(', ')),
  },
]

function menuColumn(itemsFor: (rule: AlertRule) => MenuItem[]): Column<AlertRule> {
  return {
    id: 'menu',
    header: <span className="sr-only">What to do</span>,
    width: '2.5rem',
    align: 'right',
    cell: (rule) => (
      <Menu
        trigger={<IconButton label={`What to do with ${rule.name}`} icon={MoreHorizontal} />}
        items={itemsFor(rule)}
      />
    ),
  }
}

function NoRules({ onUse }: { onUse?: (form: RuleForm) => void }) {
  return (
    <Empty title="No alert rule yet">
      <p>Begin with one of these. Each shows when it would have fired before you save it.</p>
      <ul className="mt-3 flex flex-col divide-y divide-line rounded-lg border border-line text-left">
        {starters.map(({ form, why }) => (
          <li key={form.name} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-3 py-2">
            <span>
              <span className="block font-medium text-ink">{form.name}</span>
              <span className="block text-xs">{why}</span>
            </span>
            {onUse !== undefined && (
              <Button aria-label={`Use it: ${form.name}`} onClick={() => onUse(form)}>
                Use it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Empty>
  )
}
