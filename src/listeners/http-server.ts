/**
 * One HTTP/1.1 listener and what is mounted on it.
 *
 * It keeps connections within their number and times, finds the route that a request means, and gives its handler an
 * `Exchange`. What is refused before a handler has it is counted on the source whose route was meant, or, where no
 * request came to be, on the eldest that is mounted.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HttpListenerOptions, Mount, Route, WordRefusal } from '#component/exchange.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import { AllowList } from './allow.ts'
import { HttpExchange, type Peer } from './exchange.ts'
import {
  addressText,
  boundAddress,
  errorCodeOf,
  type ListenAddress,
  listenError,
  parseListen,
  tlsError,
} from './listen.ts'
import { answerOnSocket, problem, RETRY_AFTER } from './problem.ts'
import { NO_HANDSHAKE, NOT_ALLOWED, Refusals, TOO_MANY_CONNECTIONS } from './refusals.ts'
import { RouteTable } from './routes.ts'
import { isHandshakeRefused, ListenerTls } from './tls.ts'

/** Connections beyond the maximum that still get an answer; even further ones are closed at once. */
const EXTRA_CONNECTIONS = 64
/** At the end, requests under way have this long to arrive whole. */
const STOP_WAIT_MS = 1000
/** How long the routes of a mount that left go on answering 503. */
const AWAY_MS = 10_000
const HEALTH_PATH = '/healthz'

/** A mount, from its arrival to the end of its last request. */
export interface Tenant {
  readonly mount: Mount
  /** Requests between their head and their answer. */
  readonly underWay: Map<Promise<void>, IncomingMessage>
  /** When it left; its routes answer 503 for a while. */
  leftAt: number | undefined
}

export class HttpServer {
  readonly #options: HttpListenerOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #source: string
  readonly #allow: AllowList
  readonly #tooMany: Refusals
  readonly #notAllowed: Refusals
  readonly #noHandshake: Refusals
  readonly #peers = new Map<Duplex, Peer>()
  readonly #sockets = new Set<Socket>()
  readonly #routes = new RouteTable<Tenant>()
  readonly #tenants = new Set<Tenant>()
  /** Those whose routes are still known. */
  readonly #left = new Set<Tenant>()
  #server: Server | null = null
  #tls: ListenerTls | undefined
  #bound: ListenAddress
  #origin = 0

  /** `source`: who asked for it first, for messages. */
  constructor(options: HttpListenerOptions, clock: Clock, log: Logger, source: string) {
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#source = source
    this.#bound = parseListen(options.listen)!
    this.#allow = new AllowList(options.allow)
    const about = { clock, log }
    this.#tooMany = new Refusals(about, { source, connections_max: options.connections_max }, TOO_MANY_CONNECTIONS)
    this.#notAllowed = new Refusals(about, { source }, NOT_ALLOWED)
    this.#noHandshake = new Refusals(about, { source }, NO_HANDSHAKE)
  }

