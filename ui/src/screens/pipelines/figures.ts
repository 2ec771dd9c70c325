/** What flows through pipelines, sources and outputs right now, added up over the gateways that have said so. */
import type { LiveEntry } from '#contract/series.ts'
import { percent } from '#ui/kit/format.ts'
import { type PipelineState, pipelineStates } from '#ui/words/pipeline-state.ts'

/** Of a second. */
export interface Flow {
  records: number
  bytes: number
}

export interface RuleFigures {
  id: string
  type: string
  /** Null until a gateway has told twice. */
  before: Flow | null
  after: Flow | null
  /** Since the gateways started. */
  errors: number
  quarantined: number
}

export interface PipelineFigures {
  id: string
  gateways: number
  /** The worst of its gateways. */
  state: PipelineState
  since: number
  in: Flow | null
  out: Flow | null
  /** In the order in which they run. */
  rules: RuleFigures[]
}

export interface OutputFigures {
  id: string
  type: string
  forwarded: Flow | null
  delivered: Flow | null
  queueBytes: number
  spoolBytes: number
  lastError: { code: string; message: string; at: number } | null
}

export interface SourceFigures {
  id: string
  type: string
  addresses: string[]
  connections: number
  /** Since the gateways started. */
  bytes: number
}

export interface Figures {
  gateways: number
  /** When the newest of it was said; undefined: nobody has said anything. */
  at: number | undefined
  pipelines: Map<string, PipelineFigures>
  outputs: Map<string, OutputFigures>
  sources: Map<string, SourceFigures>
}

export function figuresOf(entries: readonly LiveEntry[]): Figures {
  const figures: Figures = {
    gateways: entries.length,
    at: entries.length === 0 ? undefined : Math.max(...entries.map(({ at }) => at)),
    pipelines: new Map(),
    outputs: new Map(),
    sources: new Map(),
  }
  for (const entry of entries) {
    addPipelines(figures.pipelines, entry)
    addOutputs(figures.outputs, entry)
    addSources(figures.sources, entry)
  }
  for (const pipeline of figures.pipelines.values()) chain(pipeline)
  return figures
}

/** Bytes that no longer go on, as a share of those that came; null where nothing came. */
export function reductionOf({ in: came, out: went }: Pick<PipelineFigures, 'in' | 'out'>): number | null {
  return came === null || went === null || came.bytes <= 0 ? null : 1 - went.bytes / came.bytes
}

/** How many bytes more (or, negative, fewer) leave a rule than came to it, as a share. */
export function changeAt({ before, after }: Pick<RuleFigures, 'before' | 'after'>): number | null {
  return before === null || after === null || before.bytes <= 0 ? null : after.bytes / before.bytes - 1
}

/** Less than a thousandth is no change that one could see. */
export function changeText(share: number): string {
  if (Math.abs(share) < 0.001) return '±0 %'
  return share < 0 ? `−${percent(-share)}` : `+${percent(share)}`
}

/** What the sources of one gateway have taken in, and how fast between its last two messages. */
export interface SourceTally {
  at: number
  bytes: ReadonlyMap<string, number>
  /** Undefined until it has told twice. */
  rates: ReadonlyMap<string, number> | undefined
}

/** By gateway: they tell at different times, so that only what one of them has told can be set against its own time. */
export function talliesAfter(
  before: ReadonlyMap<string, SourceTally>,
  entries: readonly LiveEntry[],
): Map<string, SourceTally> {
  return new Map(
    entries.map(({ gateway, at, stats }) => {
      const known = before.get(gateway)
      if (known !== undefined && known.at >= at) return [gateway, known]
      const bytes = new Map<string, number>()
      for (const source of stats.sources) bytes.set(source.id, (bytes.get(source.id) ?? 0) + source.bytes)
      const perSecond = ([id, now]: [string, number]): [string, number] => [
        id,
        Math.max(0, now - (known?.bytes.get(id) ?? now)) / ((at - (known?.at ?? 0)) / 1000),
      ]
      return [gateway, { at, bytes, rates: known && new Map([...bytes].map(perSecond)) }]
    }),
  )
}

