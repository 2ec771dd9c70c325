/** Configurations of gateways: drafts, versions and what they are made of. */
import { z } from 'zod'
import { manifestProcessor } from './manifest.ts'

export const DEFAULT_CONFIGURATION = 'default'
/** The pipeline that the original product knows. */
export const DEFAULT_PIPELINE = 'default_pipeline'
export const DOCUMENT_BYTES_MAX = 1024 * 1024
export const CONFIGURATIONS_MAX = 256

export const entityId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/,
    'must be 1 to 128 letters, digits or _ . : - and begin with a letter or digit',
  )

/** A source, an output: its type says which further options it has. */
const component = z.looseObject({ id: entityId, type: z.string().min(1).max(128) })

/**
 * A pipeline. Without `sources` or `outputs` those that the gateway's own file gives the pipeline of this id stay.
 */
const pipeline = z.looseObject({
  id: entityId,
  sources: z.array(z.string()).default([]),
  processors: z.array(manifestProcessor).default([]),
  outputs: z.array(z.string()).default([]),
})

/**
 * What gateways of the kind `streamgate` are given: entries take the place of those with the same id in the gateway's own
 * file, and all else of the file stays.
 */
export const configurationDocument = z
  .strictObject({
    version: z.literal(2).default(2),
    sources: z.array(component).max(256).default([]),
    pipelines: z.array(pipeline).max(31).default([]),
    outputs: z.array(component).max(256).default([]),
    upstreams: z
      .array(z.looseObject({ id: entityId }))
      .max(64)
      .default([]),
  })
  .meta({ id: 'ConfigurationDocument' })
export type ConfigurationDocument = z.infer<typeof configurationDocument>

/** What gateways of the kind `otel_collector` are given: files by name; a single one may be named "". */
export const collectorDocument = z
  .strictObject({
    files: z.record(
      z.string().max(256),
      z.strictObject({
        body: z.string().max(DOCUMENT_BYTES_MAX),
        content_type: z.string().max(128).default('text/yaml'),
      }),
    ),
  })
  .meta({ id: 'CollectorDocument' })
export type CollectorDocument = z.infer<typeof collectorDocument>

export const configurationKinds = ['streamgate', 'otel_collector'] as const
export type ConfigurationKind = (typeof configurationKinds)[number]
