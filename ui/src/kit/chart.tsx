/**
 * Figures over time on a canvas (uPlot). Stacked or as lines, from zero; times local, with UTC beside; charts with the same
 * `sync` share their cursor. A sentence says what it shows, and a table has the same figures for those who do not see it.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { ChartCaption } from '#ui/kit/chart-caption.tsx'
import { type ChartSeries, stacked } from '#ui/kit/chart-data.ts'
import { type Mark, optionsFor, valueText } from '#ui/kit/chart-plot.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { localTime, utcTime } from '#ui/kit/format.ts'
import { Table } from '#ui/kit/table.tsx'
import { useTheme } from '#ui/kit/theme.ts'
import 'uplot/dist/uPlot.min.css'

export interface ChartProps {
  /** What it shows, for headings of its table and for readers. */
  title: string
  /** One sentence with what matters in it. */
  summary: string
  /** When each step begins; Unix milliseconds. */
  times: readonly number[]
  series: readonly ChartSeries[]
  format: (value: number) => string
  stack?: boolean
  height?: number
  /** Charts of the same name share their cursor. */
  sync?: string
  /** Moments to mark, such as publications. */
  marks?: readonly Mark[]
  /** A stretch was chosen by dragging. */
  onZoom?: (from: number, to: number) => void
  /** A horizontal line, such as the threshold of an alert. */
  threshold?: number
  /** Bytes: the axis is divided by powers of two, as they are written. */
  binary?: boolean
}

export function Chart({
  title,
  summary,
  times,
  series,
  format,
  stack = false,
  height = 220,
  sync,
  marks,
  onZoom,
  threshold,
  binary = false,
}: ChartProps) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [tableOpen, setTableOpen] = useState(false)
  const { isDark } = useTheme()
  const data = useMemo(() => toPlot(times, series, stack), [times, series, stack])
  const names = series.map(({ label, color }) => `${label}\n${color}`).join('\n')
  const latest = useRef({ marks, onZoom, threshold, format, series, data })
  latest.current = { marks, onZoom, threshold, format, series, data }

  // biome-ignore lint/correctness/useExhaustiveDependencies: names and theme stand for what they are made of
  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const made = new uPlot(
      optionsFor(element, latest, { stack, height, sync, title, binary }),
      latest.current.data,
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [names, isDark, stack, height, sync, title, binary])

  useEffect(() => {
    if (plot.current?.series.length === data.length) plot.current.setData(data)
  }, [data])

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn is read when it is drawn
  useEffect(() => plot.current?.redraw(false), [marks, threshold])

  return (
    <figure className="flex min-w-0 flex-col gap-2">
      <div ref={holder} aria-hidden className="min-w-0" style={{ height }} />
      <ChartCaption title={title} summary={summary} series={series} onTable={() => setTableOpen(true)} />
      <Dialog open={tableOpen} onClose={() => setTableOpen(false)} title={title} description={summary} wide>
        <Figures title={title} times={times} series={series} format={format} />
      </Dialog>
    </figure>
  )
}

function Figures({ title, times, series, format }: Pick<ChartProps, 'title' | 'times' | 'series' | 'format'>) {
  const rows = times.map((at, index) => ({ at, index })).reverse()
  const columns = [
    {
      id: 'at',
      header: 'Time',
      cell: (row: { at: number }) => <span title={utcTime(row.at)}>{localTime(row.at)}</span>,
      width: 'minmax(12rem, 1fr)',
    },
    ...series.map((one) => ({
      id: one.key,
      header: one.label,
      align: 'right' as const,
      cell: (row: { index: number }) => valueText(one.values[row.index], format),
    })),
  ]
  return (
    <Table
      label={title}
      rows={rows}
      columns={columns}
      rowKey={(row) => String(row.at)}
      maxHeight="50vh"
      rowHeight={32}
    />
  )
}

/** Stacked series are drawn as sums, the highest first, each covering what is below it. */
function toPlot(times: readonly number[], series: readonly ChartSeries[], stack: boolean): uPlot.AlignedData {
  const values = stack ? stacked(series.map((one) => one.values)) : series.map((one) => one.values)
  return [times.map((at) => at / 1000), ...values.map((one) => [...one])] as uPlot.AlignedData
}
