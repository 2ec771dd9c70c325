/**
 * Listens on a Unix stream socket, for clients of the same machine. Who may write to it, the file's mode says.
 *
 * A file that a program left behind when it died is removed; one that somebody listens on is not.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { SourceContext } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import { errorCodeOf } from '#listeners/listen.ts'
import { Refusals, TOO_MANY_CONNECTIONS } from '#listeners/refusals.ts'
import type { StreamFraming } from '#listeners/stream-connection.ts'

/** At `stop`, a connection is read until nothing has come for this long. */
const STOP_QUIET_MS = 50

export interface UnixOptions {
  path: string
  /** Of the socket's file. */
  mode: number
  connectionsMax: number
}

export class UnixListener {
  readonly #options: UnixOptions
  readonly #context: SourceContext
  readonly #frame: () => Pick<StreamFraming, 'take' | 'end'>
  readonly #tooMany: Refusals
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  /** `frame` makes what takes the bytes of a new connection: all of them, whenever they come. */
  constructor(options: UnixOptions, context: SourceContext, frame: () => Pick<StreamFraming, 'take' | 'end'>) {
    this.#options = options
    this.#context = context
    this.#frame = frame
    const { connectionsMax: connections_max } = options
    this.#tooMany = new Refusals(context, { source: context.id, connections_max }, TOO_MANY_CONNECTIONS)
  }

  /** Rejects with `SG_LISTEN`. */
  async start(): Promise<void> {
    const { path, mode } = this.#options
    const server = createServer((socket) => this.#accept(socket))
    try {
      await removeStale(path)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, resolve)
      })
      chmodSync(path, mode)
    } catch (cause) {
      server.close()
      const what = `Source "${this.#context.id}" cannot listen on ${path} (${errorCodeOf(cause)})`
      throw new StreamgateError('SG_LISTEN', `${what}: choose another path.`, { cause })
    }
    server.on('error', (err) => this.#context.log.warn({ source: this.#context.id, err }, 'cannot accept'))
    this.#server = server
  }

  /** Takes what has been sent. The file goes away. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.setTimeout(STOP_QUIET_MS)
    await closed
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= this.#options.connectionsMax) {
      socket.destroy()
      this.#tooMany.add()
      return
    }
    this.#sockets.add(socket)
    const framing = this.#frame()
    socket.on('data', (chunk) => framing.take(chunk as Buffer))
    // A reset connection: what came before it counts. 'close' follows.
    socket.on('error', () => undefined)
    socket.on('timeout', () => socket.destroy())
    socket.on('close', () => {
      framing.end()
      this.#sockets.delete(socket)
    })
  }
}

async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return
  const isUsed = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (!isUsed) unlinkSync(path)
}
