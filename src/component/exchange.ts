/**
 * HTTP as sources see it: they mount routes on a listener that others may have routes on too, and answer requests.
 * What keeps these promises stands in `src/listeners`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Bytes } from '#std/bytes.ts'
import type { RejectReason, SourceContext } from './source.ts'

/** Every HTTP listener of one node. */
export interface HttpListeners {
  /**
   * Sources that name the same address share its listener; with port 0 each gets its own. Resolves when it listens.
   * Rejects with `SG_LISTEN` when the address cannot be had, when another source has one of the routes, or has other
   * options for it.
   */
  mount(mount: Mount): Promise<Mounted>
}

export interface Mount {
  /** Whose routes they are: what is refused before a handler has the request is counted there. */
  source: Pick<SourceContext, 'id' | 'reject' | 'gauge'>
  /** May have more keys, such as the source's own options; they are not looked at. */
  options: HttpListenerOptions
  routes: readonly Route[]
  /**
   * How the listener words its own refusals on these routes (404 and 405 on the nearest); without it, as a problem
   * document.
   */
  word?: WordRefusal
}

/** What all who share a listener must ask for alike. Schema: `src/listeners/options.ts`. */
export interface HttpListenerOptions {
  listen: string
  tls?: TlsListenOptions | undefined
  allow?: readonly string[] | undefined
  connections_max: number
  headers_timeout_ms: number
  request_timeout_ms: number
  keep_alive_ms: number
}

export interface TlsListenOptions {
  cert_file: string
  key_file: string
  client_ca_file?: string | undefined
  client_auth: 'none' | 'request' | 'require'
  min_version: '1.2' | '1.3'
  handshake_timeout_ms: number
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS'
  /**
   * `/v1/logs`, `/:index/_bulk` (one segment each), `/insert/*` (all that follows, at least `/insert/`). A literal goes
   * before a name, a name before `*`. HEAD goes to GET where it has no route of its own. `/healthz` is the listener's.
   */
  path: string
  /** Must call `answer` once before it ends. What it throws is our defect: it is logged, and answered with 500. */
  handle(exchange: Exchange): void | Promise<void>
}

export type Headers = Readonly<Record<string, string>>

/** A refusal as it goes out. */
export interface Worded {
  type: string
  body: string
  headers?: Headers
}

export type WordRefusal = (status: number, detail: string) => Worded

/** One request and its answer. */
export interface Exchange {
  readonly method: string
  /** Without the query, as it was sent: not decoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** What stood for `:name`, decoded; `*` as it was sent. */
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  /** Number of the connection, for `IntakeEntry.origin`. */
  readonly origin: number
  /** Subject of the client's certificate, such as `CN=agent,O=Example`, when it showed one and it was verified. */
  readonly clientSubject: string | undefined
  /** Of the body as sent; 0 when the head does not say. */
  readonly declaredBytes: number
  /** True when the client went away: nobody will see the answer. */
  readonly isGone: boolean
  /**
   * Reads the body whole, decompressed. Once only. Never rejects. Who gets a body calls its `release` when it has been
   * handed over.
   */
  body(limits: BodyLimits, expected?: Expected): Promise<BodyResult>
  /** Once; later calls do nothing. What has not been read of the request is thrown away. */
  answer(status: number, headers: Headers, body?: string | Uint8Array): void
  /** Answers as the mount words refusals. Counts nothing. */
  refuse(status: number, detail: string, headers?: Headers): void
}

export interface BodyLimits {
  /** As sent, compressed or not. */
  bodyBytesMax: number
  decompressedBytesMax: number
  /** Bounds what all bodies of one source together hold. */
  budget: Budget
}

/** See `src/listeners/byte-budget.ts`. */
export interface Budget {
  take(bytes: number): boolean
  giveBack(bytes: number): void
}

/**
 * `identity`, `gzip`, `x-gzip`, `deflate` and `zstd` always; `snappy` (the block format, not frames) where a route asks
 * for it.
 */
export interface Expected {
  /** `also`: when the head names it. `assumed`: also when the head names nothing, as Loki's senders do not. */
  snappy?: 'also' | 'assumed'
  /** Sees the body as it is sent, compressed or not, piece by piece: for who verifies a signature. */
  asSent?(chunk: Uint8Array): void
}

export interface ReceivedBody {
  readonly length: number
  /** A view, which ends with `release`. Its holder may write into it. */
  readonly bytes: Bytes
  /** Safe to call twice. */
  release(): void
}

export const bodyFailures = [
  'body_too_large',
  'malformed',
  'unsupported_encoding',
  'overload',
  'timeout',
  'aborted',
] as const
export type BodyFailure = (typeof bodyFailures)[number]

/** `wireBytes`: as sent, as far as it was read. A failure tells how to count it and how it is best answered. */
export type BodyResult =
  | { ok: true; body: ReceivedBody; wireBytes: number }
  | {
      ok: false
      failure: BodyFailure
      reason: RejectReason
      status: number
      detail: string
      headers: Headers
      wireBytes: number
    }

export interface Mounted {
  /** Such as `http://0.0.0.0:8080` or `https://…`: the real port when 0 was asked for. */
  address(): string
  /**
   * Takes no new requests; resolves when those under way have ended. The listener closes with its last mount. While it
   * stays open, the routes answer 503 for a while, so that a source that is only being changed loses nothing. Safe to
   * call twice.
   */
  unmount(): Promise<void>
}
