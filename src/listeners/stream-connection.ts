/**
 * One connection of a protocol that is a stream: its socket, what cuts its bytes, and whether something is still to be
 * handed over.
 */
import type { Socket } from 'node:net'
import { allocate, type Bytes, viewOf } from '#std/bytes.ts'
import { clientSubjectOf } from './client-subject.ts'
import type { OnBytes } from './shared-read.ts'

/** Cuts one stream of bytes into entries and puts them into the intake. */
export interface StreamFraming {
  /**
   * Takes bytes from the start of `chunk`, which are its own only until it returns. Less than all of them: the intake
   * is full, and the rest comes again when there is room. What is not of the protocol is the framing's to count; then
   * it calls `peer.close`, and gets nothing more but `end`.
   */
  take(chunk: Bytes): number
  /** The stream has ended: puts what it holds. False: the intake is full, ask again. True once, and ever after. */
  end(): boolean
  /** For protocols with answers: settles when all that are owed have been written. Asked once, after `end`. */
  answered?(): Promise<unknown>
}

/** The other side, as a framing sees it. */
export interface StreamPeer {
  /** Number of the connection, for `IntakeEntry.origin`. */
  readonly origin: number
  readonly remoteAddress: string
  /** See `clientSubjectOf`. */
  readonly clientSubject: string | undefined
  /**
   * Sends an answer; nothing happens when the connection has gone. While too many lie unread there, nothing more is
   * read of it.
   */
  write(bytes: Uint8Array | string): void
  /** Until `release`, nothing more is read of this connection: for who is busy with what came. What was read already still comes to `take`. */
  hold(): void
  release(): void
  /** Ends the connection when what was written has gone out. What still comes is thrown away. */
  close(): void
}

/** What a connection asks of the listener that has it. */
export interface ConnectionOwner {
  /** The intake is full: nobody may read until there is room, then `handOver` is called again. */
  full(connection: StreamConnection): void
  /** Everything is handed over and the socket is closed. */
  done(connection: StreamConnection): void
}

/** Answers that the other side has not read: above this, its bytes are not read either. */
const UNREAD_BYTES_MAX = 256 * 1024
/** When a stream has ended, its last answers have this long to go out, or as long as it may be idle. */
const CLOSING_MS = 10_000

export class StreamConnection implements StreamPeer {
  readonly origin: number
  readonly remoteAddress: string
  readonly #framing: StreamFraming
  readonly #owner: ConnectionOwner
  readonly #idleTimeoutMs: number
  readonly #socket: Socket
  /** Bytes that the intake had no room for: at most what one read gives. */
  #pending: Bytes | null = null
  /** By the owner. */
  #paused = false
  /** Too many answers lie unread. */
  #clogged = false
  /** The framing is busy. */
  #held = false
  #taking = false
  /** The framing wants no more of this stream. */
  #refused = false
  #ended = false
  /** The last answers are on their way. */
  #closing = false
  #closed = false
  #done = false

  /** `open` makes the socket that gives its bytes to the callback. */
  constructor(
    origin: number,
    owner: ConnectionOwner,
    idleTimeoutMs: number,
    open: (onBytes: OnBytes) => Socket,
    frame: (peer: StreamPeer) => StreamFraming,
  ) {
    this.origin = origin
    this.#owner = owner
    this.#idleTimeoutMs = idleTimeoutMs
    const socket = open((length, buffer) => this.#read(length, buffer))
    this.#socket = socket
    this.remoteAddress = socket.remoteAddress ?? ''
    this.#framing = frame(this)
    socket.setTimeout(idleTimeoutMs)
    socket.on('timeout', () => this.#onTimeout())
    socket.on('end', () => this.#finish())
    // A reset connection: what came before it counts. 'close' follows.
    socket.on('error', () => undefined)
    socket.on('drain', () => this.#onDrain())
    socket.on('close', () => {
      this.#closed = true
      this.#finish()
    })
  }

  get clientSubject(): string | undefined {
    return clientSubjectOf(this.#socket)
  }

  write(bytes: Uint8Array | string): void {
    if (!this.#socket.writable) return
    this.#socket.write(bytes)
    if (this.#clogged || this.#socket.writableLength <= UNREAD_BYTES_MAX) return
    this.#clogged = true
    this.#socket.pause()
  }

  hold(): void {
    this.#held = true
    this.#socket.pause()
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#readOn()
  }

  close(): void {
    this.#refused = true
    if (!this.#taking) this.#finish()
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#readOn()
  }

  /**
   * Says goodbye, but reads what is on its way until nothing comes for `quietMs`. Where answers are owed, the goodbye
   * follows them.
   */
  drain(quietMs: number): void {
    if (this.#framing.answered === undefined) this.#socket.end()
    if (!this.#closing) this.#socket.setTimeout(quietMs)
  }

  /** Takes nothing more in: what it holds is all there is. */
  cut(): void {
    this.#finish()
  }

  /** Hands over what the intake had no room for. False: there is still none. */
  handOver(): boolean {
    if (this.#pending !== null) {
      const taken = this.#take(this.#pending)
      if (taken < this.#pending.length) {
        this.#pending = this.#pending.subarray(taken)
        return false
      }
      this.#pending = null
      if (this.#refused) this.#ended = true
    }
    if (!this.#ended || this.#done) return true
    if (!this.#framing.end()) return false
    if (this.#closed) {
      this.#done = true
      this.#owner.done(this)
    } else if (!this.#closing) {
      this.#closing = true
      void this.#sayLast()
    }
    return true
  }

  /** Never rejects. */
  async #sayLast(): Promise<void> {
    this.#socket.setTimeout(Math.min(CLOSING_MS, this.#idleTimeoutMs))
    const { answered } = this.#framing
    if (answered !== undefined) await answered.call(this.#framing).catch(() => undefined)
    this.#socket.destroySoon()
  }

  #onTimeout(): void {
    if (this.#closing) this.#socket.destroy()
    // Paused by us, it is not the peer that is idle.
    else if (!this.#paused && !this.#held) this.#finish()
  }

  #onDrain(): void {
    if (!this.#clogged) return
    this.#clogged = false
    this.#readOn()
  }

  #readOn(): void {
    if (!this.#paused && !this.#clogged && !this.#held && !this.#ended) this.#socket.resume()
  }

  /** False: do not read on. */
  #read(length: number, buffer: Uint8Array): boolean {
    if (this.#ended) return true
    const chunk = viewOf(buffer, 0, length)
    const taken = this.#take(chunk)
    if (this.#refused) {
      this.#finish()
      return true
    }
    if (taken === length) return !this.#clogged && !this.#held
    this.#pending = allocate(length - taken)
    chunk.copy(this.#pending, 0, taken)
    this.#owner.full(this)
    return false
  }

  #take(chunk: Bytes): number {
    this.#taking = true
    const taken = this.#framing.take(chunk)
    this.#taking = false
    return this.#refused ? chunk.length : taken
  }

  /** What was begun is complete, whether or not it was ended. */
  #finish(): void {
    this.#ended = true
    if (!this.handOver()) this.#owner.full(this)
  }
}