/** Bytes of a second by source, over all gateways that have told twice. */
export function sourceRatesOf(tallies: ReadonlyMap<string, SourceTally>): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { rates } of tallies.values())
    for (const [id, rate] of rates ?? []) sums.set(id, (sums.get(id) ?? 0) + rate)
  return sums
}

/** While adding up, `before` holds what rules ended, and `after` what they edited. */
function addPipelines(pipelines: Figures['pipelines'], { stats, rates }: LiveEntry): void {
  for (const books of stats.pipelines) {
    const rate = rates?.pipelines.find(({ id }) => id === books.id)
    let known = pipelines.get(books.id)
    if (known === undefined) {
      known = { id: books.id, gateways: 0, state: 'normal', since: books.since, in: null, out: null, rules: [] }
      pipelines.set(books.id, known)
    }
    known.gateways++
    if (pipelineStates.indexOf(books.state) >= pipelineStates.indexOf(known.state)) {
      known.state = books.state
      known.since = books.since
    }
    known.in = sum(known.in, rate?.in)
    known.out = sum(known.out, rate?.out)
    for (const rule of books.rules) {
      const flows = rate?.rules.find(({ id }) => id === rule.id)
      let figures = known.rules.find(({ id }) => id === rule.id)
      if (figures === undefined) {
        figures = { id: rule.id, type: rule.type, before: null, after: null, errors: 0, quarantined: 0 }
        known.rules.push(figures)
      }
      figures.before = sum(figures.before, flows?.ended)
      figures.after = sum(figures.after, flows?.edited)
      figures.errors += rule.errors
      figures.quarantined += rule.quarantined.records
    }
  }
}

/** What comes to each rule is what left the one before it. */
function chain({ in: came, rules }: PipelineFigures): void {
  let flow = came
  for (const rule of rules) {
    const [ended, edited] = [rule.before, rule.after]
    rule.before = flow
    if (flow !== null && ended !== null)
      flow = {
        records: Math.max(0, flow.records - ended.records),
        bytes: Math.max(0, flow.bytes - ended.bytes + (edited?.bytes ?? 0)),
      }
    rule.after = flow
  }
}

function addOutputs(outputs: Figures['outputs'], { stats, rates }: LiveEntry): void {
  for (const books of stats.outputs) {
    const rate = rates?.outputs.find(({ id }) => id === books.id)
    const known = outputs.get(books.id)
    const lastError = [known?.lastError ?? null, books.last_error].reduce((newest, error) =>
      newest === null || (error !== null && error.at > newest.at) ? error : newest,
    )
    outputs.set(books.id, {
      id: books.id,
      type: books.type,
      forwarded: sum(known?.forwarded ?? null, rate?.forwarded),
      delivered: sum(known?.delivered ?? null, rate?.delivered),
      queueBytes: (known?.queueBytes ?? 0) + books.queue.bytes,
      spoolBytes: (known?.spoolBytes ?? 0) + (books.spool?.bytes ?? 0),
      lastError,
    })
  }
}

function addSources(sources: Figures['sources'], { stats }: LiveEntry): void {
  for (const books of stats.sources) {
    const known = sources.get(books.id)
    sources.set(books.id, {
      id: books.id,
      type: books.type,
      addresses: [...new Set([...(known?.addresses ?? []), books.address])],
      connections: (known?.connections ?? 0) + books.connections,
      bytes: (known?.bytes ?? 0) + books.bytes,
    })
  }
}

function sum(so: Flow | null, more: Flow | undefined): Flow | null {
  if (more === undefined) return so
  return { records: (so?.records ?? 0) + more.records, bytes: (so?.bytes ?? 0) + more.bytes }
}
