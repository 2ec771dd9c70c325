/** Asks a target for its metrics: within a time, a number of bytes and a number of redirects. */
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Agent } from 'undici'
import type { ExpositionFormat } from '#codecs/exposition/parser.ts'
import type { Secret } from '#component/secret.ts'
import { type Bytes, concat, viewOf } from '#std/bytes.ts'

const REDIRECTS_MAX = 5
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

const inflate: (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array> = promisify(gunzip)

export interface FetchOptions {
  timeoutMs: number
  bodyBytesMax: number
  user: string | undefined
  password: Secret | undefined
  bearerToken: Secret | undefined
  tls:
    | {
        ca_file?: string | undefined
        cert_file?: string | undefined
        key_file?: string | undefined
        server_name?: string | undefined
        verify: boolean
      }
    | undefined
}

export type Fetched = { ok: true; body: Bytes; format: ExpositionFormat } | { ok: false; message: string }

export class Fetcher {
  readonly #options: FetchOptions
  #undici: typeof import('undici') | undefined
  #agent: Agent | undefined

  constructor(options: FetchOptions) {
    this.#options = options
  }

  /** Rejects when a file of the TLS options is not there. */
  async start(): Promise<void> {
    const { tls, timeoutMs } = this.#options
    this.#undici = await import('undici')
    const file = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path))
    const connect = {
      timeout: timeoutMs,
      ...(tls === undefined
        ? {}
        : {
            ca: file(tls.ca_file),
            cert: file(tls.cert_file),
            key: file(tls.key_file),
            rejectUnauthorized: tls.verify,
            ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
          }),
    }
    this.#agent = new this.#undici.Agent({ connect: connect as never, connections: 1, pipelining: 1 })
  }

  async stop(): Promise<void> {
    await this.#agent?.destroy()
    this.#agent = undefined
  }

  /** Never rejects. */
  async fetch(url: string, signal: AbortSignal): Promise<Fetched> {
    try {
      return await this.#follow(new URL(url), AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs)]))
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) }
    }
  }

  async #follow(first: URL, signal: AbortSignal): Promise<Fetched> {
    let url = first
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const headers: Record<string, string> = {
        accept: ACCEPT,
        'accept-encoding': 'gzip',
        'user-agent': 'streamgate',
        'x-prometheus-scrape-timeout-seconds': String(this.#options.timeoutMs / 1000),
      }
      const authorization = this.#authorization()
      // What is secret is for the target alone.
      if (authorization !== undefined && url.origin === first.origin) headers['authorization'] = authorization
      const answer = await this.#undici!.request(url, { dispatcher: this.#agent!, headers, signal })
      const { statusCode: status, headers: received, body } = answer
      const location = received['location']
      if (status >= 300 && status < 400 && typeof location === 'string') {
        await body.dump()
        url = new URL(location, url)
        continue
      }
      if (status !== 200) {
        await body.dump()
        return { ok: false, message: `it answered ${status}` }
      }
      return await this.#read(body, received)
    }
    return { ok: false, message: `it redirects more than ${REDIRECTS_MAX} times` }
  }

  async #read(
    body: AsyncIterable<Uint8Array>,
    headers: Record<string, string | string[] | undefined>,
  ): Promise<Fetched> {
    const { bodyBytesMax } = this.#options
    const tooLarge = { ok: false, message: `it answered more than ${bodyBytesMax} bytes` } as const
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of body) {
      length += chunk.length
      if (length > bodyBytesMax) return tooLarge
      chunks.push(chunk)
    }
    let bytes = concat(chunks)
    if (headers['content-encoding'] === 'gzip') {
      try {
        bytes = viewOf(await inflate(bytes, { maxOutputLength: bodyBytesMax }))
      } catch (error) {
        return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
          ? tooLarge
          : { ok: false, message: 'it answered what is no gzip' }
      }
    }
    const isOpen = String(headers['content-type'] ?? '').startsWith('application/openmetrics-text')
    return { ok: true, body: bytes, format: isOpen ? 'openmetrics' : 'text' }
  }

  #authorization(): string | undefined {
    const { user, password, bearerToken } = this.#options
    if (bearerToken !== undefined) return `Bearer ${bearerToken.reveal()}`
    if (user === undefined || password === undefined) return undefined
    return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`
  }
}
