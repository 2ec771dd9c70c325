/** What can be done to the gateways that are selected, each after saying how many that hits. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ListChecks, RefreshCcw, RotateCw, Send, Tags, X } from 'lucide-react'
import { useState } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { send } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { configurationsQuery, useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Confirm, Dialog } from '#ui/kit/dialog.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { affected, counted, type Done, forEachOf, outcome } from '#ui/screens/fleet/bulk.ts'
import { changedLabels, parseLabels } from '#ui/screens/fleet/labels.ts'
import { changeGateway, fleetChanged } from '#ui/screens/fleet/queries.ts'

type Kind = 'label' | 'assign' | 'restart' | 'retry'

export interface BulkBarProps {
  picked: readonly GatewaySummary[]
  onClear: () => void
  onAll: () => void
}

export function BulkBar({ picked, onClear, onAll }: BulkBarProps) {
  const [kind, setKind] = useState<Kind>()
  const [failed, setFailed] = useState<Done>()
  const canOperate = useCan('operate')
  const canPublish = useCan('publish') && canOperate
  const needs = (permission: string, may: boolean) => ({
    disabled: !may,
    ...(!may && { title: `Needs the permission ${permission}` }),
  })
  return (
    <>
      {picked.length > 0 && (
        <div className="flex flex-wrap items-center gap-2 rounded-md bg-accent-soft px-3 py-1.5">
          <span className="font-medium" aria-live="polite">
            {counted(picked.length)} selected
          </span>
          <Needs permission="operate" to="do something to them" />
          <span className="flex-1" />
          <Button icon={ListChecks} look="quiet" onClick={onAll}>
            All that match
          </Button>
          <Button icon={Tags} {...needs('operate', canOperate)} onClick={() => setKind('label')}>
            Label
          </Button>
          <Button icon={Send} {...needs('publish', canPublish)} onClick={() => setKind('assign')}>
            Assign a configuration
          </Button>
          <Button icon={RefreshCcw} {...needs('operate', canOperate)} onClick={() => setKind('retry')}>
            Retry
          </Button>
          <Button icon={RotateCw} {...needs('operate', canOperate)} onClick={() => setKind('restart')}>
            Restart
          </Button>
          <Button icon={X} look="quiet" onClick={onClear}>
            Clear
          </Button>
        </div>
      )}
      {kind !== undefined && (
        <BulkConfirm kind={kind} picked={picked} onClose={() => setKind(undefined)} onFailures={setFailed} />
      )}
      <Dialog
        open={failed !== undefined}
        onClose={() => setFailed(undefined)}
        title={`${counted(failed?.failures.length ?? 0)} could not be done`}
        description={`${failed?.done ?? 0} went through.`}
      >
        <ul className="flex flex-col gap-2">
          {failed?.failures.map(({ name, reason }) => (
            <li key={name}>
              <span className="font-medium">{name}</span>: <span className="text-muted">{reason}</span>
            </li>
          ))}
        </ul>
      </Dialog>
    </>
  )
}

const titles: Record<Kind, string> = {
  label: 'Label gateways',
  assign: 'Assign a configuration',
  restart: 'Restart gateways',
  retry: 'Offer again what failed',
}
const verbs: Record<Kind, string> = { label: 'Label', assign: 'Assign', restart: 'Restart', retry: 'Retry' }
const doneWords: Record<Kind, string> = {
  label: 'Labelled',
  assign: 'Assigned',
  restart: 'Told to restart',
  retry: 'Offered again',
}

function BulkConfirm({
  kind,
  picked,
  onClose,
  onFailures,
}: {
  kind: Kind
  picked: readonly GatewaySummary[]
  onClose: () => void
  onFailures: (done: Done) => void
}) {
  const client = useQueryClient()
  const [added, setAdded] = useState('')
  const [removed, setRemoved] = useState('')
  const [configuration, setConfiguration] = useState('')
  const [finished, setFinished] = useState(0)
  const { data: configurations } = useQuery(configurationsQuery)
  const labels = parseLabels(added)

  const workOf = (gateway: GatewaySummary): Promise<unknown> => {
    if (kind === 'restart' || kind === 'retry') return send('POST', `${gatewayPath(gateway.id)}/${kind}`)
    if (kind === 'assign')
      return changeGateway(gateway.id, () => ({ configuration: configuration === '' ? null : configuration }))
    const names = removed.split(',').map((name) => name.trim())
    return changeGateway(gateway.id, (now) => ({ labels: changedLabels(now.labels, labels.labels, names) }))
  }
  const run = async () => {
    if (kind === 'label' && labels.problem !== undefined) throw new Error(labels.problem)
    if (kind === 'label' && added.trim() === '' && removed.trim() === '')
      throw new Error('say which labels to set or to take away')
    const done = await forEachOf(picked, workOf, setFinished)
    await fleetChanged(client)
    toast(outcome(done, doneWords[kind]))
    if (done.failures.length > 0) onFailures(done)
  }
  const isWide = kind === 'restart' || kind === 'assign'
  return (
    <Confirm
      open
      onClose={onClose}
      title={titles[kind]}
      action={`${verbs[kind]} ${counted(picked.length)}`}
      look={isWide ? 'danger' : 'primary'}
      run={run}
    >
      <div className="flex flex-col gap-3">
        <p>
          This concerns <strong>{affected(picked)}</strong>. <Consequence kind={kind} />
        </p>
        {kind === 'label' && (
          <>
            <TextField
              label="Set"
              placeholder="site=fra, ring=canary"
              value={added}
              error={added === '' ? undefined : labels.problem}
              hint="What has the same name is replaced; other labels stay."
              onChange={({ target }) => setAdded(target.value)}
            />
            <TextField
              label="Take away"
              placeholder="ring"
              value={removed}
              hint="Names, separated by commas."
              onChange={({ target }) => setRemoved(target.value)}
            />
          </>
        )}
        {kind === 'assign' && (
          <SelectField
            label="Configuration"
            value={configuration}
            options={[
              { value: '', label: 'That of its token, or default' },
              ...(configurations?.items.map(({ name }) => ({ value: name, label: name })) ?? []),
            ]}
            onChange={({ target }) => setConfiguration(target.value)}
          />
        )}
        <p aria-live="polite" className="text-sm text-muted">
          {finished > 0 ? `${finished} of ${picked.length} done` : ''}
        </p>
      </div>
    </Confirm>
  )
}

function Consequence({ kind }: { kind: Kind }) {
  if (kind === 'restart')
    return 'Each hands on what it has and starts anew; what comes in meanwhile waits with its senders.'
  if (kind === 'assign')
    return 'Each is offered the live version of it at once, and those that are offline when they are back.'
  if (kind === 'retry') return 'Each is offered again the version that it has refused or not come to a result with.'
  return 'Labels are for finding gateways; they change nothing of what runs.'
}
