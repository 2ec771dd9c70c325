/**
 * `elasticsearch` takes documents as Elasticsearch's bulk and index APIs do, and answers what clients ask before they
 * send, so that they can stay as they are. It keeps nothing and finds nothing: there is no search.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { BulkScan } from '#codecs/bulk/bulk-scan.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import type { Exchange, ReceivedBody, Route } from '#component/exchange.ts'
import { defineSource, type RejectReason, type Source, type SourceContext } from '#component/source.ts'
import { type Admitted, retryAfterSeconds } from '#listeners/api-keys.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { type Bytes, CARRIAGE_RETURN, concat, fromText, NEWLINE } from '#std/bytes.ts'
import { type Divided, finish, piecesOf } from '../intake-body.ts'
import {
  answerJson,
  bulkAnswer,
  CHALLENGE,
  documentAnswer,
  HEALTH,
  infoOf,
  LICENSE,
  nodesOf,
  word,
  XPACK,
} from './answers.ts'
import { setupRoutes } from './setup.ts'

/** Names of indices have no more. */
const NAME_BYTES_MAX = 255
const SPACE = 0x20

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:9200'),
  version: z
    .string()
    .regex(/^\d{1,2}\.\d{1,3}\.\d{1,3}$/, 'must be a version such as 9.1.0')
    .default('9.1.0')
    .describe('Version of Elasticsearch that clients are told; some refuse to send to one older than they are.'),
  index_field: z
    .string()
    .max(128)
    .regex(/^[A-Za-z0-9_@.-]*$/, 'must be of letters, digits and _ @ . -')
    .default('es_index')
    .describe('Field under which a record gets the index that it was meant for; empty for none.'),
  actions_max: z.number().int().min(1).max(1_000_000).default(100_000).describe('Actions in one bulk request.'),
})
type Options = z.output<typeof config>

export const elasticsearch = defineSource({
  name: 'elasticsearch',
  summary: 'Takes documents as Elasticsearch does.',
  config,
  promising: true,
  create: (options, context) => new ElasticsearchSource(options, context),
})

type KeyedHandler = (exchange: Exchange, key: Admitted) => void | Promise<void>

class ElasticsearchSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #intake: HttpIntake

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#intake = new HttpIntake(context, options)
  }

  async start(): Promise<void> {
    await this.#intake.start(this.#routes(), word)
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  #routes(): Route[] {
    const { version } = this.#options
    const guard = (handle: KeyedHandler) => (exchange: Exchange) => this.#guard(exchange, handle)
    const show = (body: unknown) => guard((exchange) => answerJson(exchange, 200, body))
    const bulk = guard((exchange, key) => this.#bulk(exchange, key))
    const document = guard((exchange, key) => this.#document(exchange, key))
    const routes: Route[] = [
      { method: 'GET', path: '/', handle: show(infoOf(version)) },
      { method: 'GET', path: '/_license', handle: show(LICENSE) },
      { method: 'GET', path: '/_xpack', handle: show(XPACK) },
      { method: 'GET', path: '/_cluster/health', handle: show(HEALTH) },
      { method: 'GET', path: '/_nodes/*', handle: show(nodesOf(version)) },
    ]
    for (const method of ['POST', 'PUT'] as const) {
      routes.push({ method, path: '/_bulk', handle: bulk }, { method, path: '/:index/_bulk', handle: bulk })
      for (const path of ['/:index/_doc/:id', '/:index/_create/:id']) routes.push({ method, path, handle: document })
    }
    routes.push({ method: 'POST', path: '/:index/_doc', handle: document })
    return [...routes, ...setupRoutes((handle) => guard(handle))]
  }

  /** Lets in who has a key. */
  async #guard(exchange: Exchange, handle: KeyedHandler): Promise<void> {
    const shown = keysIn(exchange.headers.authorization)
    const { keys } = this.#intake
    let admission = keys.admit(shown[0])
    if (admission.kind === 'unknown' && shown.length > 1) admission = keys.admit(shown[1])
    const bytes = exchange.declaredBytes
    if (admission.kind === 'ok') await handle(exchange, admission.key)
    else if (admission.kind === 'over_limit') {
      const retryAfter = { 'retry-after': retryAfterSeconds(admission.retryAfterMs) }
      const detail = 'This API key has sent enough for now.'
      this.#intake.refuse(exchange, bytes, { status: 429, reason: 'over_limit', detail }, retryAfter)
    } else {
      const why = shown.length === 0 ? 'missing authentication credentials' : 'unable to authenticate'
      const detail = `${why} for REST request [${exchange.path.slice(0, 200)}]`
      this.#intake.refuse(exchange, bytes, { status: 401, reason: 'unauthorized', detail }, CHALLENGE)
    }
  }

  async #bulk(exchange: Exchange, key: Admitted): Promise<void> {
    const began = this.#context.clock.now()
    const { index } = exchange.params
    const head = this.#headOf(exchange)
    const body = head === undefined ? undefined : await this.#intake.body(exchange)
    if (head === undefined || body === undefined) return
    const scan = new BulkScan(body.bytes, this.#pieceBytesMax(head), this.#options.actions_max)
    await finish(scan)
    if (scan.fault !== undefined) this.#refuse(exchange, body, 400, 'malformed', scan.fault)
    else if (scan.isTooLong) {
      const detail = `A bulk request may have ${this.#options.actions_max} actions here.`
      this.#refuse(exchange, body, 413, 'body_too_large', detail)
    } else {
      const { ranges, records } = scan.pieces
      const divided: Divided = { framing: 'bulk', head, pieces: ranges, records }
      if (!(await this.#hand(exchange, key, body, divided))) return
      const refused = scan.items.length - records
      if (refused > 0) this.#context.reject('malformed', refused, 0)
      answerJson(exchange, 200, bulkAnswer(scan.items, this.#context.clock.now() - began, index))
    }
  }

  /** One document: a bulk request of one action. */
  async #document(exchange: Exchange, key: Admitted): Promise<void> {
    const { index = '', id = randomUUID() } = exchange.params
    const shared = this.#headOf(exchange)
    const body = shared === undefined ? undefined : await this.#intake.body(exchange)
    if (shared === undefined || body === undefined) return
    const head = concat([shared, ACTION])
    const { length } = body
    if (!isJsonObject(body.bytes, 0, length)) {
      this.#refuse(exchange, body, 400, 'malformed', 'failed to parse: the document is not a JSON object')
    } else if (length > this.#pieceBytesMax(head)) {
      this.#refuse(exchange, body, 413, 'body_too_large', 'The document is larger than the intake allows.')
    } else {
      flatten(body.bytes)
      const divided: Divided = { framing: 'bulk', head, pieces: [{ from: 0, to: length }], records: 1 }
      if (await this.#hand(exchange, key, body, divided)) answerJson(exchange, 201, documentAnswer(index, id))
    }
  }

  #hand(exchange: Exchange, key: Admitted, body: ReceivedBody, divided: Divided): Promise<boolean> {
    const held = { records: divided.records, bytes: body.length, release: () => body.release() }
    const put = () => this.#intake.put(piecesOf(exchange.origin, body.bytes, divided))
    return this.#intake.hand(exchange, key, held, put)
  }

  /** The line before the pieces. Undefined: the index has a name that is none, and was refused. */
  #headOf(exchange: Exchange): Bytes | undefined {
    const { index } = exchange.params
    if (index !== undefined && Buffer.byteLength(index) > NAME_BYTES_MAX) {
      const refusal = { status: 400, reason: 'malformed', detail: 'The name of the index is too long.' } as const
      this.#intake.refuse(exchange, exchange.declaredBytes, refusal)
      return undefined
    }
    const field = this.#options.index_field === '' ? undefined : this.#options.index_field
    return fromText(`${JSON.stringify({ field, index })}\n`)
  }

  #pieceBytesMax(head: Bytes): number {
    return this.#context.intake.entryBytesMax - head.length
  }

  #refuse(exchange: Exchange, body: ReceivedBody, status: number, reason: RejectReason, detail: string): void {
    const { length } = body
    body.release()
    this.#intake.refuse(exchange, length, { status, reason, detail })
  }
}

const ACTION = fromText('{"index":{}}\n')

/** Line ends in valid JSON stand only between tokens, where a space means the same. */
function flatten(bytes: Bytes): void {
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) bytes[at] = SPACE
  for (let at = bytes.indexOf(CARRIAGE_RETURN); at !== -1; at = bytes.indexOf(CARRIAGE_RETURN, at + 1)) {
    bytes[at] = SPACE
  }
}

/** What may be the key: the password of Basic; an `ApiKey` as it was sent, or what it encodes; a bearer's token. */
function keysIn(authorization: string | undefined): string[] {
  const match = /^(basic|apikey|bearer) +(\S+) *$/i.exec(authorization ?? '')
  if (match === null) return []
  const [, scheme = '', sent = ''] = match
  if (scheme.toLowerCase() === 'bearer') return [sent]
  const decoded = Buffer.from(sent, 'base64').toString('utf8')
  if (scheme.toLowerCase() === 'apikey') return [sent, decoded]
  const colon = decoded.indexOf(':')
  return colon === -1 ? [] : [decoded.slice(colon + 1)]
}
