/**
 * `http` takes bodies of records: text, newline-delimited JSON, or JSON.
 *
 * A body is read whole, decompressed as it comes in, and handed over in one go: a client that got 202 knows that all of
 * it was taken, and any other answer means that none of it was.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { defineSource, type Receipt, type RejectReason, type Source, type SourceContext } from '#component/source.ts'
import type { Timer } from '#std/clock.ts'
import { ByteBudget } from '../byte-budget.ts'
import { lineTooLongPolicies } from '../line-framing.ts'
import {
  addressText,
  boundAddress,
  errorCodeOf,
  type ListenAddress,
  listenError,
  listenOption,
  parseListen,
} from '../listen.ts'
import { Refusals } from '../refusals.ts'
import { answer, answerAccepted, answerOnSocket, answerProblem, type Headers } from './answer.ts'
import { type BodyFailure, type BodyLimits, type ContentEncoding, readBody } from './body.ts'
import { type Delivery, type DeliveryLimits, deliver, type Media } from './deliver.ts'
import { declaredLength, type RequestHead, readHead } from './request-head.ts'

const MIB = 1024 * 1024
const milliseconds = (standard: number) => z.number().int().min(1).max(0x7fff_ffff).default(standard)
const bytes = (standard: number) => z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(standard)

const config = z.strictObject({
  listen: listenOption('0.0.0.0:8080'),
  body_bytes_max: bytes(10 * MIB).describe('Largest body as sent, compressed or not.'),
  decompressed_bytes_max: bytes(64 * MIB).describe('Largest body when decompressed.'),
  buffered_bytes_max: bytes(256 * MIB).describe('Memory for all bodies that are being received.'),
  line_bytes_max: bytes(MIB).describe('Longest line in bytes, without its newline.'),
  line_too_long: z
    .enum(lineTooLongPolicies)
    .default('cut')
    .describe('What becomes of longer lines: cut into records marked truncated, or dropped and counted.'),
  connections_max: z
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe('Connections at once; requests on further ones get 429.'),
  headers_timeout_ms: milliseconds(10_000).describe('Time for the head of a request to arrive.'),
  request_timeout_ms: milliseconds(30_000).describe('Time for a whole request to arrive.'),
  durable_timeout_ms: milliseconds(10_000).describe(
    'With durable: how long a request may wait until it is safe; then the answer is 503, and it may come twice.',
  ),
  keep_alive_ms: milliseconds(65_000).describe('A connection without requests is closed after this long.'),
})
type Options = z.output<typeof config>

export const http = defineSource({
  name: 'http',
  summary: 'Bodies of records over HTTP: text, NDJSON or JSON.',
  config,
  promising: true,
  create: (options, context) => new HttpSource(options, context),
})

/** Connections beyond the maximum that still get an answer; even further ones are closed at once. */
const EXTRA_CONNECTIONS = 64
/** At `stop`, requests under way have this long to arrive whole. */
const STOP_WAIT_MS = 1000
/** How long a body that is not safe in time may keep others out. */
const LATE_MS_MAX = 30_000
const RETRY_AFTER: Headers = { 'retry-after': '1' }

const TOO_MANY_CONNECTIONS: RequestHead = {
  kind: 'refused',
  status: 429,
  detail: 'There are too many connections.',
  reason: 'overload',
  headers: { ...RETRY_AFTER, connection: 'close' },
}

const failures: Record<BodyFailure, { status: number; reason: RejectReason; headers: Headers }> = {
  body_too_large: { status: 413, reason: 'body_too_large', headers: {} },
  malformed: { status: 400, reason: 'malformed', headers: {} },
  overload: { status: 503, reason: 'overload', headers: RETRY_AFTER },
  aborted: { status: 400, reason: 'malformed', headers: {} },
}

const undelivered: Record<Exclude<Delivery, 'taken'>, { failure: BodyFailure; detail: string }> = {
  no_room: { failure: 'overload', detail: 'There is no room for more records now.' },
  malformed: { failure: 'malformed', detail: 'The body is not JSON.' },
  too_large: { failure: 'body_too_large', detail: 'A single record is larger than the intake allows.' },
}

