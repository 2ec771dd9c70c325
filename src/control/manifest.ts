/** Builds the manifest from what the store holds. The same rules give the same bytes, and so the same hash. */
import { createHash } from 'node:crypto'
import type { Manifest, ManifestOutput, ManifestProcessor } from '#contract/manifest.ts'
import type { Store } from './store/store.ts'

/** The pipeline that the original product knows. */
export const PIPELINE_NAME = 'default_pipeline'
const MASK = '[redacted]'

export async function buildManifest(store: Store): Promise<Manifest> {
  const [processors, outputs, batchSize] = await Promise.all([store.rules(), store.outputs(), store.batchSize()])
  return manifestOf(processors, outputs, batchSize)
}

export function manifestOf(processors: ManifestProcessor[], outputs: ManifestOutput[], batchSize: number): Manifest {
  return { version: '1.0', pipelines: [{ name: PIPELINE_NAME, processors, outputs, batch_size: batchSize }] }
}

export function hashOf(manifest: string): string {
  return createHash('sha256').update(manifest).digest('hex')
}

/** As people may see it: header values often are credentials, and so is what stands before the host of a URL. */
export function maskOutput<Output extends ManifestOutput>(output: Output): Output {
  const masked = { ...output }
  if (output.headers !== undefined && output.headers !== null)
    masked.headers = Object.fromEntries(Object.keys(output.headers).map((name) => [name, MASK]))
  if (output.url !== undefined) masked.url = maskUrl(output.url)
  return masked
}

/** `http://user:[redacted]@host`; a user without a password is a token, and masked itself. */
function maskUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.username === '' && url.password === '')) return text
  // In a parsed URL the first @ ends the credentials; any other in them is escaped.
  const rest = url.href.slice(url.href.indexOf('@'))
  return `${url.protocol}//${url.password === '' ? MASK : `${url.username}:${MASK}`}${rest}`
}

export function maskManifest(manifest: Manifest): Manifest {
  return {
    ...manifest,
    pipelines: manifest.pipelines.map((pipeline) => ({ ...pipeline, outputs: pipeline.outputs?.map(maskOutput) })),
  }
}
