/** What became of records over time, from `GET /series`: layers of a chart, sums, and how much the rules have saved. */
import type { Series } from '#contract/series.ts'
import type { Amount } from '#contract/stats.ts'
import { type ChartSeries, firstKnown } from '#ui/kit/chart-data.ts'

export type Measure = 'bytes' | 'records'

/** Names of figures of `GET /series`, without their unit. */
export type Figures = Record<string, Amount>

interface Layer {
  key: string
  label: string
  color: string
  value: (figure: (name: string) => number) => number
}

/**
 * From the top of the stack to its bottom. Together they are what came in, and what rules made anew of what they merged.
 * `edited` is negative where rules have taken bytes away.
 */
export const layers: readonly Layer[] = [
  { key: 'lost', label: 'Lost', color: 'var(--lost)', value: (of) => of('rejected') + of('overwritten') },
  { key: 'quarantined', label: 'Quarantined', color: 'var(--quarantined)', value: (of) => of('quarantined') },
  { key: 'shortened', label: 'Cut by edits', color: 'var(--redacted)', value: (of) => Math.max(0, -of('edited')) },
  { key: 'aggregated', label: 'Aggregated', color: 'var(--aggregated)', value: (of) => of('aggregated') },
  { key: 'deduplicated', label: 'Deduplicated', color: 'var(--deduplicated)', value: (of) => of('deduplicated') },
  { key: 'sampled', label: 'Sampled', color: 'var(--sampled)', value: (of) => of('sampled') },
  { key: 'dropped', label: 'Dropped', color: 'var(--dropped)', value: (of) => of('dropped') },
  { key: 'forwarded', label: 'Forwarded', color: 'var(--delivered)', value: (of) => of('forwarded') },
]

/** Shown even where there is nothing of them. */
const ALWAYS = new Set(['forwarded', 'dropped'])
const STEP_MS: Record<Series['step'], number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** What happens each second, at a moment. */
export interface LivePoint {
  at: number
  rates: Figures
}

export interface Flow {
  times: number[]
  layers: ChartSeries[]
}

/**
 * Per second, so that minutes, hours and days compare. A step that is not over stands for the time of it that is. A minute that is
 * not over is left out, since reports that have not come would look like a fall; the live point stands in its place, where one is
 * known. The first minute of all stays. Before anything is known there is nothing.
 */
export function flowOf(
  series: Series,
  measure: Measure,
  now: number,
  { live, firstSeen }: { live?: LivePoint | undefined; firstSeen?: number | undefined } = {},
): Flow {
  const values = series.series[0]?.values ?? {}
  const stepMs = STEP_MS[series.step]
  const last = series.times.at(-1) ?? 0
  const isOpen = last + stepMs > now
  const isBefore = Object.values(values).some((list) => list.slice(0, -1).some((value) => value !== 0))
  const isYoung = isOpen && (series.step === 'minute' || now - last < STEP_MS.minute)
  const count = isYoung && isBefore ? series.times.length - 1 : series.times.length
  const isLive = live !== undefined && isYoung && series.step === 'minute' && live.at > (series.times[count - 1] ?? 0)
  const seconds = (index: number) =>
    isOpen && index === series.times.length - 1 ? openSeconds(now - last) : stepMs / 1000
  const times = series.times.slice(0, count)
  const first = firstKnown(times, stepMs, Object.values(values), firstSeen)
  const found = layers.map(({ key, label, color, value }) => ({
    key,
    label,
    color,
    values: times.map((_, index): number | null =>
      index < first ? null : value((name) => figureAt(values, name, measure, index)) / seconds(index),
    ),
  }))
  if (isLive) {
    times.push(live.at)
    layers.forEach(({ value }, index) => {
      found[index]!.values.push(value((name) => editedRecordsAreWhole(name, measure, live.rates[name]?.[measure] ?? 0)))
    })
  }
  return {
    times,
    layers: found.filter(({ key, values: all }) => ALWAYS.has(key) || all.some((value) => (value ?? 0) > 0)),
  }
}

/** As series are asked for: with all of the minute that goes on, whose row begins with it. */
export function wholeMinutes({ from, to, live }: { from: number; to: number; live: boolean }): {
  from: number
  to: number
} {
  const minute = STEP_MS.minute
  return live ? { from: Math.floor(from / minute) * minute, to: (Math.floor(to / minute) + 1) * minute } : { from, to }
}

/** Sums over the whole time, by name of the figure. */
export function totalsOf(values: Readonly<Record<string, readonly number[]>> = {}): Figures {
  const totals: Figures = {}
  for (const [column, list] of Object.entries(values)) {
    const [, name, unit] = /^(.+)_(records|bytes)$/.exec(column) ?? []
    if (name === undefined || unit === undefined) continue
    const amount = totals[name] ?? { records: 0, bytes: 0 }
    amount[unit as Measure] = sum(list)
    totals[name] = amount
  }
  return totals
}

/** What rules took off, as the savings reckon it. */
export function savedOf(totals: Figures, measure: Measure): number {
  const of = (name: string) => totals[name]?.[measure] ?? 0
  const ended = of('dropped') + of('sampled') + of('deduplicated') + of('aggregated')
  return ended - of('emitted') - editedRecordsAreWhole('edited', measure, of('edited'))
}

/** From 0 to 1; undefined while nothing has come in. */
export function reductionOf(totals: Figures, measure: Measure): number | undefined {
  const taken = totals['in']?.[measure] ?? 0
  return taken === 0 ? undefined : savedOf(totals, measure) / taken
}

export function sum(list: readonly number[]): number {
  return list.reduce((total, value) => total + value, 0)
}

function figureAt(
  values: Readonly<Record<string, readonly number[]>>,
  name: string,
  measure: Measure,
  index: number,
): number {
  return editedRecordsAreWhole(name, measure, values[`${name}_${measure}`]?.[index] ?? 0)
}

/** An edited record is still one record: only bytes are more or fewer. */
function editedRecordsAreWhole(name: string, measure: Measure, value: number): number {
  return name === 'edited' && measure === 'records' ? 0 : value
}

/** Gateways tell their books every ten seconds: less than that says nothing. */
function openSeconds(ms: number): number {
  return Math.max(10, ms / 1000)
}
