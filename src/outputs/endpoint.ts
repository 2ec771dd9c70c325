/** What outputs that speak HTTP have in common: where they send, how an answer is judged, and how a body is compressed. */
import { promisify } from 'node:util'
import { gzip as nodeGzip } from 'node:zlib'
import { z } from 'zod'
import type { Failed, OutputContext, SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'
import { tlsOptions } from '#upstreams/plan.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest, UpstreamResult } from '#upstreams/upstream.ts'

/** How much of a refusal is told. */
const REASON_CHARACTERS_MAX = 200
/**
 * Statuses after which the same request may go through later. That a key is not known, or may not do this (401, 403), is
 * not the records' fault: they wait until somebody has seen to it.
 */
const RETRYABLE = new Set([401, 403, 408, 425, 429])
/** Statuses that a single bad record can bring upon all that come with it. */
const SPOILED = new Set([400, 422])
const PAYLOAD_TOO_LARGE = 413

export const gzip: (bytes: Uint8Array) => Promise<Bytes> = promisify(nodeGzip)

/** An address to send to. Credentials in it would show in messages, so they have options of their own. */
export const endpointUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })

/** The same for vendors that have options for credentials: those in the URL would show, and nobody would send them. */
export const plainUrl = endpointUrl.refine((url) => {
  const { username, password } = new URL(url)
  return username === '' && password === ''
}, 'must hold no user and password; they have options of their own')

/** Spread into an output's schema. Its `url` is its own: some vendors have a default, some need one. */
export const endpointOptions = {
  upstream: z.string().optional().describe('Id of an upstream to send through instead of a URL of its own.'),
  tls: tlsOptions.optional().describe('Authorities, client certificate and server name for https.'),
  timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('How long one request may take.'),
  concurrency: z.int().min(1).max(64).default(1).describe('Requests under way at once; 1 keeps the order.'),
  retry_after_max_ms: z.int().min(0).max(3_600_000).default(60_000).describe('The longest Retry-After that is obeyed.'),
}

export interface EndpointSettings {
  url?: string | undefined
  upstream?: string | undefined
  tls?: z.output<typeof tlsOptions> | undefined
  timeout_ms: number
  retry_after_max_ms: number
}

/** The way to one vendor. Make it in `start`, stop it in `stop`. */
export class Endpoint {
  readonly #settings: EndpointSettings
  readonly #context: OutputContext
  #connection: { upstream: Upstream; release(): Promise<void> } | undefined

  constructor(settings: EndpointSettings, context: OutputContext) {
    this.#settings = settings
    this.#context = context
  }

  /** Throws `StreamgateError` when the upstream or a file of the TLS options is not there. */
  start(): void {
    const { url, upstream, tls } = this.#settings
    this.#connection = this.#context.upstreams.connect(this.#context.id, { url, upstream, tls })
  }

  async stop(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.release()
  }

  /** Undefined before `start` and after `stop`. */
  get running(): boolean {
    return this.#connection !== undefined
  }

  async request(request: Omit<UpstreamRequest, 'timeoutMs'>): Promise<UpstreamResult> {
    if (this.#connection === undefined) return { answered: false, ...notRunningSilence }
    return await this.#connection.upstream.request({ ...request, timeoutMs: this.#settings.timeout_ms })
  }

  /** Sends, and judges the answer by its status alone. */
  async send(request: Omit<UpstreamRequest, 'timeoutMs'>): Promise<SendResult> {
    const result = await this.request(request)
    return result.answered && result.status >= 200 && result.status < 300 ? { ok: true } : this.failureOfAll(result)
  }

  /** As `failure`, where an answer that is no success says that nothing was taken: then one record may be why. */
  failureOfAll(result: UpstreamResult): Failed {
    const failed = this.failure(result)
    return result.answered && SPOILED.has(result.status) ? { ...failed, oneMaySpoil: true } : failed
  }

  /** What anything but success means, by the status alone. */
  failure(result: UpstreamResult): Failed {
    if (!result.answered) {
      const { code, message, retryAfterMs } = result
      return { ok: false, retryable: true, code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    }
    const { status, retryAfterMs } = result
    const retryable = RETRYABLE.has(status) || status >= 500
    const failed: Failed = {
      ok: false,
      retryable,
      code: `http_${status}`,
      message: `the server answered ${status}: ${reasonIn(result)}`,
    }
    if (status === PAYLOAD_TOO_LARGE) failed.tooLarge = true
    if (retryable && retryAfterMs !== undefined)
      failed.retryAfterMs = Math.min(retryAfterMs, this.#settings.retry_after_max_ms)
    return failed
  }
}

const notRunningSilence = { code: 'stopped', message: 'the output is not running' }

/** The beginning of what the server says. */
export function reasonIn(answer: UpstreamAnswer): string {
  return answer.body
    .toString('utf8', 0, 4 * REASON_CHARACTERS_MAX)
    .slice(0, REASON_CHARACTERS_MAX)
    .replace(/\s+/g, ' ')
    .trim()
}
