/**
 * A published document over the configuration file: its sources, pipelines, outputs and upstreams take the place of those with
 * the same id, and all else of the file stays. A pipeline that names no sources, or no outputs, keeps those of the file.
 */
import type { NodePlan, OutputPlan, PipelinePlan, SourcePlan } from '#component/plan.ts'
import type { Registry } from '#component/registry.ts'
import { type ConfigurationDocument, configurationDocument } from '#contract/configuration.ts'
import { resolveOutput, resolveSource, upstreamProblems } from './components.ts'
import { type Path, type Problem, parseJson, problemsOf, refused } from './problems.ts'
import { duplicates, type Environment, hashOf, pipelinePlan, resolveDocument, type Secrets } from './resolve.ts'
import { type Resolved, resolveProcessor } from './rules.ts'
import { type Document, document as documentSchema, publishedPipelineEntry, upstreamEntry } from './schema.ts'
import { checkSignals } from './signals.ts'

const SOURCE = 'published configuration'

const LISTS = ['sources', 'pipelines', 'outputs', 'upstreams'] as const

type Entry = { id: string } & Record<string, unknown>
type Lists = Partial<Record<(typeof LISTS)[number], Entry[]>>

/** `base`: the file's value, as `loadConfig` gives it. Throws `ConfigError`; its paths count from the published document. */
export function overlayDocument(
  base: unknown,
  text: string,
  registry: Registry,
  env: Environment,
  secrets: Secrets,
): { plan: NodePlan; warnings: string[] } {
  const { value, places } = mergeDocument(base, text)
  const { plan, problems, warnings } = resolveDocument(value, registry, env, secrets)
  if (plan === undefined)
    throw refused(
      problems.map((problem) => published(problem, places)),
      SOURCE,
    )
  return { plan: { ...plan, hash: hashOf(text) }, warnings: warnings.map(({ message }) => message) }
}

/**
 * The file's value with the document over it. `places`: `list/index` in the value, with the index in the document that it comes
 * from. Throws `ConfigError` when the text is no document.
 */
export function mergeDocument(
  base: unknown,
  text: string,
): { value: Record<string, unknown>; places: Map<string, number> } {
  const parsed = configurationDocument.safeParse(parseJson(text, SOURCE))
  if (!parsed.success) throw refused(problemsOf(parsed.error, [], Object.keys(configurationDocument.shape)), SOURCE)
  const file = base as Lists
  const places = new Map<string, number>()
  const value: Record<string, unknown> = { ...file }
  for (const list of LISTS) {
    const published = parsed.data[list] as Entry[]
    const entries = [...(file[list] ?? [])]
    published.forEach((entry, place) => {
      const at = entries.findIndex(({ id }) => id === entry.id)
      places.set(`${list}/${at === -1 ? entries.length : at}`, place)
      if (at === -1) entries.push(entry)
      else entries[at] = list === 'pipelines' ? withOwn(entry, entries[at]!) : entry
    })
    if (entries.length > 0 || file[list] !== undefined) value[list] = entries
  }
  return { value, places }
}

/** What is wrong with a document, as far as can be told without a node's file: what that may hold is not missed. */
export function documentProblems(value: ConfigurationDocument, registry: Registry): Problem[] {
  const problems: Problem[] = LISTS.flatMap((list) => duplicates(value[list], [list]))
  const collect = <Plan>(results: Resolved<Plan>[]) =>
    results.flatMap((result) => {
      problems.push(...(result.problems ?? []))
      return result.plan === undefined ? [] : [result.plan]
    })
  const sources: SourcePlan[] = collect(value.sources.map((entry, i) => resolveSource(entry, ['sources', i], registry)))
  const outputs: OutputPlan[] = collect(value.outputs.map((entry, i) => resolveOutput(entry, ['outputs', i], registry)))
  const described = value.upstreams.map(({ id }) => id)
  if (described.length > 0) {
    for (const [i, plan] of outputs.entries()) problems.push(...upstreamProblems(plan, ['outputs', i], described))
  }
  value.upstreams.forEach((entry, i) => {
    const parsed = upstreamEntry.safeParse(entry)
    if (!parsed.success) problems.push(...problemsOf(parsed.error, ['upstreams', i], Object.keys(upstreamEntry.shape)))
  })
  const pipelines: PipelinePlan[] = []
  const entries: Document['pipelines'] = []
  value.pipelines.forEach((entry, i) => {
    const path: Path = ['pipelines', i]
    const parsed = publishedPipelineEntry.safeParse(entry)
    if (!parsed.success) {
      problems.push(...problemsOf(parsed.error, path, Object.keys(publishedPipelineEntry.shape)))
      return
    }
    problems.push(...duplicates(parsed.data.processors, [...path, 'processors']))
    const processors = collect(
      parsed.data.processors.map((processor, j) => resolveProcessor(processor, [...path, 'processors', j], registry)),
    )
    entries.push(parsed.data)
    pipelines.push(pipelinePlan(parsed.data, processors))
  })
  if (pipelines.length === value.pipelines.length) {
    const known = sources.map(({ id, type }) => ({ id, type }))
    const document = { ...EMPTY, sources: known, pipelines: entries }
    problems.push(...checkSignals(document, pipelines, outputs, registry))
  }
  // What stands behind a reference is known on the node only.
  return problems.filter(({ path }) => !isReference(value, path))
}

const EMPTY = documentSchema.parse({
  version: 2,
  sources: [],
  pipelines: [{ id: 'none', sources: ['none'], outputs: ['none'] }],
  outputs: [{ id: 'none', type: 'none' }],
})

/** A pipeline that says nothing of its sources or outputs has those of the file. */
function withOwn(entry: Entry, own: Entry): Entry {
  const isEmpty = (list: unknown) => !Array.isArray(list) || list.length === 0
  return {
    ...own,
    ...entry,
    batch: { ...(own['batch'] as object), ...(entry['batch'] as object) },
    sources: isEmpty(entry['sources']) ? own['sources'] : entry['sources'],
    outputs: isEmpty(entry['outputs']) ? own['outputs'] : entry['outputs'],
  }
}

function isReference(value: unknown, path: Path): boolean {
  let part = value
  for (const key of path) part = (Object(part) as Record<string | number, unknown>)[key]
  return typeof part === 'string' && /\$\{(env|file|secret):[^}]*\}/.test(part)
}

/** The same problem with its place in the published document; what is wrong with the file itself keeps its place. */
function published(problem: Problem, places: ReadonlyMap<string, number>): Problem {
  const [list, at, ...rest] = problem.path
  const place = places.get(`${list}/${at}`)
  return place === undefined ? problem : { ...problem, path: [list!, place, ...rest] }
}
