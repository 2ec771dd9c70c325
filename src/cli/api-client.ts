/** Talks to a controller's REST API, for commands. */
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { StreamgateError } from '#contract/error.ts'
import { Secret } from '#std/secret.ts'
import { ApiError, plain, problemOf } from './api-error.ts'
import { readEvents, type ServerEvent } from './sse.ts'

/** For commands that use the API. The key is no flag: flags show in lists of processes. */
export const apiOptions = {
  url: { type: 'string', value: 'URL', about: 'The controller (http://127.0.0.1:8000). Environment: STREAMGATE_URL.' },
  'key-file': { type: 'string', value: 'FILE', about: 'File with the API key. Environment: STREAMGATE_API_KEY.' },
} as const

const URL_DEFAULT = 'http://127.0.0.1:8000'
const TIMEOUT_MS = 30_000
/** Silence after which a stream of events counts as broken; servers send comments meanwhile. */
const EVENTS_SILENCE_MS = 60_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
/** A list that does not end by then goes in circles. */
const PAGES_MAX = 100_000
const CHANGE_ATTEMPTS = 3

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Call {
  query?: Query
  /** Sent as JSON, unless it is a string or bytes with a `contentType` of their own. */
  body?: unknown
  contentType?: string
  ifMatch?: string | undefined
  /** The same key makes the server answer a repetition as it did the first time. */
  idempotencyKey?: string
  timeoutMs?: number
  signal?: AbortSignal
}

export interface Answer<Body> {
  status: number
  body: Body
  /** As it came, quotes included: goes into `ifMatch`. */
  etag: string | undefined
}

/** Takes address and key from flags, then from the environment. Throws `StreamgateError`. */
export function apiFrom(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
): ApiClient {
  const url = String(flags['url'] ?? (env['STREAMGATE_URL'] || URL_DEFAULT))
  const file = flags['key-file']
  const key = file === undefined ? env['STREAMGATE_API_KEY'] : keyFrom(String(file))
  return new ApiClient(url, key === undefined || key.trim() === '' ? undefined : new Secret(key.trim()))
}

function keyFrom(file: string): string {
  try {
    const key = readFileSync(file, 'utf8')
    if (key.trim() !== '') return key
  } catch (error) {
    throw new StreamgateError('SG_USAGE', `cannot read the key: ${(error as Error).message}`)
  }
  throw new StreamgateError('SG_USAGE', `${file} holds no key`)
}

export class ApiClient {
  /** Without a slash at its end. */
  readonly url: string
  readonly #key: Secret | undefined

