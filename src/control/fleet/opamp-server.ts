/**
 * The way in for agents: OpAMP over WebSocket and plain HTTP on one path (spec, "Transport"). Who may come in and whether
 * there is room is decided on the HTTP request: after an upgrade there is no answer left that agents heed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { WebSocket } from 'ws'
import { MESSAGE_BYTES_MAX } from '#codecs/opamp/constants.ts'
import { StreamgateError } from '#contract/error.ts'
import { Secret } from '#std/secret.ts'
import { Admission, type AdmissionOptions } from './admission.ts'
import { type AgentPrincipal, authenticateAgent, authenticateCertificate, openAgent } from './credentials.ts'
import type { Fleet } from './fleet.ts'
import { exchange, overloaded, type Refused, refuse, refusedHead } from './http-exchange.ts'
import type { AgentConnection } from './live.ts'
import { OpampTls, type OpampTlsOptions, sniffed, subjectOf } from './opamp-tls.ts'
import { AgentSocket } from './websocket.ts'

export const OPAMP_PORT = 4320
export const OPAMP_PATH = '/v1/opamp'
/** Each socket is pinged once in so many seconds. */
const PING_S = 30
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const CLOSE_WAIT_MS = 2_000

export interface OpampServerOptions extends AdmissionOptions {
  host: string
  port: number
  /** `open`: agents without a credential belong to the default organisation. */
  auth: 'required' | 'open'
  tls?: OpampTlsOptions | undefined
  /** How agents reach this controller; without it, as they did. */
  publicUrl?: string | undefined
  messageBytesMax?: number
}

export interface OpampServer {
  /** Such as `http://127.0.0.1:4320/v1/opamp`, with the real port. */
  address: string
  /** Resolves when all connections are closed. The fleet stays open. */
  close(): Promise<void>
}

/** Resolves when it listens. Rejects with `SG_LISTEN`. */
export async function startOpampServer(fleet: Fleet, options: OpampServerOptions): Promise<OpampServer> {
  const { WebSocketServer } = await import('ws')
  const tls = options.tls === undefined ? undefined : await OpampTls.read(options.tls)
  const door = new Door(fleet, options)
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }
  const http: Server =
    tls === undefined ? createServer(limits) : (createSecureServer({ ...limits, ...tls.serverOptions }) as Server)
  const upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: door.messageBytesMax,
  })
  http.on('request', (request, response) => void door.request(request, response))
  http.on('upgrade', (request, socket, head) => {
    void door.upgrade(request, socket, (principal, endpoint) => {
      upgrader.handleUpgrade(request, socket, head, (webSocket) => door.opened(webSocket, principal, endpoint))
    })
  })
  http.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  })
  const listener: TcpServer = tls === undefined ? http : createTcpServer((socket) => sniffed(socket, http))
  if (listener !== http) listener.on('connection', (socket) => door.track(socket))
  http.on('connection', (socket) => door.track(socket))
  await listening(listener, options)
  tls?.follow(http as never, fleet.context)
  const scheme = tls === undefined ? 'http' : 'https'
  const { port, address, family } = listener.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    address: `${scheme}://${host}:${port}${OPAMP_PATH}`,
    async close() {
      tls?.close()
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      await door.close()
      await closed
    },
  }
}

class Door {
  readonly messageBytesMax: number
  readonly #fleet: Fleet
  readonly #options: OpampServerOptions
  readonly #admission: Admission
  readonly #agents = new Set<AgentSocket>()
  readonly #sockets = new Set<Socket>()
  readonly #pings: NodeJS.Timeout
  #second = 0
  #isClosing = false

  constructor(fleet: Fleet, options: OpampServerOptions) {
    this.#fleet = fleet
    this.#options = options
    this.messageBytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX
    this.#admission = new Admission(options, fleet.context.clock, () => fleet.isFull)
    this.#pings = setInterval(() => this.#ping(), 1000)
    this.#pings.unref()
  }

