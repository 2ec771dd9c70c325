/**
 * `splunk_hec` takes events and raw lines as Splunk's HTTP Event Collector does, so that its many senders can stay as
 * they are.
 *
 * With `acknowledgements`, a request that was taken is answered at once, and acknowledged when it is safe: with all
 * outputs, on disk where they write what they take.
 */
import { z } from 'zod'
import { LinesScan } from '#codecs/headed/lines-scan.ts'
import { HEC_SHARED } from '#codecs/hec/hec.ts'
import { HecFault, HecScan } from '#codecs/hec/hec-scan.ts'
import { skipSpace } from '#codecs/json/members.ts'
import type { Exchange, Headers, ReceivedBody, Route } from '#component/exchange.ts'
import { defineSource, type RejectReason, type Source, type SourceContext } from '#component/source.ts'
import { type Admitted, retryAfterSeconds } from '#listeners/api-keys.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { RETRY_AFTER } from '#listeners/problem.ts'
import type { Bytes } from '#std/bytes.ts'
import { type Divided, finish, headerOf, headOf, isBare, piecesOf } from '../intake-body.ts'
import { answers, bodyOf, type HecCode, JSON_TYPE, word } from './answers.ts'
import { Channels } from './channels.ts'

/** A question for acknowledgements has no more. */
const QUESTION_BYTES_MAX = 1024 * 1024

const count = (standard: number) => z.number().int().min(1).max(10_000_000).default(standard)

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:8088'),
  query_token: z
    .boolean()
    .default(false)
    .describe('Whether ?token= is taken for a key; it then stands in access logs.'),
  acknowledgements: z
    .boolean()
    .default(false)
    .describe('Whether requests are acknowledged when they are safe; then senders must name a channel.'),
  channels_max: count(1000).describe('Channels in use at once; requests on further ones get 503.'),
  acknowledgements_max: count(100_000).describe(
    'Requests whose acknowledgement nobody has fetched; further ones get 503.',
  ),
})
type Options = z.output<typeof config>

export const splunkHec = defineSource({
  name: 'splunk_hec',
  summary: "Takes events as Splunk's HTTP Event Collector does.",
  config,
  promising: true,
  create: (options, context) => new SplunkHecSource(options, context),
})

/** What is wrong with the first bad event, and which it is. */
interface BadEvent {
  fault: HecFault
  event: number
  bytes: number
}

interface Read extends Divided {
  bad: BadEvent | undefined
}

const GUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i

class SplunkHecSource implements Source {
  readonly #context: SourceContext
  readonly #takesQueryToken: boolean
  readonly #intake: HttpIntake
  readonly #channels: Channels | undefined

  constructor(options: Options, context: SourceContext) {
    this.#context = context
    this.#takesQueryToken = options.query_token
    this.#intake = new HttpIntake(context, options)
    const limits = { channelsMax: options.channels_max, numbersMax: options.acknowledgements_max }
    this.#channels = options.acknowledgements ? new Channels(limits, context.clock) : undefined
  }

