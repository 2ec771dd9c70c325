/**
 * What is new in a node's books since they were last seen. Books count up from the start of a run, so a message that is
 * lost costs nothing, and one that is repeated or late says nothing new.
 *
 * Which of two is the later one: first the number of reloads decides, then the counters themselves, which do not go
 * down. Only at a reload may a counter begin again (an output that has become another one); it then counts from zero.
 */
import type { NodeStats } from '#contract/stats.ts'
import { type Counters, countersOf, type Gauges, gaugesOf, isNothing, keyOf, signedIndex } from './counters.ts'

/** Of one run of one gateway. Kept as JSON. */
export interface Baseline {
  reloads: number
  /** By kind and names. */
  counters: Record<string, number[]>
  /** The minute in which `gauges` were last added to a row. */
  minute: number
  gauges: Record<string, number[]>
  /** Samples up to this time have been counted; Unix milliseconds. */
  sampledTo: number
}

export const emptyBaseline = (): Baseline => ({ reloads: 0, counters: {}, minute: 0, gauges: {}, sampledTo: 0 })

export interface News {
  counters: Counters[]
  /** What to add to the row of this minute, so that it holds the sum of the last values of all gateways. */
  gauges: Gauges[]
  baseline: Baseline
}

/** Undefined: the books are older than what is known. `minute`: the one it is now, Unix milliseconds. */
export function newsOf(known: Baseline, stats: NodeStats, minute: number): News | undefined {
  const current = countersOf(stats)
  const reloads = stats.config.reloads
  if (reloads < known.reloads) return undefined
  if (reloads === known.reloads && total(current, known) < 0) return undefined
  const baseline: Baseline = { ...known, reloads, counters: { ...known.counters }, minute, gauges: {} }
  const counters: Counters[] = []
  for (const { kind, names, values } of current) {
    const key = keyOf(kind, names)
    const before = known.counters[key]
    if (isNothing(values)) delete baseline.counters[key]
    else baseline.counters[key] = values
    const delta = before === undefined ? values : differences(values, before, signedIndex(kind))
    if (!isNothing(delta)) counters.push({ kind, names, values: [...delta] })
  }
  if (Object.keys(baseline.counters).length > ENTRIES_MAX) forgetOthers(baseline, current)
  return { counters, gauges: gaugeNews(known, stats, minute, baseline), baseline }
}

/**
 * Pipelines and rules that a node shows no more are remembered while there is room: they may come back with their
 * counters.
 */
const ENTRIES_MAX = 8192

function forgetOthers(baseline: Baseline, current: readonly Counters[]): void {
  const shown = new Set(current.map(({ kind, names }) => keyOf(kind, names)))
  for (const key of Object.keys(baseline.counters)) if (!shown.has(key)) delete baseline.counters[key]
}

/** Negative: some counter is lower than it was, so these books are older. */
function total(current: readonly Counters[], { counters }: Baseline): number {
  let sum = 0
  for (const { kind, names, values } of current) {
    const before = counters[keyOf(kind, names)]
    const signed = signedIndex(kind)
    for (let i = 0; i < values.length; i++) if (i !== signed) sum += values[i]! - (before?.[i] ?? 0)
  }
  return sum
}

function differences(values: readonly number[], before: readonly number[], signed: number): readonly number[] {
  const delta = values.map((value, i) => value - (before[i] ?? 0))
  return delta.some((value, i) => value < 0 && i !== signed) ? values : delta
}

/** In a new minute a gateway's values are added whole; within a minute, only how they have changed. */
function gaugeNews(known: Baseline, stats: NodeStats, minute: number, baseline: Baseline): Gauges[] {
  const before = new Map(known.minute === minute ? Object.entries(known.gauges) : [])
  const news: Gauges[] = []
  for (const { names, values } of gaugesOf(stats)) {
    const key = names.join('\0')
    baseline.gauges[key] = values
    const last = before.get(key) ?? []
    before.delete(key)
    const delta = values.map((value, i) => value - (last[i] ?? 0))
    if (!isNothing(delta)) news.push({ names, values: delta })
  }
  for (const [key, values] of before) news.push({ names: key.split('\0'), values: values.map((value) => -value) })
  return news
}
