/**
 * `loki` takes what is pushed to Grafana Loki: `POST /loki/api/v1/push`, protobuf in a block of Snappy, or JSON.
 *
 * A request is looked through before any of it is taken, so that it is answered for as a whole: 204 says that all of it
 * was taken, any other answer that none of it was (but for a durable source whose 503 says that it may come twice).
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { isJsonObject } from '#codecs/json/validate.ts'
import { type DividedPush, dividePush } from '#codecs/loki_push/divide.ts'
import { TENANT_BYTES_MAX } from '#codecs/loki_push/loki_push.ts'
import type { PushText } from '#codecs/loki_push/push.ts'
import type { Exchange, Worded } from '#component/exchange.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { shownKey } from '#listeners/api-keys.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { type Bytes, isUtf8 } from '#std/bytes.ts'

const config = z.strictObject(httpIntakeOptions('0.0.0.0:3100'))
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
  readonly #context: SourceContext
  readonly #intake: HttpIntake

  constructor(options: Options, context: SourceContext) {
    this.#context = context
    this.#intake = new HttpIntake(context, options)
  }

  start(): Promise<void> {
    const ready = (exchange: Exchange) => exchange.answer(200, { 'content-type': TEXT }, 'ready\n')
    return this.#intake.start(
      [
        { method: 'POST', path: PUSH_PATH, handle: (exchange) => this.#push(exchange) },
        { method: 'GET', path: '/ready', handle: ready },
      ],
      word,
    )
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  async #push(exchange: Exchange): Promise<void> {
    const intake = this.#intake
    const key = intake.admit(exchange, keyOf(exchange))
    if (key === undefined) return
    const tenant = String(exchange.headers[TENANT_HEADER] ?? '')
    if (Buffer.byteLength(tenant) > TENANT_BYTES_MAX) {
      intake.refuse(exchange, exchange.declaredBytes, { ...MALFORMED, detail: 'The tenant is too long.' })
      return
    }
    const text: PushText = /^application\/json\b/i.test(exchange.headers['content-type'] ?? '') ? 'json' : 'plain'
    const body = await intake.body(exchange, text === 'json' ? {} : { snappy: 'assumed' })
    if (body === undefined) return
    const divided = await this.#divide(text, tenant, body.bytes)
    if (!divided.ok) {
      const { length } = body
      body.release()
      intake.refuse(exchange, length, {
        ...(divided.reason === 'malformed' ? MALFORMED : TOO_LARGE),
        detail: divided.detail,
      })
      return
    }
    const held = { records: divided.records, bytes: body.length, release: () => body.release() }
    const entry = { origin: exchange.origin, framing: text === 'json' ? 'loki_push_json' : 'loki_push' }
    const pieces = divided.pieces.map((piece) => ({ ...piece, entry, body: body.bytes }))
    if (held.records === 0) held.release()
    if (held.records === 0 || (await intake.hand(exchange, key, held, () => intake.put(pieces))))
      exchange.answer(204, {})
  }

  async #divide(text: PushText, tenant: string, bytes: Bytes): Promise<DividedPush> {
    if (text === 'json' && !(isUtf8(bytes, 0, bytes.length) && isJsonObject(bytes, 0, bytes.length))) {
      return { ok: false, reason: 'malformed', detail: 'The body is not JSON.' }
    }
    const dividing = dividePush(text, tenant, bytes, this.#context.intake.entryBytesMax)
    for (;;) {
      const step = dividing.next()
      if (step.done === true) return step.value
      await nextTurn()
    }
  }
}

const MALFORMED = { status: 400, reason: 'malformed' } as const
const TOO_LARGE = { status: 413, reason: 'body_too_large' } as const

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
