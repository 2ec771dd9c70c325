/** An OpAMP server on a port of its own, WebSocket and plain HTTP, that says what the test wants. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type WebSocket, WebSocketServer } from 'ws'
import { decodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { framed, unframed } from '#codecs/opamp/frame.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { encodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'

export interface Call {
  message: AgentToServer
  headers: IncomingMessage['headers']
}

export class OpampServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<WebSocket>()
  readonly #raw = new Set<Socket>()
  readonly #waiting: (() => void)[] = []
  readonly #isTls: boolean
  /** All that has come. */
  readonly calls: Call[] = []
  connections = 0
  pings = 0
  /** What is answered to a message; undefined: nothing. */
  answer: (call: Call) => Partial<ServerToAgent> | undefined = () => ({ capabilities: 0x7fn })
  /** What is answered before anything of OpAMP is; undefined: it goes on. */
  gate: (headers: IncomingMessage['headers']) => { status: number; retryAfter?: string } | undefined = () => undefined

  private constructor(tls: ServerOptions | undefined) {
    this.#isTls = tls !== undefined
    this.#server = tls === undefined ? createServer() : createTlsServer(tls)
    this.#server.on('connection', (socket) => this.#raw.add(socket))
    this.#server.on('request', (request, response) => void this.#post(request, response))
    const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: true })
    this.#server.on('upgrade', (request, socket, head) => {
      const refusal = this.gate(request.headers)
      if (refusal !== undefined) {
        const retry = refusal.retryAfter === undefined ? '' : `Retry-After: ${refusal.retryAfter}\r\n`
        socket.end(`HTTP/1.1 ${refusal.status} No\r\n${retry}Content-Length: 0\r\nConnection: close\r\n\r\n`)
        this.#wake()
        return
      }
      upgrades.handleUpgrade(request, socket, head, (client) => this.#join(client, request))
    })
  }

  static async start(options: { tls?: ServerOptions; port?: number } = {}): Promise<OpampServer> {
    const server = new OpampServer(options.tls)
    await new Promise<void>((resolve) => server.#server.listen(options.port ?? 0, '127.0.0.1', resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  endpoint(scheme: 'ws' | 'http', host = '127.0.0.1'): string {
    return `${scheme}${this.#isTls ? 's' : ''}://${host}:${this.port}/v1/opamp`
  }

  get open(): number {
    return this.#sockets.size
  }

  /** Says something to all that are connected. */
  say(message: Partial<ServerToAgent>): void {
    const bytes = framed(
      encodeServerToAgent({ instanceUid: new Uint8Array(0), flags: 0n, capabilities: 0n, ...message }),
    )
    this.sayBytes(bytes)
  }

  sayBytes(bytes: Uint8Array | string): void {
    for (const socket of this.#sockets) socket.send(bytes)
  }

  /** Breaks all connections without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  /** Reads nothing more, or reads on. */
  hold(isHeld: boolean): void {
    for (const socket of this.#sockets) isHeld ? socket.pause() : socket.resume()
  }

  /** Resolves when the agents have read all that was sent to them so far. */
  async read(): Promise<void> {
    await Promise.all(
      [...this.#sockets].map(async (socket) => {
        const answered = new Promise((resolve) => socket.once('pong', resolve))
        socket.ping()
        await answered
      }),
    )
  }

  /** Resolves as soon as `is` holds; asked whenever something has come or gone. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#raw) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(socket: WebSocket, request: IncomingMessage): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('ping', () => {
      this.pings++
      this.#wake()
    })
    socket.on('message', (data) => {
      const answer = this.#take(unframed(data as Buffer)!, request)
      if (answer !== undefined) socket.send(framed(answer))
      this.#wake()
    })
    this.#wake()
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const refusal = this.gate(request.headers)
    if (refusal !== undefined) {
      if (refusal.retryAfter !== undefined) response.setHeader('retry-after', refusal.retryAfter)
      response.writeHead(refusal.status).end()
      this.#wake()
      return
    }
    const raw = Buffer.concat(chunks)
    const answer = this.#take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw, request)
    if (answer === undefined) request.socket.destroy()
    else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(answer))
    this.#wake()
  }

  #take(bytes: Uint8Array, request: IncomingMessage): Uint8Array | undefined {
    const decoded = decodeAgentToServer(bytes)
    if (!decoded.ok) throw new Error(`malformed: ${decoded.error.code}`)
    const call = { message: decoded.message, headers: request.headers }
    this.calls.push(call)
    const answer = this.answer(call)
    if (answer === undefined) return undefined
    return encodeServerToAgent({ instanceUid: decoded.message.instanceUid, flags: 0n, capabilities: 0n, ...answer })
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
