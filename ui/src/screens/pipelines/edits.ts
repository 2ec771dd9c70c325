/**
 * Changes of a draft, as functions from document to document, so that they can be made again on a draft that has changed in the
 * meantime. What they do not speak of stays as it is, keys that nobody here knows included.
 */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { ApiError } from '#ui/api/client.ts'
import type { Pipeline, Processor } from './document.ts'

export type Edit = (document: ConfigurationDocument) => ConfigurationDocument
export type ComponentList = 'sources' | 'outputs'

/** The draft has gone on, so that the change cannot be made. */
export class Gone extends ApiError {
  override name = 'Gone'
  constructor(detail: string) {
    super({ type: 'about:blank', title: 'The draft has changed', status: 409, detail })
  }
}

export function putPipeline(pipeline: Pipeline): Edit {
  return (document) => ({ ...document, pipelines: put(document.pipelines, pipeline) })
}

export function insertPipeline(pipeline: Pipeline, position: number): Edit {
  return (document) => ({ ...document, pipelines: insert(document.pipelines, pipeline, position) })
}

export function removePipeline(id: string): Edit {
  return (document) => ({ ...document, pipelines: document.pipelines.filter((pipeline) => pipeline.id !== id) })
}

export function changePipeline(id: string, change: (pipeline: Pipeline) => Pipeline): Edit {
  return (document) => {
    const before = document.pipelines.find((pipeline) => pipeline.id === id)
    if (before === undefined) throw new Gone(`the draft has no pipeline "${id}" any more`)
    return { ...document, pipelines: put(document.pipelines, change(before)) }
  }
}

export function insertProcessor(processor: Processor, position: number): (pipeline: Pipeline) => Pipeline {
  return (pipeline) => {
    if (pipeline.processors.some(({ id }) => id === processor.id))
      throw new Gone(`there is a rule "${processor.id}" already; choose another name`)
    return { ...pipeline, processors: insert(pipeline.processors, processor, position) }
  }
}

export function removeProcessor(id: string): (pipeline: Pipeline) => Pipeline {
  return (pipeline) => ({ ...pipeline, processors: pipeline.processors.filter((before) => before.id !== id) })
}

/** `by`: -1 is one place earlier. */
export function moveProcessor(id: string, by: number): (pipeline: Pipeline) => Pipeline {
  return (pipeline) => {
    const from = pipeline.processors.findIndex((processor) => processor.id === id)
    const to = from + by
    const moved = pipeline.processors[from]
    if (moved === undefined || to < 0 || to >= pipeline.processors.length) return pipeline
    const rest = pipeline.processors.filter((processor) => processor !== moved)
    return { ...pipeline, processors: insert(rest, moved, to) }
  }
}

/** `attached`: what the pipeline has now, from the gateway's file perhaps; it becomes the pipeline's own. */
export function attach(list: ComponentList, id: string, attached: readonly string[]): (pipeline: Pipeline) => Pipeline {
  return (pipeline) => ({ ...pipeline, [list]: [...new Set([...attached, id])] })
}

export function detach(list: ComponentList, id: string, attached: readonly string[]): (pipeline: Pipeline) => Pipeline {
  return (pipeline) => ({ ...pipeline, [list]: attached.filter((other) => other !== id) })
}

export function usersOf(document: ConfigurationDocument, list: ComponentList, id: string): string[] {
  return document.pipelines.filter((pipeline) => pipeline[list].includes(id)).map((pipeline) => pipeline.id)
}

/** `name`, or `name_2` and so on. */
export function freeId(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  let number = 2
  while (taken.includes(`${name}_${number}`)) number++
  return `${name}_${number}`
}

function put<Entry extends { id: string }>(entries: readonly Entry[], entry: Entry): Entry[] {
  return entries.some(({ id }) => id === entry.id)
    ? entries.map((before) => (before.id === entry.id ? entry : before))
    : [...entries, entry]
}

function insert<Entry>(entries: readonly Entry[], entry: Entry, position: number): Entry[] {
  return [...entries.slice(0, position), entry, ...entries.slice(position)]
}
