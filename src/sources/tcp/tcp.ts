/**
 * `tcp` takes newline-delimited records over plain connections.
 *
 * When the intake is full and the source's overflow policy is `block`, all connections stop reading at once: at most one
 * read of one connection waits in memory, the rest waits in the kernel and with the senders. What connections that end in
 * the meantime still hold is handed over first when there is room again.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { z } from 'zod'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import {
  addressText,
  boundAddress,
  type ListenAddress,
  listenError,
  listenOption,
  parseListen,
} from '#listeners/listen.ts'
import { Refusals, TOO_MANY_CONNECTIONS } from '#listeners/refusals.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { LineFraming, type LineLimits, lineTooLongPolicies } from '../line-framing.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { readInto } from './shared-read.ts'

const config = z.strictObject({
  listen: listenOption('0.0.0.0:8081'),
  line_bytes_max: z
    .number()
    .int()
    .min(1)
    .default(1024 * 1024)
    .describe('Longest line in bytes, without its newline.'),
  line_too_long: z
    .enum(lineTooLongPolicies)
    .default('cut')
    .describe('What becomes of longer lines: cut into records marked truncated, or dropped and counted.'),
  connections_max: z.number().int().min(1).default(10_000).describe('Connections at once; more are closed at once.'),
  idle_timeout_ms: z
    .number()
    .int()
    .min(1)
    .max(0x7fff_ffff)
    .default(600_000)
    .describe('A connection that sends nothing for this long is closed.'),
  unfinished_bytes_max: z
    .number()
    .int()
    .min(1024)
    .default(64 * 1024 * 1024)
    .describe('Memory for the unfinished lines of all connections together; beyond it, lines count as too long.'),
})
type Options = z.output<typeof config>

export const tcp = defineSource({
  name: 'tcp',
  summary: 'Newline-delimited records over TCP.',
  config,
  create: (options, context) => new TcpSource(options, context),
})

/** One read of a socket; less than an entry of the intake. */
const READ_BYTES = 256 * 1024
/** Connections that wait to be accepted, as far as the system allows. */
const BACKLOG = 1024
/** At `stop`, a connection is read until nothing has come for this long … */
const STOP_QUIET_MS = 50
/** … and at most for this long, however much still comes. */
const STOP_READING_MS = 500

class TcpSource implements Source, ConnectionOwner {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #limits: LineLimits
  readonly #buffer: Bytes
  readonly #refusals: Refusals
  readonly #connections = new Set<Connection>()
  /** Those with something to hand over while the intake is full; empty otherwise. */
  readonly #waiting = new Set<Connection>()
  #server: Server | null = null
  #bound: ListenAddress
  #origin = 0
  #stopped: Promise<void> | null = null
  #onEmpty: (() => void) | null = null

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#bound = parseListen(options.listen)!
    this.#buffer = allocate(READ_BYTES)
    this.#refusals = new Refusals(
      context,
      { source: context.id, connections_max: options.connections_max },
      TOO_MANY_CONNECTIONS,
    )
    const lineBytesMax = Math.min(options.line_bytes_max, context.intake.entryBytesMax - 1)
    if (lineBytesMax < options.line_bytes_max) {
      context.log.warn({ source: context.id, line_bytes_max: lineBytesMax }, 'lines are limited by the intake')
    }
    this.#limits = {
      lineBytesMax,
      lineTooLong: options.line_too_long,
      budget: new ByteBudget(options.unfinished_bytes_max),
      dropped: (bytes) => context.reject('line_too_long', 1, bytes),
    }
  }

  async start(): Promise<void> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.#accept(socket))
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(this.#bound.port, this.#bound.host, BACKLOG, resolve)
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
    return addressText('tcp', this.#bound)
  }

  full(connection: Connection): void {
    const first = this.#waiting.size === 0
    this.#waiting.add(connection)
    if (!first) return
    for (const each of this.#connections) each.pause()
    this.#context.intake.onRoom(() => this.#room())
  }

  done(connection: Connection): void {
    this.#connections.delete(connection)
    this.#context.gauge('connections', this.#connections.size)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  #accept(accepted: Socket): void {
    if (this.#connections.size >= this.#options.connections_max) {
      accepted.destroy()
      this.#refusals.add()
      return
    }
    const framing = new LineFraming(this.#context.intake, this.#origin++, this.#limits)
    const connection = new Connection(framing, this, this.#options.idle_timeout_ms, (onBytes) =>
      readInto(accepted, this.#buffer, onBytes),
    )
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
    if (this.#connections.size === 0) return
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
