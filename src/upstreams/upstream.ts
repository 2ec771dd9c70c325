/**
 * An upstream: one or more servers that do the same, and the way to them. Whoever sends over HTTP sends through one.
 */
import type { Dispatcher, Pool } from 'undici'
import { type Bytes, concat } from '#std/bytes.ts'
import type { UpstreamPlan } from './plan.ts'
import { parseRetryAfter } from './retry-after.ts'

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Path and query, beginning with a slash. */
  path: string
  headers: Readonly<Record<string, string>>
  /** Headers that depend on the target, such as a signature: asked for each attempt. */
  sign?: (target: URL) => Promise<Record<string, string>>
  body: Uint8Array | null
  /** Of each attempt, from the first byte to the last. */
  timeoutMs: number
  signal: AbortSignal
  /** What `hash` balances by. */
  hashKey?: string
}

/** A target answered, whatever it said. */
export interface UpstreamAnswer {
  answered: true
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** At most `ANSWER_BYTES_MAX`; the rest was thrown away. That it broke off changes nothing about the status. */
  body: Bytes
  /** Milliseconds that `Retry-After` asks to wait. */
  retryAfterMs: number | undefined
}

/** Nobody answered: `code` is short and bounded in number, fit for a metric's label. Never what was sent is told. */
export interface UpstreamSilence {
  answered: false
  code: string
  message: string
  /** When trying again makes sense, if that is known: a breaker is open, or all targets are out. */
  retryAfterMs?: number
}

export type UpstreamResult = UpstreamAnswer | UpstreamSilence

/** How much of an answer is kept. */
export const ANSWER_BYTES_MAX = 1024 * 1024

export class Upstream {
  readonly plan: UpstreamPlan
  /** The client is loaded with the first request: it is large, and many nodes have none. */
  #pools: Promise<Pool[]> | undefined
  #turn = 0
  #stopped = false

  constructor(plan: UpstreamPlan) {
    this.plan = plan
  }

  /** Never rejects: failures are results. */
  async request(request: UpstreamRequest): Promise<UpstreamResult> {
    if (this.#stopped) return { answered: false, code: 'stopped', message: 'the upstream is not running' }
    try {
      this.#pools ??= this.#connect()
      const pools = await this.#pools
      const index = this.#turn++ % pools.length
      const target = new URL(this.plan.targets[index]!.url)
      const signed = await request.sign?.(target)
      const answer = await pools[index]!.request({
        method: request.method,
        path: target.pathname.replace(/\/$/, '') + request.path,
        headers: { ...request.headers, ...signed },
        body: request.body,
        signal: AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]),
      })
      return await read(answer)
    } catch (error) {
      return silence(error, request.signal)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const pools = await this.#pools
    await Promise.all((pools ?? []).map((pool) => pool.destroy()))
  }

  async #connect(): Promise<Pool[]> {
    const { Pool } = await import('undici')
    const { targets, connectionsMax, connectTimeoutMs, tls } = this.plan
    const security =
      tls === undefined
        ? {}
        : {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
            rejectUnauthorized: tls.verify,
          }
    return targets.map(
      ({ url }) =>
        new Pool(new URL(url).origin, {
          connections: connectionsMax,
          connect: { timeout: connectTimeoutMs, ...security },
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
    )
  }
}

async function read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<UpstreamAnswer> {
  const chunks: Bytes[] = []
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Bytes>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= ANSWER_BYTES_MAX) break
    }
  } catch {
    // The status is the answer.
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
  return {
    answered: true,
    status: statusCode,
    headers,
    body: concat(chunks).subarray(0, ANSWER_BYTES_MAX),
    retryAfterMs,
  }
}

const TIMEOUTS = new Set(['TimeoutError', 'ConnectTimeoutError', 'HeadersTimeoutError', 'BodyTimeoutError'])

function silence(error: unknown, signal: AbortSignal): UpstreamSilence {
  if (signal.aborted) return { answered: false, code: 'aborted', message: 'stopped while sending' }
  if (!(error instanceof Error)) return { answered: false, code: 'network', message: String(error) }
  if (TIMEOUTS.has(error.name)) return { answered: false, code: 'timeout', message: 'the server took too long' }
  const { code }: NodeJS.ErrnoException = error
  const reasons = error instanceof AggregateError ? error.errors.map(String) : [error.message]
  return { answered: false, code: (code ?? 'network').toLowerCase(), message: reasons.join('; ') }
}
