/**
 * Receives datagrams, for all sources to which each one is a record.
 *
 * A `message` event of `node:dgram` costs 2.2 µs and 64 KiB of fresh memory per datagram: it receives them one by one
 * and makes objects of each. So when a turn of the event loop brings a second datagram, the rest of the queue is read
 * with plain reads of the descriptor, straight into the memory that goes to the intake: 0.9 µs each at 150,000/s, Node
 * 24. The descriptor is found in /proc; where there is none, or `allow` asks who sent each, events do it all.
 *
 * UDP has no way to make senders wait. When the intake is full and the overflow policy is `block`, what does not fit
 * into the gathering buffer stays in the kernel's as long as it can, and what events still bring is refused as
 * `overload`.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import type { Intake, Source, SourceContext } from '#component/source.ts'
import { AllowList, allowOption } from '#listeners/allow.ts'
import {
  addressText,
  boundAddress,
  errorCodeOf,
  type ListenAddress,
  listenError,
  listenOption,
  parseListen,
} from '#listeners/listen.ts'
import { NOT_ALLOWED, Refusals } from '#listeners/refusals.ts'
import { DATAGRAM_BYTES_MAX, Datagrams } from './datagrams.ts'
import { droppedByKernel, findKernelSocket, type KernelSocket } from './kernel-socket.ts'

export interface DatagramOptions {
  listen: string
  allow?: readonly string[] | undefined
  receive_buffer_bytes: number
}

/** To be spread into a source's schema. */
export function datagramOptions(standardListen: string) {
  return {
    listen: listenOption(standardListen),
    ...allowOption,
    receive_buffer_bytes: receiveBufferOption,
  }
}

export const receiveBufferOption = z
  .number()
  .int()
  .min(4096)
  .max(0x7fff_ffff)
  .default(8 * 1024 * 1024)
  .describe('Receive buffer to ask the system for; what it grants (net.core.rmem_max limits it) is logged at start.')

/** What one turn of the event loop gathers before it is put. */
const GATHER_BYTES = 1024 * 1024
/**
 * The datagram of a turn at which reading turns from events to plain reads: a lone one does not pay for the last, vain
 * read.
 */
const READ_FROM = 2
/** Others must get their turn as well. */
const READS_PER_TURN_MAX = 8192
const LOST_REFRESH_MS = 1000
/** At `stop`, events have this many turns to bring what is there. */
const STOP_TURNS_MAX = 1000

export class DatagramSource implements Source {
  readonly #options: DatagramOptions
  readonly #context: SourceContext
  readonly #allow: AllowList
  readonly #notAllowed: Refusals
  readonly #datagrams: Datagrams
  #socket: Socket | null = null
  #kernel: KernelSocket | null = null
  #bound: ListenAddress
  #inTurn = 0
  /** By events. */
  #received = 0
  #flushing = false
  #waiting = false
  #lost = 0
  #lostAt = Number.NEGATIVE_INFINITY
  #stopped: Promise<void> | null = null
  #onFlushed: (() => void) | null = null

  /**
   * `options` may have more keys. What is received goes to `entries`, as `lines` and `record`; the context's intake
   * says when there is room.
   */
  constructor(
    options: DatagramOptions,
    context: SourceContext,
    entries: Pick<Intake, 'put' | 'entryBytesMax'> = context.intake,
  ) {
    this.#options = options
    this.#context = context
    this.#bound = parseListen(options.listen)!
    this.#allow = new AllowList(options.allow)
    this.#notAllowed = new Refusals(context, { source: context.id }, NOT_ALLOWED)
    this.#datagrams = new Datagrams(entries, Math.min(GATHER_BYTES, entries.entryBytesMax))
  }

