/** Which version of each configuration is live, as this controller last heard. */
import { offerHash } from './effective.ts'
import type { Desired, NamedConfig } from './gateway.ts'

/** Names that no gateway follows any more are let go. */
const CONFIGS_MAX = 1024

export class LiveConfigs {
  readonly #desired: Desired
  readonly #configs = new Map<string, Promise<NamedConfig | undefined>>()

  constructor(desired: Desired) {
    this.#desired = desired
  }

  /** Rejects when the store cannot be read; then it is asked again the next time. */
  get(org: string, configuration: string): Promise<NamedConfig | undefined> {
    return this.#configs.get(`${org}/${configuration}`) ?? this.refresh(org, configuration)
  }

  refresh(org: string, configuration: string): Promise<NamedConfig | undefined> {
    const key = `${org}/${configuration}`
    const loading = this.#load(org, configuration)
    if (this.#configs.size >= CONFIGS_MAX && !this.#configs.has(key)) this.#configs.clear()
    this.#configs.set(key, loading)
    loading.catch(() => {
      if (this.#configs.get(key) === loading) this.#configs.delete(key)
    })
    return loading
  }

  /** Reads what is followed again; others are forgotten. Keys of those that have changed. */
  async refreshAll(followed: ReadonlyMap<string, { org: string }>): Promise<Set<string>> {
    const changed = new Set<string>()
    for (const key of this.#configs.keys()) if (!followed.has(key)) this.#configs.delete(key)
    for (const [key, { org }] of followed) {
      const before = await this.#configs.get(key)
      const after = await this.refresh(org, key.slice(org.length + 1))
      if (before?.hash !== after?.hash || before?.version !== after?.version) changed.add(key)
    }
    return changed
  }

  async #load(org: string, configuration: string): Promise<NamedConfig | undefined> {
    const live = await this.#desired.live(org, configuration)
    return live === undefined ? undefined : { ...live, hash: live.hash || offerHash(live.files), configuration }
  }
}
