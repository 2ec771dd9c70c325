/**
 * `http` takes bodies of records: text, newline-delimited JSON, or JSON.
 *
 * A body is read whole, decompressed as it comes in, and handed over in one go: a client that got 202 knows that all of
 * it was taken, and any other answer means that none of it was.
 */
import { z } from 'zod'
import type { Exchange } from '#component/exchange.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { countRecords } from '../count-records.ts'
import { type DeliveryLimits, deliver } from '../deliver.ts'
import { lineTooLongPolicies } from '../line-framing.ts'
import { mediaNames, mediaOf } from './media.ts'

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:8080'),
  paths: z
    .array(z.string().regex(/^\/[^\s?#:*]*$/, 'must be a path, such as /ingest'))
    .min(1)
    .max(100)
    .default(['/', '/ingest'])
    .describe('Where bodies are taken with POST.'),
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
})
type Options = z.output<typeof config>

export const http = defineSource({
  name: 'http',
  summary: 'Bodies of records over HTTP: text, NDJSON or JSON.',
  config,
  promising: true,
  create: (options, context) => new HttpSource(options, context),
})

class HttpSource implements Source {
  readonly #context: SourceContext
  readonly #intake: HttpIntake
  readonly #paths: readonly string[]
  readonly #limits: DeliveryLimits

  constructor(options: Options, context: SourceContext) {
    this.#context = context
    this.#intake = new HttpIntake(context, options)
    this.#paths = options.paths
    this.#limits = {
      lineBytesMax: Math.min(options.line_bytes_max, context.intake.entryBytesMax - 1),
      lineTooLong: options.line_too_long,
      dropped: (length) => context.reject('line_too_long', 1, length),
    }
  }

  start(): Promise<void> {
    const handle = (exchange: Exchange) => this.#take(exchange)
    return this.#intake.start(this.#paths.map((path) => ({ method: 'POST', path, handle })))
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  async #take(exchange: Exchange): Promise<void> {
    const key = this.#intake.admit(exchange)
    if (key === undefined) return
    const media = mediaOf(exchange.headers['content-type'])
    if (media === undefined) {
      const detail = `Content types that are taken: ${mediaNames}.`
      const refusal = { status: 415, reason: 'unsupported_media_type', detail } as const
      this.#intake.refuse(exchange, exchange.declaredBytes, refusal)
      return
    }
    const body = await this.#intake.body(exchange)
    if (body === undefined) return
    const { length: bytes } = body
    const records = key.countsRecords ? await countRecords(media, body.bytes) : 0
    const held = { records, bytes, release: () => body.release() }
    const { intake } = this.#context
    const put = () => deliver(intake, exchange.origin, media, body.bytes, this.#limits)
    if (await this.#intake.hand(exchange, key, held, put)) {
      exchange.answer(202, { 'content-type': 'application/json' }, `{"accepted_bytes":${bytes}}\n`)
    }
  }
}
