/** From sources through pipelines to outputs: widths are amounts. A table has the same, and stands alone where there is no room. */
import { useQuery } from '@tanstack/react-query'
import { Table2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { LiveEntry, Series } from '#contract/series.ts'
import type { Query } from '#ui/api/client.ts'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { seriesQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { bytes, count } from '#ui/kit/format.ts'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Measure, totalsOf } from '#ui/screens/overview/figures.ts'
import { layoutOf, NODE_WIDTH, type PlacedNode } from '#ui/screens/overview/flow-layout.ts'
import { type FlowLink, LOST, linksOf, OFF, type Route, routesOf } from '#ui/screens/overview/flow-links.ts'
import { gatewayQuery } from '#ui/screens/overview/queries.ts'

const TOP = 50
/** Narrower than that, names have no room beside each other. */
const WIDTH_MIN = 460

export function FlowCard({
  configuration,
  entries,
  query,
  every,
  measure,
}: {
  configuration: string
  entries: readonly LiveEntry[]
  query: Query
  every: number | false
  measure: Measure
}) {
  const [isOpen, setOpen] = useState(false)
  const pipelines = useQuery({ ...seriesQuery({ ...query, by: 'pipeline', top: TOP }), refetchInterval: every })
  const { data: gateways } = useQuery(followersQuery(configuration))
  const shown = gateways?.items.find(({ online, kind }) => online && kind === 'streamgate')
  const gateway = useQuery({ ...gatewayQuery(shown?.id ?? ''), enabled: shown !== undefined })
  if (gateways !== undefined && shown === undefined) return null
  const taken = new Map<string, number>()
  for (const { stats } of entries)
    for (const { id, bytes: size } of stats.sources) taken.set(id, (taken.get(id) ?? 0) + size)
  return (
    <Card
      title="Where it goes"
      hint={`In this time, along the pipelines as gateway ${shown?.name ?? ''} runs them. Each output gets all that its pipelines forward.`}
      actions={
        <Button look="quiet" icon={Table2} className="px-2 text-xs" onClick={() => setOpen(true)}>
          Table<span className="sr-only"> of where it goes</span>
        </Button>
      }
    >
      <QueryView query={gateway} lines={5}>
        {({ effective_config: effective }) => {
          const routes = routesOf(effective?.['effective.json']?.body)
          return routes === undefined ? (
            <Empty title="This gateway does not say how its pipelines lead" />
          ) : (
            <QueryView query={pipelines} lines={5}>
              {(series) => {
                const links = linksFrom(routes, series, taken, measure)
                return (
                  <>
                    {links.length === 0 ? (
                      <Empty title="Nothing came in during this time" />
                    ) : (
                      <Flow links={links} measure={measure} />
                    )}
                    <Dialog open={isOpen} onClose={() => setOpen(false)} title="Where it goes" wide>
                      <FlowTable links={links} measure={measure} />
                    </Dialog>
                  </>
                )
              }}
            </QueryView>
          )
        }}
      </QueryView>
    </Card>
  )
}

function linksFrom(
  routes: readonly Route[],
  { series }: Series,
  taken: Map<string, number>,
  measure: Measure,
): FlowLink[] {
  const totals = new Map(series.map(({ labels, values }) => [labels['pipeline'] ?? '', totalsOf(values)]))
  return linksOf(routes, totals, taken, measure)
}

const colors: Record<PlacedNode['kind'], string> = {
  taken: 'var(--other)',
  pipeline: 'var(--edge)',
  forwarded: 'var(--delivered)',
  off: 'var(--dropped)',
  lost: 'var(--lost)',
}

function Flow({ links, measure }: { links: readonly FlowLink[]; measure: Measure }) {
  const holder = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const isNarrow = width < WIDTH_MIN
  return (
    <div ref={holder} className="min-w-0">
      {width > 0 &&
        (isNarrow ? (
          <FlowTable links={links} measure={measure} isNarrow />
        ) : (
          <Drawing links={links} width={width} measure={measure} />
        ))}
    </div>
  )
}

function Drawing({ links, width, measure }: { links: readonly FlowLink[]; width: number; measure: Measure }) {
  const { nodes, links: placed, height } = layoutOf(links, width)
  return (
    <svg aria-hidden="true" width={width} height={height} className="block">
      {placed.map(({ id, kind, path, width: thick, estimated, from, to, value }) => (
        <path key={id} d={path} fill="none" stroke={colors[kind]} strokeWidth={thick} strokeOpacity={0.35}>
          <title>{`${from} to ${to}: ${amountText(value, measure, estimated)}`}</title>
        </path>
      ))}
      {nodes.map(({ id, name, column, kind, amount, x, y, height: tall }) => {
        const isLast = column === 2
        const estimated = placed.some((link) => link.estimated && column === 0 && link.from === name)
        return (
          <g key={id}>
            <rect x={x} y={y} width={NODE_WIDTH} height={tall} rx={2} fill={colors[kind]} />
            <text
              x={isLast ? x - 6 : x + NODE_WIDTH + 6}
              y={y + tall / 2 - 2}
              textAnchor={isLast ? 'end' : 'start'}
              className="fill-ink text-xs font-medium"
            >
              {shortened(name)}
              <tspan x={isLast ? x - 6 : x + NODE_WIDTH + 6} dy="1.2em" className="fill-ink font-normal">
                {amountText(amount, measure, estimated)}
              </tspan>
            </text>
          </g>
        )
      })}
    </svg>
  )
}

function FlowTable({
  links,
  measure,
  isNarrow = false,
}: {
  links: readonly FlowLink[]
  measure: Measure
  /** Both ends in one column, so that the amounts stay in sight. */
  isNarrow?: boolean
}) {
  const unit = measure === 'bytes' ? 'Bytes' : 'Records'
  return (
    <SimpleTable
      label="Where it goes"
      head={isNarrow ? ['From and to', unit] : ['From', 'To', unit]}
      right={[isNarrow ? 1 : 2]}
      rows={links.map(({ kind, from, to, value, estimated }) => ({
        key: `${kind}/${from}/${to}`,
        cells: isNarrow
          ? [
              <span key="" className="break-words">
                {from} → {to}
              </span>,
              amountText(value, measure, estimated),
            ]
          : [from, to, amountText(value, measure, estimated)],
      }))}
      empty="Nothing came in during this time."
    />
  )
}

function amountText(value: number, measure: Measure, estimated: boolean): string {
  const text = measure === 'bytes' ? bytes(value) : count(Math.round(value))
  return estimated ? `about ${text}` : text
}

const NAME_MAX = 28

function shortened(name: string): string {
  return name.length <= NAME_MAX || name === OFF || name === LOST ? name : `${name.slice(0, NAME_MAX - 1)}…`
}