  /** Throws `StreamgateError` when the address or the key cannot be used. */
  constructor(url: string, key?: Secret) {
    const parsed = URL.parse(url)
    if (parsed === null || !/^https?:$/.test(parsed.protocol))
      throw new StreamgateError('SG_USAGE', 'the address of the controller must be an http:// or https:// URL')
    if (parsed.username !== '' || parsed.password !== '')
      throw new StreamgateError('SG_USAGE', 'no credentials in the URL: they go into STREAMGATE_API_KEY or --key-file')
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key.reveal()))
      throw new StreamgateError('SG_USAGE', 'the API key has characters that no key has: it must be one line of ASCII')
    this.url = `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '')
    this.#key = key
  }

  /** `path` begins with a slash. With a schema the body is checked by it. Throws `ApiError` for answers of 400 and above. */
  async call<Schema extends z.ZodType>(
    method: string,
    path: string,
    call: Call & { schema: Schema },
  ): Promise<Answer<z.output<Schema>>>
  async call(method: string, path: string, call?: Call): Promise<Answer<unknown>>
  async call(method: string, path: string, call: Call & { schema?: z.ZodType } = {}): Promise<Answer<unknown>> {
    const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS)
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout])
    const response = await this.#send(method, path, call, signal, 'application/json')
    const text = await this.#textOf(response)
    const etag = response.headers.get('etag') ?? undefined
    if (text === '') return { status: response.status, body: checked(undefined, call.schema, path), etag }
    if (!isJson(response)) throw this.#strange(path, 'no JSON')
    return { status: response.status, body: checked(parsed(text), call.schema, path), etag }
  }

  /** Reads, changes and writes back, again when somebody else was faster. `edit` gets what stands there. */
  async change<Body>(path: string, edit: (body: Body) => unknown): Promise<Answer<unknown>> {
    for (let attempt = 1; ; attempt++) {
      const { body, etag } = await this.call('GET', path)
      try {
        return await this.call('PUT', path, { body: edit(body as Body), ifMatch: etag })
      } catch (error) {
        const isStale = error instanceof ApiError && error.status === 412
        if (!isStale || attempt === CHANGE_ATTEMPTS) throw error
      }
    }
  }

  /** All items of a list that comes in pages: `{ items, next_cursor }`. Without `next_cursor` it was the last. */
  async *list(path: string, query: Query = {}): AsyncGenerator<unknown> {
    let cursor: string | undefined
    for (let page = 0; page < PAGES_MAX; page++) {
      const { body } = await this.call('GET', path, { query: { ...query, cursor } })
      const { items, next_cursor: next } = (body ?? {}) as { items?: unknown; next_cursor?: unknown }
      if (!Array.isArray(items)) throw this.#strange(path, 'no list')
      yield* items
      if (next === undefined || next === null || next === '') return
      if (typeof next !== 'string' || next === cursor) throw this.#strange(path, 'the same page again')
      cursor = next
    }
    throw this.#strange(path, 'a list without an end')
  }

  /** Events until the server ends the stream, or `signal` aborts, which ends the generator too. */
  async *events(
    path: string,
    call: Call & { lastEventId?: string; silenceMs?: number; method?: string } = {},
  ): AsyncGenerator<ServerEvent> {
    const silent = new AbortController()
    const silenceMs = call.silenceMs ?? EVENTS_SILENCE_MS
    const timer = setTimeout(() => silent.abort(new Error(`nothing came for ${silenceMs} ms`)), silenceMs)
    const signal = call.signal === undefined ? silent.signal : AbortSignal.any([call.signal, silent.signal])
    try {
      const response = await this.#send(call.method ?? 'GET', path, call, signal, 'text/event-stream')
      if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true || response.body === null)
        throw this.#strange(path, 'no stream of events')
      yield* readEvents(heard(response.body, timer))
    } catch (error) {
      if (call.signal?.aborted === true) return
      if (error instanceof StreamgateError) throw error
      throw new StreamgateError('SG_USAGE', `the stream from ${this.url} broke off: ${reasonOf(error)}`)
    } finally {
      clearTimeout(timer)
    }
  }

  async #send(
    method: string,
    path: string,
    { query = {}, body, contentType, ifMatch, idempotencyKey, ...rest }: Call & { lastEventId?: string },
    signal: AbortSignal,
    accept: string,
  ): Promise<Response> {
    const headers = new Headers({ accept: `${accept}, application/problem+json` })
    if (this.#key !== undefined) headers.set('authorization', `Bearer ${this.#key.reveal()}`)
    if (ifMatch !== undefined) headers.set('if-match', ifMatch)
    if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
    if (rest.lastEventId !== undefined) headers.set('last-event-id', rest.lastEventId)
    if (body !== undefined) headers.set('content-type', contentType ?? 'application/json')
    const isRaw = contentType !== undefined && (typeof body === 'string' || body instanceof Uint8Array)
    const content = body === undefined ? null : isRaw ? (body as string) : JSON.stringify(body)
    let response: Response
    try {
      // A redirect would lose the body or the key; whoever gives the address can give the right one.
      response = await fetch(this.#address(path, query), { method, headers, body: content, redirect: 'manual', signal })
    } catch (error) {
      const remedy = 'is it running? Another address: --url or STREAMGATE_URL'
      throw new StreamgateError('SG_USAGE', `no controller answers at ${this.url}: ${reasonOf(error)}; ${remedy}`)
    }
    if (response.ok) return response
    const { status } = response
    if (status >= 300 && status < 400) {
      const to = plain(response.headers.get('location') ?? 'elsewhere')
      throw new StreamgateError('SG_USAGE', `${this.url} redirects to ${to}: name that address with --url`)
    }
    const text = await this.#textOf(response)
    throw new ApiError(`${method} ${path}`, status, isJson(response) ? problemOf(parsed(text)) : {})
  }

  #address(path: string, query: Query): string {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    return given.length === 0 ? this.url + path : `${this.url}${path}?${new URLSearchParams(given)}`
  }

  async #textOf(response: Response): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    try {
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) throw new Error(`it is larger than ${ANSWER_BYTES_MAX} bytes`)
        text += decoder.decode(chunk, { stream: true })
      }
    } catch (error) {
      throw new StreamgateError('SG_USAGE', `the answer of ${this.url} cannot be read: ${reasonOf(error)}`)
    }
    return text + decoder.decode()
  }

  #strange(path: string, what: string): StreamgateError {
    return new StreamgateError('SG_USAGE', `${this.url}${path} answers with ${what}: is that a StreamGate controller?`)
  }
}

/** Every chunk starts the timer anew. */
async function* heard(chunks: AsyncIterable<Uint8Array>, timer: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    timer.refresh()
    yield chunk
  }
}

function isJson(response: Response): boolean {
  return /^application\/(\w+\+)?json\b/.test(response.headers.get('content-type') ?? '')
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function checked(body: unknown, schema: z.ZodType | undefined, path: string): unknown {
  if (schema === undefined) return body
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const { path: at, message } = result.error.issues[0]!
  const where = at.map((part) => `/${String(part)}`).join('')
  throw new StreamgateError('SG_USAGE', `${path} answers what this version does not know: ${where || '/'}: ${message}`)
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError') return 'it took too long'
  const { code, message: text } = (cause ?? {}) as { code?: string; message?: string }
  return plain(text || code || message)
}