  /** Rejects with `SG_LISTEN`. */
  async open(): Promise<void> {
    const { headers_timeout_ms, request_timeout_ms, keep_alive_ms, connections_max } = this.#options
    const headersTimeout = Math.min(headers_timeout_ms, request_timeout_ms)
    const times = {
      headersTimeout,
      requestTimeout: request_timeout_ms,
      keepAliveTimeout: keep_alive_ms,
      connectionsCheckingInterval: Math.min(5000, Math.max(20, Math.ceil(headersTimeout / 4))),
    }
    await this.#readTls()
    const tls = this.#tls
    const server = tls === undefined ? createServer(times) : createSecureServer({ ...times, ...tls.serverOptions })
    server.on('secureConnection', (socket) => this.#welcome(socket))
    server.on('tlsClientError', (error, socket) => this.#onHandshakeError(error, socket))
    server.maxConnections = connections_max + EXTRA_CONNECTIONS
    server.on('connection', (socket) => this.#onConnection(socket))
    server.on('drop', () => this.#tooMany.add())
    server.on('request', (request, response) => this.#onRequest(request, response, false))
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, true))
    server.on('clientError', (error, socket) => this.#onClientError(error, socket))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.#bound.port, this.#bound.host, resolve)
      })
    } catch (cause) {
      throw listenError(this.#source, this.address(), cause)
    }
    server.on('error', (error) => this.#log.warn({ source: this.#source, err: error }, 'cannot accept'))
    if (server instanceof SecureServer) tls?.watch(server)
    this.#server = server
    this.#bound = boundAddress(server.address(), this.#bound)
  }

  address(): string {
    return addressText(this.#options.tls === undefined ? 'http' : 'https', this.#bound)
  }

  get port(): number {
    return this.#bound.port
  }

  get isEmpty(): boolean {
    return this.#tenants.size === 0
  }

  /** Of those that have it. */
  get eldest(): Tenant | undefined {
    return this.#tenants.values().next().value
  }

  /** Throws `SG_LISTEN` when another has one of the routes; then none is put in. */
  add(mount: Mount): Tenant {
    for (const left of this.#left) this.#isAway(left)
    const tenant: Tenant = { mount, underWay: new Map(), leftAt: undefined }
    for (const route of mount.routes) {
      let same = this.#routes.add(route, tenant)
      if (same?.owner.leftAt !== undefined) {
        this.#forget(same.owner)
        same = this.#routes.add(route, tenant)
      }
      if (same === undefined && route.path !== HEALTH_PATH) continue
      this.#routes.remove(tenant)
      throw this.#taken(mount, route, same?.owner)
    }
    this.#tenants.add(tenant)
    mount.source.gauge('connections', this.#peers.size)
    return tenant
  }

  /**
   * Resolves when the requests under way have ended: what has arrived whole is handed over, however long there is no
   * room.
   */
  async remove(tenant: Tenant): Promise<void> {
    tenant.leftAt = this.#clock.now()
    this.#tenants.delete(tenant)
    this.#left.add(tenant)
    const isLast = this.isEmpty
    const closed = isLast ? this.#close() : undefined
    const deadline = setTimeout(() => {
      if (isLast) for (const socket of this.#sockets) socket.destroy()
      else for (const request of tenant.underWay.values()) if (!request.complete) request.destroy()
    }, STOP_WAIT_MS)
    while (tenant.underWay.size > 0) await Promise.all(tenant.underWay.keys())
    if (isLast) this.#server?.closeIdleConnections()
    await closed
    clearTimeout(deadline)
    tenant.mount.source.gauge('connections', 0)
  }

  async #readTls(): Promise<void> {
    const { tls } = this.#options
    if (tls === undefined) return
    try {
      this.#tls = await ListenerTls.read(tls, { clock: this.#clock, log: this.#log, source: this.#source })
    } catch (cause) {
      throw tlsError(this.#source, this.address(), cause)
    }
  }

  #close(): Promise<void> {
    this.#tls?.stop()
    return new Promise((resolve) => {
      if (this.#server === null) resolve()
      else this.#server.close(() => resolve())
    })
  }

  #taken(mount: Mount, { method, path }: Route, other: Tenant | undefined): StreamgateError {
    const whose = other === undefined ? 'the listener' : `source "${other.mount.source.id}"`
    const remedy = 'give one of them another address with its option "listen".'
    const message = `Source "${mount.source.id}" cannot have ${method} ${path} on ${this.address()}: ${whose} has it`
    return new StreamgateError('SG_LISTEN', `${message}; ${remedy}`)
  }

  /** Plain, or with its handshake to come. */
  #onConnection(socket: Socket): void {
    if (!this.#allow.allows(socket.remoteAddress)) {
      this.eldest?.mount.source.reject('not_allowed', 1, 0)
      this.#notAllowed.add()
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#tls === undefined) this.#welcome(socket)
  }

  #onHandshakeError(error: Error, socket: Duplex): void {
    socket.destroy()
    if (!isHandshakeRefused(error, socket)) return
    this.eldest?.mount.source.reject('handshake', 1, 0)
    this.#noHandshake.add()
  }

  #welcome(socket: Socket): void {
    const overLimit = this.#peers.size >= this.#options.connections_max
    if (overLimit) this.#tooMany.add()
    this.#peers.set(socket, {
      origin: this.#origin++,
      overLimit,
      reading: null,
      answered: Promise.resolve(),
      timedOut: false,
      broken: false,
    })
    this.#gauge()
    socket.once('close', () => {
      this.#peers.delete(socket)
      this.#gauge()
    })
  }

  #gauge(): void {
    for (const { mount } of this.#tenants) mount.source.gauge('connections', this.#peers.size)
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    const peer = this.#peers.get(request.socket)
    if (peer === undefined) return
    const path = request.url?.split('?', 1)[0] ?? ''
    const exchangeFor = (word: WordRefusal = problem, params: Record<string, string> = {}) =>
      new HttpExchange(request, response, peer, { path, params, expects, word })
    if (path === HEALTH_PATH && !peer.overLimit) {
      answerHealth(exchangeFor())
      return
    }
    const found = this.#routes.find(request.method ?? '', path)
    const tenant = found.kind === 'route' ? found.placed.owner : found.kind === 'unknown' ? found.nearest : found.owner
    const exchange = exchangeFor(tenant?.mount.word, found.kind === 'route' ? found.params : {})
    if (peer.overLimit) {
      tenant?.mount.source.reject('overload', 1, exchange.declaredBytes)
      exchange.refuse(429, 'There are too many connections.', { ...RETRY_AFTER, connection: 'close' })
    } else if (found.kind === 'unknown' || this.#isAway(tenant)) {
      exchange.refuse(404, 'Nothing is taken here.')
    } else if (found.kind === 'other_methods') {
      exchange.refuse(405, `This takes ${found.allow.join(', ')}.`, { allow: found.allow.join(', ') })
    } else if (found.placed.owner.leftAt !== undefined) {
      exchange.refuse(503, 'What takes this is being changed.', RETRY_AFTER)
    } else {
      this.#handle(request, exchange, peer, found.placed.owner, found.placed.route)
    }
  }

  /** It left so long ago that it is not coming back. */
  #isAway(tenant: Tenant | undefined): boolean {
    if (tenant?.leftAt === undefined || this.#clock.now() - tenant.leftAt < AWAY_MS) return false
    this.#forget(tenant)
    return true
  }

  #forget(tenant: Tenant): void {
    this.#left.delete(tenant)
    this.#routes.remove(tenant)
  }

  #handle(request: IncomingMessage, exchange: HttpExchange, peer: Peer, tenant: Tenant, route: Route): void {
    const handled = this.#run(exchange, route)
    peer.answered = handled
    tenant.underWay.set(handled, request)
    void handled.then(() => tenant.underWay.delete(handled))
  }

