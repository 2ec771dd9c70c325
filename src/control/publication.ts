/** Publishing: the store's rules become a manifest, which is kept and then told to every bus. */
import type { Manifest } from '#contract/manifest.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { buildManifest, hashOf } from './manifest.ts'
import type { Publisher } from './runtime.ts'
import type { Store } from './store/store.ts'

export interface PublishResult {
  manifest: Manifest
  subscribers: number
  /** What did not work. The publication stands all the same; buses that come back get it then. */
  warning: string | undefined
  /** No bus could be reached at all. */
  nobody: boolean
}

export class Publication {
  readonly #store: Store
  readonly #publishers: readonly Publisher[]
  readonly #clock: Clock
  readonly #log: Logger
  /** Publications happen one after the other, so that what is stored last is also told last. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: Store, publishers: readonly Publisher[], clock: Clock, log: Logger) {
    this.#store = store
    this.#publishers = publishers
    this.#clock = clock
    this.#log = log
  }

  publish(): Promise<PublishResult> {
    const result = this.#last.then(() => this.#publish())
    this.#last = result.catch(() => undefined)
    return result
  }

  async #publish(): Promise<PublishResult> {
    const manifest = await buildManifest(this.#store)
    const text = JSON.stringify(manifest)
    await this.#store.setPublished({ manifest: text, hash: hashOf(text), publishedAt: this.#clock.wall() })
    let subscribers = 0
    const failures: string[] = []
    for (const publisher of this.#publishers) {
      try {
        subscribers += await publisher.publish(text)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        failures.push(`${publisher.name}: ${reason}`)
        this.#log.warn({ bus: publisher.name, reason }, 'a publication could not be told')
      }
    }
    const warning = failures.length === 0 ? undefined : failures.join('; ')
    return {
      manifest,
      subscribers,
      warning,
      nobody: failures.length > 0 && failures.length === this.#publishers.length,
    }
  }
}
