/**
 * `console` writes records to standard output, or to standard error.
 *
 * Node writes to `process.stdout` synchronously when it is a pipe, so a reader that stalls would stall the node. Here a
 * pipe is opened anew, non-blocking, with a file description of our own (so nobody else's end changes), and written to
 * like a socket. Files and terminals are written to through libuv's pool.
 */
import { constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type SendResult } from '#component/output.ts'
import { writeAll } from '../file-writer.ts'
import { writeToSocket } from '../socket-writer.ts'

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const

const config = z.strictObject({
  stream: z.enum(['stdout', 'stderr']).default('stdout').describe('Where to write.'),
  format: z.enum(['text', 'ndjson']).default('text').describe('Records as they are, or one JSON object a line.'),
})

export const consoleOutput = defineOutput({
  name: 'console',
  summary: 'Writes records to standard output.',
  shape: 'stream',
  config,
  encoder: ({ format }) => format,
  create: ({ stream }) => new ConsoleOutput(DESCRIPTORS[stream]),
})

class ConsoleOutput implements Output {
  readonly #fd: number
  #socket: Socket | undefined
  #gone = false

  constructor(fd: number) {
    this.#fd = fd
  }

  async start(): Promise<void> {
    const kind = fstatSync(this.#fd)
    if (!kind.isFIFO() && !kind.isSocket()) return
    const socket = new Socket({ fd: kind.isFIFO() ? reopened(this.#fd) : this.#fd, readable: false, writable: true })
    socket.on('error', () => {
      this.#gone = true
    })
    // Standard output alone does not keep the process running.
    socket.unref()
    this.#socket = socket
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (this.#gone)
      return { ok: false, retryable: false, code: 'closed', message: 'nobody reads standard output any more' }
    if (this.#socket === undefined) return await writeAll(this.#fd, batch.bytes, signal)
    const result = await writeToSocket(this.#socket, batch.bytes, signal, 0)
    if (!result.ok) this.#gone = true
    return result
  }

  async stop(): Promise<void> {
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

/** The same pipe with a description of our own. Where the system has no such path, the descriptor itself must do. */
function reopened(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return fd
  }
}
