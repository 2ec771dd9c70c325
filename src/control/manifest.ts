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

/** As people may see it: header values often are credentials. */
export function maskOutput<Output extends ManifestOutput>(output: Output): Output {
  if (output.headers === undefined || output.headers === null) return output
  return { ...output, headers: Object.fromEntries(Object.keys(output.headers).map((name) => [name, MASK])) }
}

export function maskManifest(manifest: Manifest): Manifest {
  return {
    ...manifest,
    pipelines: manifest.pipelines.map((pipeline) => ({ ...pipeline, outputs: pipeline.outputs?.map(maskOutput) })),
  }
}
