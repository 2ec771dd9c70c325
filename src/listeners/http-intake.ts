/**
 * What sources that take records over HTTP do alike, step by step: who is it, what did it send, does the node take it.
 * Each step that fails counts, answers in the words of the mount, and ends the request; the source goes on only with
 * what came through.
 *
 *   const key = intake.admit(exchange)
 *   if (key === undefined) return
 *   const body = await intake.body(exchange)
 *   if (body === undefined) return
 *   const held = { records: 1, bytes: body.length, release: () => body.release() }
 *   if (await intake.hand(exchange, key, held, () => intake.put(piecesOf(body)))) exchange.answer(200, {}, 'ok')
 */
import type {
  BodyLimits,
  Exchange,
  Expected,
  Headers,
  HttpListenerOptions,
  Mounted,
  ReceivedBody,
  Route,
  WordRefusal,
} from '#component/exchange.ts'
import type { RejectReason, SourceContext } from '#component/source.ts'
import { Acceptance, durableOptions, type Piece, putPieces } from './acceptance.ts'
import { type Admitted, type ApiKeyOptions, ApiKeys, apiKeysOption, retryAfterSeconds, shownKey } from './api-keys.ts'
import { addressText, parseListen } from './listen.ts'
import { type BodyOptions, bodyLimits, bodyOptions, httpListenerOptions } from './options.ts'
import { RETRY_AFTER } from './problem.ts'

/** To be spread into a source's schema; `promising: true` belongs to it. */
export function httpIntakeOptions(standardListen: string) {
  return { ...httpListenerOptions(standardListen), ...apiKeysOption, ...bodyOptions(), ...durableOptions }
}

export interface HttpIntakeOptions extends HttpListenerOptions, BodyOptions {
  api_keys: readonly ApiKeyOptions[]
  durable_timeout_ms: number
}

/** What became of a body that was put. All but `taken`: nothing of it was. */
export type Delivery = 'taken' | 'no_room' | 'malformed' | 'too_large'

export interface Refusal {
  status: number
  reason: RejectReason
  detail: string
}

const undelivered: Record<Exclude<Delivery, 'taken'>, Refusal> = {
  no_room: { status: 503, reason: 'overload', detail: 'There is no room for more records now.' },
  malformed: { status: 400, reason: 'malformed', detail: 'The body is not JSON.' },
  too_large: { status: 413, reason: 'body_too_large', detail: 'A single record is larger than the intake allows.' },
}
const LATE: Refusal = { status: 503, reason: 'overload', detail: 'What came before is not safe yet.' }

/** One of each source. */
export class HttpIntake {
  readonly #context: SourceContext
  readonly #options: HttpIntakeOptions
  readonly #limits: BodyLimits
  readonly #acceptance: Acceptance
  readonly #keys: ApiKeys
  #mounted: Mounted | undefined

  /** `options` may have more keys. */
  constructor(context: SourceContext, options: HttpIntakeOptions) {
    this.#context = context
    this.#options = options
    this.#limits = bodyLimits(options)
    this.#acceptance = new Acceptance(context, options.durable_timeout_ms)
    this.#keys = new ApiKeys(options.api_keys, context.clock)
  }

  get keys(): ApiKeys {
    return this.#keys
  }

  /** What came before is not safe yet: nothing is taken now. */
  get isLate(): boolean {
    return this.#acceptance.isLate
  }

  /** Rejects with `SG_LISTEN`. `word`: as of `Mount`. */
  async start(routes: readonly Route[], word?: WordRefusal): Promise<void> {
    const mount = { source: this.#context, options: this.#options, routes }
    this.#mounted = await this.#context.listeners.mount(word === undefined ? mount : { ...mount, word })
  }

  /** Resolves when the requests under way have ended. Safe before `start` and when called twice. */
  async stop(): Promise<void> {
    await this.#mounted?.unmount()
  }

  address(): string {
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    return this.#mounted?.address() ?? addressText(scheme, parseListen(this.#options.listen)!)
  }

  /** Who it is, by the key that it shows. Undefined: it has been refused. */
  admit(exchange: Exchange, shown = shownKey(exchange.headers)): Admitted | undefined {
    const admission = this.#keys.admit(shown)
    if (admission.kind === 'ok') return admission.key
    const { declaredBytes } = exchange
    if (admission.kind === 'unknown') {
      const refusal = { status: 401, reason: 'unauthorized', detail: 'A known API key must be shown.' } as const
      this.refuse(exchange, declaredBytes, refusal, { 'www-authenticate': 'Bearer' })
    } else {
      const detail = `The API key "${admission.key.name}" has sent as much as it may for now.`
      const retry = { 'retry-after': retryAfterSeconds(admission.retryAfterMs) }
      this.refuse(exchange, declaredBytes, { status: 429, reason: 'over_limit', detail }, retry)
    }
    return undefined
  }

  /** The whole body; who gets it releases it. Undefined: it has been refused. */
  async body(exchange: Exchange, expected?: Expected): Promise<ReceivedBody | undefined> {
    const received = await exchange.body(this.#limits, expected)
    if (received.ok) return received.body
    this.refuse(exchange, received.wireBytes, received, received.headers)
    return undefined
  }

  /**
   * Has `deliver` put what `exchange` brought, and waits until it is safe where the source is durable. True: answer
   * that it was taken. False: it has been refused. `key` pays for `records` and `bytes` when they were taken. `release`
   * is called as soon as the body is not needed any more.
   */
  async hand(
    exchange: Exchange,
    key: Admitted,
    held: { records: number; bytes: number; release(): void },
    deliver: () => Delivery | Promise<Delivery>,
  ): Promise<boolean> {
    if (this.#acceptance.isLate) {
      held.release()
      this.refuse(exchange, held.bytes, LATE, RETRY_AFTER)
      return false
    }
    const isSafe = this.#acceptance.follow(exchange.origin)
    const delivery = await deliver()
    held.release()
    if (delivery !== 'taken') {
      this.refuse(exchange, held.bytes, undelivered[delivery], delivery === 'no_room' ? RETRY_AFTER : {})
      return false
    }
    key.spend(held.records, held.bytes)
    if (await isSafe()) return true
    // It was taken, and counts as that.
    exchange.refuse(503, 'It cannot be kept safe now; send it again.', RETRY_AFTER)
    return false
  }

  /** Puts the pieces: for `deliver` of `hand`. */
  put(pieces: Iterable<Piece>): Promise<'taken' | 'no_room'> {
    return putPieces(this.#context.intake, pieces)
  }

  /** Counts and answers, in the words of the mount. `bytes`: of the body, as far as is known. */
  refuse(exchange: Exchange, bytes: number, { status, reason, detail }: Refusal, headers: Headers = {}): void {
    this.#context.reject(reason, 1, bytes)
    exchange.refuse(status, detail, headers)
  }
}
