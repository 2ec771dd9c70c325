/** A document by its parts: what the API shows and changes one by one. All functions leave the document as it is and give a new one. */
import type { ConfigurationDocument } from '#contract/configuration.ts'

export const partKinds = ['sources', 'pipelines', 'outputs', 'upstreams'] as const
export type PartKind = (typeof partKinds)[number]

/** A list of the document: one of its own, or the processors of a pipeline. */
export type PartList = { kind: PartKind } | { kind: 'processors'; pipeline: string }

export type Part = { id: string } & Record<string, unknown>

/** Undefined: there is no such pipeline. */
export function listOf(document: ConfigurationDocument, list: PartList): Part[] | undefined {
  if (list.kind !== 'processors') return document[list.kind] as Part[]
  return document.pipelines.find(({ id }) => id === list.pipeline)?.processors as Part[] | undefined
}

/** Puts a part in the place of the one with its id, or at `position` (by default the end) when there is none; moves it when a position is given. */
export function withPart(
  document: ConfigurationDocument,
  list: PartList,
  part: Part,
  position?: number,
): ConfigurationDocument {
  const parts = listOf(document, list) ?? []
  const at = parts.findIndex(({ id }) => id === part.id)
  if (at !== -1 && position === undefined) return withList(document, list, parts.with(at, part))
  const others = parts.filter(({ id }) => id !== part.id)
  return withList(document, list, others.toSpliced(position ?? others.length, 0, part))
}

export function withoutPart(document: ConfigurationDocument, list: PartList, id: string): ConfigurationDocument {
  return withList(
    document,
    list,
    (listOf(document, list) ?? []).filter((part) => part.id !== id),
  )
}

/** Pipelines that name this source, output or upstream. Something that is in use is not deleted. */
export function usersOf(document: ConfigurationDocument, kind: PartKind, id: string): string[] {
  if (kind === 'pipelines') return []
  if (kind === 'upstreams') {
    return document.outputs.filter((output) => output['upstream'] === id).map((output) => `output ${output.id}`)
  }
  return document.pipelines
    .filter((pipeline) => pipeline[kind].includes(id))
    .map((pipeline) => `pipeline ${pipeline.id}`)
}

function withList(document: ConfigurationDocument, list: PartList, parts: Part[]): ConfigurationDocument {
  if (list.kind !== 'processors') return { ...document, [list.kind]: parts }
  const pipelines = document.pipelines.map((pipeline) =>
    pipeline.id === list.pipeline ? { ...pipeline, processors: parts as typeof pipeline.processors } : pipeline,
  )
  return { ...document, pipelines }
}
