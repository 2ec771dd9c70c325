/** The controller's side of Redis. */
import type { Redis } from 'ioredis'
import { MANIFEST_KEY, RELOAD_MESSAGE, UPDATES_CHANNEL } from '#contract/manifest.ts'
import type { Logger } from '#observe/log.ts'
import type { ManifestPublisher } from './manifest-bus.ts'
import { closeRedis, connectRedis, type RedisAddress } from './redis.ts'

/** How often Redis is looked at: another controller may have ended before it could tell of what it had published. */
const LOOK_MS = 30_000

/** What the store has published. */
export interface Publications {
  live(): Promise<string | undefined>
  /** The last ones before it. */
  earlier(): Promise<readonly string[]>
}

export class RedisPublisher implements ManifestPublisher {
  readonly name = 'redis'
  readonly #redis: Redis
  readonly #log: Logger
  /** A publication that Redis has not taken. The newest one is enough. */
  #owed: string | undefined

  readonly #publications: Publications
  readonly #timer: NodeJS.Timeout

  constructor(address: RedisAddress, log: Logger, publications: Publications) {
    this.#log = log
    this.#publications = publications
    this.#redis = connectRedis(address, log, 'publisher')
    this.#redis.on('ready', () => void this.#settle())
    this.#timer = setInterval(() => void this.#settle(), LOOK_MS)
    this.#timer.unref()
  }

  /** Stores the manifest and signals it. Rejects when Redis is away; then it is done as soon as Redis is back. */
  async publish(manifest: string): Promise<number> {
    this.#owed = manifest
    if (this.#redis.status !== 'ready') throw new Error('redis is away; it is told as soon as it is back')
    const told = await this.#tell(manifest)
    if (this.#owed === manifest) this.#owed = undefined
    return told
  }

  close(): void {
    clearInterval(this.#timer)
    closeRedis(this.#redis)
  }

  async #tell(manifest: string): Promise<number> {
    // Both or neither: whoever ends between them would leave a manifest that nobody is told of.
    const results = await this.#redis
      .multi()
      .set(MANIFEST_KEY, manifest)
      .publish(UPDATES_CHANNEL, RELOAD_MESSAGE)
      .exec()
    const failure = results?.find(([error]) => error !== null)?.[0]
    if (failure != null) throw failure
    return Number(results?.[1]?.[1] ?? 0)
  }

  async #settle(): Promise<void> {
    if (this.#redis.status !== 'ready') return
    try {
      if (this.#owed !== undefined) {
        await this.publish(this.#owed)
        this.#log.info({}, 'the publication that redis missed is there now')
      } else await this.#compare()
    } catch {
      // It went away again: the next `ready` tries again.
    }
  }

  /** What stands in Redis and was never ours is somebody else's publication, and stays. */
  async #compare(): Promise<void> {
    const live = await this.#publications.live()
    const there = await this.#redis.get(MANIFEST_KEY)
    if (live === undefined || there === live || this.#owed !== undefined) return
    if (there !== null && !(await this.#publications.earlier()).includes(there)) return
    await this.#tell(live)
    this.#log.info({}, `redis had ${there === null ? 'no' : 'an earlier'} manifest; it has the last one now`)
  }
}
