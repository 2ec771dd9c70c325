/** The list of gateways. Only rows in sight are in the page, and further pages are read as one comes to them. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import type { LiveEntry } from '#contract/series.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { bytes, bytesPerSecond, countPerSecond } from '#ui/kit/format.ts'
import { type Column, Table } from '#ui/kit/table.tsx'
import type { Selection } from '#ui/kit/table-pick.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { flowOf, waitingOf } from '#ui/screens/fleet/figures.ts'
import { FiveStates } from '#ui/screens/fleet/five-states.tsx'
import { LabelList } from '#ui/screens/fleet/label-list.tsx'
import { transportWords } from '#ui/screens/fleet/words.ts'

export interface GatewayTableProps {
  gateways: readonly GatewaySummary[]
  live: { entries: ReadonlyMap<string, LiveEntry>; complete: boolean } | undefined
  selection: Selection<GatewaySummary>
  hasMore: boolean
  isFiltered: boolean
  onEnd: () => void
  empty: ReactNode
}

const ROW_HEIGHT = 52

export function GatewayTable({ gateways, live, selection, hasMore, isFiltered, onEnd, empty }: GatewayTableProps) {
  const navigate = useNavigate()
  const { data: summary } = useQuery(fleetSummaryQuery)
  const columns = useMemo(() => columnsOf(live), [live])
  const total = isFiltered ? -1 : Math.max(summary?.gateways ?? -1, gateways.length)
  return (
    <>
      <Table
        label="Gateways"
        rows={gateways}
        columns={columns}
        rowKey={({ id }) => id}
        selection={selection}
        onOpen={({ id }) => void navigate({ to: '/fleet/$gateway', params: { gateway: id } })}
        rowHeight={ROW_HEIGHT}
        rowCount={hasMore ? total : gateways.length}
        onEnd={onEnd}
        empty={empty}
        maxHeight="calc(100vh - 12rem)"
      />
      {gateways.length > 0 && (
        <p role="status" className="px-4 py-2 text-xs text-muted">
          {hasMore
            ? `${gateways.length}${total > 0 ? ` of ${total}` : ''} loaded; more come as you scroll`
            : gateways.length === 1
              ? '1 gateway'
              : `${gateways.length} gateways`}
          {live?.complete === false && '. Figures of now are read for 2,000 of them at most; filter to see others'}
        </p>
      )}
    </>
  )
}

function columnsOf(live: GatewayTableProps['live']): Column<GatewaySummary>[] {
  const entryOf = ({ id }: GatewaySummary) => live?.entries.get(id)
  return [
    {
      id: 'name',
      header: 'Gateway',
      width: 'minmax(9rem, 1.5fr)',
      sort: ({ name }) => name,
      cell: ({ name, host, kind, configuration }) => (
        <Two
          first={<span className="font-medium">{name}</span>}
          second={`${kind === 'otel_collector' ? 'Collector · ' : ''}${host !== name && host !== '' ? `${host} · ` : ''}follows ${configuration}`}
        />
      ),
    },
    {
      id: 'states',
      header: 'State',
      width: 'minmax(16rem, 1.2fr)',
      cell: (gateway) => <FiveStates gateway={gateway} />,
    },
    {
      id: 'version',
      header: 'Version',
      width: 'minmax(5.5rem, 0.5fr)',
      sort: ({ version }) => version,
      cell: ({ product, version }) => <Two first={version || '–'} second={product} />,
    },
    {
      id: 'in',
      header: 'In',
      align: 'right',
      width: 'minmax(5.5rem, 0.7fr)',
      sort: (gateway) => flowIn(entryOf(gateway), 'in'),
      cell: (gateway) => <Flow entry={entryOf(gateway)} way="in" />,
    },
    {
      id: 'out',
      header: 'Out',
      align: 'right',
      width: 'minmax(5.5rem, 0.7fr)',
      sort: (gateway) => flowIn(entryOf(gateway), 'out'),
      cell: (gateway) => <Flow entry={entryOf(gateway)} way="out" />,
    },
    {
      id: 'waiting',
      header: 'Waiting',
      align: 'right',
      width: 'minmax(6rem, 0.7fr)',
      sort: (gateway) => waitingIn(entryOf(gateway)),
      cell: (gateway) => <Waiting entry={entryOf(gateway)} />,
    },
    {
      id: 'seen',
      header: <span className="pl-3">Last seen</span>,
      width: 'minmax(6rem, 0.7fr)',
      sort: ({ last_seen_at }) => last_seen_at,
      cell: ({ last_seen_at, transport }) => (
        <div className="pl-3">
          <Two first={<Ago at={last_seen_at} />} second={transportWords[transport]} />
        </div>
      ),
    },
    {
      id: 'labels',
      header: 'Labels',
      width: 'minmax(9rem, 1.2fr)',
      cell: ({ labels }) => <LabelList labels={labels} />,
    },
  ]
}

function Two({ first, second }: { first: ReactNode; second: ReactNode }) {
  return (
    <div className="min-w-0 leading-tight">
      <div className="truncate">{first}</div>
      <div className="truncate text-xs text-muted">{second}</div>
    </div>
  )
}

function Flow({ entry, way }: { entry: LiveEntry | undefined; way: 'in' | 'out' }) {
  const flow = entry === undefined ? null : flowOf(entry)
  if (flow === null) return <Unknown />
  return <Two first={bytesPerSecond(flow[way].bytes)} second={countPerSecond(flow[way].records)} />
}

function Waiting({ entry }: { entry: LiveEntry | undefined }) {
  if (entry === undefined) return <Unknown />
  const { intake, queue, spool, total } = waitingOf(entry.stats)
  const where = spool > 0 ? `${bytes(spool)} on disk` : queue > 0 ? 'for outputs' : intake > 0 ? 'for rules' : 'nothing'
  return <Two first={bytes(total)} second={where} />
}

function Unknown() {
  return (
    <span className="text-muted" title="It has told no figures in the last five minutes">
      –<span className="sr-only">not known</span>
    </span>
  )
}

function flowIn(entry: LiveEntry | undefined, way: 'in' | 'out'): number {
  return entry === undefined ? -1 : (flowOf(entry)?.[way].bytes ?? -1)
}

function waitingIn(entry: LiveEntry | undefined): number {
  return entry === undefined ? -1 : waitingOf(entry.stats).total
}
