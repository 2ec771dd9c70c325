/**
 * Figures over time on a canvas (uPlot). Stacked or as lines, from zero; times local, with UTC beside; charts with the same
 * `sync` share their cursor. A sentence says what it shows, and a table has the same figures for those who do not see it.
 */
import { Table2 } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { Button } from '#ui/kit/button.tsx'
import { type ChartSeries, stacked } from '#ui/kit/chart-data.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { localTime, utcTime } from '#ui/kit/format.ts'
import { Table } from '#ui/kit/table.tsx'
import { useTheme } from '#ui/kit/theme.ts'

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
  marks?: readonly { at: number; label: string }[]
  /** A stretch was chosen by dragging. */
  onZoom?: (from: number, to: number) => void
  /** A horizontal line, such as the threshold of an alert. */
  threshold?: number
  /** Bytes: the axis is divided by powers of two, as they are written. */
  binary?: boolean
}

const POWERS_OF_TWO = Array.from({ length: 60 }, (_, power) => 2 ** power)

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
      <figcaption className="flex flex-wrap items-center justify-between gap-2 text-xs text-muted">
        <span>
          <span className="sr-only">{title}: </span>
          {summary}
        </span>
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {series.map(({ key, label, color }) => (
            <span key={key} className="inline-flex items-center gap-1">
              <span aria-hidden className="size-2.5 rounded-sm" style={{ background: color }} />
              {label}
            </span>
          ))}
          <Button look="quiet" icon={Table2} className="px-2 text-xs" onClick={() => setTableOpen(true)}>
            Table<span className="sr-only"> of {title}</span>
          </Button>
        </span>
      </figcaption>
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

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** Stacked series are drawn as sums, the highest first, each covering what is below it. */
function toPlot(times: readonly number[], series: readonly ChartSeries[], stack: boolean): uPlot.AlignedData {
  const values = stack ? stacked(series.map((one) => one.values)) : series.map((one) => one.values)
  return [times.map((at) => at / 1000), ...values.map((one) => [...one])] as uPlot.AlignedData
}

interface Latest {
  current: {
    marks: ChartProps['marks']
    onZoom: ChartProps['onZoom']
    threshold: number | undefined
    format: (value: number) => string
    series: readonly ChartSeries[]
    data: uPlot.AlignedData
  }
}

interface Look {
  stack: boolean
  height: number
  sync: string | undefined
  title: string
  binary: boolean
}

function optionsFor(element: HTMLElement, latest: Latest, { stack, height, sync, title, binary }: Look): uPlot.Options {
  const color = (name: string) => getComputedStyle(element).getPropertyValue(name)
  const [muted, line] = [color('--muted'), color('--line')]
  const resolved = (text: string) => (text.startsWith('var(') ? color(text.slice(4, -1)) : text)
  const font = '11px ui-sans-serif, system-ui, sans-serif'
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } }
  const bands = stack
    ? latest.current.series.slice(1).map((_, index) => ({ series: [index + 1, index + 2] as [number, number] }))
    : []
  return {
    width: Math.max(1, element.clientWidth),
    height,
    bands,
    legend: { show: false },
    cursor: {
      ...(sync !== undefined && { sync: { key: sync } }),
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: true },
      y: { range: (_plot, min, max) => [Math.min(0, min ?? 0), highest(max, latest.current.threshold)] },
    },
    axes: [
      axis,
      {
        ...axis,
        size: 72,
        ...(binary && { incrs: POWERS_OF_TWO }),
        values: (_plot, ticks) => ticks.map((tick) => latest.current.format(tick)),
      },
    ],
    series: [
      {},
      ...latest.current.series.map(({ label, color: stroke }) => ({
        label,
        stroke: resolved(stroke),
        width: stack ? 1 : 2,
        ...(stack && { fill: `color-mix(in srgb, ${resolved(stroke)} 70%, transparent)` }),
        points: { show: false },
      })),
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, latest, { muted, bad: color('--bad'), font })],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < 4 || latest.current.onZoom === undefined) return
          latest.current.onZoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000)
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
    plugins: [readout(latest, title)],
  }
}

function highest(max: number | null | undefined, threshold: number | undefined): number {
  const top = Math.max(max ?? 0, threshold ?? 0)
  return top <= 0 ? 1 : top * 1.05
}

function drawMarks(
  plot: uPlot,
  { current: { marks = [], threshold } }: Latest,
  look: { muted: string; bad: string; font: string },
): void {
  const { ctx } = plot
  const { left, top, width, height } = plot.bbox
  ctx.save()
  ctx.setLineDash([4, 4])
  ctx.font = look.font
  ctx.textAlign = 'left'
  for (const { at, label } of marks) {
    const x = plot.valToPos(at / 1000, 'x', true)
    if (x < left || x > left + width) continue
    ctx.strokeStyle = look.muted
    ctx.fillStyle = look.muted
    ctx.beginPath()
    ctx.moveTo(x, top)
    ctx.lineTo(x, top + height)
    ctx.stroke()
    ctx.fillText(label, x + 4, top + 12)
  }
  if (threshold !== undefined) {
    const y = plot.valToPos(threshold, 'y', true)
    ctx.strokeStyle = look.bad
    ctx.beginPath()
    ctx.moveTo(left, y)
    ctx.lineTo(left + width, y)
    ctx.stroke()
  }
  ctx.restore()
}

/** The figures under the cursor, in a box beside it. */
function readout(latest: Latest, title: string): uPlot.Plugin {
  let box: HTMLDivElement
  return {
    hooks: {
      init: (plot) => {
        box = document.createElement('div')
        box.className =
          'pointer-events-none absolute z-20 hidden rounded-md border border-line bg-panel px-2 py-1 text-xs text-ink shadow-lg whitespace-nowrap'
        box.dataset['chart'] = title
        plot.over.append(box)
      },
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor
        const { series, format } = latest.current
        const isHidden = idx === null || idx === undefined || left < 0
        box.classList.toggle('hidden', isHidden)
        if (isHidden) return
        const at = (plot.data[0][idx] ?? 0) * 1000
        const lines = series.map(({ label, values }) => `${label}: ${valueText(values[idx], format)}`)
        box.replaceChildren(
          ...[localTime(at), utcTime(at), ...lines].map((text, row) => {
            const line = document.createElement('div')
            line.textContent = text
            if (row === 0) line.className = 'font-medium'
            if (row === 1) line.className = 'text-muted'
            return line
          }),
        )
        const isRight = left > plot.over.clientWidth / 2
        box.style.left = isRight ? '' : `${left + 12}px`
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : ''
        box.style.top = '8px'
      },
    },
  }
}
