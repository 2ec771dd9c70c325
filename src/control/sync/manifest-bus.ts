/** Tells what knows only the original manifest: the default pipeline of the default configuration of the first organisation. */
import { type ConfigurationDocument, DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import {
  findConfiguration,
  listVersions,
  liveVersion,
  parseContent,
  type VersionRow,
} from '../configurations/configurations.ts'
import { manifestOf } from '../configurations/projection.ts'
import type { Publisher } from '../runtime.ts'
import { type Db, DEFAULT_ORG } from '../store/database.ts'
import type { Publications } from './redis-publisher.ts'

/** Further back nobody is expected to be. */
const EARLIER_MAX = 10

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

/** The manifests of the store's versions. */
export function publicationsIn(db: Db): Publications {
  const live = async () => {
    const row = await findConfiguration(db, DEFAULT_ORG, DEFAULT_CONFIGURATION)
    return row === undefined ? undefined : await liveVersion(db, row)
  }
  return {
    async live() {
      const version = await live()
      return version === undefined ? undefined : manifestTextOf(version)
    },
    async earlier() {
      const before = (await live())?.number
      const versions = await listVersions(db, DEFAULT_ORG, DEFAULT_CONFIGURATION, before, EARLIER_MAX)
      return versions.flatMap((version) => manifestTextOf(version) ?? [])
    },
  }
}
