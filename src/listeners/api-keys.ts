/**
 * API keys of one source: who may send, and how much.
 *
 * What a request holds is known only when it has been read, so a key's limits let a request in as long as something is
 * left of them, and take what it held afterwards; a key in debt waits until the debt is paid. Over any time T that lets
 * through rate × (T + 1 s), and what was under way at once when nothing was left.
 *
 * Keys are found by an HMAC under a key of this process: whoever measures how long that takes learns nothing of another
 * key.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { Clock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'

export const API_KEYS_MAX = 1000
/** Longer ones are no keys of ours, and need not be hashed. */
const KEY_CHARS_MAX = 1024
/** What a limit lets through at once after a pause, in seconds of its rate. */
const BURST_SECONDS = 1

const rate = z.number().positive().max(Number.MAX_SAFE_INTEGER).optional()

const apiKey = z.strictObject({
  name: z.string().min(1).max(128).describe('Names the key where it is counted. It is no secret.'),
  key: z
    .string()
    .min(1)
    .max(KEY_CHARS_MAX)
    .transform((text) => new Secret(text))
    .describe('What senders must show. Better a reference to a secret than the key itself.'),
  records_per_second: rate.describe('Records per second that it may send; without it, any number.'),
  bytes_per_second: rate.describe('Bytes per second that it may send, decompressed; without it, any number.'),
})

/** To be spread into a source's schema. */
export const apiKeysOption = {
  api_keys: z
    .array(apiKey)
    .max(API_KEYS_MAX)
    .superRefine((keys, context) => {
      for (const part of ['name', 'key'] as const) {
        const seen = new Set<string>()
        for (const [i, each] of keys.entries()) {
          // What is wrong in itself has not become a secret.
          const text = each[part] instanceof Secret ? each[part].reveal() : each[part]
          if (seen.has(text))
            context.addIssue({ code: 'custom', message: 'must not be that of another', path: [i, part] })
          seen.add(text)
        }
      }
    })
    .default([])
    .describe('Keys that senders must show, each with limits of its own; without any, everybody is let in.'),
}

export type ApiKeyOptions = z.output<typeof apiKey>

export type Admission =
  | { kind: 'ok'; key: Admitted }
  | { kind: 'unknown' }
  | { kind: 'over_limit'; key: Admitted; retryAfterMs: number }

/** A key that was shown, or nobody's when there are none. */
export interface Admitted {
  readonly name: string | undefined
  /** Whether `spend` wants to know the number of records. */
  readonly countsRecords: boolean
  /** What a request held, after it was taken. */
  spend(records: number, bytes: number): void
}

/**
 * What has come with one key since the start. `refused` counts requests; `records` is known of keys that have a limit
 * of them.
 */
export interface ApiKeyCounts {
  name: string
  requests: number
  records: number
  bytes: number
  refused: number
}

export class ApiKeys {
  readonly #clock: Clock
  readonly #secret = randomBytes(32)
  readonly #keys = new Map<string, Key>()

  constructor(keys: readonly ApiKeyOptions[], clock: Clock) {
    this.#clock = clock
    for (const options of keys) {
      const digest = this.#digest(options.key.reveal())
      this.#keys.set(digest.toString('latin1'), new Key(options, digest, clock))
    }
  }

  /** `shown`: what the request has for a key, or undefined. A key that is `over_limit` has sent enough for now. */
  admit(shown: string | undefined): Admission {
    if (this.#keys.size === 0) return ANYBODY
    if (shown === undefined || shown.length > KEY_CHARS_MAX) return UNKNOWN
    const digest = this.#digest(shown)
    const key = this.#keys.get(digest.toString('latin1'))
    if (key === undefined || !timingSafeEqual(key.digest, digest)) return UNKNOWN
    const retryAfterMs = key.waitMs(this.#clock.now())
    if (retryAfterMs === 0) return { kind: 'ok', key }
    key.counts.refused++
    return { kind: 'over_limit', key, retryAfterMs }
  }

  counts(): ApiKeyCounts[] {
    return [...this.#keys.values()].map(({ counts }) => ({ ...counts }))
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#secret).update(text).digest()
  }
}

class Key implements Admitted {
  readonly name: string
  readonly digest: Buffer
  readonly counts: ApiKeyCounts
  readonly countsRecords: boolean
  readonly #clock: Clock
  readonly #records: Allowance | undefined
  readonly #bytes: Allowance | undefined

  constructor(options: ApiKeyOptions, digest: Buffer, clock: Clock) {
    const { name, records_per_second, bytes_per_second } = options
    this.name = name
    this.digest = digest
    this.counts = { name, requests: 0, records: 0, bytes: 0, refused: 0 }
    this.countsRecords = records_per_second !== undefined
    this.#clock = clock
    this.#records = records_per_second === undefined ? undefined : new Allowance(records_per_second, clock.now())
    this.#bytes = bytes_per_second === undefined ? undefined : new Allowance(bytes_per_second, clock.now())
  }

  waitMs(now: number): number {
    return Math.max(this.#records?.waitMs(now) ?? 0, this.#bytes?.waitMs(now) ?? 0)
  }

  spend(records: number, bytes: number): void {
    this.counts.requests++
    this.counts.records += records
    this.counts.bytes += bytes
    const now = this.#clock.now()
    this.#records?.take(records, now)
    this.#bytes?.take(bytes, now)
  }
}

/** A bucket of tokens that may go into debt. */
class Allowance {
  readonly #perMs: number
  readonly #max: number
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perMs = perSecond / 1000
    this.#max = perSecond * BURST_SECONDS
    this.#left = this.#max
    this.#at = now
  }

  take(amount: number, now: number): void {
    this.#fill(now)
    this.#left -= amount
  }

  /** 0: something is left. */
  waitMs(now: number): number {
    this.#fill(now)
    return this.#left > 0 ? 0 : Math.max(1, Math.ceil(-this.#left / this.#perMs))
  }

  #fill(now: number): void {
    this.#left = Math.min(this.#max, this.#left + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}

const NOBODY: Admitted = { name: undefined, countsRecords: false, spend() {} }
const ANYBODY: Admission = { kind: 'ok', key: NOBODY }
const UNKNOWN: Admission = { kind: 'unknown' }

/** `Authorization: Bearer …` (RFC 6750), or `X-API-Key`. Vendors have places of their own. */
export function shownKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const header = headers['x-api-key']
  return bearer ?? (Array.isArray(header) ? header[0] : header)
}

/** For `Retry-After`: whole seconds, at least one. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
}
