/**
 * `tcp` sends records as lines over one connection, opened when there is something to send and opened again when it breaks.
 *
 * TCP without an application protocol tells when the kernel has taken the bytes, not when the other side has: what lies
 * in the kernel's buffers when a connection breaks is counted as delivered and may be lost.
 */
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type SendResult } from '#component/output.ts'
import { failed, notRunning, reasonOf, writeToSocket } from '../socket-writer.ts'

const config = z.strictObject({
  address: z
    .string()
    .regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/, 'must be HOST:PORT, such as collector.internal:5170 or [::1]:5170')
    .describe('Where to connect, as HOST:PORT.'),
  format: z.enum(['text', 'ndjson']).default('text').describe('Records as they are, or one JSON object a line.'),
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
})

export const tcp = defineOutput({
  name: 'tcp',
  summary: 'Sends records as lines over a TCP connection.',
  shape: 'stream',
  config,
  encoder: ({ format }) => ({ name: format }),
  create: (options) => new TcpOutput(options),
})

class TcpOutput implements Output {
  readonly #host: string
  readonly #port: number
  readonly #connectTimeoutMs: number
  readonly #writeTimeoutMs: number
  readonly #keepAliveMs: number
  #socket: Socket | undefined
  #connecting: Socket | undefined
  #stopped = false

  constructor(options: z.output<typeof config>) {
    const colon = options.address.lastIndexOf(':')
    this.#host = options.address.slice(0, colon).replace(/^\[|\]$/g, '')
    this.#port = Number(options.address.slice(colon + 1))
    this.#connectTimeoutMs = options.connect_timeout_ms
    this.#writeTimeoutMs = options.write_timeout_ms
    this.#keepAliveMs = options.keep_alive_ms
  }

  async start(): Promise<void> {}

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

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (this.#stopped) return notRunning
    if (signal.aborted) return failed('aborted', 'stopped before sending')
    const socket = this.#socket?.writable ? this.#socket : await this.#connect(signal)
    if (!('write' in socket)) return socket
    const result = await writeToSocket(socket, batch.bytes, signal, this.#writeTimeoutMs)
    if (!result.ok) socket.destroy()
    return result
  }

  #connect(signal: AbortSignal): Promise<Socket | SendResult> {
    return new Promise((resolve) => {
      const socket = connect({
        host: this.#host,
        port: this.#port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: this.#keepAliveMs,
      })
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
        settle(failed('connect_timeout', `no connection to ${this.#where()} within ${this.#connectTimeoutMs} ms`))
      const timer = setTimeout(tooLate, this.#connectTimeoutMs)
      const aborted = () => settle(failed('aborted', 'stopped while connecting'))
      const closed = () => settle(notRunning)
      signal.addEventListener('abort', aborted, { once: true })
      socket.once('close', closed)
      // Errors after this one show as `close`.
      socket.on('error', (error) => settle(failed('connect', `${this.#where()}: ${reasonOf(error)}`)))
      socket.once('connect', () => {
        this.#socket = socket
        // A peer that closes its side is seen here, before the next write would go into the void.
        socket.on('end', () => socket.destroy())
        socket.resume()
        settle(socket)
      })
    })
  }

  #where(): string {
    return `${this.#host}:${this.#port}`
  }
}

const CLOSE_TIMEOUT_MS = 2_000
