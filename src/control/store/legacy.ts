/** What stores of the first version held, as documents of today. */
import { createHash } from 'node:crypto'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { type ManifestOutput, type ManifestProcessor, manifest as manifestSchema } from '#contract/manifest.ts'
import { documentOf } from '../configurations/projection.ts'

export interface LegacyRows {
  rules: {
    org_id: string
    id: string
    type: string
    params: string
    when: string | null
    required: number | null
    on_error: string | null
  }[]
  outputs: { org_id: string; body: string }[]
  settings: { org_id: string; name: string; value: string }[]
  published: { org_id: string; manifest: string; hash: string; published_at: number }[]
}

/** Without legacy rows: an empty draft, and nothing published. */
export function legacyDocuments(rows: LegacyRows | undefined): {
  draft: string
  published: { content: string; sha256: string; at: number } | undefined
} {
  const processors = (rows?.rules ?? []).map(processorOf)
  const outputs = (rows?.outputs ?? []).map(({ body }) => JSON.parse(body) as ManifestOutput)
  const size = rows?.settings.find(({ name }) => name === 'batch_size')?.value
  const draft = JSON.stringify(documentOf(processors, outputs, size === undefined ? undefined : Number(size)))
  const row = rows?.published[0]
  return { draft, published: row === undefined ? undefined : publishedOf(row) }
}

function publishedOf(row: LegacyRows['published'][number]) {
  const manifest = manifestSchema.parse(JSON.parse(row.manifest))
  const pipeline = manifest.pipelines[0]!
  const document: ConfigurationDocument = documentOf(
    pipeline.processors ?? [],
    pipeline.outputs ?? [],
    pipeline.batch_size,
  )
  const content = JSON.stringify(document)
  return { content, sha256: createHash('sha256').update(content).digest('hex'), at: row.published_at }
}

function processorOf(row: LegacyRows['rules'][number]): ManifestProcessor {
  return {
    id: row.id,
    type: row.type,
    params: JSON.parse(row.params),
    ...(row.when === null ? {} : { when: JSON.parse(row.when) }),
    ...(row.required === null ? {} : { required: row.required === 1 }),
    ...(row.on_error === null ? {} : { on_error: row.on_error as NonNullable<ManifestProcessor['on_error']> }),
  }
}
