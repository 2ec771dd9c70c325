/** In against out over time: what was forwarded, and above it what became of the rest. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, ZoomIn, ZoomOut } from 'lucide-react'
import { useMemo, useRef } from 'react'
import type { LiveEntry, Series } from '#contract/series.ts'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Chart } from '#ui/kit/chart.tsx'
import { bytes, bytesPerSecond, count, countPerSecond, percent } from '#ui/kit/format.ts'
import { QueryView } from '#ui/kit/states.tsx'
import { useNow } from '#ui/kit/time.tsx'
import type { Range, RangeSearch } from '#ui/kit/time-range.tsx'
import { useVersionMarks } from '#ui/kit/use-version-marks.ts'
import { flowOf, type LivePoint, type Measure, reductionOf, totalsOf } from '#ui/screens/overview/figures.ts'
import { firstSeenOf } from '#ui/screens/overview/gateways.ts'
import { livePointOf, type Reports, withReports } from '#ui/screens/overview/live-flow.ts'
import type { OverviewSearch } from '#ui/screens/overview/route.ts'

const ZOOM_MS_MIN = 120_000
const measures: readonly { measure: Measure; label: string }[] = [
  { measure: 'bytes', label: 'Bytes' },
  { measure: 'records', label: 'Records' },
]

export function TrafficCard({
  configuration,
  search,
  range,
  entries,
  total,
  onChange,
}: {
  configuration: string
  search: OverviewSearch
  range: Range
  entries: readonly LiveEntry[]
  total: UseQueryResult<Series>
  onChange: (range: RangeSearch) => void
}) {
  const navigate = useNavigate()
  const measure: Measure = search.measure ?? 'bytes'
  const choose = (next: Measure) => {
    const { measure: _, ...rest } = search
    void navigate({ to: '/', search: { ...rest, ...(next === 'records' && { measure: next }) }, replace: true })
  }
  return (
    <Card
      title="In against out"
      hint="Per second. The whole height came in; the lowest part was forwarded to outputs."
      actions={
        <>
          <RangeSteps range={range} onChange={onChange} />
          {search.from !== undefined && (
            <Button look="quiet" icon={ZoomOut} onClick={() => onChange({ range: '1h' })}>
              Last hour
            </Button>
          )}
          <fieldset className="flex rounded-md border border-edge">
            <legend className="sr-only">What the chart shows</legend>
            {measures.map(({ measure: one, label }) => (
              <Button
                key={one}
                look="quiet"
                aria-pressed={measure === one}
                className="aria-pressed:bg-accent-soft aria-pressed:text-accent"
                onClick={() => choose(one)}
              >
                {label}
              </Button>
            ))}
          </fieldset>
        </>
      }
    >
      <QueryView query={total} lines={8}>
        {(series) => (
          <Traffic
            configuration={configuration}
            series={series}
            measure={measure}
            range={range}
            entries={entries}
            onZoom={(from, to) =>
              onChange({ from: Math.round(from), to: Math.round(Math.max(to, from + ZOOM_MS_MIN)) })
            }
          />
        )}
      </QueryView>
    </Card>
  )
}

/** What dragging does, for those who do not drag. */
function RangeSteps({ range: { from, to, live }, onChange }: { range: Range; onChange: (range: RangeSearch) => void }) {
  const quarter = (to - from) / 4
  const step = (start: number, end: number) => () => onChange({ from: Math.round(start), to: Math.round(end) })
  return (
    <>
      <IconButton label="Earlier" icon={ChevronLeft} onClick={step(from - quarter * 2, to - quarter * 2)} />
      {!live && <IconButton label="Later" icon={ChevronRight} onClick={step(from + quarter * 2, to + quarter * 2)} />}
      {to - from >= 2 * ZOOM_MS_MIN && (
        <IconButton label="Zoom in" icon={ZoomIn} onClick={step(from + quarter, to - quarter)} />
      )}
    </>
  )
}

function Traffic({
  configuration,
  series,
  measure,
  range,
  entries,
  onZoom,
}: {
  configuration: string
  series: Series
  measure: Measure
  range: Range
  entries: readonly LiveEntry[]
  onZoom: (from: number, to: number) => void
}) {
  const now = useNow()
  const live = useLivePoint(entries, range.live ? now : 0)
  const marks = useVersionMarks(configuration, range)
  const { data: gateways } = useQuery(followersQuery(configuration))
  const firstSeen = firstSeenOf(gateways?.items)
  // The step that is open is over later: the time counts only in so far as it moves that.
  const flow = useMemo(() => flowOf(series, measure, now, { live, firstSeen }), [series, measure, now, live, firstSeen])
  const totals = totalsOf(series.series[0]?.values)
  const text = measure === 'bytes' ? bytes : count
  const reduction = reductionOf(totals, measure)
  const [taken, forwarded] = [totals['in']?.[measure] ?? 0, totals['forwarded']?.[measure] ?? 0]
  const summary =
    reduction === undefined
      ? flow.layers.some(({ values }) => values.some((value) => (value ?? 0) > 0))
        ? 'What comes in now is counted with the next report.'
        : 'Nothing came in during this time.'
      : `${text(taken)}${measure === 'records' ? ' records' : ''} in, ${text(forwarded)} forwarded: rules took off ${percent(reduction)}.`
  return (
    <Chart
      title={measure === 'bytes' ? 'Bytes per second, in against out' : 'Records per second, in against out'}
      summary={summary}
      times={flow.times}
      series={flow.layers}
      format={measure === 'bytes' ? bytesPerSecond : countPerSecond}
      stack
      binary={measure === 'bytes'}
      height={280}
      marks={marks}
      onZoom={onZoom}
    />
  )
}

function useLivePoint(entries: readonly LiveEntry[], now: number): LivePoint | undefined {
  const reports = useRef<Reports>(new Map())
  reports.current = withReports(reports.current, entries)
  const known = reports.current
  return useMemo(() => (now === 0 ? undefined : livePointOf(known, now)), [known, now])
}
