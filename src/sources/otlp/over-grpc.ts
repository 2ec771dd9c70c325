/**
 * OTLP/gRPC: unary calls of `…Service/Export`, on Node's own HTTP/2.
 *
 * A call is one message in, one message out (grpc/grpc: doc/PROTOCOL-HTTP2.md), which takes little; a library would
 * read any number of messages whole before it asks whether there is room for them.
 */
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BodyLimits } from '#component/exchange.ts'
import type { RejectReason, SourceContext } from '#component/source.ts'
import { AllowList } from '#listeners/allow.ts'
import { addressText, boundAddress, type ListenAddress, listenError, parseListen, tlsError } from '#listeners/listen.ts'
import { NO_HANDSHAKE, NOT_ALLOWED, Refusals, TOO_MANY_CONNECTIONS } from '#listeners/refusals.ts'
import { isHandshakeRefused, ListenerTls } from '#listeners/tls.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import { Code, type Refusal, responseBytes, statusBytes } from './answer.ts'
import { type MessageFailure, readMessage } from './grpc-message.ts'
import type { GrpcOptions } from './options.ts'
import { type Around, RETRY_MS, type Receptionist } from './reception.ts'

const METHODS = new Map<string | undefined, Signal>([
  ['/opentelemetry.proto.collector.logs.v1.LogsService/Export', 'logs'],
  ['/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', 'metrics'],
  ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'traces'],
])
const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i
const ENCODINGS = 'identity,gzip'
/** How much of a message may be on its way, so that a large one does not wait for our consent every 64 KiB. */
const STREAM_WINDOW_BYTES = 1024 * 1024
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024
/** What one connection may hold in HTTP/2's own queues, in MiB. */
const SESSION_MEMORY_MIB = 10
/** RFC 9113, section 7. */
const NO_ERROR = 0x0
const CANCEL = 0x8
/** At the end, requests under way have this long to arrive whole. */
const STOP_WAIT_MS = 1000
/** gRPC wants these characters of a message escaped. */
const ESCAPED = /[^\x20-\x24\x26-\x7e]+/g
const MESSAGE_CHARACTERS_MAX = 300

const failures: Record<MessageFailure, { reason: RejectReason; status: number; code: Code; retryMs?: number }> = {
  too_large: { reason: 'body_too_large', status: 413, code: Code.resourceExhausted },
  malformed: { reason: 'malformed', status: 400, code: Code.invalidArgument },
  compressed: { reason: 'unsupported_encoding', status: 400, code: Code.internal },
  overload: { reason: 'overload', status: 503, code: Code.unavailable, retryMs: RETRY_MS },
  timeout: { reason: 'timeout', status: 408, code: Code.deadlineExceeded },
  aborted: { reason: 'malformed', status: 400, code: Code.internal },
}

export class GrpcDoor {
  readonly #options: GrpcOptions
  readonly #context: SourceContext
  readonly #reception: Receptionist
  readonly #limits: BodyLimits
  readonly #gauge: (connections: number) => void
  readonly #allow: AllowList
  readonly #tooMany: Refusals
  readonly #notAllowed: Refusals
  readonly #noHandshake: Refusals
  /** With TLS also those whose handshake is to come. */
  readonly #sockets = new Set<Socket>()
  /** With the origin of what each brings. */
  readonly #sessions = new Map<ServerHttp2Session, number>()
  /** Calls between their head and their answer, and whether their message has arrived. */
  readonly #underWay = new Map<Promise<void>, ServerHttp2Stream>()
  #server: Http2Server | Http2SecureServer | undefined
  #tls: ListenerTls | undefined
  #stopped: Promise<void> | undefined
  #bound: ListenAddress
  #opened = 0

  constructor(options: GrpcOptions, { context, reception, limits, gauge }: Around) {
    this.#options = options
    this.#context = context
    this.#reception = reception
    this.#limits = limits
    this.#gauge = gauge
    this.#bound = parseListen(options.listen)!
    this.#allow = new AllowList(options.allow)
    const source = context.id
    this.#tooMany = new Refusals(context, { source, connections_max: options.connections_max }, TOO_MANY_CONNECTIONS)
    this.#notAllowed = new Refusals(context, { source }, NOT_ALLOWED)
    this.#noHandshake = new Refusals(context, { source }, NO_HANDSHAKE)
  }

