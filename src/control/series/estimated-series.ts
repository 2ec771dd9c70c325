/**
 * Series by service and severity. Their weights come from samples; in each step and pipeline they are scaled to what
 * the books say exactly, by largest remainder, so that all of them together are what went through.
 */
import type { Series } from '#contract/series.ts'
import type { Db, Tx } from '../store/database.ts'
import { apportion } from './apportion.ts'
import { OTHER } from './counters.ts'
import { type Dimension, estimateColumns } from './estimates.ts'
import { type Range, type SumRow, sourceOf, sumsBy } from './reading.ts'

/** Where no sample says anything: of records without a service, or of a time without samples. */
export const UNKNOWN = ''

/** One service or severity in one step, over all pipelines or one. */
export interface Part {
  at: number
  pipeline: string
  name: string
  samples: number
  /** By column, as `estimateColumns`; whole numbers. */
  values: number[]
}

/** `top`: names that are shown by themselves; all others are taken together as `other`. */
export async function estimatedParts(
  db: Db | Tx,
  range: Range,
  dimension: Dimension,
  names: readonly string[],
  pipeline?: string,
): Promise<Part[]> {
  const filters = { dimension, ...(pipeline === undefined ? {} : { pipeline }) }
  const source = await sourceOf(db, range, 'series_estimates', filters)
  const columns = ['samples', ...estimateColumns]
  const wanted = { names: ['name'], wanted: names.map((name) => [name]) }
  const shown = await sumsBy(db, source, ['at', 'pipeline', 'name'], columns, range.stepMs, undefined, wanted)
  const weights = await sumsBy(db, source, ['at', 'pipeline'], columns, range.stepMs)
  const exact = await sourceOf(db, range, 'series_pipelines', pipeline === undefined ? {} : { pipeline })
  const totals = await sumsBy(db, exact, ['at', 'pipeline'], estimateColumns, range.stepMs)
  const placeOf = (row: SumRow) => `${row['at']}\0${row['pipeline']}`
  const shownAt = Map.groupBy(shown, placeOf)
  const weightAt = new Map(weights.map((row) => [placeOf(row), row]))
  return totals.flatMap((total) => {
    const place = placeOf(total)
    return partsOf(total, weightAt.get(place), shownAt.get(place) ?? [])
  })
}

export async function estimatedSeries(
  db: Db,
  range: Range,
  times: readonly number[],
  dimension: Dimension,
  { top, pipeline, key }: { top: number; pipeline?: string | undefined; key?: string | undefined },
): Promise<Series['series']> {
  const names = key === undefined ? await largest(db, range, dimension, top, pipeline) : [key]
  const parts = await estimatedParts(db, range, dimension, names, pipeline)
  const place = new Map(times.map((time, i) => [time, i]))
  const series = new Map<string, Series['series'][number]>()
  for (const name of names) series.set(name, emptySeries(dimension, name, times.length))
  for (const { at, name, samples, values } of parts) {
    const i = place.get(at)
    if (i === undefined) continue
    let found = series.get(name)
    if (found === undefined) {
      if (key !== undefined || values.every((value) => value === 0)) continue
      found = emptySeries(dimension, name, times.length)
      series.set(name, found)
    }
    found.samples! += samples
    estimateColumns.forEach((column, c) => {
      found.values[column]![i]! += values[c]!
    })
  }
  return [...series.values()]
}

export async function largest(
  db: Db | Tx,
  range: Range,
  dimension: Dimension,
  top: number,
  pipeline?: string,
): Promise<string[]> {
  const filters = { dimension, ...(pipeline === undefined ? {} : { pipeline }) }
  const source = await sourceOf(db, range, 'series_estimates', filters)
  const rows = await sumsBy(db, source, ['name'], ['in_bytes'], undefined, { by: 'in_bytes', limit: top + 1 })
  const names = rows.map((row) => String(row['name'])).filter((name) => name !== OTHER)
  return names.slice(0, top)
}

/** Column by column: a service may have much of what came in and little of what went out. */
function partsOf(total: SumRow, weight: SumRow | undefined, shown: readonly SumRow[]): Part[] {
  const at = total['at'] as number
  const pipeline = String(total['pipeline'])
  const named = shown.filter((row) => row['name'] !== OTHER)
  const parts: Part[] = named.map((row) => ({
    at,
    pipeline,
    name: String(row['name']),
    samples: row['samples'] as number,
    values: [],
  }))
  const rest: Part = { at, pipeline, name: OTHER, samples: 0, values: [] }
  const unknown: Part = { at, pipeline, name: UNKNOWN, samples: 0, values: [] }
  const known = parts.find(({ name }) => name === UNKNOWN) ?? unknown
  rest.samples =
    ((weight?.['samples'] as number | undefined) ?? 0) - parts.reduce((sum, { samples }) => sum + samples, 0)
  for (const column of estimateColumns) {
    const amount = total[column] as number
    const weights = named.map((row) => row[column] as number)
    const all = (weight?.[column] as number | undefined) ?? 0
    const left = all - weights.reduce((a, b) => a + b, 0)
    // Sums of fractions differ in their last digits: that is no service of its own.
    const shares = apportion(amount, [...weights, left > all * 1e-9 ? left : 0])
    parts.forEach((part, i) => void part.values.push(shares?.[i] ?? 0))
    rest.values.push(shares?.at(-1) ?? 0)
    if (known === unknown) unknown.values.push(shares === undefined ? amount : 0)
    else if (shares === undefined) known.values[known.values.length - 1] = amount
  }
  const isAny = ({ values, samples }: Part) => samples > 0 || values.some((value) => value !== 0)
  return [...parts, ...[rest, ...(known === unknown ? [unknown] : [])].filter(isAny)]
}

function emptySeries(dimension: Dimension, name: string, points: number): Series['series'][number] {
  return {
    key: name === UNKNOWN ? 'unknown' : name,
    labels: { [dimension]: name },
    estimated: true,
    samples: 0,
    values: Object.fromEntries(estimateColumns.map((column) => [column, new Array<number>(points).fill(0)])),
  }
}
