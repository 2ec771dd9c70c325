/**
 * Keep-alive connections to one target: a pool of undici's, which is loaded with the first request because it is large
 * and many nodes have no use for it. HTTP/1.1: one request at a time on a connection, so the limit of connections is
 * one of requests too.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Client, Dispatcher, Pool } from 'undici'
import { type Bytes, concat } from '#std/bytes.ts'
import type { UpstreamPlan } from './plan.ts'
import type { Reach } from './retry.ts'
import { serverNameFor, socketOptions } from './tls.ts'
import type { UpstreamRequest } from './upstream.ts'

export type ConnectionLimits = Pick<UpstreamPlan, 'connectionsMax' | 'pendingMax' | 'connectTimeoutMs' | 'tls'>

export interface Message {
  method: UpstreamRequest['method']
  path: string
  headers: Readonly<Record<string, string>>
  body: Uint8Array | null
}

/** Either an answer, or why there is none. */
export interface Exchange {
  reach: Reach
  status: number | undefined
  headers: IncomingHttpHeaders
  /** At most `ANSWER_BYTES_MAX`. */
  body: Bytes
  error: unknown
}

/** How much of an answer is kept. */
export const ANSWER_BYTES_MAX = 1024 * 1024
/** An idle connection is closed after this, or before the server says that it closes it. */
const KEEP_ALIVE_MS = 4_000

export class Connections {
  readonly #origin: string
  readonly #limits: ConnectionLimits
  readonly #serverName: string | undefined
  #pool: Pool | undefined
  #opening: Promise<Pool> | undefined
  #occupied = 0
  #closed = false

  constructor(origin: string, limits: ConnectionLimits) {
    this.#origin = origin
    this.#limits = limits
    this.#serverName = serverNameFor(new URL(origin), limits.tls)
  }

  /**
   * Requests that have, or wait for, a connection. A request that was given up counts until the pool has let go of it.
   */
  get occupied(): number {
    return this.#occupied
  }

  get waiting(): number {
    return Math.max(0, this.#occupied - this.#limits.connectionsMax)
  }

  get hasRoom(): boolean {
    return this.#occupied < this.#limits.connectionsMax + this.#limits.pendingMax
  }

  /** Never rejects. Ends at the latest when `signal` aborts or the time is over. */
  async exchange(message: Message, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    this.#occupied++
    const pending = new PendingExchange(() => this.#occupied--)
    const timer = setTimeout(() => pending.giveUp(new DOMException('too late', 'TimeoutError')), timeoutMs)
    const aborted = () => pending.giveUp(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    try {
      const pool = this.#pool ?? (await this.#open())
      pool.dispatch(this.#dispatchOptions(message), pending)
    } catch (error) {
      pending.onResponseError(null, error)
    }
    const exchange = await pending.promise
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
    return exchange
  }

  /** Takes nothing more; what is under way ends in its own time. */
  async close(): Promise<void> {
    this.#closed = true
    const pool = await this.#opening?.catch(() => undefined)
    await pool?.close().catch(() => undefined)
  }

  /** Ends everything now. After `close` too. */
  async destroy(): Promise<void> {
    this.#closed = true
    const pool = await this.#opening?.catch(() => undefined)
    await pool?.destroy().catch(() => undefined)
  }

  #dispatchOptions({ method, path, headers, body }: Message): Dispatcher.DispatchOptions {
    const name = this.#serverName === undefined ? {} : { servername: this.#serverName }
    return { method, path, headers: headers as Record<string, string>, body, ...name }
  }

  #open(): Promise<Pool> {
    // Nobody would close a pool that is opened after this. Whoever waits for one to open still gets it: they came
    // first.
    if (this.#closed && this.#opening === undefined) return Promise.reject(new ClosedError())
    this.#opening ??= (async () => {
      const undici = await import('undici')
      const { connectionsMax, connectTimeoutMs, tls } = this.#limits
      this.#pool = new undici.Pool(this.#origin, {
        connections: connectionsMax,
        connect: { timeout: connectTimeoutMs, ...socketOptions(tls) },
        allowH2: false,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // Time is kept for the exchange as a whole.
        headersTimeout: 0,
        bodyTimeout: 0,
        factory: (origin, options) => countUses(new undici.Client(origin, options as Client.Options)),
      })
      return this.#pool
    })()
    return this.#opening
  }
}

/** Tells each exchange whether its connection has carried another before. */
function countUses(client: Client): Client {
  let uses = 0
  client.on('connect', () => {
    uses = 0
  })
  const dispatch = client.dispatch.bind(client)
  client.dispatch = (options, handler) => {
    if (handler instanceof PendingExchange) handler.countUse = () => uses++
    return dispatch(options, handler)
  }
  return client
}

/** As the client's own, which says the same of a pool that was closed. */
class ClosedError extends Error {
  readonly code = 'UND_ERR_CLOSED'
}

/** Errors of a connection that the other side has closed. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

class PendingExchange implements Dispatcher.DispatchHandler {
  readonly promise: Promise<Exchange>
  /** Set by the client that takes it: how many exchanges its connection had before this one. */
  countUse: () => number = () => 0
  readonly #resolve: (exchange: Exchange) => void
  readonly #letGo: () => void
  #controller: Dispatcher.DispatchController | undefined
  #settled = false
  #gone = false
  #started = false
  #reused = false
  #begun = false
  #status: number | undefined
  #headers: IncomingHttpHeaders = {}
  readonly #chunks: Bytes[] = []
  #size = 0

  constructor(letGo: () => void) {
    const { promise, resolve } = Promise.withResolvers<Exchange>()
    this.promise = promise
    this.#resolve = resolve
    this.#letGo = letGo
  }

  /** The caller has no more time. What waits in the pool is thrown away when its turn comes. */
  giveUp(reason: unknown): void {
    this.#settle(reason)
    this.#controller?.abort(asError(reason))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#reused = this.countUse() > 0
    this.#started = true
    if (this.#settled) controller.abort(new Error('given up while waiting'))
  }

  onResponseStarted(): void {
    this.#begun = true
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#begun = true
    this.#status = status
    this.#headers = headers
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < ANSWER_BYTES_MAX) return
    this.#settle(undefined)
    controller.abort(new Error('the rest of the answer is not wanted'))
  }

  onResponseEnd(): void {
    this.#settle(undefined)
    this.#leave()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    this.#settle(error)
    this.#leave()
  }

  /** Once there is a status, it is the answer, whatever becomes of the rest. */
  #settle(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#resolve({
      reach: this.#reach(error),
      status: this.#status,
      headers: this.#headers,
      body: concat(this.#chunks).subarray(0, ANSWER_BYTES_MAX),
      error,
    })
  }

  #reach(error: unknown): Reach {
    if (!this.#started) return 'not_sent'
    const { code } = asError(error)
    return this.#reused && !this.#begun && code !== undefined && BROKEN.has(code) ? 'stale' : 'sent'
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#letGo()
  }
}

function asError(reason: unknown): NodeJS.ErrnoException {
  return reason instanceof Error ? reason : new Error(String(reason))
}
