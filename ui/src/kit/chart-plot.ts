/** How a chart is drawn: axes, marks, and the figures under the cursor. */
import type uPlot from 'uplot'
import { type ChartSeries, joinedLabels, lonely, timeTicks } from '#ui/kit/chart-data.ts'
import { localTime, utcTime } from '#ui/kit/format.ts'

/** Labels of marks that are closer than this, in CSS pixels, are written as one. */
const MARK_WIDTH = 40
const POWERS_OF_TWO = Array.from({ length: 60 }, (_, power) => 2 ** power)

/** A moment to mark, such as a publication. `at`: Unix milliseconds. */
export interface Mark {
  at: number
  label: string
}

/** What the drawing reads anew each time, so that a plot need not be made anew. */
export interface Latest {
  current: {
    marks: readonly Mark[] | undefined
    onZoom: ((from: number, to: number) => void) | undefined
    threshold: number | undefined
    format: (value: number) => string
    series: readonly ChartSeries[]
    data: uPlot.AlignedData
  }
}

export interface Look {
  stack: boolean
  height: number
  sync: string | undefined
  title: string
  binary: boolean
}

export function optionsFor(
  element: HTMLElement,
  latest: Latest,
  { stack, height, sync, title, binary }: Look,
): uPlot.Options {
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
      { ...axis, values: (_plot, ticks, _axis, _space, step) => timeTicks(ticks, step) },
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
        points: {
          show: false,
          filter: (plot: uPlot, index: number) => {
            const alone = lonely(plot.data[index] ?? [])
            return alone.length === 0 ? null : alone
          },
        },
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
  ctx.strokeStyle = look.muted
  ctx.fillStyle = look.muted
  const shown = marks
    .map(({ at, label }) => ({ x: plot.valToPos(at / 1000, 'x', true), label }))
    .filter(({ x }) => x >= left && x <= left + width)
  for (const { x } of shown) {
    ctx.beginPath()
    ctx.moveTo(x, top)
    ctx.lineTo(x, top + height)
    ctx.stroke()
  }
  for (const { x, label } of joinedLabels(shown, MARK_WIDTH * devicePixelRatio)) {
    // Beside its line, on the side where there is room.
    const isLeft = x + 4 + ctx.measureText(label).width > left + width
    ctx.textAlign = isLeft ? 'right' : 'left'
    ctx.fillText(label, isLeft ? x - 4 : x + 4, top + 12)
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

/** `–` where there is no figure. */
export function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}
