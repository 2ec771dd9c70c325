/** Applies manifests as they come, one at a time, only the newest counts; what runs already is not applied again. */
import { createHash } from 'node:crypto'
import type { Logger } from '#observe/log.ts'

/** Puts a manifest to work. Rejects with the reason when it is refused; then nothing has changed. */
export type Apply = (manifest: string, hash: string) => Promise<void>

export class Follower {
  readonly #apply: Apply
  readonly #log: Logger
  #newest: string | undefined
  #working = false
  /** Hash of what runs, and what was refused last. */
  running: string | null = null
  failed: { hash: string; reason: string } | null = null
  /** Called after each attempt. */
  onChange: (() => void) | undefined

  constructor(apply: Apply, log: Logger) {
    this.#apply = apply
    this.#log = log
  }

  /** Says that this is what runs from the start. */
  started(hash: string): void {
    this.running = hash
  }

  /** Takes note of a manifest. Those that come while one is being applied wait; of several only the newest counts. */
  offer(manifest: string): void {
    this.#newest = manifest
    if (!this.#working) void this.#work()
  }

  async #work(): Promise<void> {
    this.#working = true
    while (this.#newest !== undefined) {
      const manifest = this.#newest
      this.#newest = undefined
      await this.#take(manifest)
    }
    this.#working = false
  }

  async #take(manifest: string): Promise<void> {
    const hash = createHash('sha256').update(manifest).digest('hex')
    if (hash === this.running) {
      // What came in between was refused, or this is the same again.
      this.failed = null
      this.onChange?.()
      return
    }
    try {
      await this.#apply(manifest, hash)
      this.running = hash
      this.failed = null
      this.#log.info({ hash }, 'configuration applied')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.failed = { hash, reason }
      this.#log.error({ hash, reason }, 'configuration refused; the old one keeps running')
    }
    this.onChange?.()
  }
}
