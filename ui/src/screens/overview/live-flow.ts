/** What gateways say now: rates between their last two reports, and their pipelines taken together. */
import type { LiveEntry } from '#contract/series.ts'
import type { Amount, PipelineBooks } from '#contract/stats.ts'
import type { Figures, LivePoint } from '#ui/screens/overview/figures.ts'
import { type PipelineState, pipelineStates } from '#ui/words/pipeline-state.ts'

const FIGURES = [
  'in',
  'emitted',
  'edited',
  'dropped',
  'sampled',
  'deduplicated',
  'aggregated',
  'quarantined',
  'rejected',
  'overwritten',
  'forwarded',
  'bypassed',
] as const

/** A gateway that has not reported for so long has no rate. */
export const SILENT_MS = 30_000

/** The report of a gateway before its newest one. */
export type Reports = ReadonlyMap<string, { newest: LiveEntry; before: LiveEntry | undefined }>

/** Keeps, of each gateway, the two newest reports of one run. */
export function withReports(known: Reports, entries: readonly LiveEntry[]): Reports {
  if (entries.length === known.size && entries.every(({ gateway, at }) => known.get(gateway)?.newest.at === at))
    return known
  return new Map(
    entries.map((entry) => {
      const last = known.get(entry.gateway)
      if (last === undefined || last.newest.stats.started_at !== entry.stats.started_at)
        return [entry.gateway, { newest: entry, before: undefined }]
      return [entry.gateway, last.newest.at === entry.at ? last : { newest: entry, before: last.newest }]
    }),
  )
}

/** Undefined until some gateway has reported twice. */
export function livePointOf(reports: Reports, now: number): LivePoint | undefined {
  const rates: Figures = {}
  let at = 0
  for (const { newest, before } of reports.values()) {
    if (before === undefined || newest.at < now - SILENT_MS) continue
    at = Math.max(at, newest.at)
    const seconds = (newest.at - before.at) / 1000
    const then = figuresOf(before.stats.pipelines)
    for (const [name, amount] of Object.entries(figuresOf(newest.stats.pipelines)))
      rates[name] = plus(rates[name], over(amount, then[name], seconds, name === 'edited'))
  }
  return at === 0 ? undefined : { at, rates }
}

/** What comes in and goes out each second, as the controller has it. Undefined until a gateway has reported twice. */
export function ratesNow(entries: readonly LiveEntry[], now: number): { in: Amount; out: Amount } | undefined {
  const heard = entries.filter(({ at, rates }) => at >= now - SILENT_MS && rates !== null)
  if (heard.length === 0) return undefined
  const all = heard.flatMap(({ rates }) => rates?.pipelines ?? [])
  return {
    in: all.reduce<Amount>((total, one) => plus(total, one.in), nothing),
    out: all.reduce<Amount>((total, one) => plus(total, one.out), nothing),
  }
}

/** One pipeline over all gateways: the worst of its states, how many gateways are in it, since when. */
export interface PipelineNow {
  id: string
  state: PipelineState
  since: number
  gateways: number
  inState: number
  /** Since each gateway's start. */
  bypassed: Amount
  in: Amount | undefined
  out: Amount | undefined
}

export function pipelinesNow(entries: readonly LiveEntry[]): PipelineNow[] {
  const found = new Map<string, PipelineNow>()
  for (const { stats, rates } of entries)
    for (const { id, state, since, bypassed } of stats.pipelines) {
      const rate = rates?.pipelines.find((one) => one.id === id)
      const one = { id, state, since, gateways: 1, inState: 1, bypassed, in: rate?.in, out: rate?.out }
      const known = found.get(id)
      found.set(id, known === undefined ? one : together(known, one))
    }
  return [...found.values()].sort((a, b) => rank(b.state) - rank(a.state) || a.id.localeCompare(b.id))
}

function together(a: PipelineNow, b: PipelineNow): PipelineNow {
  const worse = rank(b.state) > rank(a.state) ? b : a
  const isSame = a.state === b.state
  return {
    id: a.id,
    state: worse.state,
    since: isSame ? Math.min(a.since, b.since) : worse.since,
    gateways: a.gateways + b.gateways,
    inState: isSame ? a.inState + b.inState : worse.inState,
    bypassed: plus(a.bypassed, b.bypassed),
    in: a.in === undefined ? b.in : b.in === undefined ? a.in : plus(a.in, b.in),
    out: a.out === undefined ? b.out : b.out === undefined ? a.out : plus(a.out, b.out),
  }
}

function rank(state: PipelineState): number {
  return pipelineStates.indexOf(state)
}

const nothing: Amount = { records: 0, bytes: 0 }

function plus(a: Amount | undefined, b: Amount): Amount {
  return { records: (a?.records ?? 0) + b.records, bytes: (a?.bytes ?? 0) + b.bytes }
}

function figuresOf(pipelines: readonly PipelineBooks[]): Figures {
  return Object.fromEntries(
    FIGURES.map((name) => [name, pipelines.reduce<Amount>((total, books) => plus(total, books[name]), nothing)]),
  )
}

/** Counters begin again when a pipeline is replaced: that is no rate, and only edits may be negative. */
function over(now: Amount, then: Amount | undefined, seconds: number, isSigned: boolean): Amount {
  const rate = (a: number, b: number) => (isSigned ? a - b : Math.max(0, a - b)) / seconds
  return { records: rate(now.records, then?.records ?? 0), bytes: rate(now.bytes, then?.bytes ?? 0) }
}
