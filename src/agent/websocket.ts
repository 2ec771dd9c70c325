/** Over a WebSocket (spec, "WebSocket Transport"): both sides speak when they want to. */
import type { WebSocket } from 'ws'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { MESSAGE_BYTES_MAX } from '#codecs/opamp/constants.ts'
import { framed, unframed } from '#codecs/opamp/frame.ts'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { decodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import type { Logger } from '#observe/log.ts'
import { Backoff } from '#std/backoff.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { type Connection, revealed, tlsOptions } from './connection.ts'
import { retryAfterMs } from './retry-after.ts'
import { ANSWER_MS, CLOSE_MS, RETRY_BASE_MS, RETRY_CAP_MS, type Transport, type TransportHandler } from './transport.ts'

/** More than this waiting to be sent: the server is slow, and nothing is added. */
const WAITING_BYTES_MAX = 1024 * 1024
const HANDSHAKE_MS = 10_000
const REDIRECTS_MAX = 3

export interface NetworkOptions {
  connection: Connection
  /** Sent as `OpAMP-Instance-UID`. */
  uid: () => string
  clock: Clock
  random: () => number
  log: Logger
}

export class WebSocketTransport implements Transport {
  readonly kind = 'websocket'
  readonly #options: NetworkOptions
  readonly #backoff: Backoff
  #handler: TransportHandler | undefined
  #socket: WebSocket | undefined
  #retry: Timer | undefined
  /** Runs while something was sent and nothing has come since. */
  #answer: Timer | undefined
  /** Somebody found it not writable. */
  #isBlocked = false

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS, options.random)
  }

  get writable(): boolean {
    const socket = this.#socket
    if (socket === undefined || socket.readyState !== socket.OPEN) return false
    if (socket.bufferedAmount < WAITING_BYTES_MAX) return true
    this.#isBlocked = true
    return false
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    void this.#open()
  }

  send(message: AgentToServer): void {
    const socket = this.#socket
    const frame = framed(encodeAgentToServer(message))
    if (frame.length > MESSAGE_BYTES_MAX) {
      this.#options.log.error({ bytes: frame.length }, 'an opamp message is too large to be sent; it is left out')
      return
    }
    socket?.send(frame, () => this.#sent())
    this.#answer ??= this.#options.clock.after(ANSWER_MS, () => this.#doubt())
  }

  async close(farewell: AgentToServer): Promise<void> {
    const socket = this.#socket
    this.#handler = undefined
    this.#retry?.cancel()
    this.#answer?.cancel()
    if (socket === undefined) return
    if (socket.readyState !== socket.OPEN) {
      socket.terminate()
      return
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS)
      socket.on('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.send(framed(encodeAgentToServer(farewell)))
      socket.close(1000)
    })
  }

  async #open(): Promise<void> {
    const { clock, random } = this.#options
    /** The first thing that went wrong is the reason; what follows from it is not. */
    let reason: string | undefined
    let wait = 0
    try {
      const socket = await this.#connect()
      socket.on('error', (error) => {
        reason ??= error.message || String(error)
      })
      socket.on('unexpected-response', (_request, response) => {
        reason ??= `the server answered with status ${response.statusCode}`
        wait = retryAfterMs(response.headers['retry-after'], clock.wall(), random)
        response.resume()
        socket.terminate()
      })
      if (this.#handler === undefined) {
        socket.terminate()
        return
      }
      this.#socket = socket
      socket.on('open', () => this.#handler?.opened())
      socket.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary))
      socket.on('pong', () => this.#answered())
      socket.on('close', (code) => this.#ended(reason ?? `the connection was closed (code ${code})`, wait))
    } catch (error) {
      this.#ended(error instanceof Error ? error.message : String(error), 0)
    }
  }

  async #connect(): Promise<WebSocket> {
    const { connection, uid } = this.#options
    const { WebSocket } = await import('ws')
    return new WebSocket(connection.endpoint, {
      ...tlsOptions(connection.tls),
      headers: { ...revealed(connection.headers), 'OpAMP-Instance-UID': uid() },
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS,
      followRedirects: true,
      maxRedirects: REDIRECTS_MAX,
    })
  }

  #take(data: Buffer, isBinary: boolean): void {
    this.#answered()
    const bytes = isBinary ? unframed(data) : undefined
    const decoded = bytes === undefined ? undefined : decodeServerToAgent(bytes)
    if (decoded?.ok !== true) {
      this.#options.log.warn(
        { code: decoded?.error.code ?? 'no_frame' },
        'an opamp message is malformed; it is passed by',
      )
      return
    }
    this.#backoff.reset()
    this.#handler?.received(decoded.message)
  }

  /** No answer. Servers that do not answer everything still answer pings; who does not is gone. */
  #doubt(): void {
    this.#socket?.ping()
    this.#answer = this.#options.clock.after(ANSWER_MS, () => this.#socket?.terminate())
  }

  #answered(): void {
    this.#answer?.cancel()
    this.#answer = undefined
  }

  #sent(): void {
    if (!this.#isBlocked || !this.writable) return
    this.#isBlocked = false
    this.#handler?.drained()
  }

  #ended(reason: string, wait: number): void {
    this.#socket = undefined
    this.#answered()
    if (this.#handler === undefined) return
    this.#handler.lost({ reason, last: 'unknown' })
    const ms = Math.max(wait, this.#backoff.next())
    if (this.#handler !== undefined) this.#retry = this.#options.clock.after(ms, () => void this.#open())
  }
}
