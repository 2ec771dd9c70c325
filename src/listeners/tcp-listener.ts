/**
 * A TCP listener for protocols that are streams: lines, counted frames, or binary messages, with or without answers.
 *
 * When the intake is full and the source's overflow policy is `block`, all connections stop reading at once: at most
 * one read of one connection waits in memory, the rest waits in the kernel and with the senders. What connections that
 * end in the meantime still hold is handed over first when there is room again.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { z } from 'zod'
import type { TlsListenOptions } from '#component/exchange.ts'
import type { SourceContext } from '#component/source.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { AllowList, allowOption } from './allow.ts'
import {
  addressText,
  boundAddress,
  type ListenAddress,
  listenError,
  listenOption,
  parseListen,
  tlsError,
} from './listen.ts'
import { connectionsMaxOption } from './options.ts'
import { NO_HANDSHAKE, NOT_ALLOWED, Refusals, TOO_MANY_CONNECTIONS } from './refusals.ts'
import { type OnBytes, readData, readInto } from './shared-read.ts'
import { type ConnectionOwner, StreamConnection, type StreamFraming, type StreamPeer } from './stream-connection.ts'
import { isHandshakeRefused, ListenerTls, tlsOption } from './tls.ts'

export interface TcpListenerOptions {
  listen: string
  tls?: TlsListenOptions | undefined
  allow?: readonly string[] | undefined
  connections_max: number
  idle_timeout_ms: number
}

/** To be spread into a source's schema. */
export function tcpListenerOptions(standardListen: string) {
  return {
    listen: listenOption(standardListen),
    ...tlsOption,
    ...allowOption,
    connections_max: connectionsMaxOption('more are closed at once'),
    idle_timeout_ms: z
      .number()
      .int()
      .min(1)
      .max(0x7fff_ffff)
      .default(600_000)
      .describe('A connection that sends nothing for this long is closed.'),
  }
}

/** One read of a socket; less than an entry of the intake. */
const READ_BYTES = 256 * 1024
/** Connections that wait to be accepted, as far as the system allows. */
const BACKLOG = 1024
/**
 * With TLS: connections beyond the maximum that may have their handshake, to be told apart from those that are there.
 */
const EXTRA_HANDSHAKES = 64
/** At `stop`, a connection is read until nothing has come for this long … */
const STOP_QUIET_MS = 50
/** … and at most for this long, however much still comes. */
const STOP_READING_MS = 500

export class TcpListener implements ConnectionOwner {
  readonly #options: TcpListenerOptions
  readonly #context: SourceContext
  readonly #frame: (peer: StreamPeer) => StreamFraming
  readonly #buffer: Bytes
  readonly #allow: AllowList
  readonly #tooMany: Refusals
  readonly #notAllowed: Refusals
  readonly #noHandshake: Refusals
  readonly #connections = new Set<StreamConnection>()
  /** Those with something to hand over while the intake is full; empty otherwise. */
  readonly #waiting = new Set<StreamConnection>()
  /** With TLS: what is below it, from before the handshake. */
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #tls: ListenerTls | undefined
  #bound: ListenAddress
  #origin = 0
  #stopped: Promise<void> | null = null
  #onEmpty: (() => void) | null = null

  /** `options` may have more keys. `frame` makes what cuts the bytes of a new connection. */
  constructor(context: SourceContext, options: TcpListenerOptions, frame: (peer: StreamPeer) => StreamFraming) {
    this.#options = options
    this.#context = context
    this.#frame = frame
    this.#bound = parseListen(options.listen)!
    this.#buffer = allocate(READ_BYTES)
    this.#allow = new AllowList(options.allow)
    const source = context.id
    this.#tooMany = new Refusals(context, { source, connections_max: options.connections_max }, TOO_MANY_CONNECTIONS)
    this.#notAllowed = new Refusals(context, { source }, NOT_ALLOWED)
    this.#noHandshake = new Refusals(context, { source }, NO_HANDSHAKE)
  }