  async start(): Promise<void> {
    const events = (exchange: Exchange) => this.#take(exchange, readEvents)
    const lines = (exchange: Exchange) => this.#take(exchange, readLines)
    const health = (exchange: Exchange) => answer(exchange, this.#intake.isLate ? 18 : 17)
    const routes: Route[] = [
      { method: 'POST', path: '/services/collector', handle: events },
      { method: 'POST', path: '/services/collector/event', handle: events },
      { method: 'POST', path: '/services/collector/event/1.0', handle: events },
      { method: 'POST', path: '/services/collector/raw', handle: lines },
      { method: 'POST', path: '/services/collector/raw/1.0', handle: lines },
      { method: 'POST', path: '/services/collector/ack', handle: (exchange) => this.#tell(exchange) },
      { method: 'GET', path: '/services/collector/health', handle: health },
      { method: 'GET', path: '/services/collector/health/1.0', handle: health },
    ]
    await this.#intake.start(routes, word)
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  async #take(exchange: Exchange, read: Reader): Promise<void> {
    const key = this.#admit(exchange)
    if (key === undefined) return
    const channel = this.#channels === undefined ? undefined : this.#channelOf(exchange, key)
    if (channel === null) return
    const head = headOf(Object.fromEntries(HEC_SHARED.map((name) => [name, exchange.query.get(name) || undefined])))
    if (head === null) {
      this.#refuse(exchange, 6, 'malformed')
      return
    }
    const body = await this.#intake.body(exchange)
    if (body === undefined) return
    const { bytes, length } = body
    const divided = await read(bytes, head, this.#context.intake.entryBytesMax - head.length)
    const refusal = skipSpace(bytes, 0, length) === length ? 5 : undefined
    if (refusal !== undefined || (divided.bad !== undefined && divided.records === 0)) {
      body.release()
      if (refusal !== undefined) this.#refuse(exchange, refusal, 'malformed')
      else this.#refuseEvent(exchange, divided.bad!)
    } else if (channel === undefined) await this.#hand(exchange, key, body, divided)
    else await this.#number(exchange, key, channel, body, divided)
  }

  /** Answers when it is taken, or safe where the source is durable. */
  async #hand(exchange: Exchange, key: Admitted, body: ReceivedBody, divided: Read): Promise<void> {
    const held = { records: divided.records, bytes: body.length, release: () => body.release() }
    const put = () => this.#intake.put(piecesOf(exchange.origin, body.bytes, divided))
    if (!(await this.#intake.hand(exchange, key, held, put))) return
    if (divided.bad === undefined) answer(exchange, 0)
    else this.#refuseEvent(exchange, divided.bad)
  }

  /** Answers when it is taken, with the number under which its sender may ask whether it is safe. */
  async #number(exchange: Exchange, key: Admitted, channel: string, body: ReceivedBody, divided: Read): Promise<void> {
    const { length } = body
    const channels = this.#channels!
    const receipt = this.#context.intake.follow(exchange.origin)
    const isTaken =
      channels.hasRoom(channel) && (await this.#intake.put(piecesOf(exchange.origin, body.bytes, divided))) === 'taken'
    body.release()
    if (!isTaken) {
      this.#context.reject('overload', 1, length)
      answer(exchange, 9, {}, RETRY_AFTER)
      return
    }
    key.spend(divided.records, length)
    if (divided.bad !== undefined) this.#refuseEvent(exchange, divided.bad)
    else answer(exchange, 0, { ackId: channels.number(channel, receipt.safe()) })
  }

  #refuseEvent(exchange: Exchange, { fault, event, bytes }: BadEvent): void {
    this.#context.reject(fault === HecFault.too_large ? 'body_too_large' : 'malformed', 1, bytes)
    answer(exchange, fault, { 'invalid-event-number': event })
  }

  /** `{"acks":[0,1]}` */
  async #tell(exchange: Exchange): Promise<void> {
    const key = this.#admit(exchange)
    if (key === undefined) return
    if (this.#channels === undefined) {
      answer(exchange, 14)
      return
    }
    const channel = this.#channelOf(exchange, key)
    if (channel === null) return
    const body = await this.#intake.body(exchange)
    if (body === undefined) return
    const asked = body.length > QUESTION_BYTES_MAX ? undefined : numbersIn(body.bytes)
    body.release()
    if (asked === undefined) answer(exchange, 6)
    else {
      const acks = this.#channels.tell(channel, asked)
      exchange.answer(200, { 'content-type': JSON_TYPE }, JSON.stringify({ acks }))
    }
  }

  /** Undefined: it has been answered. */
  #admit(exchange: Exchange): Admitted | undefined {
    const shown = this.#tokenOf(exchange)
    const admission = this.#intake.keys.admit(typeof shown === 'string' ? shown : undefined)
    if (admission.kind === 'ok') return admission.key
    if (admission.kind === 'over_limit') {
      this.#refuse(exchange, 9, 'over_limit', { 'retry-after': retryAfterSeconds(admission.retryAfterMs) })
    } else this.#refuse(exchange, typeof shown === 'string' ? 4 : shown, 'unauthorized')
    return undefined
  }

  /** The token, or the code that says why there is none. */
  #tokenOf(exchange: Exchange): string | 2 | 3 | 16 {
    const { authorization } = exchange.headers
    if (authorization !== undefined) return tokenIn(authorization) ?? 3
    const inQuery = exchange.query.get('token')
    if (inQuery === null) return 2
    return this.#takesQueryToken ? inQuery : 16
  }

  /** Its name among all keys' channels; null: it has been answered. */
  #channelOf(exchange: Exchange, key: Admitted): string | null {
    const named = headerOf(exchange, 'x-splunk-request-channel') ?? exchange.query.get('channel')
    if (named !== null && GUID.test(named)) return `${key.name ?? ''}/${named.toLowerCase()}`
    this.#refuse(exchange, named === null || named === '' ? 10 : 11, 'malformed')
    return null
  }

  #refuse(exchange: Exchange, code: HecCode, reason: RejectReason, headers: Headers = {}): void {
    this.#context.reject(reason, 1, exchange.declaredBytes)
    answer(exchange, code, {}, headers)
  }
}

type Reader = (bytes: Bytes, head: Bytes, pieceBytesMax: number) => Promise<Read>

async function readEvents(bytes: Bytes, head: Bytes, pieceBytesMax: number): Promise<Read> {
  const scan = new HecScan(bytes, pieceBytesMax)
  await finish(scan)
  const { ranges, records } = scan.pieces
  const { fault } = scan
  const bad = fault === undefined ? undefined : { fault, event: records, bytes: bytes.length - scan.at }
  return { framing: 'hec_events', head, pieces: ranges, records, bad }
}

async function readLines(bytes: Bytes, head: Bytes, pieceBytesMax: number): Promise<Read> {
  const scan = new LinesScan(bytes, pieceBytesMax)
  await finish(scan)
  const { ranges, records } = scan.pieces
  const bad = scan.tooLarge ? { fault: HecFault.too_large, event: records, bytes: bytes.length - scan.at } : undefined
  const isPlain = isBare(head)
  const framing = isPlain ? 'lines' : 'described_lines'
  return { framing, head: isPlain ? null : head, pieces: ranges, records, bad }
}

function answer(exchange: Exchange, code: HecCode, more: Record<string, unknown> = {}, headers: Headers = {}): void {
  exchange.answer(answers[code].status, { 'content-type': JSON_TYPE, ...headers }, bodyOf(code, more))
}

/** `Splunk <token>`, or Basic with the token for a password. */
function tokenIn(authorization: string): string | undefined {
  const splunk = /^splunk +(\S+) *$/i.exec(authorization)
  if (splunk !== null) return splunk[1]
  const basic = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)
  if (basic === null) return undefined
  const pair = Buffer.from(basic[1]!, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon === -1 ? undefined : pair.slice(colon + 1)
}

function numbersIn(bytes: Bytes): number[] | undefined {
  try {
    const { acks } = JSON.parse(bytes.toString('utf8')) as { acks?: unknown }
    if (!Array.isArray(acks)) return undefined
    return acks.every((each): each is number => Number.isSafeInteger(each) && each >= 0) ? acks : undefined
  } catch {
    return undefined
  }
}
