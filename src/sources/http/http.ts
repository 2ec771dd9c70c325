/**
 * `http` takes bodies of records: text, newline-delimited JSON, or JSON.
 *
 * A body is read whole, decompressed as it comes in, and handed over in one go: a client that got 202 knows that all of
 * it was taken, and any other answer means that none of it was.
 */
import { z } from 'zod'
import type { BodyLimits, Exchange, Mounted } from '#component/exchange.ts'
import { defineSource, type RejectReason, type Source, type SourceContext } from '#component/source.ts'
import { Acceptance, durableOptions } from '#listeners/acceptance.ts'
import { type Admitted, ApiKeys, apiKeysOption, retryAfterSeconds, shownKey } from '#listeners/api-keys.ts'
import { addressText, parseListen } from '#listeners/listen.ts'
import { bodyLimits, bodyOptions, httpListenerOptions } from '#listeners/options.ts'
import { RETRY_AFTER } from '#listeners/problem.ts'
import { countRecords } from '../count-records.ts'
import { type Delivery, type DeliveryLimits, deliver } from '../deliver.ts'
import { lineTooLongPolicies } from '../line-framing.ts'
import { mediaNames, mediaOf } from './media.ts'

const config = z.strictObject({
  ...httpListenerOptions('0.0.0.0:8080'),
  ...apiKeysOption,
  ...bodyOptions(),
  line_bytes_max: z
    .number()
    .int()
    .min(1)
    .default(1024 * 1024)
    .describe('Longest line in bytes, without its newline.'),
  line_too_long: z
    .enum(lineTooLongPolicies)
    .default('cut')
    .describe('What becomes of longer lines: cut into records marked truncated, or dropped and counted.'),
  ...durableOptions,
})
type Options = z.output<typeof config>

export const http = defineSource({
  name: 'http',
  summary: 'Bodies of records over HTTP: text, NDJSON or JSON.',
  config,
  promising: true,
  create: (options, context) => new HttpSource(options, context),
})

interface Problem {
  status: number
  reason: RejectReason
  detail: string
}

const undelivered: Record<Exclude<Delivery, 'taken'>, Problem> = {
  no_room: { status: 503, reason: 'overload', detail: 'There is no room for more records now.' },
  malformed: { status: 400, reason: 'malformed', detail: 'The body is not JSON.' },
  too_large: { status: 413, reason: 'body_too_large', detail: 'A single record is larger than the intake allows.' },
}

class HttpSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #bodyLimits: BodyLimits
  readonly #deliveryLimits: DeliveryLimits
  readonly #acceptance: Acceptance
  readonly #keys: ApiKeys
  #mounted: Mounted | undefined

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#bodyLimits = bodyLimits(options)
    this.#acceptance = new Acceptance(context, options.durable_timeout_ms)
    this.#keys = new ApiKeys(options.api_keys, context.clock)
    this.#deliveryLimits = {
      lineBytesMax: Math.min(options.line_bytes_max, context.intake.entryBytesMax - 1),
      lineTooLong: options.line_too_long,
      dropped: (length) => context.reject('line_too_long', 1, length),
    }
  }

  async start(): Promise<void> {
    const handle = (exchange: Exchange) => this.#ingest(exchange)
    this.#mounted = await this.#context.listeners.mount({
      source: this.#context,
      options: this.#options,
      routes: ['/', '/ingest'].map((path) => ({ method: 'POST', path, handle })),
    })
  }

  async stop(): Promise<void> {
    await this.#mounted?.unmount()
  }

  address(): string {
    return this.#mounted?.address() ?? addressText('http', parseListen(this.#options.listen)!)
  }

  async #ingest(exchange: Exchange): Promise<void> {
    const key = this.#admit(exchange)
    if (key === undefined) return
    const media = mediaOf(exchange.headers['content-type'])
    if (media === undefined) {
      this.#context.reject('unsupported_media_type', 1, exchange.declaredBytes)
      exchange.refuse(415, `Content types that are taken: ${mediaNames}.`)
      return
    }
    const received = await exchange.body(this.#bodyLimits)
    if (!received.ok) {
      this.#context.reject(received.reason, 1, received.wireBytes)
      exchange.refuse(received.status, received.detail, received.headers)
      return
    }
    const { body } = received
    const { length } = body
    if (this.#acceptance.isLate) {
      body.release()
      this.#refuse(exchange, length, { ...undelivered.no_room, detail: 'What came before is not safe yet.' })
      return
    }
    const records = key.countsRecords ? await countRecords(media, body.bytes) : 0
    const isSafe = this.#acceptance.follow(exchange.origin)
    const delivery = await deliver(this.#context.intake, exchange.origin, media, body.bytes, this.#deliveryLimits)
    body.release()
    if (delivery !== 'taken') {
      this.#refuse(exchange, length, undelivered[delivery])
      return
    }
    key.spend(records, length)
    if (await isSafe()) {
      exchange.answer(202, { 'content-type': 'application/json' }, `{"accepted_bytes":${length}}\n`)
    } else exchange.refuse(503, 'It cannot be kept safe now; send it again.', RETRY_AFTER)
  }

  /** Undefined: it has been refused. */
  #admit(exchange: Exchange): Admitted | undefined {
    const admission = this.#keys.admit(shownKey(exchange.headers))
    if (admission.kind === 'ok') return admission.key
    if (admission.kind === 'unknown') {
      this.#context.reject('unauthorized', 1, exchange.declaredBytes)
      exchange.refuse(401, 'A known API key must be shown.', { 'www-authenticate': 'Bearer' })
    } else {
      this.#context.reject('over_limit', 1, exchange.declaredBytes)
      const headers = { 'retry-after': retryAfterSeconds(admission.retryAfterMs) }
      exchange.refuse(429, `The API key "${admission.key.name}" has sent as much as it may for now.`, headers)
    }
    return undefined
  }

  #refuse(exchange: Exchange, length: number, { status, reason, detail }: Problem): void {
    this.#context.reject(reason, 1, length)
    exchange.refuse(status, detail, status === 503 ? RETRY_AFTER : {})
  }
}