  /** Rejects with `SG_LISTEN`. */
  async start(): Promise<void> {
    const server = this.#options.tls === undefined ? this.#plainServer() : await this.#secureServer(this.#options.tls)
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.#bound.port, this.#bound.host, BACKLOG, resolve)
      })
    } catch (cause) {
      this.#tls?.stop()
      throw listenError(this.#context.id, this.address(), cause)
    }
    server.on('error', (error) => this.#context.log.warn({ source: this.#context.id, err: error }, 'cannot accept'))
    this.#server = server
    this.#bound = boundAddress(server.address(), this.#bound)
  }

  /** Hands over what is there. Safe before `start` and when called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Such as `tcp://0.0.0.0:8081`, with TLS too. */
  address(): string {
    return addressText('tcp', this.#bound)
  }

  full(connection: StreamConnection): void {
    const first = this.#waiting.size === 0
    this.#waiting.add(connection)
    if (!first) return
    for (const each of this.#connections) each.pause()
    this.#context.intake.onRoom(() => this.#room())
  }

  done(connection: StreamConnection): void {
    this.#connections.delete(connection)
    this.#context.gauge('connections', this.#connections.size)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  #plainServer(): Server {
    return createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      if (this.#admit(socket)) this.#accept(socket, (onBytes) => readInto(socket, this.#buffer, onBytes))
    })
  }

  async #secureServer(options: TlsListenOptions): Promise<Server> {
    const { id: source, clock, log } = this.#context
    try {
      this.#tls = await ListenerTls.read(options, { clock, log, source })
    } catch (cause) {
      throw tlsError(source, this.address(), cause)
    }
    const server = createSecureServer({ ...this.#tls.serverOptions, allowHalfOpen: true })
    server.maxConnections = this.#options.connections_max + EXTRA_HANDSHAKES
    server.on('drop', () => this.#tooMany.add())
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('secureConnection', (socket) => this.#accept(socket, (onBytes) => readData(socket, onBytes)))
    server.on('tlsClientError', (error, socket) => this.#onHandshakeError(error, socket))
    this.#tls.watch(server)
    return server
  }

  #admit(socket: Socket): boolean {
    if (this.#allow.allows(socket.remoteAddress)) return true
    this.#context.reject('not_allowed', 1, 0)
    this.#notAllowed.add()
    socket.destroy()
    return false
  }

  #onHandshakeError(error: Error, socket: Socket): void {
    socket.destroy()
    if (!isHandshakeRefused(error, socket)) return
    this.#context.reject('handshake', 1, 0)
    this.#noHandshake.add()
  }

  #accept(accepted: Socket, open: (onBytes: OnBytes) => Socket): void {
    if (this.#stopped !== null) {
      accepted.destroy()
      return
    }
    if (this.#connections.size >= this.#options.connections_max) {
      accepted.destroy()
      this.#tooMany.add()
      return
    }
    const { idle_timeout_ms } = this.#options
    const connection = new StreamConnection(this.#origin++, this, idle_timeout_ms, open, this.#frame)
    this.#connections.add(connection)
    if (this.#waiting.size > 0) connection.pause()
    this.#context.gauge('connections', this.#connections.size)
  }

  #room(): void {
    for (const connection of this.#waiting) {
      if (!connection.handOver()) {
        this.#context.intake.onRoom(() => this.#room())
        return
      }
      this.#waiting.delete(connection)
    }
    for (const connection of this.#connections) connection.resume()
  }

  async #stop(): Promise<void> {
    if (this.#server === null) return
    this.#server.close()
    this.#tls?.stop()
    if (this.#connections.size > 0) await this.#drain()
    // What is left has never had its handshake.
    for (const socket of this.#sockets) socket.destroy()
  }

  async #drain(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    for (const connection of this.#connections) connection.drain(STOP_QUIET_MS)
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.cut()
    }, STOP_READING_MS)
    await empty
    clearTimeout(deadline)
  }
}