  /** Never rejects. */
  async #run(exchange: HttpExchange, route: Route): Promise<void> {
    let thrown: unknown
    try {
      await route.handle(exchange)
    } catch (error) {
      thrown = error
    }
    if (exchange.isAnswered) return
    const err = thrown ?? 'the handler ended without an answer'
    this.#log.error({ source: this.#source, path: route.path, err }, 'a request could not be answered')
    exchange.refuse(500, 'This failed here; it is not known what became of it.')
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
    const midway = peer.reading !== null && !peer.reading.complete
    const said = error.rawPacket?.length ?? 0
    if (!midway && said > 0) this.eldest?.mount.source.reject('malformed', 1, said)
    const [status, detail] = diagnose(code)
    if (midway) answerOnSocket(socket, status, detail)
    // What came before it on this connection is answered first.
    else peer.answered.then(() => answerOnSocket(socket, status, detail))
  }
}

function answerHealth(exchange: HttpExchange): void {
  if (exchange.method === 'GET' || exchange.method === 'HEAD') {
    exchange.answer(200, { 'content-type': 'text/plain' }, 'ok\n')
  } else {
    exchange.refuse(405, 'Health is read with GET.', { allow: 'GET, HEAD' })
  }
}

function diagnose(code: string): [status: number, detail: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request did not arrive in time.']
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'The head of the request is too large.']
  return [400, 'This is not a valid HTTP/1.1 request.']
}
