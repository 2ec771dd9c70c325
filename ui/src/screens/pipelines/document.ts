/** Documents as the pipelines screen reads them: parts by id, and what a gateway's own file adds to them. */
import type { ConfigurationDocument, DiffEntry } from '#contract/configuration.ts'

export type Pipeline = ConfigurationDocument['pipelines'][number]
export type Processor = Pipeline['processors'][number]
export type Component = ConfigurationDocument['outputs'][number]

/** What gateways have in their own files. */
export interface Effective {
  sources: Component[]
  pipelines: Pipeline[]
  outputs: Component[]
}

export type Change = 'added' | 'changed' | 'removed' | 'none'

export interface PipelineRow {
  id: string
  signal: string
  sources: string[]
  outputs: string[]
  rules: number
  /** `file`: the draft does not have it; a gateway's own file does. `removed`: it goes with the next publication. */
  origin: 'draft' | 'file' | 'removed'
  change: Change
}

/** Every pipeline there is, those of the draft first; `running` are those that only gateways' books name. */
export function rowsOf(
  draft: ConfigurationDocument,
  effective: Effective,
  running: Iterable<string>,
  diff: readonly DiffEntry[],
): PipelineRow[] {
  const rows: PipelineRow[] = draft.pipelines.map((pipeline) => {
    const { sources, outputs } = attachedTo(pipeline, effective)
    return {
      id: pipeline.id,
      signal: signalOf(pipeline),
      sources,
      outputs,
      rules: pipeline.processors.length,
      origin: 'draft',
      change: changeOf(diff, 'pipelines', pipeline.id),
    }
  })
  const others = [...new Set([...effective.pipelines.map(({ id }) => id), ...running])]
  for (const id of others) {
    if (rows.some((row) => row.id === id)) continue
    const own = effective.pipelines.find((pipeline) => pipeline.id === id)
    const isRemoved = changeOf(diff, 'pipelines', id) === 'removed'
    rows.push({
      id,
      signal: own === undefined ? 'logs' : signalOf(own),
      sources: own?.sources ?? [],
      outputs: own?.outputs ?? [],
      rules: own?.processors?.length ?? 0,
      origin: isRemoved ? 'removed' : 'file',
      change: isRemoved ? 'removed' : 'none',
    })
  }
  return rows
}

/** A pipeline that names no sources, or no outputs, keeps those of the gateway's own file. */
export function attachedTo(
  pipeline: Pick<Pipeline, 'id' | 'sources' | 'outputs'>,
  effective: Effective,
): { sources: string[]; outputs: string[]; ownSources: boolean; ownOutputs: boolean } {
  const running = effective.pipelines.find(({ id }) => id === pipeline.id)
  const ownSources = pipeline.sources.length > 0
  const ownOutputs = pipeline.outputs.length > 0
  return {
    sources: ownSources ? pipeline.sources : (running?.sources ?? []),
    outputs: ownOutputs ? pipeline.outputs : (running?.outputs ?? []),
    ownSources,
    ownOutputs,
  }
}

export function signalOf(pipeline: Record<string, unknown>): string {
  return typeof pipeline['signal'] === 'string' ? pipeline['signal'] : 'logs'
}

/** What differs from the live version in one part, itself or what is in it. */
export function changeOf(diff: readonly DiffEntry[], list: string, id: string): Change {
  const path = `${list}/${id}`
  const own = diff.find((entry) => entry.path === path && (entry.op === 'add' || entry.op === 'remove'))
  if (own !== undefined) return own.op === 'add' ? 'added' : 'removed'
  return diff.some((entry) => entry.path === path || entry.path.startsWith(`${path}/`)) ? 'changed' : 'none'
}

/** What runs, as gateways of the kind `streamgate` name it among their files, and what they were given. */
const RUNNING = 'effective.json'
const PUBLISHED = 'streamgate.json'

/**
 * What a gateway has in its own file, from the files that it reports: all that runs, without what was published to it. Files that
 * cannot be read count as nothing.
 */
export function effectiveOf(files: Record<string, { body: string }> | null | undefined): Effective {
  const running = parsed(files?.[RUNNING]?.body)
  const published = parsed(files?.[PUBLISHED]?.body)
  const own = (list: 'sources' | 'outputs') => {
    const given = entriesOf(published[list]).map(({ id }) => id)
    return entriesOf(running[list]).filter(({ id }) => !given.includes(id))
  }
  const given = entriesOf(published['pipelines'])
  const pipelines = entriesOf(running['pipelines']).map((entry): Pipeline => {
    const over = given.find(({ id }) => id === entry.id)
    // What a published pipeline names itself hides what the file would say.
    const kept = (list: 'sources' | 'outputs') => (textsOf(over?.[list]).length > 0 ? [] : textsOf(entry[list]))
    const processors = entriesOf(entry['processors']).map((rule) => ({ params: {}, ...rule }) as Processor)
    return { ...entry, sources: kept('sources'), outputs: kept('outputs'), processors }
  })
  return { sources: own('sources'), pipelines, outputs: own('outputs') }
}

/** Of several gateways: what the first one has of an id. */
export function merged(several: readonly Effective[]): Effective {
  const first = <Entry extends { id: string }>(entries: readonly Entry[]) =>
    entries.filter((entry, place) => entries.findIndex(({ id }) => id === entry.id) === place)
  return {
    sources: first(several.flatMap(({ sources }) => sources)),
    pipelines: first(several.flatMap(({ pipelines }) => pipelines)),
    outputs: first(several.flatMap(({ outputs }) => outputs)),
  }
}

function parsed(text = '{}'): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}

function entriesOf(list: unknown): Component[] {
  return Array.isArray(list) ? list.filter((entry) => typeof (Object(entry) as { id?: unknown }).id === 'string') : []
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
}
