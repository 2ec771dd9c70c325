/**
 * The original manifest as a view on a configuration: the processors, outputs and batch size of its default pipeline. It is what
 * Redis gets, and what the routes of the original product show and change.
 */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { DEFAULT_PIPELINE, entityId } from '#contract/configuration.ts'
import { type Manifest, type ManifestOutput, type ManifestProcessor, manifestOutputId } from '#contract/manifest.ts'

export const BATCH_SIZE_DEFAULT = 100

type Pipeline = ConfigurationDocument['pipelines'][number]
type Output = ConfigurationDocument['outputs'][number]

export function documentOf(
  processors: readonly ManifestProcessor[],
  outputs: readonly ManifestOutput[],
  batchSize = BATCH_SIZE_DEFAULT,
): ConfigurationDocument {
  const entries: Output[] = []
  for (const output of outputs) entries.push(outputEntry(output, entries))
  const pipeline = {
    id: DEFAULT_PIPELINE,
    sources: [],
    processors: [...processors],
    outputs: entries.map(({ id }) => id),
    batch: { max_records: batchSize },
  }
  return { version: 2, sources: [], pipelines: [pipeline], outputs: entries, upstreams: [] }
}

/** Gives an output without an id the one that a node gives it: from its place, type and host, so that its spool stays its own. */
export function outputEntry(output: ManifestOutput, others: readonly { id: string }[]): Output {
  const { type, url, headers, id: own, ...rest } = output
  const entry = { type, ...(url === undefined ? {} : { url }), ...(headers == null ? {} : { headers }), ...rest }
  if (entityId.safeParse(own).success) return { id: String(own), ...entry }
  let place = others.length
  let id = manifestOutputId(output, DEFAULT_PIPELINE, place)
  while (others.some((other) => other.id === id)) id = manifestOutputId(output, DEFAULT_PIPELINE, ++place)
  return { id, ...entry }
}

/** Undefined when there is no default pipeline. Ids that a node would give of itself are left out, as they were before. */
export function manifestOf(document: ConfigurationDocument): Manifest | undefined {
  const pipeline = defaultPipeline(document)
  if (pipeline === undefined) return undefined
  const outputs = outputsOf(document, pipeline).map((entry, place) => {
    const { id, ...output } = entry
    return id === manifestOutputId(entry as ManifestOutput, pipeline.id, place) ? output : entry
  })
  const { processors } = pipeline
  return {
    version: '1.0',
    pipelines: [{ name: pipeline.id, processors, outputs, batch_size: batchSizeOf(pipeline) }],
  }
}

export function defaultPipeline(document: ConfigurationDocument): Pipeline | undefined {
  return document.pipelines.find(({ id }) => id === DEFAULT_PIPELINE)
}

/** Those of its outputs that the document describes, in the pipeline's order. */
export function outputsOf(document: ConfigurationDocument, pipeline: Pipeline): Output[] {
  return pipeline.outputs.flatMap((id) => document.outputs.find((output) => output.id === id) ?? [])
}

export function batchSizeOf(pipeline: Pipeline): number {
  const batch = pipeline['batch'] as { max_records?: number } | undefined
  return batch?.max_records ?? BATCH_SIZE_DEFAULT
}
