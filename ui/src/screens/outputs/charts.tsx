/** What waited at an output, and how its records ended, over time. */
import { useQuery } from '@tanstack/react-query'
import type { Series } from '#contract/series.ts'
import { SERIES_MS, seriesQuery } from '#ui/api/queries.ts'
import { Card } from '#ui/kit/card.tsx'
import { Chart } from '#ui/kit/chart.tsx'
import type { Mark } from '#ui/kit/chart-plot.ts'
import { bytes, count, exact } from '#ui/kit/format.ts'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { RangePicker, type RangeSearch, useRange } from '#ui/kit/time-range.tsx'
import { useVersionMarks } from '#ui/kit/use-version-marks.ts'
import { endsOf, waitsOf, wholeSteps } from '#ui/screens/outputs/over-time.ts'

export function Charts({
  output,
  configuration,
  search,
  onRange,
}: {
  output: string
  configuration: string
  search: RangeSearch
  onRange: (range: RangeSearch) => void
}) {
  const range = useRange(search)
  const { from, to, live } = range
  const marks = useVersionMarks(configuration, range)
  const query = useQuery({
    ...seriesQuery({ configuration, by: 'output', key: output, from, to }),
    refetchInterval: live ? SERIES_MS : false,
  })
  const zoom = (zoomFrom: number, zoomTo: number) => onRange({ from: Math.round(zoomFrom), to: Math.round(zoomTo) })
  return (
    <Card
      title="Over time"
      hint="What waits at the end of each step, and how records ended in it"
      actions={<RangePicker search={search} onChange={onRange} />}
    >
      <QueryView
        query={query}
        lines={6}
        isEmpty={(data) => waitsOf(data, output, wholeSteps(data, to)).every(({ values }) => values.every(isNothing))}
        empty={<Empty title="Nothing is known of this time">Figures come in when a minute is over.</Empty>}
      >
        {(data) => <Both data={data} output={output} to={to} marks={marks} zoom={zoom} />}
      </QueryView>
    </Card>
  )
}

function Both({
  data,
  output,
  to,
  marks,
  zoom,
}: {
  data: Series
  output: string
  to: number
  marks: readonly Mark[]
  zoom: (from: number, to: number) => void
}) {
  const steps = wholeSteps(data, to)
  const times = data.times.slice(0, steps)
  const [waits, ends] = [waitsOf(data, output, steps), endsOf(data, output, steps)]
  const last = waits.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0)
  const totals = ends.map(
    ({ label, values }) => [label.toLowerCase(), values.reduce<number>((sum, value) => sum + (value ?? 0), 0)] as const,
  )
  const words = totals.filter(([, total]) => total > 0).map(([label, total]) => `${exact(total)} ${label}`)
  return (
    <div className="grid gap-6 xl:grid-cols-2">
      <div className="min-w-0">
        <h3 className="pb-1 text-sm font-medium">What waits</h3>
        <Chart
          title={`What waits at ${output}`}
          summary={`${bytes(last)} at the end`}
          times={times}
          series={waits}
          format={bytes}
          binary
          stack
          sync={`output ${output}`}
          marks={marks}
          onZoom={zoom}
        />
      </div>
      <div className="min-w-0">
        <h3 className="pb-1 text-sm font-medium">How records ended</h3>
        <Chart
          title={`How records of ${output} ended`}
          summary={words.length === 0 ? 'No record ended' : `Records: ${words.join(', ')}`}
          times={times}
          series={ends}
          format={count}
          stack
          sync={`output ${output}`}
          marks={marks}
          onZoom={zoom}
        />
      </div>
    </div>
  )
}

function isNothing(value: number | null): boolean {
  return value === null
}
