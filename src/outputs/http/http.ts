/**
 * `http` posts batches to a URL: newline-joined text, NDJSON, or a JSON array.
 */

import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { signals } from '#telemetry/signal.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip } from '../endpoint.ts'
import { inBrackets } from '../json-body.ts'

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
  url: endpointUrl
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
  ...endpointOptions,
})

const CONTENT_TYPES = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson',
  json_array: 'application/json',
}

export const http = defineOutput({
  name: 'http',
  summary: 'Posts batches to a URL.',
  // What is no text comes as JSON.
  signals,
  shape: 'request',
  config,
  encoder: ({ format }) => ({ name: format }),
  concurrency: ({ concurrency }) => concurrency,
  create: (options, context) => new HttpOutput(options, context),
})

class HttpOutput implements Output {
  readonly #options: z.output<typeof config>
  readonly #endpoint: Endpoint
  readonly #path: string
  readonly #headers: Record<string, string>

  constructor(options: z.output<typeof config>, context: OutputContext) {
    const url = new URL(options.url)
    this.#options = options
    this.#path = url.pathname + url.search
    this.#endpoint = new Endpoint({ ...options, url: url.origin }, context)
    this.#headers = { 'content-type': CONTENT_TYPES[options.format], ...credentialsOf(url) }
    for (const [name, value] of Object.entries(options.headers)) {
      this.#headers[name.toLowerCase()] = value.reveal()
    }
    if (options.compression === 'gzip') this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    return await this.#endpoint.send({
      method: this.#options.method,
      path: this.#path,
      headers: this.#headers,
      body: await this.#body(batch),
      signal,
    })
  }

  /** What the wire gets for a batch. A text body ends without a newline: it is records joined, not terminated. */
  async #body({ bytes }: Batch): Promise<Uint8Array> {
    const body = this.#options.format === 'json_array' ? inBrackets(bytes) : bytes.subarray(0, bytes.length - 1)
    return this.#options.compression === 'gzip' ? await gzip(body) : body
  }
}

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
