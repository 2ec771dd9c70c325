/** Which source leads through which pipeline to which output, and how much: what the drawing of the flow is made of. */
import { type Figures, type Measure, savedOf } from '#ui/screens/overview/figures.ts'

export interface Route {
  pipeline: string
  sources: readonly string[]
  outputs: readonly string[]
}

export type LinkKind = 'taken' | 'forwarded' | 'off' | 'lost'

export interface FlowLink {
  kind: LinkKind
  from: string
  to: string
  value: number
  /** Split between sources by what they have taken in since the gateways started. */
  estimated: boolean
}

export const OFF = 'Taken off by rules'
export const LOST = 'Quarantined or lost'
const PIPELINES_MAX = 8

/** From the configuration that a gateway says it runs; undefined where it is none that can be read. */
export function routesOf(body: string | undefined): Route[] | undefined {
  if (body === undefined) return undefined
  try {
    const { pipelines } = JSON.parse(body) as { pipelines?: { id: string; sources: string[]; outputs: string[] }[] }
    return pipelines?.map(({ id, sources, outputs }) => ({ pipeline: id, sources, outputs }))
  } catch {
    return undefined
  }
}

/**
 * The largest pipelines. Every output of a pipeline gets all that it forwards, so what goes out can be more than what came in.
 * `taken`: bytes by source, for pipelines with several of them.
 */
export function linksOf(
  routes: readonly Route[],
  totals: ReadonlyMap<string, Figures>,
  taken: ReadonlyMap<string, number>,
  measure: Measure,
): FlowLink[] {
  const figure = (pipeline: string, name: string) => totals.get(pipeline)?.[name]?.[measure] ?? 0
  const largest = [...routes]
    .sort((a, b) => figure(b.pipeline, 'in') - figure(a.pipeline, 'in'))
    .slice(0, PIPELINES_MAX)
    .filter(({ pipeline }) => figure(pipeline, 'in') > 0)
  const links = largest.flatMap(({ pipeline, sources, outputs }): FlowLink[] => {
    const all = sources.reduce((sum, source) => sum + (taken.get(source) ?? 0), 0)
    const share = (source: string) => (all === 0 ? 1 / sources.length : (taken.get(source) ?? 0) / all)
    const lost = figure(pipeline, 'quarantined') + figure(pipeline, 'rejected') + figure(pipeline, 'overwritten')
    return [
      ...sources.map((source) => ({
        kind: 'taken' as const,
        from: source,
        to: pipeline,
        value: figure(pipeline, 'in') * share(source),
        estimated: sources.length > 1,
      })),
      ...outputs.map((output) => ({
        kind: 'forwarded' as const,
        from: pipeline,
        to: output,
        value: figure(pipeline, 'forwarded'),
        estimated: false,
      })),
      { kind: 'off', from: pipeline, to: OFF, value: savedOf(totals.get(pipeline) ?? {}, measure), estimated: false },
      { kind: 'lost', from: pipeline, to: LOST, value: lost, estimated: false },
    ]
  })
  return links.filter(({ value }) => value > 0)
}
