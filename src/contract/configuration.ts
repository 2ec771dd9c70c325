/** Configurations of gateways: drafts, versions and what they are made of. */
import { z } from 'zod'
import { manifestProcessor } from './manifest.ts'
import { receiptPolicy } from './receipt.ts'

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

const kind = z.enum(configurationKinds)

/** What a publication of this configuration must fulfil. */
export const publishPolicy = receiptPolicy
  .extend({ require_message: z.boolean().default(false).describe('Every version says why.') })
  .meta({ id: 'PublishPolicy' })
export type PublishPolicy = z.infer<typeof publishPolicy>

export const configuration = z
  .object({
    name: z.string(),
    kind,
    /** Null: nothing has been published. */
    live_version: z.number().nullable(),
    /** The draft differs from the live version; before the first, from what drafts begin with. */
    has_changes: z.boolean(),
    policy: publishPolicy,
    created_at: z.number(),
    updated_at: z.number(),
    updated_by: z.string(),
  })
  .meta({ id: 'Configuration' })
export type Configuration = z.infer<typeof configuration>

export const newConfiguration = z.strictObject({
  name: entityId,
  kind: kind.default('streamgate'),
  draft: z.unknown().optional().describe('Its first draft; empty by default.'),
})

export const configurationChange = z.strictObject({ policy: publishPolicy })

export const version = z
  .object({
    number: z.number(),
    /** Of the stored bytes, in hex. */
    sha256: z.string(),
    parent: z.number().nullable(),
    /** Whose content this one has again. */
    restored_from: z.number().nullable(),
    author: z.string(),
    message: z.string(),
    created_at: z.number(),
    has_receipt: z.boolean(),
    live: z.boolean(),
  })
  .meta({ id: 'Version' })
export type Version = z.infer<typeof version>

/** One difference. `path` such as `pipelines/p/processors/drop_debug`; values are masked. */
export const diffEntry = z
  .object({
    op: z.enum(['add', 'remove', 'change', 'move']),
    path: z.string(),
    fields: z.array(z.string()).optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    from: z.number().optional(),
    position: z.number().optional(),
  })
  .meta({ id: 'DiffEntry' })
export type DiffEntry = z.infer<typeof diffEntry>

/** Of one configuration; databases keep it in 32 bits. */
export const VERSIONS_MAX = 999_999_999
export const versionNumber = z.int().min(1).max(VERSIONS_MAX)

/** Which content: `draft`, `live`, or the number of a version. */
export const contentRef = z.union([
  z.literal('draft'),
  z.literal('live'),
  versionNumber,
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be draft, live, or the number of a version')
    .transform(Number),
])
export type ContentRef = z.infer<typeof contentRef>

export const diff = z
  .object({
    from: z.union([z.string(), z.number()]),
    to: z.union([z.string(), z.number()]),
    entries: z.array(diffEntry),
  })
  .meta({ id: 'Diff' })
export type Diff = z.infer<typeof diff>

/** What putting a document to work would change: `draft` beside the draft, `live` beside what runs. */
export const plan = z.object({ draft: z.array(diffEntry), live: z.array(diffEntry) }).meta({ id: 'Plan' })
export type Plan = z.infer<typeof plan>

export const publishRequest = z.strictObject({
  message: z.string().max(4096).default(''),
  receipt: z.string().max(64).optional().describe('Id of the impact receipt of this draft.'),
})

export const published = z
  .object({
    version,
    /** Gateways and buses that were told; each says itself what became of it. */
    notified: z.number(),
    /** Why some could not be told; they are when they are back. */
    warning: z.string().optional(),
    changed: z.boolean(),
  })
  .meta({ id: 'Published' })
export type Published = z.infer<typeof published>

/** A secret without its value, which nobody gets to see again. */
export const secretInfo = z
  .object({ name: z.string(), updated_at: z.number(), updated_by: z.string(), used_by: z.array(z.string()) })
  .meta({ id: 'SecretInfo' })
export type SecretInfo = z.infer<typeof secretInfo>

export const secretValue = z.strictObject({ value: z.string().min(1).max(16_384) })
