/** OTLP/HTTP: POST to `/v1/…`, Protocol Buffers or JSON; the answer speaks what the request spoke. */
import { fromJson } from '#codecs/otlp/from-json.ts'
import type { BodyLimits, Exchange, Headers, Mounted, Route, Worded } from '#component/exchange.ts'
import type { SourceContext } from '#component/source.ts'
import { retryAfterSeconds } from '#listeners/api-keys.ts'
import { addressText, parseListen } from '#listeners/listen.ts'
import { type Signal, signals } from '#telemetry/signal.ts'
import { Code, type Refusal, responseBytes, responseJson, statusBytes, statusJson } from './answer.ts'
import { answersTo, type CorsOptions, preflight } from './cors.ts'
import type { HttpOptions } from './options.ts'
import { type Around, RETRY_MS, type Receptionist } from './reception.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
type Media = typeof PROTOBUF | typeof JSON_TYPE

export class HttpDoor {
  readonly #options: HttpOptions
  readonly #context: SourceContext
  readonly #reception: Receptionist
  readonly #limits: BodyLimits
  readonly #gauge: (connections: number) => void
  #mounted: Mounted | undefined

  constructor(options: HttpOptions, { context, reception, limits, gauge }: Around) {
    this.#options = options
    this.#context = context
    this.#reception = reception
    this.#limits = limits
    this.#gauge = gauge
  }

  async start(): Promise<void> {
    const { cors_origins: origins } = this.#options
    const { id, listeners } = this.#context
    this.#mounted = await listeners.mount({
      source: {
        id,
        reject: (reason, records, bytes) => this.#context.reject(reason, records, bytes),
        gauge: (_, value) => this.#gauge(value),
      },
      options: this.#options,
      routes: signals.flatMap((signal) => this.#routesOf(signal, { origins })),
      word: wordRefusal,
    })
  }

  async stop(): Promise<void> {
    await this.#mounted?.unmount()
  }

  address(): string {
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    return this.#mounted?.address() ?? addressText(scheme, parseListen(this.#options.listen)!)
  }

  #routesOf(signal: Signal, cors: CorsOptions): Route[] {
    const path = `/v1/${signal}`
    const routes: Route[] = [{ method: 'POST', path, handle: (exchange) => this.#export(signal, exchange, cors) }]
    if (cors.origins.length > 0) {
      routes.push({ method: 'OPTIONS', path, handle: (exchange) => preflight(exchange, cors) })
    }
    return routes
  }

  async #export(signal: Signal, exchange: Exchange, cors: CorsOptions): Promise<void> {
    const headers = answersTo(exchange, cors)
    const media = mediaOf(exchange.headers['content-type'])
    if (media === undefined) {
      const message = `Content types that are taken: ${PROTOBUF}, ${JSON_TYPE}.`
      this.#context.reject('unsupported_media_type', 1, exchange.declaredBytes, signal)
      refuse(exchange, JSON_TYPE, { status: 415, code: Code.invalidArgument, message }, headers)
      return
    }
    const admission = this.#reception.admit(signal, exchange.headers, exchange.declaredBytes)
    if (!admission.ok) {
      refuse(exchange, media, admission.refusal, headers)
      return
    }
    const received = await exchange.body(this.#limits)
    if (!received.ok) {
      const { status, reason, detail, wireBytes } = received
      this.#context.reject(reason, 1, wireBytes, signal)
      refuse(exchange, media, bodyRefusal(status, detail), { ...headers, ...received.headers })
      return
    }
    const { body } = received
    const request = media === JSON_TYPE ? fromJson(signal, body.bytes) : { ok: true as const, bytes: body.bytes }
    const release = () => body.release()
    const reception = request.ok
      ? await this.#reception.take(signal, exchange.origin, request.bytes, admission.key, release)
      : this.#reception.malformed(signal, request.message, body.length)
    release()
    if (!reception.ok) refuse(exchange, media, reception.refusal, headers)
    else {
      const { taken } = reception
      const answer = media === JSON_TYPE ? responseJson(signal, taken) : responseBytes(taken)
      exchange.answer(200, { 'content-type': media, ...headers }, answer)
    }
  }
}

/** Undefined when it is neither. */
function mediaOf(contentType: string | undefined): Media | undefined {
  const name = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  return name === PROTOBUF || name === JSON_TYPE ? name : undefined
}

function refuse(exchange: Exchange, media: Media, refusal: Refusal, more: Headers): void {
  const body = media === JSON_TYPE ? statusJson(refusal) : statusBytes(refusal)
  exchange.answer(refusal.status, { 'content-type': media, ...more, ...remedyOf(refusal) }, body)
}

/** What the sender may do about it. */
function remedyOf({ status, retryMs }: Refusal): Headers {
  if (retryMs !== undefined) return { 'retry-after': retryAfterSeconds(retryMs) }
  return status === 401 ? { 'www-authenticate': 'Bearer' } : {}
}

/** What the listener says no to itself: it does not know what the request speaks. */
function wordRefusal(status: number, message: string): Worded {
  return { type: JSON_TYPE, body: statusJson({ code: codeOf(status), message }) }
}

function bodyRefusal(status: number, message: string): Refusal {
  return { status, code: codeOf(status), message, ...(status === 503 ? { retryMs: RETRY_MS } : {}) }
}

function codeOf(status: number): Code {
  if (status === 413) return Code.resourceExhausted
  if (status === 429 || status === 503) return Code.unavailable
  if (status === 404 || status === 405) return Code.unimplemented
  return status === 408 ? Code.deadlineExceeded : status === 500 ? Code.internal : Code.invalidArgument
}
