/**
 * One TCP or TLS connection, opened when there is something to send and opened again when it breaks.
 *
 * TCP without an application protocol tells when the kernel has taken the bytes, not when the other side has: what lies
 * in the kernel's buffers when a connection breaks is counted as delivered and may be lost.
 */
import { connect, isIP, type Socket } from 'node:net'
import { z } from 'zod'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'
import type { TlsPlan } from '#upstreams/plan.ts'
import { socketOptions } from '#upstreams/tls.ts'
import { failed, notRunning, reasonOf, writeToSocket } from './socket-writer.ts'

const CLOSE_TIMEOUT_MS = 2_000

/** Spread into an output's schema. */
export const connectionOptions = {
  connect_timeout_ms: z.int().min(1).max(600_000).default(5_000).describe('How long connecting may take.'),
  write_timeout_ms: z
    .int()
    .min(1)
    .max(600_000)
    .default(30_000)
    .describe('How long the other side may take no bytes before the connection is given up.'),
  keep_alive_ms: z
    .int()
    .min(1_000)
    .max(7_200_000)
    .default(30_000)
    .describe('After how much silence the other side is asked whether it is still there.'),
}

export interface ConnectionSettings {
  host: string
  port: number
  /** Of a Unix socket, instead of host and port. */
  path?: string
  connectTimeoutMs: number
  writeTimeoutMs: number
  keepAliveMs: number
  /** Undefined: no TLS. */
  tls?: TlsPlan
}

export class SocketConnection {
  readonly #settings: ConnectionSettings
  #socket: Socket | undefined
  #connecting: Socket | undefined
  #stopped = false

  constructor(settings: ConnectionSettings) {
    this.#settings = settings
  }

  /** Never rejects. After a failure nobody knows how much of `bytes` went through. */
  async send(bytes: Bytes, signal: AbortSignal): Promise<SendResult> {
    if (this.#stopped) return notRunning
    if (signal.aborted) return failed('aborted', 'stopped before sending')
    const socket = this.#socket?.writable ? this.#socket : await this.#connect(signal)
    if (!('write' in socket)) return socket
    const result = await writeToSocket(socket, bytes, signal, this.#settings.writeTimeoutMs)
    if (!result.ok) socket.destroy()
    return result
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#connecting?.destroy()
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined || socket.destroyed) return
    // Lets the kernel send what it has; a peer that does not take it cannot keep us.
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.setTimeout(CLOSE_TIMEOUT_MS, () => socket.destroy())
      socket.end()
      socket.resume()
    })
  }

  async #connect(signal: AbortSignal): Promise<Socket | SendResult> {
    const { connectTimeoutMs, keepAliveMs, tls } = this.#settings
    // Several MiB that most nodes never need.
    const secure = tls === undefined ? undefined : await import('node:tls')
    if (this.#stopped) return notRunning
    if (signal.aborted) return failed('aborted', 'stopped before connecting')
    return await new Promise((resolve) => {
      const socket = this.#open(secure)
      this.#connecting = socket
      const settle = (result: Socket | SendResult) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        socket.removeListener('close', closed)
        this.#connecting = undefined
        if (result !== socket) socket.destroy()
        resolve(result)
      }
      const tooLate = () =>
        settle(failed('connect_timeout', `no connection to ${this.#where()} within ${connectTimeoutMs} ms`))
      const timer = setTimeout(tooLate, connectTimeoutMs)
      const aborted = () => settle(failed('aborted', 'stopped while connecting'))
      const closed = () =>
        settle(this.#stopped ? notRunning : failed('connect', `${this.#where()}: the connection was closed`))
      signal.addEventListener('abort', aborted, { once: true })
      socket.once('close', closed)
      // Errors after this one show as `close`.
      socket.on('error', (error) => settle(failed('connect', `${this.#where()}: ${reasonOf(error)}`)))
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        this.#socket = socket
        socket.setNoDelay(true)
        socket.setKeepAlive(true, keepAliveMs)
        // A peer that closes its side is seen here, before the next write would go into the void.
        socket.on('end', () => socket.destroy())
        socket.resume()
        settle(socket)
      })
    })
  }

  #open(secure: typeof import('node:tls') | undefined): Socket {
    const { host, port, path, tls } = this.#settings
    if (path !== undefined) return connect({ path })
    if (secure === undefined || tls === undefined) return connect({ host, port })
    const serverName = tls.serverName ?? (isIP(host) === 0 ? host : undefined)
    return secure.connect({
      host,
      port,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...socketOptions(tls),
    })
  }

  #where(): string {
    return this.#settings.path ?? `${this.#settings.host}:${this.#settings.port}`
  }
}
