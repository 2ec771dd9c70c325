/**
 * What is valid for a while, such as a token: fetched when it is first needed, kept, and fetched anew some time before
 * it ends. However many ask, one fetch is under way at a time.
 */
import type { Clock } from '#std/clock.ts'

export interface Expiring {
  /** Unix milliseconds; undefined: it does not end by itself. */
  expiresAt?: number | undefined
}

/** After a renewal that brought nothing new, the old one is used for so long before the next is tried. */
const RENEWAL_PAUSE_MS = 30_000

export class Renewed<T extends Expiring> {
  readonly #fetch: () => Promise<T>
  readonly #marginMs: number
  readonly #clock: Clock
  #value: T | undefined
  #renewFrom = 0
  #fetching: Promise<T> | undefined

  /** `marginMs`: how long before its end a value is renewed. */
  constructor(fetch: () => Promise<T>, marginMs: number, clock: Clock) {
    this.#fetch = fetch
    this.#marginMs = marginMs
    this.#clock = clock
  }

  /**
   * Rejects with what the fetch rejected with, or with the signal's reason. A value that still holds outlives a failed
   * renewal.
   */
  async get(signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const value = this.#value
    const now = this.#clock.wall()
    if (value === undefined || (value.expiresAt !== undefined && value.expiresAt <= now)) {
      return await unlessAborted(this.#renew(), signal)
    }
    if (now < this.#renewFrom) return value
    try {
      return await unlessAborted(this.#renew(), signal)
    } catch (error) {
      if (signal?.aborted) throw error
      this.#renewFrom = now + RENEWAL_PAUSE_MS
      return value
    }
  }

  /** The other side does not take this value any more: the next `get` fetches. One that came since then is kept. */
  drop(value: T): void {
    if (this.#value === value) this.#value = undefined
  }

  #renew(): Promise<T> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchOnce(): Promise<T> {
    const value = await this.#fetch()
    const { expiresAt } = value
    this.#value = value
    this.#renewFrom =
      expiresAt === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(expiresAt - this.#marginMs, this.#clock.wall() + RENEWAL_PAUSE_MS)
    return value
  }
}

/** The fetch itself goes on: others may wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