  track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const busy = this.#isClosing ? 'the controller is stopping' : this.#admission.refuseRequest()
    const refused =
      refusedPath(request) ?? refusedHead(request, this.messageBytesMax) ?? (busy ? overloaded(busy) : undefined)
    if (refused !== undefined) return refuse(response, refused)
    this.#admission.requests++
    try {
      const principal = await this.#authenticate(request)
      if (principal === undefined) return refuse(response, UNAUTHORIZED)
      const connection = new HttpConnection(principal, this.#endpoint(request, 'http'))
      const { messageBytesMax } = this
      await exchange(request, response, { fleet: this.#fleet, connection, admission: this.#admission, messageBytesMax })
    } catch (error) {
      if (request.readableAborted || response.headersSent) return void response.destroy()
      this.#fleet.context.log.error({ error: String(error) }, 'a message of an agent could not be answered')
      refuse(response, overloaded('the controller cannot answer at the moment'))
    } finally {
      this.#admission.requests--
    }
  }

  /** `accept` is called, or the socket is answered and closed. */
  async upgrade(
    request: IncomingMessage,
    socket: Duplex,
    accept: (principal: AgentPrincipal, endpoint: string | undefined) => void,
  ): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const busy = this.#isClosing ? 'the controller is stopping' : this.#admission.refuseHandshake()
      const refused = refusedPath(request) ?? (busy ? overloaded(busy) : undefined)
      if (refused !== undefined) return refuseOn(socket, refused)
      const principal = await this.#authenticate(request)
      if (principal === undefined) return refuseOn(socket, UNAUTHORIZED)
      accept(principal, this.#endpoint(request, 'ws'))
    } catch (error) {
      this.#fleet.context.log.error({ error: String(error) }, 'an agent could not be let in')
      refuseOn(socket, overloaded('the controller cannot answer at the moment'))
    }
  }

  opened(webSocket: WebSocket, principal: AgentPrincipal, endpoint: string | undefined): void {
    const [fleet, { messageBytesMax }] = [this.#fleet, this]
    const agent = new AgentSocket(webSocket, { fleet, principal, endpoint, messageBytesMax, log: fleet.context.log })
    this.#agents.add(agent)
    webSocket.on('close', () => this.#agents.delete(agent))
    if (this.#isClosing) agent.close('the controller is stopping')
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#pings)
    for (const agent of this.#agents) agent.close('the controller is stopping')
    const deadline = Date.now() + CLOSE_WAIT_MS
    while ((this.#agents.size > 0 || this.#admission.requests > 0) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const socket of this.#sockets) socket.destroy()
  }

  /** A thirtieth of them each second. */
  #ping(): void {
    let i = 0
    this.#second = (this.#second + 1) % PING_S
    for (const agent of this.#agents) if (i++ % PING_S === this.#second) agent.ping()
  }

  async #authenticate({ headers, socket }: IncomingMessage): Promise<AgentPrincipal | undefined> {
    const { context } = this.#fleet
    const subject = socket instanceof TLSSocket ? subjectOf(socket) : undefined
    if (subject !== undefined) return authenticateCertificate(context, subject)
    const secret = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    const principal = secret === undefined ? undefined : await authenticateAgent(context, new Secret(secret))
    return principal ?? (this.#options.auth === 'open' ? openAgent : undefined)
  }

  #endpoint({ headers: { host }, socket }: IncomingMessage, scheme: 'ws' | 'http'): string | undefined {
    const { publicUrl } = this.#options
    if (publicUrl !== undefined) return publicUrl.replace(/^(ws|http)(?=s?:)/, scheme)
    if (host === undefined || !/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host)) return undefined
    return `${scheme}${socket instanceof TLSSocket ? 's' : ''}://${host}${OPAMP_PATH}`
  }
}

class HttpConnection implements AgentConnection {
  readonly transport = 'http' as const
  readonly isOpen = true
  readonly principal: AgentPrincipal
  readonly endpoint: string | undefined
  constructor(principal: AgentPrincipal, endpoint: string | undefined) {
    this.principal = principal
    this.endpoint = endpoint
  }
  send(): void {}
  async probe(): Promise<boolean> {
    return false
  }
  close(): void {}
}

const UNAUTHORIZED: Refused = {
  status: 401,
  text: 'send a registration token or a credential as "Authorization: Bearer …"',
  headers: { 'www-authenticate': 'Bearer realm="streamgate"' },
}

function refusedPath({ url }: IncomingMessage): Refused | undefined {
  return url?.split('?')[0] === OPAMP_PATH ? undefined : { status: 404, text: `agents are served at ${OPAMP_PATH}` }
}

function refuseOn(socket: Duplex, { status, text, headers }: Refused): void {
  const lines = Object.entries({ 'content-type': 'text/plain', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const body = `${text}\n`
  const length = `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n`
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}${length}\r\n${body}`)
}

function listening(server: TcpServer, { host, port }: OpampServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const remedy = 'free the port, or set another'
      const text = `the controller cannot listen for agents on ${host}:${port}: ${error.message}; ${remedy}`
      reject(new StreamgateError('SG_LISTEN', text, { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
}
