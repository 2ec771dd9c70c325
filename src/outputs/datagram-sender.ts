/**
 * Sends each record of a batch as one datagram.
 *
 * The socket is connected, so that an address where nobody listens shows as an error (an ICMP answer) instead of as
 * silence. Such an error comes with a later datagram than the one that was lost; what else gets lost on the way, nobody
 * hears of.
 */
import { createSocket, type Socket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { Batch, SendResult } from '#component/output.ts'
import { failed, notRunning, reasonOf } from './socket-writer.ts'

/** Datagrams that are given to the kernel at once. */
const WINDOW = 64

export class DatagramSender {
  readonly #host: string
  readonly #port: number
  readonly #lookupTimeoutMs: number
  #socket: Socket | undefined
  #stopped = false

  constructor(host: string, port: number, lookupTimeoutMs: number) {
    this.#host = host
    this.#port = port
    this.#lookupTimeoutMs = lookupTimeoutMs
  }

  /** Never rejects. What did not go through is to be sent again, and nothing else is. */
  async send({ bytes, ends, records }: Batch, signal: AbortSignal): Promise<SendResult> {
    const retry: number[] = []
    let reason = ''
    for (let first = 0; first < records; first += WINDOW) {
      if (this.#stopped) return first === 0 ? notRunning : partly(retry, first, records, 'stopped', 'the output stops')
      if (signal.aborted) {
        if (first === 0) return failed('aborted', 'stopped before sending')
        return partly(retry, first, records, 'aborted', 'stopped while sending')
      }
      const socket = this.#socket ?? (await this.#connect(signal))
      if (typeof socket === 'string') return partly(retry, first, records, 'connect', socket)
      const last = Math.min(first + WINDOW, records)
      const errors = await Promise.all(
        Array.from({ length: last - first }, (_, i) => {
          const record = first + i
          return sendOne(socket, bytes.subarray(record === 0 ? 0 : ends[record - 1], ends[record]))
        }),
      )
      for (const [i, error] of errors.entries()) {
        if (error === undefined) continue
        retry.push(first + i)
        reason = error
      }
      if (retry.length > 0) {
        // Where the name leads to may have changed.
        this.#close(socket)
        return partly(retry, last, records, 'network', reason)
      }
    }
    return { ok: true }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#socket !== undefined) this.#close(this.#socket)
  }

  /** A socket, or why there is none. */
  async #connect(signal: AbortSignal): Promise<Socket | string> {
    let socket: Socket | undefined
    try {
      const { address, family } = await this.#lookup(signal)
      socket = createSocket(family === 6 ? 'udp6' : 'udp4')
      await connect(socket, this.#port, address)
      if (this.#stopped) throw new Error('the output stops')
    } catch (error) {
      socket?.close()
      return `${this.#host}:${this.#port}: ${error instanceof Error ? reasonOf(error) : String(error)}`
    }
    // An answer to something that was sent before: the next send finds the address again.
    const opened = socket
    opened.on('error', () => this.#close(opened))
    this.#socket = opened
    return opened
  }

  /** Looking a name up cannot be taken back, but nobody need wait for it. */
  async #lookup(signal: AbortSignal): Promise<LookupAddress> {
    const settled = new AbortController()
    const tooLate = AbortSignal.timeout(this.#lookupTimeoutMs)
    const ended = once(AbortSignal.any([signal, tooLate]), 'abort', { signal: settled.signal }).then(() => {
      throw new Error(tooLate.aborted ? 'looking up the name took too long' : 'stopped while looking up the name')
    })
    try {
      return await Promise.race([lookup(this.#host), ended])
    } finally {
      settled.abort()
    }
  }

  #close(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    socket.close()
  }
}

/** Rejects when the kernel knows no way there. */
function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Node gives it an error when there is one, and then emits none.
    const connected: (error?: Error) => void = (error) => (error === undefined ? resolve() : reject(error))
    socket.connect(port, address, connected)
  })
}

/** Undefined when the kernel has taken it, else what it said. */
function sendOne(socket: Socket, datagram: Uint8Array): Promise<string | undefined> {
  return new Promise((resolve) => {
    try {
      socket.send(datagram, (error) => resolve(error?.message))
    } catch (error) {
      // Closed in between.
      resolve(error instanceof Error ? error.message : String(error))
    }
  })
}

/** `retry` and all from `first` on did not go through. */
function partly(retry: number[], first: number, records: number, code: string, message: string): SendResult {
  const all = [...retry]
  for (let i = first; i < records; i++) all.push(i)
  if (all.length === records) return failed(code, message)
  return { ok: 'partly', retry: all, refused: [], code, message }
}
