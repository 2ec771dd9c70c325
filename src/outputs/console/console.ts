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
import { signals } from '#telemetry/signal.ts'
import { writeAll } from '../file-writer.ts'
import { failed, notRunning, writeToSocket } from '../socket-writer.ts'

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const

const config = z.strictObject({
  stream: z.enum(['stdout', 'stderr']).default('stdout').describe('Where to write.'),
  format: z.enum(['text', 'ndjson']).default('text').describe('Records as they are, or one JSON object a line.'),
})

export const consoleOutput = defineOutput({
  name: 'console',
  summary: 'Writes records to standard output.',
  whenFull: 'drop_oldest',
  shape: 'stream',
  config,
  signals,
  encoder: ({ format }) => ({ name: format }),
  create: ({ stream }) => new ConsoleOutput(DESCRIPTORS[stream]),
})

class ConsoleOutput implements Output {
  readonly #fd: number
  #running = false
  #socket: Socket | undefined

  constructor(fd: number) {
    this.#fd = fd
  }

  async start(): Promise<void> {
    const kind = fstatSync(this.#fd)
    if (kind.isFIFO() || kind.isSocket()) this.#socket = socketTo(this.#fd)
    this.#running = true
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#running) return notRunning
    // What is under way when we stop waiting is still completed, from memory that is nobody else's.
    const bytes = Buffer.from(batch.bytes)
    if (this.#socket === undefined) return await untilAborted(writeAll(this.#fd, bytes, signal), signal)
    const result = await writeToSocket(this.#socket, bytes, signal, 0)
    return !result.ok && this.#socket?.destroyed
      ? { ok: false, retryable: false, code: 'closed', message: 'nobody reads it any more' }
      : result
  }

  async stop(): Promise<void> {
    this.#running = false
  }
}

/**
 * One for each stream, open as long as the process: consoles that follow each other at a reload write through it in turn, so
 * none ends in the middle of a line, and an event loop takes a descriptor only once.
 */
const sockets = new Map<number, Socket>()

function socketTo(fd: number): Socket {
  const known = sockets.get(fd)
  if (known !== undefined && !known.destroyed) return known
  const socket = new Socket({ fd: reopened(fd), readable: false, writable: true })
  // Each send hears of it through its callback, and the next one sees that the socket is destroyed.
  socket.on('error', () => undefined)
  // Standard output alone does not keep the process running.
  socket.unref()
  sockets.set(fd, socket)
  return socket
}

/** The same pipe with a description of our own. What cannot be opened anew, such as a socket, must do as it is. */
function reopened(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return fd
  }
}

/** A write that a stopped terminal holds up cannot be called back, only be waited for no longer. */
function untilAborted(work: Promise<SendResult>, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const aborted = () => resolve(failed('aborted', 'stopped while writing'))
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    void work.then(resolve).finally(() => signal.removeEventListener('abort', aborted))
  })
}
