/**
 * A server behind an upstream that a test can hold in its hand: it counts, answers as it is told, and can go and come
 * back.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface TargetRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** The same, for bodies that are no text. */
  bytes: Buffer
  /** 0 for the first request of its connection. */
  use: number
}

/** A status; or the connection breaks (`reset`); or there is no answer until `release` (`hang`). */
export type TargetReply =
  | number
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'reset'
  | 'hang'

export class TargetServer implements AsyncDisposable {
  readonly requests: TargetRequest[] = []
  /** Checks of health, which are told apart by their user agent. */
  probes = 0
  connections = 0
  /** What is answered, unless `replies` has something. */
  reply: TargetReply | (() => TargetReply) = 200
  readonly replies: TargetReply[] = []
  probeReply: TargetReply = 200
  readonly #tls: ServerOptions | undefined
  readonly #uses = new WeakMap<Socket, number>()
  #held: (() => void)[] = []
  #server: Server
  #port = 0

  constructor(tls?: ServerOptions) {
    this.#tls = tls
    this.#server = this.#create()
  }

  async listen(): Promise<this> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  /** Goes away with all its connections; `listen` brings it back at the same port. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    this.#server = this.#create()
  }

  /** How many requests wait for `release`. */
  get held(): number {
    return this.#held.length
  }

  /** Answers with 200 whatever hangs. */
  release(): void {
    for (const answer of this.#held) answer()
    this.#held = []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #create(): Server {
    const listener: RequestListener = (request, response) => {
      const use = this.#uses.get(request.socket) ?? 0
      this.#uses.set(request.socket, use + 1)
      const chunks: Buffer[] = []
      request.on('error', () => undefined)
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const isProbe = headers['user-agent'] === 'streamgate-health'
        const bytes = Buffer.concat(chunks)
        if (isProbe) this.probes++
        else this.requests.push({ method, path, headers, body: bytes.toString(), bytes, use })
        const usual = typeof this.reply === 'function' ? this.reply() : this.reply
        const reply = isProbe ? this.probeReply : (this.replies.shift() ?? usual)
        if (reply === 'reset') return void request.socket.resetAndDestroy()
        if (reply === 'hang') return void this.#held.push(() => response.end())
        const { status, headers: sent = {}, body = '' } = typeof reply === 'number' ? { status: reply } : reply
        response.writeHead(status, sent).end(body)
      })
    }
    const server = this.#tls === undefined ? createServer(listener) : createTlsServer(this.#tls, listener)
    server.keepAliveTimeout = 0
    server.on('connection', () => this.connections++)
    return server
  }
}

/** A port at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await new TargetServer().listen()
  await server.close()
  return server.url
}
