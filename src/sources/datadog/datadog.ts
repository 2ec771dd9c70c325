/**
 * `datadog` takes logs as Datadog's intake does, so that agents and libraries can stay as they are and only change the
 * address.
 *
 * Its limits are not Datadog's but for the size of a body: more than 1000 entries are taken too.
 */
import { z } from 'zod'
import { DATADOG_SHARED } from '#codecs/datadog_logs/datadog_logs.ts'
import { type DatadogFault, DatadogScan } from '#codecs/datadog_logs/datadog-scan.ts'
import { LinesScan } from '#codecs/headed/lines-scan.ts'
import { skipSpace } from '#codecs/json/members.ts'
import type { Exchange, Worded } from '#component/exchange.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { type Admitted, retryAfterSeconds } from '#listeners/api-keys.ts'
import { HttpIntake, httpIntakeOptions, type Refusal } from '#listeners/http-intake.ts'
import type { Bytes } from '#std/bytes.ts'
import { type Divided, finish, headerOf, headOf, isBare, piecesOf } from '../intake-body.ts'

/** Datadog's own, decompressed. */
const BODY_BYTES_MAX = 5 * 1024 * 1024

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:8282'),
  decompressed_bytes_max: z
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .default(BODY_BYTES_MAX)
    .describe("Largest body when decompressed; Datadog's is 5 MiB."),
})
type Options = z.output<typeof config>

export const datadog = defineSource({
  name: 'datadog',
  summary: "Takes logs as Datadog's intake does.",
  config,
  promising: true,
  create: (options, context) => new DatadogSource(options, context),
})

const JSON_TYPE = 'application/json'
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** In the words of both of its APIs. */
function word(status: number, detail: string): Worded {
  const error = { status: String(status), title: titles[status] ?? 'Error', detail }
  return { type: JSON_TYPE, body: JSON.stringify({ code: status, message: detail, errors: [error] }) }
}

const faults: Record<DatadogFault, Refusal> = {
  malformed: { status: 400, reason: 'malformed', detail: 'Invalid JSON: send an object or an array of objects.' },
  too_large: { status: 413, reason: 'body_too_large', detail: 'A single entry is larger than the intake allows.' },
}

const TOO_MUCH_SHARED: Refusal = {
  status: 400,
  reason: 'malformed',
  detail: 'ddsource, ddtags, hostname and service are too long.',
}
const NO_KEY: Refusal = { status: 401, reason: 'unauthorized', detail: 'An API key is required.' }
const UNKNOWN_KEY: Refusal = { status: 403, reason: 'unauthorized', detail: 'This API key is not known here.' }
const SENT_ENOUGH: Refusal = { status: 429, reason: 'over_limit', detail: 'This API key has sent enough for now.' }

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

class DatadogSource implements Source {
  readonly #context: SourceContext
  readonly #intake: HttpIntake

  constructor(options: Options, context: SourceContext) {
    this.#context = context
    this.#intake = new HttpIntake(context, options)
  }

  async start(): Promise<void> {
    const take = (status: number) => (exchange: Exchange) => this.#take(exchange, status)
    const routes = [
      { method: 'POST', path: '/api/v2/logs', handle: take(202) },
      { method: 'POST', path: '/v1/input', handle: take(200) },
      { method: 'POST', path: '/v1/input/:api_key', handle: take(200) },
      { method: 'GET', path: '/api/v1/validate', handle: (exchange: Exchange) => this.#validate(exchange) },
    ] as const
    await this.#intake.start(routes, word)
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  /** `status`: how it says yes. */
  async #take(exchange: Exchange, status: number): Promise<void> {
    const key = this.#admit(exchange)
    if (key === undefined) return
    const head = headOf(sharedOf(exchange))
    if (head === null) {
      this.#intake.refuse(exchange, exchange.declaredBytes, TOO_MUCH_SHARED)
      return
    }
    const body = await this.#intake.body(exchange)
    if (body === undefined) return
    const { bytes, length } = body
    const release = () => body.release()
    const divided = await this.#divide(exchange, bytes, head)
    if (typeof divided === 'string') {
      release()
      this.#intake.refuse(exchange, length, faults[divided])
      return
    }
    const held = { records: divided.records, bytes: length, release }
    const put = () => this.#intake.put(piecesOf(exchange.origin, bytes, divided))
    if (await this.#intake.hand(exchange, key, held, put)) {
      exchange.answer(status, { 'content-type': JSON_TYPE }, '{}')
    }
  }

  #validate(exchange: Exchange): void {
    if (this.#admit(exchange) !== undefined) exchange.answer(200, { 'content-type': JSON_TYPE }, '{"valid":true}')
  }

  /** Undefined: it has been answered. */
  #admit(exchange: Exchange): Admitted | undefined {
    const shown = headerOf(exchange, 'dd-api-key') ?? exchange.query.get('dd-api-key') ?? exchange.params['api_key']
    const admission = this.#intake.keys.admit(shown)
    if (admission.kind === 'ok') return admission.key
    const { declaredBytes } = exchange
    if (admission.kind === 'over_limit') {
      const retryAfter = { 'retry-after': retryAfterSeconds(admission.retryAfterMs) }
      this.#intake.refuse(exchange, declaredBytes, SENT_ENOUGH, retryAfter)
    } else this.#intake.refuse(exchange, declaredBytes, shown === undefined ? NO_KEY : UNKNOWN_KEY)
    return undefined
  }

  async #divide(exchange: Exchange, bytes: Bytes, head: Bytes): Promise<Divided | DatadogFault> {
    // What an Agent sends to keep a connection has no records.
    if (skipSpace(bytes, 0, bytes.length) === bytes.length)
      return { framing: 'lines', head: null, pieces: [], records: 0 }
    if (isText(exchange, bytes)) {
      const described = isBare(head) ? null : head
      const lines = new LinesScan(bytes, this.#pieceBytesMax(described))
      await finish(lines)
      if (lines.tooLarge) return 'too_large'
      const { ranges, records } = lines.pieces
      return { framing: described === null ? 'lines' : 'described_lines', head: described, pieces: ranges, records }
    }
    const scan = new DatadogScan(bytes, this.#pieceBytesMax(head))
    await finish(scan)
    const { ranges, records } = scan.pieces
    return scan.fault ?? { framing: 'datadog_logs', head, pieces: ranges, records }
  }

  #pieceBytesMax(head: Bytes | null): number {
    return this.#context.intake.entryBytesMax - (head?.length ?? 0)
  }
}

/** In the query, or in headers of the same names. */
function sharedOf(exchange: Exchange): Record<string, string | undefined> {
  const { query } = exchange
  const value = (name: string) => query.get(name) || headerOf(exchange, name) || undefined
  return Object.fromEntries(DATADOG_SHARED.map((name) => [name, value(name)]))
}

/** Lines, unless it begins as JSON does and nobody says that it is text. */
function isText(exchange: Exchange, bytes: Bytes): boolean {
  const type = exchange.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'text/plain') return true
  if (type === JSON_TYPE) return false
  const first = bytes[skipSpace(bytes, 0, bytes.length)]
  return first !== OPEN_BRACE && first !== OPEN_BRACKET
}
