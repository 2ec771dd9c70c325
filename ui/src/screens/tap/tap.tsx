/** Watching records go by: what came in, what became of it, by which rule. Redacted unless somebody may, and says why. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Eraser, FlaskConical, Pause, Play, ShieldOff, Square } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button, textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import { outcomeOf } from '#ui/kit/outcomes.ts'
import { Page } from '#ui/kit/page.tsx'
import { singleKeysOn } from '#ui/kit/shortcuts.ts'
import { Empty, Forbidden } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { handOver } from '#ui/screens/studio/handoff.ts'
import { RawDialog } from '#ui/screens/tap/raw-dialog.tsx'
import { RecordDetails } from '#ui/screens/tap/record-details.tsx'
import { tapRoute } from '#ui/screens/tap/route.ts'
import { TapFilters, useGateways } from '#ui/screens/tap/tap-filters.tsx'
import type { TapEntry } from '#ui/screens/tap/tap-ring.ts'
import { TapStatus } from '#ui/screens/tap/tap-status.tsx'
import { type TapControl, useTap } from '#ui/screens/tap/use-tap.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Tap() {
  return useCan('tap') ? <Watch /> : <NotPermitted />
}

function Watch() {
  const tap = useTap()
  const [asksRaw, setAsksRaw] = useState(false)
  const [open, setOpen] = useState<TapEntry>()
  const gateways = useGateways()
  const names = useMemo(() => new Map(gateways.map(({ id, name }) => [id, name])), [gateways])
  const gatewayName = useCallback((id: string) => names.get(id) ?? id.slice(0, 8), [names])
  const columns = useMemo(() => columnsWith(gatewayName), [gatewayName])
  const { gateway: chosen } = tapRoute.useSearch()
  const unwatched = gateways
    .filter(({ id, kind, transport }) => (chosen ?? id) === id && !canBeWatched(kind, transport))
    .map(({ name }) => name)
  const toggle = useRef<() => void>(() => undefined)
  toggle.current = () => {
    if (tap.isRunning) tap.togglePause()
    else tap.start()
  }
  useSpace(toggle)
  useOffer(
    useMemo(() => [{ id: 'tap', label: 'Start or pause the tap', keys: 'Space', run: () => toggle.current() }], []),
  )
  return (
    <Page
      title="Tap"
      intro="Records as they go by, before and after the rules. Watching never slows traffic."
      actions={<Controls tap={tap} onRaw={() => setAsksRaw(true)} />}
    >
      <Card>
        <TapFilters />
      </Card>
      <Card flush>
        <div className="px-4 py-2">
          <TapStatus tap={tap} gatewayName={gatewayName} unwatched={unwatched} />
          <Needs permission="tap:raw" to="look at unredacted records" />
        </div>
        <Table
          label="Records, newest first"
          rows={tap.view.entries}
          columns={columns}
          rowKey={({ id }) => String(id)}
          rowHeight={34}
          onOpen={setOpen}
          empty={<Nothing tap={tap} />}
        />
      </Card>
      <RawDialog open={asksRaw} onClose={() => setAsksRaw(false)} onStart={tap.start} />
      <RecordDetails
        entry={open}
        isRaw={tap.reason !== undefined}
        gatewayName={gatewayName}
        onClose={() => setOpen(undefined)}
      />
    </Page>
  )
}

function Controls({ tap, onRaw }: { tap: TapControl; onRaw: () => void }) {
  const mayRaw = useCan('tap:raw')
  const navigate = useNavigate()
  const { pipeline } = tapRoute.useSearch()
  const { entries, paused } = tap.view
  const records = entries.flatMap(({ record }) => record.before.text ?? []).toReversed()
  const toStudio = () => {
    const isRaw = tap.reason !== undefined
    handOver({ records, pipeline: pipeline ?? entries[0]?.record.pipeline, isRaw })
    void navigate({ to: '/studio' })
  }
  return (
    <>
      {entries.length > 0 && (
        <>
          <Button look="quiet" icon={Eraser} onClick={tap.clear}>
            Clear
          </Button>
          <Button icon={FlaskConical} onClick={toStudio} disabled={records.length === 0}>
            Use all in the studio
          </Button>
        </>
      )}
      {!tap.isRunning && (
        <Button
          icon={ShieldOff}
          disabled={!mayRaw}
          title={mayRaw ? undefined : 'Needs the permission tap:raw'}
          onClick={onRaw}
        >
          Unredacted…
        </Button>
      )}
      {tap.isRunning && (
        <Button icon={Square} onClick={tap.stop}>
          Stop
        </Button>
      )}
      {/* One button, so that it keeps the focus and Space does on it what it does everywhere. */}
      <Button
        look="primary"
        icon={tap.isRunning && !paused ? Pause : Play}
        onClick={tap.isRunning ? tap.togglePause : () => tap.start()}
        aria-keyshortcuts="Space"
      >
        {!tap.isRunning ? 'Start' : paused ? 'Resume' : 'Pause'}
      </Button>
    </>
  )
}

