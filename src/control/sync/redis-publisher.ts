/** The controller's side of Redis. */
import type { Redis } from 'ioredis'
import { MANIFEST_KEY, RELOAD_MESSAGE, UPDATES_CHANNEL } from '#contract/manifest.ts'
import type { Logger } from '#observe/log.ts'
import type { ManifestPublisher } from './manifest-bus.ts'
import { closeRedis, connectRedis, type RedisAddress } from './redis.ts'

export class RedisPublisher implements ManifestPublisher {
  readonly name = 'redis'
  readonly #redis: Redis
  readonly #log: Logger
  /** A publication that Redis has not taken. The newest one is enough. */
  #owed: string | undefined

  /** What was published last, for a Redis that comes back empty. */
  #last: string | undefined

  constructor(address: RedisAddress, log: Logger, last: string | undefined) {
    this.#log = log
    this.#last = last
    this.#redis = connectRedis(address, log, 'publisher')
    this.#redis.on('ready', () => void this.#settle())
  }

  /** Stores the manifest and signals it. Rejects when Redis is away; then it is done as soon as Redis is back. */
  async publish(manifest: string): Promise<number> {
    this.#owed = manifest
    this.#last = manifest
    if (this.#redis.status !== 'ready') throw new Error('redis is away; it is told as soon as it is back')
    const told = await this.#tell(manifest)
    if (this.#owed === manifest) this.#owed = undefined
    return told
  }

  close(): void {
    closeRedis(this.#redis)
  }

  async #tell(manifest: string): Promise<number> {
    await this.#redis.set(MANIFEST_KEY, manifest)
    return await this.#redis.publish(UPDATES_CHANNEL, RELOAD_MESSAGE)
  }

  async #settle(): Promise<void> {
    try {
      if (this.#owed !== undefined) {
        await this.publish(this.#owed)
        this.#log.info({}, 'the publication that redis missed is there now')
      } else if (this.#last !== undefined && (await this.#redis.exists(MANIFEST_KEY)) === 0) {
        await this.#tell(this.#last)
        this.#log.info({}, 'redis had no manifest; it has the last one again')
      }
    } catch {
      // It went away again: the next `ready` tries again.
    }
  }
}