  async start(): Promise<void> {
    const { host, port } = this.#bound
    const asked = this.#options.receive_buffer_bytes
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: asked })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ address: host, port, exclusive: true }, resolve)
      })
    } catch (cause) {
      socket.close()
      throw listenError(this.#context.id, this.address(), cause)
    }
    const { id, log } = this.#context
    socket.on('error', (error) => log.warn({ source: id, err: error }, 'cannot receive'))
    socket.on('message', (datagram, sender) => this.#onDatagram(datagram, sender.address))
    this.#socket = socket
    this.#bound = boundAddress(socket.address(), this.#bound)
    this.#kernel = findKernelSocket(this.#bound.port, isIPv6(host) ? 'IPv6' : 'IPv4')
    const granted = socket.getRecvBufferSize()
    log.info({ source: id, receive_buffer_bytes: granted, asked }, 'receive buffer granted')
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  address(): string {
    return addressText('udp', this.#bound)
  }

  lostBefore(): number {
    const now = this.#context.clock.now()
    if (this.#kernel !== null && this.#socket !== null && now - this.#lostAt >= LOST_REFRESH_MS) {
      this.#lostAt = now
      this.#lost = droppedByKernel(this.#kernel) ?? this.#lost
    }
    return this.#lost
  }

  #onDatagram(datagram: Uint8Array, sender: string): void {
    this.#received++
    if (!this.#allow.allows(sender)) {
      this.#context.reject('not_allowed', 1, datagram.length)
      this.#notAllowed.add()
      return
    }
    this.#take(datagram)
    if (++this.#inTurn === READ_FROM) this.#readQueue()
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#inTurn = 0
    this.#flushing = false
    this.#flush()
  }

  #take(datagram: Uint8Array): void {
    const at = this.#room()
    if (at === -1) {
      this.#context.reject('overload', 1, datagram.length)
      return
    }
    this.#datagrams.bytes.set(datagram, at)
    this.#datagrams.add(datagram.length)
  }

  /** Lets events bring what the kernel has queued, until a turn brings nothing, or for long enough. */
  async #takeEvents(): Promise<void> {
    for (let turn = 0; turn < STOP_TURNS_MAX; turn++) {
      const before = this.#received
      await new Promise(setImmediate)
      if (this.#received === before) return
    }
  }

  /** Takes what the kernel has queued, until there is no more, no room, or enough. */
  #readQueue(): void {
    // A plain read does not tell who sent it.
    if (this.#kernel === null || !this.#allow.isOpen) return
    const { fd } = this.#kernel
    const { bytes } = this.#datagrams
    // The read that finds nothing throws; without its stack in 2.5 µs instead of 8.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      for (let n = 0; n < READS_PER_TURN_MAX; n++) {
        const at = this.#room()
        if (at === -1) return
        this.#datagrams.add(readSync(fd, bytes, at, DATAGRAM_BYTES_MAX, null))
      }
    } catch (error) {
      if (errorCodeOf(error) === 'EAGAIN') return
      this.#kernel = null
      this.#context.log.warn({ source: this.#context.id, err: error }, 'reading by events from now on')
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }

  /** Where the next datagram goes, or -1 when neither we nor the intake have room. */
  #room(): number {
    const at = this.#datagrams.next
    if (at !== -1 || this.#waiting) return at
    this.#flush()
    return this.#datagrams.next
  }

  #flush(): void {
    if (this.#waiting) return
    if (this.#datagrams.flush()) {
      this.#onFlushed?.()
      return
    }
    this.#waiting = true
    this.#context.intake.onRoom(() => {
      this.#waiting = false
      this.#flush()
    })
  }

  async #stop(): Promise<void> {
    const socket = this.#socket
    if (socket === null) return
    this.#readQueue()
    await this.#takeEvents()
    this.#lostAt = Number.NEGATIVE_INFINITY
    this.lostBefore()
    this.#socket = null
    this.#kernel = null
    const flushed = new Promise<void>((resolve) => {
      this.#onFlushed = resolve
    })
    await new Promise<void>((resolve) => socket.close(resolve))
    this.#flush()
    await flushed
  }
}
