/** Tells what knows only the original manifest: the default pipeline of the default configuration of the first organisation. */
import { type ConfigurationDocument, DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import { parseContent, type VersionRow } from '../configurations/configurations.ts'
import { manifestOf } from '../configurations/projection.ts'
import type { Publisher } from '../runtime.ts'
import { DEFAULT_ORG } from '../store/database.ts'

/** A way for manifests, such as Redis. */
export interface ManifestPublisher {
  readonly name: string
  /** Returns how many subscribers were told. Rejects when nobody could be. */
  publish(manifest: string): Promise<number>
}

export class ManifestBus implements Publisher {
  readonly #way: ManifestPublisher
  constructor(way: ManifestPublisher) {
    this.#way = way
  }

  get name(): string {
    return this.#way.name
  }

  async publish(version: VersionRow): Promise<number> {
    const manifest = manifestTextOf(version)
    return manifest === undefined ? 0 : await this.#way.publish(manifest)
  }
}

/** The same version gives the same bytes. Undefined: it is not for those who read manifests. */
export function manifestTextOf({ org_id, configuration, content }: VersionRow): string | undefined {
  if (org_id !== DEFAULT_ORG || configuration !== DEFAULT_CONFIGURATION) return undefined
  const manifest = manifestOf(parseContent('streamgate', content) as ConfigurationDocument)
  return manifest === undefined ? undefined : JSON.stringify(manifest)
}
