/**
 * `http` posts batches to a URL: newline-joined text, NDJSON, or a JSON array.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Dispatcher, Pool } from 'undici'
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { notRunning, reasonOf } from '../socket-writer.ts'
import { parseRetryAfter } from './retry-after.ts'

const compress = promisify(gzip)

/** How much of an answer is read; the rest is of no use to anyone. */
const ANSWER_BYTES_MAX = 64 * 1024
/** How much of a refusal is told. */
const REASON_CHARACTERS_MAX = 200

/** Statuses after which the same request may go through later. */
const RETRYABLE = new Set([408, 425, 429])

/** What HTTP itself writes; a request with one of these of its own would fail each time (RFC 9110, section 7.6.1, and RFC 9112). */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'is not a header name')
  .refine((name) => !CONNECTION_HEADERS.has(name.toLowerCase()), 'is a header that the connection itself decides')

/** RFC 9110, section 5.5. The message says nothing of the value. */
const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'has a character that no header may have', abort: true })
  .transform((value) => new Secret(value))

const config = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine(hasReadableCredentials, 'has a % in its user or password that begins no escape; write it as %25')
    .describe('Where to send.'),
  method: z.enum(['POST', 'PUT']).default('POST').describe('The request method.'),
  headers: z
    .record(headerName, headerValue)
    .nullish()
    .transform((headers) => headers ?? {})
    .describe('Headers to add. Values are kept secret wherever they would be shown.'),
  format: z
    .enum(['text', 'ndjson', 'json_array'])
    .default('text')
    .describe('Records joined by newlines, one JSON object a line, or one JSON array.'),
  compression: z.enum(['none', 'gzip']).default('none').describe('How the body is compressed.'),
  timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('How long one request may take.'),
  concurrency: z.int().min(1).max(64).default(1).describe('Requests under way at once; 1 keeps the order.'),
  retry_after_max_ms: z.int().min(0).max(3_600_000).default(60_000).describe('The longest Retry-After that is obeyed.'),
})

const ENCODERS = { text: 'text', ndjson: 'ndjson', json_array: 'json_array' } as const
const CONTENT_TYPES = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson',
  json_array: 'application/json',
}

export const http = defineOutput({
  name: 'http',
  summary: 'Posts batches to a URL.',
  shape: 'request',
  config,
  encoder: ({ format }) => ENCODERS[format],
  concurrency: ({ concurrency }) => concurrency,
  create: (options) => new HttpOutput(options),
})

class HttpOutput implements Output {
  readonly #options: z.output<typeof config>
  /** The client is loaded when the first such output starts: it is large, and many nodes have none. */
  #pool: Pool | undefined
  readonly #origin: string
  readonly #path: string
  readonly #headers: Record<string, string>

  constructor(options: z.output<typeof config>) {
    const url = new URL(options.url)
    this.#options = options
    this.#path = url.pathname + url.search
    this.#origin = url.origin
    this.#headers = { 'content-type': CONTENT_TYPES[options.format], ...credentialsOf(url) }
    for (const [name, value] of Object.entries(options.headers)) {
      this.#headers[name.toLowerCase()] = value.reveal()
    }
    if (options.compression === 'gzip') this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    const { Pool } = await import('undici')
    const { concurrency: connections, timeout_ms: timeout } = this.#options
    this.#pool = new Pool(this.#origin, { connections, headersTimeout: timeout, bodyTimeout: timeout })
  }

  async stop(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (this.#pool === undefined) return notRunning
    try {
      const answer = await this.#pool.request({
        method: this.#options.method,
        path: this.#path,
        headers: this.#headers,
        body: await this.#body(batch),
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeout_ms)]),
      })
      return await this.#judge(answer)
    } catch (error) {
      return unreachable(error, signal)
    }
  }

  /** What the wire gets for a batch. A text body ends without a newline: it is records joined, not terminated. */
  async #body({ bytes }: Batch): Promise<Uint8Array> {
    let body: Uint8Array = bytes.subarray(0, bytes.length - 1)
    if (this.#options.format === 'json_array') body = Buffer.concat([OPEN, body, CLOSE])
    return this.#options.compression === 'gzip' ? await compress(body) : body
  }

  async #judge({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<SendResult> {
    if (statusCode >= 200 && statusCode < 300) {
      // The status is the answer: whatever becomes of the rest, the batch has arrived.
      await body.dump({ limit: ANSWER_BYTES_MAX }).catch(() => undefined)
      return { ok: true }
    }
    const message = `the server answered ${statusCode}: ${await reasonIn(body)}`
    const code = `http_${statusCode}`
    const retryable = RETRYABLE.has(statusCode) || statusCode >= 500
    const asked = retryable ? parseRetryAfter(headers['retry-after'], Date.now()) : undefined
    if (asked === undefined) return { ok: false, retryable, code, message }
    return { ok: false, retryable, code, message, retryAfterMs: Math.min(asked, this.#options.retry_after_max_ms) }
  }
}

const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')

/** `http://user:password@host` is sent as the Authorization header it stands for. */
function credentialsOf(url: URL): Record<string, string> {
  if (url.username === '') return {}
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function hasReadableCredentials(text: string): boolean {
  try {
    credentialsOf(new URL(text))
    return true
  } catch {
    return false
  }
}

/** The beginning of what the server says. That it stops in the middle changes nothing about the status. */
async function reasonIn(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body) {
      text += String(chunk)
      if (text.length > REASON_CHARACTERS_MAX) break
    }
  } catch {
    text += '…'
  }
  return text.slice(0, REASON_CHARACTERS_MAX).replace(/\s+/g, ' ').trim()
}

const TIMEOUTS = new Set(['TimeoutError', 'ConnectTimeoutError', 'HeadersTimeoutError', 'BodyTimeoutError'])

function unreachable(error: unknown, signal: AbortSignal): SendResult {
  if (signal.aborted) return { ok: false, retryable: true, code: 'aborted', message: 'stopped while sending' }
  if (!(error instanceof Error)) return { ok: false, retryable: true, code: 'network', message: String(error) }
  if (TIMEOUTS.has(error.name))
    return { ok: false, retryable: true, code: 'timeout', message: 'the server took too long' }
  const { code }: NodeJS.ErrnoException = error
  return { ok: false, retryable: true, code: (code ?? 'network').toLowerCase(), message: reasonOf(error) }
}