/** What is known of a connection. */
interface Peer {
  origin: number
  overLimit: boolean
  /** The newest request whose body was asked for, and its answer. */
  request: IncomingMessage | null
  answered: Promise<void>
  /** It ran out of time. */
  timedOut: boolean
  /** It has been told that what it sends is no HTTP; whatever else it sends says nothing new. */
  broken: boolean
}

class HttpSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #bodyLimits: BodyLimits
  readonly #deliveryLimits: DeliveryLimits
  readonly #refusals: Refusals
  readonly #peers = new Map<Duplex, Peer>()
  /** Requests between their head and their answer. */
  readonly #underWay = new Set<Promise<void>>()
  /** Bodies that were not safe in time, and are not yet. */
  #late = 0
  #server: Server | null = null
  #bound: ListenAddress
  #origin = 0
  #stopped: Promise<void> | null = null

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#bound = parseListen(options.listen)!
    this.#refusals = new Refusals(context, options.connections_max)
    this.#bodyLimits = {
      bodyBytesMax: options.body_bytes_max,
      decompressedBytesMax: options.decompressed_bytes_max,
      budget: new ByteBudget(options.buffered_bytes_max),
    }
    this.#deliveryLimits = {
      lineBytesMax: Math.min(options.line_bytes_max, context.intake.entryBytesMax - 1),
      lineTooLong: options.line_too_long,
      dropped: (length) => context.reject('line_too_long', 1, length),
    }
  }

  async start(): Promise<void> {
    const { headers_timeout_ms, request_timeout_ms, keep_alive_ms, connections_max } = this.#options
    const headersTimeout = Math.min(headers_timeout_ms, request_timeout_ms)
    const server = createServer({
      headersTimeout,
      requestTimeout: request_timeout_ms,
      keepAliveTimeout: keep_alive_ms,
      connectionsCheckingInterval: Math.min(5000, Math.max(20, Math.ceil(headersTimeout / 4))),
    })
    server.maxConnections = connections_max + EXTRA_CONNECTIONS
    server.on('connection', (socket) => this.#onConnection(socket))
    server.on('drop', () => this.#refusals.add())
    server.on('request', (request, response) => this.#onRequest(request, response, false))
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, true))
    server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.#bound.port, this.#bound.host, resolve)
      })
    } catch (cause) {
      throw listenError(this.#context.id, this.address(), cause)
    }
    server.on('error', (error) => this.#context.log.warn({ source: this.#context.id, err: error }, 'cannot accept'))
    this.#server = server
    this.#bound = boundAddress(server.address(), this.#bound)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  address(): string {
    return addressText('http', this.#bound)
  }

  #onConnection(socket: Socket): void {
    const overLimit = this.#peers.size >= this.#options.connections_max
    if (overLimit) this.#refusals.add()
    this.#peers.set(socket, {
      origin: this.#origin++,
      overLimit,
      request: null,
      answered: Promise.resolve(),
      timedOut: false,
      broken: false,
    })
    this.#context.gauge('connections', this.#peers.size)
    socket.once('close', () => {
      this.#peers.delete(socket)
      this.#context.gauge('connections', this.#peers.size)
    })
  }

  /** `expects`: the client waits for our consent before it sends the body. */
  #onRequest(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    const peer = this.#peers.get(request.socket)
    if (peer === undefined) return
    const head = peer.overLimit ? TOO_MANY_CONNECTIONS : readHead(request, this.#options.body_bytes_max)
    if (head.kind === 'health') {
      answer(response, 200, 'text/plain', 'ok\n')
    } else if (head.kind === 'refused') {
      if (head.reason !== undefined) this.#context.reject(head.reason, 1, declaredLength(request))
      // A client that waits has sent no body: the connection has nothing to be cleared of.
      const headers = expects ? { ...head.headers, connection: 'close' } : head.headers
      answerProblem(response, head.status, head.detail, headers)
      discard(request, this.#bodyLimits)
    } else {
      if (expects) response.writeContinue()
      const answered = this.#ingest(request, response, peer, head.media, head.encoding)
      peer.request = request
      peer.answered = answered
      this.#underWay.add(answered)
      answered.finally(() => this.#underWay.delete(answered))
    }
  }

  /** Never rejects. */
  async #ingest(
    request: IncomingMessage,
    response: ServerResponse,
    peer: Peer,
    media: Media,
    encoding: ContentEncoding,
  ) {
    const received = await readBody(request, encoding, this.#bodyLimits)
    if (!received.ok) {
      this.#fail(response, received.failure, received.detail, received.wireBytes, peer)
      return
    }
    const { body } = received
    const { length } = body
    if (this.#late > 0) {
      body.release()
      this.#fail(response, 'overload', 'What came before is not safe yet.', length, peer)
      return
    }
    const receipt = this.#context.durable ? this.#context.intake.follow(peer.origin) : undefined
    const delivery = await deliver(this.#context.intake, peer.origin, media, body.bytes, this.#deliveryLimits)
    body.release()
    if (delivery === 'taken') {
      if (receipt === undefined || (await this.#isSafe(receipt))) answerAccepted(response, length)
      else answerProblem(response, 503, 'It cannot be kept safe now; send it again.', RETRY_AFTER)
    } else this.#fail(response, undelivered[delivery].failure, undelivered[delivery].detail, length, peer)
  }

  /** Waits until what was taken is safe, but not for ever. */
  async #isSafe(receipt: Receipt): Promise<boolean> {
    let timer: Timer | undefined
    const safe = receipt.safe()
    const late = new Promise<'late'>((resolve) => {
      timer = this.#context.clock.after(this.#options.durable_timeout_ms, () => resolve('late'))
    })
    const end = await Promise.race([safe, late])
    timer?.cancel()
    if (end !== 'late') return end
    // Until it is known what became of it, or for a while, nothing else is taken: it would be sent again, and arrive as often.
    this.#late++
    const known = new Promise((resolve) => this.#context.clock.after(LATE_MS_MAX, () => resolve(undefined)))
    void Promise.race([safe, known]).finally(() => this.#late--)
    return false
  }

  #fail(response: ServerResponse, failure: BodyFailure, detail: string, length: number, peer: Peer): void {
    const { status, reason, headers } = failures[failure]
    this.#context.reject(failure === 'aborted' && peer.timedOut ? 'timeout' : reason, 1, length)
    answerProblem(response, status, detail, headers)
  }

  /** Not HTTP, or not in time. What belongs to a request that is being received is counted there. */
  #onClientError(error: Error & { rawPacket?: Uint8Array }, socket: Duplex): void {
    const code = errorCodeOf(error)
    const peer = this.#peers.get(socket)
    if (peer === undefined || code === 'ECONNRESET' || code === 'EPIPE') {
      socket.destroy()
      return
    }
    if (peer.broken) return
    peer.broken = true
    peer.timedOut = code === 'ERR_HTTP_REQUEST_TIMEOUT'
    const midway = peer.request !== null && !peer.request.complete
    const said = error.rawPacket?.length ?? 0
    if (!midway && said > 0) this.#context.reject('malformed', 1, said)
    const [status, detail] = diagnose(code)
    if (midway) answerOnSocket(socket, status, detail)
    // What came before it on this connection is answered first.
    else peer.answered.then(() => answerOnSocket(socket, status, detail))
  }

  async #stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    const deadline = setTimeout(() => server.closeAllConnections(), STOP_WAIT_MS)
    // What has arrived whole is handed over, however long there is no room.
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    server.closeIdleConnections()
    await closed
    clearTimeout(deadline)
    await Promise.all(this.#underWay)
  }
}

function diagnose(code: string): [status: number, detail: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request did not arrive in time.']
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'The head of the request is too large.']
  return [400, 'This is not a valid HTTP/1.1 request.']
}

/** Reads on, so that the client gets to see the answer; but not for ever. */
function discard(request: IncomingMessage, { bodyBytesMax }: BodyLimits): void {
  let length = 0
  request.on('data', (chunk: Uint8Array) => {
    length += chunk.length
    if (length > bodyBytesMax) request.destroy()
  })
  request.on('error', () => undefined)
}