  /** Rejects with `SG_LISTEN`. */
  async start(): Promise<void> {
    const server = await this.#makeServer()
    server.maxConnections = this.#options.connections_max
    server.on('drop', () => this.#tooMany.add())
    server.on('connection', (socket: Socket) => this.#onConnection(socket))
    server.on('session', (session) => this.#onSession(session))
    server.on('sessionError', () => undefined)
    server.on('stream', (stream, headers) => this.#onStream(stream, headers))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.#bound.port, this.#bound.host, resolve)
      })
    } catch (cause) {
      this.#tls?.stop()
      throw listenError(this.#context.id, this.address(), cause)
    }
    server.on('error', (error) => this.#context.log.warn({ source: this.#context.id, err: error }, 'cannot accept'))
    this.#server = server
    this.#bound = boundAddress(server.address(), this.#bound)
  }

  address(): string {
    return addressText(this.#options.tls === undefined ? 'grpc' : 'grpcs', this.#bound)
  }

  /** Takes no new calls, and hands over what has arrived; resolves when calls under way have ended. Safe twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop(this.#server)
    return this.#stopped
  }

  async #stop(server: Http2Server | Http2SecureServer | undefined): Promise<void> {
    this.#tls?.stop()
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const session of this.#sessions.keys()) session.close()
    const deadline = this.#context.clock.after(STOP_WAIT_MS, () => {
      for (const stream of this.#underWay.values()) if (!stream.readableEnded) stream.close(CANCEL)
    })
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.keys())
    deadline.cancel()
    const patience = this.#context.clock.after(STOP_WAIT_MS, () => {
      for (const socket of this.#sockets) socket.destroy()
    })
    await closed
    patience.cancel()
  }

  async #makeServer(): Promise<Http2Server | Http2SecureServer> {
    const { tls, concurrent_streams_max: maxConcurrentStreams } = this.#options
    const options = {
      settings: { maxConcurrentStreams, initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
      maxSessionMemory: SESSION_MEMORY_MIB,
    }
    // Loaded when it is needed: nodes without this door need not hold it.
    const { createSecureServer, createServer } = await import('node:http2')
    if (tls === undefined) return createServer(options)
    const { id: source, clock, log } = this.#context
    try {
      this.#tls = await ListenerTls.read(tls, { clock, log, source })
    } catch (cause) {
      throw tlsError(source, this.address(), cause)
    }
    const server = createSecureServer({ ...options, ...this.#tls.serverOptions })
    server.on('tlsClientError', (error, socket) => this.#onHandshakeError(error, socket))
    this.#tls.watch(server)
    return server
  }

  #onConnection(socket: Socket): void {
    if (!this.#allow.allows(socket.remoteAddress)) {
      this.#context.reject('not_allowed', 1, 0)
      this.#notAllowed.add()
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#gauge(this.#sockets.size)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#gauge(this.#sockets.size)
    })
  }

  #onHandshakeError(error: Error, socket: Duplex): void {
    socket.destroy()
    if (!isHandshakeRefused(error, socket)) return
    this.#context.reject('handshake', 1, 0)
    this.#noHandshake.add()
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.set(session, ORIGIN_BASE - this.#opened++)
    session.once('close', () => this.#sessions.delete(session))
    session.on('error', () => undefined)
    if (session.destroyed) return
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    session.setTimeout(this.#options.keep_alive_ms, () => session.close())
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined)
    const { session } = stream
    const origin = session === undefined ? undefined : this.#sessions.get(session as ServerHttp2Session)
    if (origin === undefined || !isGrpc(headers)) {
      if (!stream.destroyed && !stream.closed) stream.respond({ ':status': 415 }, { endStream: true })
      stream.close(NO_ERROR)
      return
    }
    const handled = this.#call(stream, headers, origin)
    this.#underWay.set(handled, stream)
    void handled.then(() => this.#underWay.delete(handled))
  }

  /** Never rejects. */
  async #call(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, origin: number): Promise<void> {
    try {
      const result = await this.#export(stream, headers, origin)
      if (result instanceof Uint8Array) answer(stream, result)
      else refuse(stream, result)
    } catch (error) {
      this.#context.log.error({ source: this.#context.id, err: error }, 'a call could not be answered')
      const message = 'This failed here; it is not known what became of it.'
      refuse(stream, { status: 500, code: Code.internal, message })
    }
  }

  async #export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, origin: number): Promise<Bytes | Refusal> {
    const signal = METHODS.get(headers[':path'])
    if (signal === undefined) return unimplemented('There is no such method.')
    const encoding = headers['grpc-encoding'] ?? 'identity'
    if (encoding !== 'identity' && encoding !== 'gzip') {
      this.#context.reject('unsupported_encoding', 1, 0, signal)
      return unimplemented(`Encodings that are taken: ${ENCODINGS}.`)
    }
    const admission = this.#reception.admit(signal, headers, 0)
    if (!admission.ok) return admission.refusal
    const { clock } = this.#context
    const timeoutMs = this.#options.request_timeout_ms
    const read = await readMessage(stream, { limits: this.#limits, clock, timeoutMs, gzip: encoding === 'gzip' })
    if (!read.ok) {
      const { reason, ...refusal } = failures[read.failure]
      return this.#reception.refuse(signal, reason, { ...refusal, message: read.message }, read.wireBytes).refusal
    }
    const { body } = read
    const reception = await this.#reception.take(signal, origin, body.bytes, admission.key, () => body.release())
    return reception.ok ? responseBytes(reception.taken) : reception.refusal
  }
}

/** Below those of HTTP connections. */
const ORIGIN_BASE = -1

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers[':method'] === 'POST' && CONTENT_TYPE.test(headers['content-type'] ?? '')
}

function unimplemented(message: string): Refusal {
  return { status: 404, code: Code.unimplemented, message }
}

const HEAD: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ENCODINGS,
}

function answer(stream: ServerHttp2Stream, response: Bytes): void {
  if (stream.destroyed || stream.closed) return
  stream.respond(HEAD, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const prefixed = new Uint8Array(5 + response.length)
  new DataView(prefixed.buffer).setUint32(1, response.length)
  prefixed.set(response, 5)
  stream.end(prefixed)
}

/** Trailers only. What has not been read of the call is not read any more. */
function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  if (stream.destroyed || stream.closed) return
  const { code, message } = refusal
  const trailers = {
    ...HEAD,
    'grpc-status': String(code),
    'grpc-message': message.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed().replace(ESCAPED, encodeURIComponent),
    'grpc-status-details-bin': statusBytes(refusal).toString('base64'),
  }
  stream.respond(trailers, { endStream: true })
  if (!stream.readableEnded) stream.close(NO_ERROR)
}
