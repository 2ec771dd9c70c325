/** The node's side of Redis: hears that the manifest changed, fetches it, and reports what it runs. */
import type { Redis } from 'ioredis'
import { MANIFEST_KEY, NODE_REPORT_KEY_PREFIX, type NodeReport, UPDATES_CHANNEL } from '#contract/manifest.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { closeRedis, connectRedis, type RedisAddress } from './redis.ts'

/** A report that is not renewed vanishes: the node is gone. */
export const REPORT_EXPIRY_S = 60
const REPORT_INTERVAL_MS = 20_000
/** A manifest is some kilobytes; anything larger is not one. */
const MANIFEST_BYTES_MAX = 16 * 1024 * 1024

/** What follows the manifests that are heard of, and knows how that went. */
export interface Followed {
  readonly running: string | null
  readonly failed: { hash: string; reason: string } | null
  onChange: (() => void) | undefined
  offer(manifest: string): void
}

export interface WatcherOptions {
  address: RedisAddress
  nodeId: string
  version: string
  follower: Followed
  clock: Clock
  log: Logger
}

export class RedisWatcher {
  readonly #options: WatcherOptions
  readonly #commands: Redis
  readonly #subscription: Redis
  readonly #timer: NodeJS.Timeout

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#subscription = connectRedis(options.address, options.log, 'subscriber')
    this.#commands = connectRedis(options.address, options.log, 'watcher')
    this.#subscription.on('ready', () => void this.#subscribe())
    this.#subscription.on('message', () => void this.#fetch())
    // Whatever was published while this connection was away is read now.
    this.#commands.on('ready', () => void this.#fetch().then(() => this.#report()))
    options.follower.onChange = () => void this.#report()
    this.#timer = setInterval(() => void this.#report(), REPORT_INTERVAL_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    closeRedis(this.#subscription)
    closeRedis(this.#commands)
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#subscription.subscribe(UPDATES_CHANNEL)
      // A signal between the last fetch and now was not heard.
      await this.#fetch()
    } catch (error) {
      this.#lost('subscribe', error)
      this.#subscription.disconnect(true)
    }
  }

  async #fetch(): Promise<void> {
    if (this.#commands.status !== 'ready') return
    try {
      const length = await this.#commands.strlen(MANIFEST_KEY)
      if (length === 0) return
      if (length > MANIFEST_BYTES_MAX)
        throw new Error(`${MANIFEST_KEY} holds ${length} bytes, above ${MANIFEST_BYTES_MAX}`)
      const manifest = await this.#commands.get(MANIFEST_KEY)
      if (manifest !== null) this.#options.follower.offer(manifest)
    } catch (error) {
      this.#lost('fetch', error)
    }
  }

  async #report(): Promise<void> {
    if (this.#commands.status !== 'ready') return
    const { nodeId, version, follower, clock } = this.#options
    const report: NodeReport = {
      id: nodeId,
      version,
      running: follower.running,
      state: follower.failed === null ? 'RUNNING' : 'FAILED',
      failed: follower.failed,
      reported_at: new Date(clock.wall()).toISOString(),
    }
    try {
      await this.#commands.set(NODE_REPORT_KEY_PREFIX + nodeId, JSON.stringify(report), 'EX', REPORT_EXPIRY_S)
    } catch (error) {
      this.#lost('report', error)
    }
  }

  #lost(what: string, error: unknown): void {
    this.#options.log.warn(
      { what, reason: error instanceof Error ? error.message : String(error) },
      'redis did not answer',
    )
  }
}
