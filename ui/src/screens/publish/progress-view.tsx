/** What becomes of a publication, gateway by gateway, while it happens. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCw, Undo2 } from 'lucide-react'
import { useMemo } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { send } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { cx } from '#ui/kit/cx.ts'
import { ProblemNote, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { isSettled, progressSentence, type Step, stepNames, stepOf, stepWords } from '#ui/screens/publish/progress.ts'
import { gatewaysQuery } from '#ui/screens/publish/queries.ts'

interface Row {
  gateway: GatewaySummary
  step: Step
}

export interface ProgressViewProps {
  configuration: string
  version: number
  /** Some could not be told, as the publication answered. */
  warning?: string | undefined
  /** The version to go back to; undefined: there is none. */
  previous: number | undefined
  onRollBack: (version: number) => void
}

export function ProgressView({ configuration, version, warning, previous, onRollBack }: ProgressViewProps) {
  const query = useQuery(
    gatewaysQuery(configuration, (gateways) => isSettled(gateways.map((gateway) => stepOf(gateway, version)))),
  )
  const canPublish = useCan('publish')
  const actions =
    previous === undefined ? undefined : (
      <Button icon={Undo2} disabled={!canPublish} onClick={() => onRollBack(previous)}>
        Roll back to version {previous}
      </Button>
    )
  return (
    <Card title={`What became of version ${version}`} actions={actions} flush>
      {warning !== undefined && (
        <p className="mx-4 mb-2 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          Not everybody could be told yet: {warning}. They are told when they are back.
        </p>
      )}
      <QueryView query={query}>
        {(gateways) => <Gateways rows={gateways.map((gateway) => ({ gateway, step: stepOf(gateway, version) }))} />}
      </QueryView>
    </Card>
  )
}

function Gateways({ rows }: { rows: readonly Row[] }) {
  const steps = rows.map(({ step }) => step)
  const failed = rows.filter(({ step }) => step.name === 'failed')
  // The worst stands first; rows do not move under the pointer but when their state changes.
  const sorted = useMemo(
    () => [...rows].sort((a, b) => rank(a) - rank(b) || a.gateway.name.localeCompare(b.gateway.name)),
    [rows],
  )
  return (
    <div className={cx('flex flex-col gap-3', rows.length === 0 && 'pb-3')}>
      <div className="flex flex-wrap items-center gap-3 px-4">
        <p role="status" aria-live="polite" className="font-medium">
          {progressSentence(steps)}
        </p>
        <Segments steps={steps} />
      </div>
      {failed.slice(0, FAILURES_SHOWN_MAX).map(({ gateway, step }) => (
        <Failure key={gateway.id} gateway={gateway} step={step} />
      ))}
      {failed.length > FAILURES_SHOWN_MAX && (
        <p className="px-4 text-sm text-muted">And {failed.length - FAILURES_SHOWN_MAX} more, in the table.</p>
      )}
      {rows.length > 0 && (
        <Table
          label="Gateways"
          rows={sorted}
          columns={columns}
          rowKey={({ gateway }) => gateway.id}
          maxHeight="24rem"
        />
      )}
    </div>
  )
}

const FAILURES_SHOWN_MAX = 10
const ORDER = ['failed', 'applying', 'offered', 'pending', 'changed_there', 'offline', 'cannot', 'replaced', 'applied']

function rank({ step }: Row): number {
  return ORDER.indexOf(step.name)
}

const grounds: Record<string, string> = {
  ok: 'bg-ok',
  bad: 'bg-bad',
  warn: 'bg-warn',
  busy: 'bg-info',
  neutral: 'bg-edge',
  info: 'bg-info',
}

/** How much of the whole is where; the sentence beside it says the same. */
function Segments({ steps }: { steps: readonly Step[] }) {
  if (steps.length === 0) return null
  return (
    <div aria-hidden className="flex h-2 max-w-80 min-w-40 flex-1 gap-px overflow-hidden rounded-full bg-raised">
      {stepNames.map((name) => {
        const share = steps.filter((step) => step.name === name).length / steps.length
        if (share === 0) return null
        return <div key={name} className={grounds[stepWords[name].tone]} style={{ width: `${share * 100}%` }} />
      })}
    </div>
  )
}

function Failure({ gateway, step }: Row) {
  const client = useQueryClient()
  const canOperate = useCan('operate')
  const retry = useMutation({
    mutationFn: () => send('POST', `${gatewayPath(gateway.id)}/retry`),
    onSettled: () => client.invalidateQueries({ queryKey: ['gateways'] }),
  })
  return (
    <div className="mx-4 flex flex-col gap-2 rounded-md border border-bad bg-bad-soft px-3 py-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="font-medium text-bad">{gateway.name} did not take it</p>
        {canOperate ? (
          <Button icon={RotateCw} busy={retry.isPending} onClick={() => retry.mutate()}>
            Retry
          </Button>
        ) : (
          <span className="text-xs text-bad">Retrying needs the permission operate.</span>
        )}
      </div>
      {step.reason !== '' && (
        <pre className="font-mono text-xs break-words whitespace-pre-wrap text-bad">{step.reason}</pre>
      )}
      <ProblemNote error={retry.error} />
    </div>
  )
}

const columns: readonly Column<Row>[] = [
  {
    id: 'gateway',
    header: 'Gateway',
    width: 'minmax(8rem, 2fr)',
    cell: ({ gateway }) => <span title={gateway.id}>{gateway.name}</span>,
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(10rem, 1.5fr)',
    cell: ({ step }) => <Badge tone={stepWords[step.name].tone}>{stepWords[step.name].label}</Badge>,
  },
  {
    id: 'since',
    header: 'Since',
    width: '7rem',
    cell: ({ step }) => (step.at === undefined ? <span className="text-muted">–</span> : <Ago at={step.at} />),
  },
  {
    id: 'runs',
    header: 'Reported',
    width: '9rem',
    cell: ({ gateway: { states } }) =>
      states.reported?.version == null ? (
        <span className="text-muted">–</span>
      ) : (
        `Version ${states.reported.version}, ${states.reported.status}`
      ),
  },
  {
    id: 'reason',
    header: 'Why',
    width: 'minmax(8rem, 3fr)',
    cell: ({ step }) => <span title={step.reason}>{step.reason === '' ? '–' : step.reason}</span>,
  },
]
