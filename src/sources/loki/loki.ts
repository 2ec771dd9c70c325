/**
 * `loki` takes what is pushed to Grafana Loki: `POST /loki/api/v1/push`, protobuf in a block of Snappy, or JSON.
 *
 * A request is looked through before any of it is taken, so that it is answered for as a whole: 204 says that all of it was taken, any other
 * answer that none of it was (but for a durable source whose 503 says that it may come twice).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { isJsonObject } from '#codecs/json/validate.ts'
import { type DividedPush, dividePush, type PushPiece } from '#codecs/loki_push/divide.ts'
import { TENANT_BYTES_MAX } from '#codecs/loki_push/loki_push.ts'
import type { PushText } from '#codecs/loki_push/push.ts'
import type { BodyLimits, Exchange, Headers, Mounted, Worded } from '#component/exchange.ts'
import { defineSource, type RejectReason, type Source, type SourceContext } from '#component/source.ts'
import { Acceptance, durableOptions, type Piece } from '#listeners/acceptance.ts'
import { ApiKeys, apiKeysOption, retryAfterSeconds, shownKey } from '#listeners/api-keys.ts'
import { addressText, parseListen } from '#listeners/listen.ts'
import { bodyLimits, bodyOptions, httpListenerOptions } from '#listeners/options.ts'
import { RETRY_AFTER } from '#listeners/problem.ts'
import { type Bytes, isUtf8 } from '#std/bytes.ts'

const config = z.strictObject({
  ...httpListenerOptions('0.0.0.0:3100'),
  ...bodyOptions(),
  ...apiKeysOption,
  ...durableOptions,
})
type Options = z.output<typeof config>

export const loki = defineSource({
  name: 'loki',
  summary: 'What is pushed to Grafana Loki.',
  config,
  promising: true,
  create: (options, context) => new LokiSource(options, context),
})

const PUSH_PATH = '/loki/api/v1/push'
const TENANT_HEADER = 'x-scope-orgid'

class LokiSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #limits: BodyLimits
  readonly #keys: ApiKeys
  readonly #acceptance: Acceptance
  #mounted: Mounted | undefined

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#limits = bodyLimits(options)
    this.#keys = new ApiKeys(options.api_keys, context.clock)
    this.#acceptance = new Acceptance(context, options.durable_timeout_ms)
  }

  async start(): Promise<void> {
    this.#mounted = await this.#context.listeners.mount({
      source: this.#context,
      options: this.#options,
      word,
      routes: [
        { method: 'POST', path: PUSH_PATH, handle: (exchange) => this.#push(exchange) },
        {
          method: 'GET',
          path: '/ready',
          handle: (exchange) => exchange.answer(200, { 'content-type': TEXT }, 'ready\n'),
        },
      ],
    })
  }

  async stop(): Promise<void> {
    await this.#mounted?.unmount()
  }

  address(): string {
    return this.#mounted?.address() ?? addressText('http', parseListen(this.#options.listen)!)
  }

  async #push(exchange: Exchange): Promise<void> {
    const admission = this.#keys.admit(keyOf(exchange))
    if (admission.kind === 'unknown') {
      this.#refuse(
        exchange,
        'unauthorized',
        exchange.declaredBytes,
        401,
        'unauthorized: no key, or one that is not known',
      )
      return
    }
    if (admission.kind === 'over_limit') {
      const headers = { 'retry-after': retryAfterSeconds(admission.retryAfterMs) }
      this.#refuse(
        exchange,
        'over_limit',
        exchange.declaredBytes,
        429,
        'ingestion rate limit exceeded for this key',
        headers,
      )
      return
    }
    const tenant = String(exchange.headers[TENANT_HEADER] ?? '')
    if (Buffer.byteLength(tenant) > TENANT_BYTES_MAX) {
      this.#refuse(exchange, 'malformed', exchange.declaredBytes, 400, 'the tenant is too long')
      return
    }
    const text: PushText = /^application\/json\b/i.test(exchange.headers['content-type'] ?? '') ? 'json' : 'plain'
    const received = await exchange.body(this.#limits, text === 'json' ? {} : { snappy: 'assumed' })
    if (!received.ok) {
      this.#refuse(exchange, received.reason, received.wireBytes, received.status, received.detail, received.headers)
      return
    }
    const { body } = received
    const { length, bytes } = body
    const divided = await this.#divide(text, tenant, bytes)
    if (!divided.ok) {
      body.release()
      const isLarge = divided.reason === 'too_large'
      this.#refuse(exchange, isLarge ? 'body_too_large' : 'malformed', length, isLarge ? 413 : 400, divided.detail)
      return
    }
    const framing = text === 'json' ? 'loki_push_json' : 'loki_push'
    const { pieces, records } = divided
    const accepted =
      records === 0
        ? 'taken'
        : await this.#acceptance.accept(exchange.origin, piecesOf(exchange.origin, framing, bytes, pieces))
    body.release()
    if (accepted === 'no_room' || accepted === 'late') {
      this.#refuse(exchange, 'overload', length, 503, 'there is no room for more records now', RETRY_AFTER)
      return
    }
    admission.key.spend(records, length)
    if (accepted === 'taken') exchange.answer(204, {})
    else exchange.refuse(503, 'it cannot be kept safe now; send it again', RETRY_AFTER)
  }

  async #divide(text: PushText, tenant: string, bytes: Bytes): Promise<DividedPush> {
    if (text === 'json' && !(isUtf8(bytes, 0, bytes.length) && isJsonObject(bytes, 0, bytes.length))) {
      return { ok: false, reason: 'malformed', detail: 'the body is not JSON' }
    }
    const dividing = dividePush(text, tenant, bytes, this.#context.intake.entryBytesMax)
    for (;;) {
      const step = dividing.next()
      if (step.done === true) return step.value
      await nextTurn()
    }
  }

  #refuse(
    exchange: Exchange,
    reason: RejectReason,
    bytes: number,
    status: number,
    detail: string,
    headers: Headers = {},
  ): void {
    this.#context.reject(reason, 1, bytes)
    exchange.refuse(status, detail, headers)
  }
}

function* piecesOf(origin: number, framing: string, body: Bytes, pieces: readonly PushPiece[]): Iterable<Piece> {
  for (const { head, from, to } of pieces) yield { entry: { origin, framing }, head, body, from, to }
}

/** As others are shown, or as the password of basic authorization, as clients of Loki have it. */
function keyOf({ headers }: Exchange): string | undefined {
  const basic = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (basic === undefined) return shownKey(headers)
  const pair = Buffer.from(basic, 'base64').toString()
  const colon = pair.indexOf(':')
  return colon === -1 ? undefined : pair.slice(colon + 1)
}

const TEXT = 'text/plain; charset=utf-8'

/** As Loki does. */
function word(_status: number, detail: string): Worded {
  return { type: TEXT, body: `${detail}\n` }
}