function Nothing({ tap }: { tap: TapControl }) {
  if (!tap.isRunning) {
    return (
      <Empty
        title="Nothing is watched"
        action={
          <Button icon={Play} onClick={() => tap.start()}>
            Start the tap
          </Button>
        }
      >
        Start it, or press Space: records show here as they go through the gateways. What required rules hide stays
        hidden.
      </Empty>
    )
  }
  return (
    <Empty title="Waiting for records">
      None has come that fits. Take a condition away, or look at the{' '}
      <Link to="/fleet" className={textLink}>
        fleet
      </Link>{' '}
      to see whether gateways are connected.
    </Empty>
  )
}

/** Records come over a connection that stays open. */
function canBeWatched(kind: GatewaySummary['kind'], transport: GatewaySummary['transport']): boolean {
  return transport !== 'http' && kind !== 'otel_collector'
}

function NotPermitted() {
  return (
    <Page title="Tap">
      <Card>
        <Forbidden detail="Looking at records needs the permission “tap”" />
      </Card>
    </Page>
  )
}

function columnsWith(gatewayName: (id: string) => string): Column<TapEntry>[] {
  return [
    { id: 'time', header: 'Time', width: '6.5rem', cell: ({ record }) => <code>{clockTime(record.at)}</code> },
    { id: 'gateway', header: 'Gateway', width: 'minmax(4rem, 8rem)', cell: ({ gateway }) => gatewayName(gateway) },
    { id: 'pipeline', header: 'Pipeline', width: 'minmax(5rem, 9rem)', cell: ({ record }) => record.pipeline },
    {
      id: 'fate',
      header: 'What became of it',
      width: '8.5rem',
      cell: ({ record }) => <OutcomeBadge outcome={outcomeOf(record)} />,
    },
    {
      id: 'rule',
      header: 'Rule',
      width: 'minmax(5rem, 10rem)',
      cell: ({ record }) => record.rule ?? (record.edited_by.join(', ') || <span className="text-muted">–</span>),
    },
    {
      id: 'record',
      header: 'Record',
      width: 'minmax(18rem, 1fr)',
      cell: ({ record }) => (
        <code className="font-mono text-xs">{record.after?.text ?? record.before.text ?? '(not text)'}</code>
      ),
    },
  ]
}

/** `15:01:41.052`, in the viewer's zone. */
function clockTime(at: number): string {
  const date = new Date(at)
  const part = (value: number, digits = 2) => String(value).padStart(digits, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}

/** On a button or a link, Space presses it. */
function useSpace(run: { current: () => void }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || !singleKeysOn()) return
      const target = event.target instanceof Element ? event.target : undefined
      if (target?.closest('button, a, input, textarea, select, summary, [role="dialog"], [role="menu"]') != null) return
      event.preventDefault()
      run.current()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [run])
}
