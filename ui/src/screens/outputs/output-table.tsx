/** Outputs side by side; each leads to its own screen. */
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { Badge } from '#ui/kit/badge.tsx'
import { bytes, bytesPerSecond, count, countPerSecond } from '#ui/kit/format.ts'
import { useHeld } from '#ui/kit/held.ts'
import { Meter } from '#ui/kit/meter.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { type OutputTotal, troubledFirst } from '#ui/screens/outputs/aggregate.ts'
import { GrowthText } from '#ui/screens/outputs/growth-text.tsx'
import { outputStates, stateWords } from '#ui/words/output-state.ts'

const ROW_HEIGHT = 60

export function OutputTable({
  outputs,
  nameOf,
  growthOf,
}: {
  outputs: readonly OutputTotal[]
  nameOf: (gateway: string) => string
  growthOf: (output: OutputTotal) => number | null
}) {
  const navigate = useNavigate()
  // biome-ignore lint/correctness/useExhaustiveDependencies: both change with the outputs
  const columns = useMemo(() => columnsOf(nameOf, growthOf), [outputs])
  // Those in trouble stand first; under the pointer or with the focus, rows stay where they are.
  const [isUsed, setUsed] = useState(false)
  const order = useHeld(
    useMemo(() => troubledFirst(outputs).map(({ id }) => id), [outputs]),
    isUsed,
    '',
  )
  const rows = useMemo(() => [...outputs].sort((a, b) => placeIn(order, a.id) - placeIn(order, b.id)), [outputs, order])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only looks whether somebody is at a row
    <div
      onPointerEnter={() => setUsed(true)}
      onPointerLeave={() => setUsed(false)}
      onFocus={() => setUsed(true)}
      onBlur={() => setUsed(false)}
    >
      <Table
        label="Outputs"
        rows={rows}
        columns={columns}
        rowKey={({ id }) => id}
        rowHeight={ROW_HEIGHT}
        onOpen={({ id }) => void navigate({ to: '/outputs/$output', params: { output: id } })}
      />
    </div>
  )
}

/** One that is not there yet comes last. */
function placeIn(order: readonly string[], id: string): number {
  const place = order.indexOf(id)
  return place === -1 ? order.length : place
}

function columnsOf(
  nameOf: (gateway: string) => string,
  growthOf: (output: OutputTotal) => number | null,
): Column<OutputTotal>[] {
  return [
    {
      id: 'id',
      header: 'Output',
      width: 'minmax(7rem, 1fr)',
      sort: ({ id }) => id,
      cell: ({ id, types }) => <Two first={<span className="font-medium">{id}</span>} second={types.join(', ')} />,
    },
    {
      id: 'state',
      header: 'State',
      width: 'minmax(8.5rem, 0.8fr)',
      sort: ({ state }) => outputStates.indexOf(state),
      cell: ({ state, inState, gateways }) => (
        <Two
          first={
            <Badge tone={stateWords[state].tone} title={stateWords[state].meaning}>
              {stateWords[state].word}
            </Badge>
          }
          second={
            gateways.length === 1
              ? '1 gateway'
              : inState === gateways.length
                ? `all ${gateways.length} gateways`
                : `${inState} of ${gateways.length} gateways`
          }
        />
      ),
    },
    {
      id: 'delivered',
      header: 'Delivered',
      align: 'right',
      width: 'minmax(5rem, 0.6fr)',
      sort: ({ delivered }) => delivered?.bytes ?? -1,
      cell: ({ delivered }) => <Rate rate={delivered} />,
    },
    {
      id: 'forwarded',
      header: 'Forwarded',
      align: 'right',
      width: 'minmax(5rem, 0.6fr)',
      sort: ({ forwarded }) => forwarded?.bytes ?? -1,
      cell: ({ forwarded }) => <Rate rate={forwarded} />,
    },
    {
      id: 'queue',
      header: <span className="pl-3">Queue</span>,
      width: 'minmax(7rem, 0.8fr)',
      sort: ({ queue }) => queue.bytes,
      cell: ({ id, queue }) => (
        <div className="pl-3">
          <Meter label={`Queue of ${id}`} value={queue.bytes} max={queue.max} />
        </div>
      ),
    },
    {
      id: 'spool',
      header: 'Spool',
      width: 'minmax(7rem, 0.8fr)',
      sort: ({ spool }) => spool?.bytes ?? -1,
      cell: (output) =>
        output.spool === null ? (
          <span className="text-muted">none</span>
        ) : (
          <>
            <Meter label={`Spool of ${output.id}`} value={output.spool.bytes} max={output.spool.max} />
            <GrowthText spool={output.spool} perSecond={growthOf(output)} />
          </>
        ),
    },
    {
      id: 'retries',
      header: 'Retries',
      align: 'right',
      width: 'minmax(4rem, 0.4fr)',
      sort: ({ retries }) => retries,
      cell: ({ retries }) => count(retries),
    },
    {
      id: 'letters',
      header: 'Dead letters',
      align: 'right',
      width: 'minmax(5.5rem, 0.5fr)',
      sort: ({ deadLetters }) => deadLetters?.records ?? -1,
      cell: ({ deadLetters }) =>
        deadLetters === null ? (
          <span className="text-muted">not kept</span>
        ) : (
          <Two
            first={
              <span className={deadLetters.records > 0 ? 'font-medium text-warn' : undefined}>
                {count(deadLetters.records)}
              </span>
            }
            second={deadLetters.records > 0 ? bytes(deadLetters.bytes) : ''}
          />
        ),
    },
    {
      id: 'error',
      header: <span className="pl-3">Last error</span>,
      width: 'minmax(12rem, 2fr)',
      sort: ({ lastError }) => lastError?.at ?? 0,
      cell: ({ lastError, gateways }) =>
        lastError === null ? (
          <span className="pl-3 text-muted">none</span>
        ) : (
          <div className="pl-3" title={lastError.message}>
            <Two
              first={lastError.message}
              second={
                <>
                  <span className="font-mono">{lastError.code}</span>, <Ago at={lastError.at} />
                  {gateways.length > 1 && ` on ${nameOf(lastError.gateway)}`}
                </>
              }
            />
          </div>
        ),
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

function Rate({ rate }: { rate: { records: number; bytes: number } | null }) {
  if (rate === null) return <span className="text-muted">–</span>
  return <Two first={bytesPerSecond(rate.bytes)} second={countPerSecond(rate.records)} />
}
