/** Sends one event to one webhook, once. What came of it is a value. */
import type { WebhookKind } from '#contract/webhook.ts'
import type { Clock } from '#std/clock.ts'
import type { Secret } from '#std/secret.ts'
import {
  ForbiddenAddress,
  guardedLookup,
  type IsForbidden,
  isForbidden,
  literalAddress,
  type Resolve,
  resolveHost,
} from './address-guard.ts'
import { signatureOf } from './signature.ts'
import { slackBody } from './slack.ts'

/** Of the whole request, answer included. Standard Webhooks 1.0 recommends 15 to 30 seconds. */
export const TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000
/** So much of an answer is kept, and read. */
export const RESPONSE_BYTES_MAX = 1024
const ERROR_CHARACTERS_MAX = 500
/** An answer's wish to be left alone is followed up to this. */
const RETRY_AFTER_MS_MAX = 3_600_000

export interface Message {
  kind: WebhookKind
  url: Secret
  /** Empty for kinds that are not signed. */
  secrets: readonly Secret[]
  id: string
  /** As it was enqueued. */
  body: string
}

/** `status`: null when there was no answer; then `error` says why. */
export interface SendOutcome {
  status: number | null
  error: string | null
  response: string | null
  retryAfterMs: number
}

export interface SenderOptions {
  /** Loopback and private addresses too. */
  allowPrivate: boolean
  /** Of the program, for the header `user-agent`. */
  version: string
  resolve?: Resolve
  isForbidden?: IsForbidden
}

export class Sender {
  readonly #clock: Clock
  readonly #userAgent: string
  readonly #resolve: Resolve
  readonly #isForbidden: IsForbidden
  constructor(clock: Clock, options: SenderOptions) {
    this.#clock = clock
    this.#userAgent = `streamgate/${options.version}`
    this.#resolve = options.resolve ?? resolveHost
    this.#isForbidden = options.allowPrivate ? () => false : (options.isForbidden ?? isForbidden)
  }

  async send(message: Message, signal: AbortSignal): Promise<SendOutcome> {
    const timeout = new AbortController()
    const timer = this.#clock.after(TIMEOUT_MS, () => timeout.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    try {
      return await this.#request(message, AbortSignal.any([timeout.signal, signal]))
    } catch (error) {
      const reason = timeout.signal.aborted ? timeout.signal.reason : error
      return { status: null, error: errorText(reason, message.url), response: null, retryAfterMs: 0 }
    } finally {
      timer.cancel()
    }
  }

  async #request(message: Message, signal: AbortSignal): Promise<SendOutcome> {
    const url = new URL(message.url.reveal())
    const literal = literalAddress(url)
    if (literal !== undefined && this.#isForbidden(literal)) throw new ForbiddenAddress(literal, literal)
    // Loaded with the first event: most controllers have no webhooks.
    const { Client } = await import('undici')
    const lookup = guardedLookup(this.#resolve, this.#isForbidden)
    // A connection of its own for each request: none outlives what was found out about its address.
    const client = new Client(url.origin, {
      connect: { lookup, timeout: CONNECT_TIMEOUT_MS },
      allowH2: false,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    try {
      const body = message.kind === 'slack' ? slackBody(message.body) : message.body
      const headers = { ...this.#headers(message, body), 'user-agent': this.#userAgent }
      // Redirects are not followed: they could lead anywhere.
      const answer = await client.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers,
        body,
        signal,
        reset: true,
      })
      const response = await beginningOf(answer.body)
      const retryAfterMs = retryAfter(answer.headers['retry-after'], this.#clock.wall())
      return { status: answer.statusCode, error: null, response, retryAfterMs }
    } finally {
      void client.destroy().catch(() => undefined)
    }
  }

  #headers({ kind, secrets, id }: Message, body: string): Record<string, string> {
    const plain = { 'content-type': 'application/json' }
    if (kind === 'slack') return plain
    const seconds = Math.floor(this.#clock.wall() / 1000)
    return {
      ...plain,
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signatureOf(secrets, id, seconds, body),
    }
  }
}

/** The status is the answer, whatever becomes of the rest of it. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, RESPONSE_BYTES_MAX - size))
      size += chunk.length
      if (size >= RESPONSE_BYTES_MAX) break
    }
  } catch {
    // What came is shown.
  }
  // PostgreSQL keeps no NUL in text.
  return Buffer.concat(chunks).toString('utf8').replaceAll('\0', '\ufffd')
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function retryAfter(header: string | string[] | undefined, now: number): number {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return 0
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX) : 0
}

/** The URL may be a credential: it does not show in what is stored. */
function errorText(error: unknown, url: Secret): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const message = error instanceof Error && error.message !== '' ? error.message : (code ?? String(error))
  return message.replaceAll(url.reveal(), '[url]').slice(0, ERROR_CHARACTERS_MAX)
}
