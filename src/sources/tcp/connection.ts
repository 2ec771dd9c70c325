/** One connection: its socket, its unfinished line, and whether it still has something to hand over. */
import type { Socket } from 'node:net'
import { allocate, type Bytes, viewOf } from '#std/bytes.ts'
import type { LineFraming } from '../line-framing.ts'
import type { OnBytes } from './shared-read.ts'

/** What a connection asks of the listener that has it. */
export interface ConnectionOwner {
  /** The intake is full: nobody may read until there is room, then `handOver` is called again. */
  full(connection: Connection): void
  /** Everything is handed over and the socket is closed. */
  done(connection: Connection): void
}

export class Connection {
  readonly #framing: LineFraming
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  /** Bytes that the intake had no room for: at most what one read gives. */
  #pending: Bytes | null = null
  #paused = false
  #ended = false
  #closed = false
  #done = false

  /** `open` makes the socket that gives its bytes to the callback. */
  constructor(framing: LineFraming, owner: ConnectionOwner, idleTimeoutMs: number, open: (onBytes: OnBytes) => Socket) {
    this.#framing = framing
    this.#owner = owner
    const socket = open((length, buffer) => this.#read(length, buffer))
    this.#socket = socket
    socket.setTimeout(idleTimeoutMs)
    // Paused by us, it is not the peer that is idle.
    socket.on('timeout', () => !this.#paused && this.#finish())
    socket.on('end', () => this.#finish())
    // A reset connection: what came before it counts. 'close' follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      this.#finish()
    })
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#ended) this.#socket.resume()
  }

  /** Says goodbye, but reads what is on its way until nothing comes for `quietMs`. */
  drain(quietMs: number): void {
    this.#socket.end()
    this.#socket.setTimeout(quietMs)
  }

  /** Takes nothing more in: what it holds is all there is. */
  cut(): void {
    this.#finish()
  }

  /** Hands over what the intake had no room for. False: there is still none. */
  handOver(): boolean {
    if (this.#pending !== null) {
      const taken = this.#framing.take(this.#pending)
      if (taken < this.#pending.length) {
        this.#pending = this.#pending.subarray(taken)
        return false
      }
      this.#pending = null
    }
    if (!this.#ended || this.#done) return true
    if (!this.#framing.end()) return false
    if (this.#closed) {
      this.#done = true
      this.#owner.done(this)
    } else {
      this.#socket.destroy()
    }
    return true
  }

  #read(length: number, buffer: Uint8Array): boolean {
    const chunk = viewOf(buffer, 0, length)
    const taken = this.#framing.take(chunk)
    if (taken === length) return true
    this.#pending = allocate(length - taken)
    chunk.copy(this.#pending, 0, taken)
    this.#owner.full(this)
    return false
  }

  /** The last line is complete, terminated or not. */
  #finish(): void {
    this.#ended = true
    if (!this.handOver()) this.#owner.full(this)
  }
}
