/** Reads series: the top ones by bytes and the rest together, each with a value for every step. */
import type { Series, SeriesQuery, SeriesStep, SeriesSubject } from '#contract/series.ts'
import { SERIES_POINTS_MAX } from '#contract/series.ts'
import type { Db } from '../store/database.ts'
import { OTHER } from './counters.ts'
import { estimatedSeries } from './estimated-series.ts'
import { type Range, sourceOf, sumsBy } from './reading.ts'
import { type TableKind, tables } from './rows.ts'

export const STEP_MS: Record<SeriesStep, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** What stands for one series in the rows: columns that name it, and the one that says how large it is. */
interface Subject {
  table: TableKind
  names: readonly string[]
  size: string
}

const subjects: Record<Exclude<SeriesSubject, 'service' | 'severity'>, Subject> = {
  total: { table: 'pipelines', names: [], size: 'in_bytes' },
  pipeline: { table: 'pipelines', names: ['pipeline'], size: 'in_bytes' },
  rule: { table: 'rules', names: ['pipeline', 'rule', 'type'], size: 'ended_bytes' },
  output: { table: 'outputs', names: ['output', 'type'], size: 'forwarded_bytes' },
  gateway: { table: 'gateways', names: ['gateway'], size: 'in_bytes' },
}

export type SeriesRequest = Omit<SeriesQuery, 'from' | 'to' | 'step'> & { from: number; to: number; step: SeriesStep }

/** What is asked for, with what was left out. Undefined: it has more points than an answer may have, or none. */
export function completed(query: SeriesQuery, now: number): SeriesRequest | undefined {
  const to = query.to ?? now
  const from = query.from ?? to - STEP_MS.hour
  const step = query.step ?? stepFor(to - from)
  if (to <= from || (to - from) / STEP_MS[step] > SERIES_POINTS_MAX) return undefined
  return { ...query, from, to, step }
}

export async function readSeries(db: Db, org: string, request: SeriesRequest): Promise<Series> {
  const { configuration, by, step } = request
  const range: Range = { org, configuration, from: request.from, to: request.to, stepMs: STEP_MS[step] }
  const times = timesOf(range)
  const isEstimated = by === 'service' || by === 'severity'
  const series = isEstimated
    ? await estimatedSeries(db, range, times, by, request)
    : await exactSeries(db, range, times, by, request)
  return { configuration, by, step, from: request.from, to: request.to, times, series }
}

async function exactSeries(
  db: Db,
  range: Range,
  times: readonly number[],
  by: keyof typeof subjects,
  { top, pipeline, key }: SeriesRequest,
): Promise<Series['series']> {
  const { table, names, size } = subjects[by]
  const { values } = tables[table]
  const filters: Record<string, string> = {}
  if (pipeline !== undefined && (table === 'pipelines' || table === 'rules')) filters['pipeline'] = pipeline
  const keyColumn = { rule: 'rule', output: 'output', gateway: 'gateway', pipeline: 'pipeline', total: undefined }[by]
  if (key !== undefined && keyColumn !== undefined) filters[keyColumn] = key
  const source = await sourceOf(db, range, tables[table].table, filters)
  const largest = await sumsBy(db, source, names, [size], undefined, { by: size, limit: top })
  const wanted = largest.map((row) => names.map((name) => String(row[name])))
  const rows = await sumsBy(db, source, ['at', ...names], values, range.stepMs, undefined, { names, wanted })
  const place = new Map(times.map((time, i) => [time, i]))
  const series = new Map<string, Series['series'][number]>()
  for (const parts of wanted) series.set(parts.join('\0'), emptySeries(parts, names, values, times.length))
  const rest = emptySeries([OTHER], [], values, times.length)
  for (const row of rows) {
    const i = place.get(row['at'] as number)
    const found = series.get(names.map((name) => String(row[name])).join('\0'))
    if (i === undefined || found === undefined) continue
    for (const name of values) found.values[name]![i] = row[name] as number
  }
  if (names.length === 0) return [...series.values()]
  for (const row of await sumsBy(db, source, ['at'], values, range.stepMs)) {
    const i = place.get(row['at'] as number)
    if (i === undefined) continue
    for (const name of values) {
      let left = row[name] as number
      for (const { values: shown } of series.values()) left -= shown[name]![i]!
      rest.values[name]![i] = left
    }
  }
  const isRest = Object.values(rest.values).some((list) => list.some((value) => value !== 0))
  return isRest ? [...series.values(), rest] : [...series.values()]
}

function emptySeries(
  parts: readonly string[],
  names: readonly string[],
  values: readonly string[],
  points: number,
): Series['series'][number] {
  return {
    key: parts.length === 0 ? 'total' : parts.join('/'),
    labels: Object.fromEntries(names.map((name, i) => [name, parts[i]!])),
    estimated: false,
    samples: null,
    values: Object.fromEntries(values.map((name) => [name, new Array<number>(points).fill(0)])),
  }
}

function timesOf({ from, to, stepMs }: Range): number[] {
  const times: number[] = []
  for (let time = Math.floor(from / stepMs) * stepMs; time < to; time += stepMs) times.push(time)
  return times
}

/** At most some hundred points. */
function stepFor(length: number): SeriesStep {
  if (length <= 8 * STEP_MS.hour) return 'minute'
  return length <= 31 * STEP_MS.day ? 'hour' : 'day'
}
