/**
 * The manifest: what a controller publishes and a node runs. Its shape (version "1.0", string params) is a wire contract
 * with other programs that read and write the same Redis key; see docs/decisions/0003.
 */
import { z } from 'zod'

export const MANIFEST_KEY = 'streamgate_config'
export const UPDATES_CHANNEL = 'streamgate_updates'
export const RELOAD_MESSAGE = 'RELOAD'
/** Followed by the node's id; holds a `NodeReport` as JSON and expires. */
export const NODE_REPORT_KEY_PREFIX = 'streamgate_node:'

export const BATCH_SIZE_MIN = 1
export const BATCH_SIZE_MAX = 10_000

/** A processor as it stands in a manifest. What a foreign node does not know of, it skips. */
export const manifestProcessor = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  params: z.record(z.string(), z.unknown()).default({}),
  when: z.unknown().optional(),
  required: z.boolean().optional(),
  on_error: z.enum(['pass', 'drop', 'quarantine']).optional(),
})
export type ManifestProcessor = z.infer<typeof manifestProcessor>

export const manifestOutput = z.looseObject({
  type: z.string().min(1),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).nullish(),
})
export type ManifestOutput = z.infer<typeof manifestOutput>

/** Outputs need no ids in a manifest: they get one from their pipeline, type, host and place. */
export function manifestOutputId(
  { type, url }: { type: string; url?: string | undefined },
  pipeline: string,
  place: number,
): string {
  const host = url !== undefined && URL.canParse(url) ? new URL(url).host : ''
  const id = [pipeline, type, host, place]
    .filter((part) => part !== '')
    .join('.')
    .replace(/[^A-Za-z0-9_.:-]/g, '_')
  return /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/.test(id) ? id : `output.${place}`
}

export const manifestPipeline = z.looseObject({
  name: z.string().min(1),
  processors: z.array(manifestProcessor).nullish(),
  outputs: z.array(manifestOutput).nullish(),
  batch_size: z.number().int().min(BATCH_SIZE_MIN).max(BATCH_SIZE_MAX).optional(),
})

export const manifest = z.looseObject({
  version: z.literal('1.0'),
  pipelines: z.array(manifestPipeline).min(1),
})
export type Manifest = z.infer<typeof manifest>

/** What a node that has only Redis says about itself, under `streamgate_node:<id>`. */
export const nodeReport = z.object({
  id: z.string(),
  version: z.string(),
  /** SHA-256 of the manifest bytes that it runs; null before the first. */
  running: z.string().nullable(),
  state: z.enum(['RUNNING', 'FAILED']),
  /** Why the newest manifest was refused, and which one it was. */
  failed: z.object({ hash: z.string(), reason: z.string() }).nullable(),
  reported_at: z.iso.datetime(),
})
export type NodeReport = z.infer<typeof nodeReport>
