/**
 * One connection that speaks the forward protocol: finds its messages, hands their events over, and acknowledges those
 * that ask for it.
 *
 * Messages are done one after the other. While one waits, because it is being decompressed, because the intake is full,
 * or because too many acknowledgements are owed, nothing more is read of the connection.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { entryHead } from '#codecs/fluent/fluent.ts'
import { MALFORMED, PARTIAL } from '#codecs/msgpack/head.ts'
import { ValueScanner } from '#codecs/msgpack/scanner.ts'
import type { IntakeEntry, Receipt, RejectReason, SourceContext } from '#component/source.ts'
import { roomIn } from '#listeners/acceptance.ts'
import type { ByteBudget } from '#listeners/byte-budget.ts'
import type { StreamFraming, StreamPeer } from '#listeners/stream-connection.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { Timer } from '#std/clock.ts'
import { type Piece, piecesOf } from './events.ts'
import { Handshake, type HandshakeSettings } from './handshake.ts'
import { inflate } from './inflate.ts'
import { acknowledgement, type Message, parseMessage, type Range } from './message.ts'

/** What all connections of a source have in common. */
export interface ForwardSettings {
  context: Pick<SourceContext, 'intake' | 'clock' | 'durable' | 'reject'>
  messageBytesMax: number
  decompressedBytesMax: number
  /** For what is received in part, or decompressed. */
  budget: ByteBudget
  tagField: string
  /** Undefined: nobody is asked for a key. */
  handshake: HandshakeSettings | undefined
  handshakeTimeoutMs: number
  /** Says why something was refused; not each time. */
  refused(detail: string): void
}

/** A message of the handshake has no more. */
const HANDSHAKE_BYTES_MAX = 8 * 1024
/** Acknowledgements that may be owed at once. */
const ACKNOWLEDGEMENTS_MAX = 256
/** Small reads become pieces of this size where they have to be kept. */
const KEPT_BYTES_MIN = 4 * 1024

type Events = Extract<Message, { kind: 'events' }>

export class ForwardConnection implements StreamFraming {
  readonly #settings: ForwardSettings
  readonly #peer: StreamPeer
  readonly #gone: (connection: ForwardConnection) => void
  readonly #entry: IntakeEntry
  #scanner: ValueScanner
  /** Until it has ended well. */
  #handshake: Handshake | undefined
  #timer: Timer | undefined
  /** What came and is not done: [from, to) of memory that the budget knows of. */
  #kept: Bytes = NOTHING
  #from = 0
  #to = 0
  /** The message that is waited for; what comes meanwhile is kept. */
  #work: Promise<void> | undefined
  /** Acknowledgements that are owed. */
  #owed = 0
  #settled: (() => void)[] = []
  #refused = false
  #ended = false

  /** `gone` is called when the stream has ended and nothing of it is left to be handed over. */
  constructor(settings: ForwardSettings, peer: StreamPeer, gone: (connection: ForwardConnection) => void) {
    this.#settings = settings
    this.#peer = peer
    this.#gone = gone
    this.#entry = { origin: peer.origin, framing: 'fluent' }
    this.#scanner = new ValueScanner(settings.messageBytesMax)
    if (settings.handshake === undefined) return
    this.#handshake = new Handshake(settings.handshake)
    this.#scanner = new ValueScanner(HANDSHAKE_BYTES_MAX)
    peer.write(this.#handshake.helo())
    const late = () => this.#refuse('timeout', 1, 0, 'no PING came in time')
    this.#timer = settings.context.clock.after(settings.handshakeTimeoutMs, late)
  }

  take(chunk: Bytes): number {
    if (this.#refused || this.#ended) return chunk.length
    if (this.#work === undefined && this.#kept.length === 0) {
      const at = this.#messages(chunk, 0, chunk.length)
      if (at < chunk.length) this.#keep(chunk, at)
    } else {
      this.#keep(chunk, 0)
      this.#goOn()
    }
    return chunk.length
  }

  end(): boolean {
    this.#ended = true
    this.#timer?.cancel()
    if (this.#work === undefined) this.#letGo()
    return true
  }

  async answered(): Promise<void> {
    await this.idle()
    while (this.#owed > 0) await this.#oneSettled()
  }

  /** Settles when nothing of what came is left to be handed over. */
  async idle(): Promise<void> {
    while (this.#work !== undefined) await this.#work
  }

  /**
   * Does the messages of [from, to), as far as they are whole. Returns the position behind the last one that needs its
   * bytes no more.
   */
  #messages(bytes: Bytes, from: number, to: number): number {
    let at = from
    while (at < to && this.#work === undefined && !this.#refused) {
      const length = this.#scanner.scan(bytes, at, to)
      if (length === PARTIAL) return at
      if (length < 0) {
        const malformed = length === MALFORMED
        const detail = malformed ? 'this is no MessagePack' : 'the message has more bytes than are allowed'
        this.#refuse(malformed ? 'malformed' : 'body_too_large', 1, to - at, detail)
        return to
      }
      this.#scanner.begin()
      this.#message(bytes, at, at + length)
      at += length
    }
    return this.#refused ? to : at
  }

  #message(bytes: Bytes, from: number, to: number): void {
    if (this.#handshake !== undefined) {
      this.#shake(this.#handshake, bytes, from, to)
      return
    }
    const message = parseMessage(bytes, from, to)
    if (message.kind === 'heartbeat') return
    if (message.kind === 'malformed') {
      this.#refuse('malformed', 1, to - from, message.detail)
      return
    }
    if (message.otherSignal !== undefined) {
      // Whoever sends it would send it again, for nothing.
      this.#settings.context.reject('unsupported_media_type', 1, to - from)
      this.#settings.refused(`${message.otherSignal} of Fluent Bit are not taken, only logs`)
      this.#acknowledge(bytes, message, undefined)
      return
    }
    if (message.compression === undefined && this.#putAtOnce(bytes, message)) return
    // What is waited with must not be moved or written over meanwhile.
    const own = copyOf(bytes, from, to)
    const moved = parseMessage(own, 0, own.length) as Events
    this.#busyWith(() => (moved.compression === undefined ? this.#put(own, moved) : this.#inflate(own, moved)))
  }

  #shake(handshake: Handshake, bytes: Bytes, from: number, to: number): void {
    const verdict = handshake.check(bytes, from, to)
    this.#peer.write(verdict.pong)
    if (!verdict.ok) {
      this.#refuse('unauthorized', 1, to - from, verdict.reason)
      return
    }
    this.#timer?.cancel()
    this.#handshake = undefined
    this.#scanner = new ValueScanner(this.#settings.messageBytesMax)
  }

  /** The way of nearly all messages. False: it was not gone, nothing was put. */
  #putAtOnce(bytes: Bytes, message: Events): boolean {
    const { intake } = this.#settings.context
    const { events } = message
    const head = this.#headOf(bytes, message)
    if (this.#owed >= ACKNOWLEDGEMENTS_MAX || head.length + events.to - events.from > intake.entryBytesMax) return false
    const receipt = this.#follow(message)
    if (events.to > events.from && !intake.put(this.#entry, head, bytes, events.from, events.to)) return false
    this.#acknowledge(bytes, message, events.to > events.from ? receipt : undefined)
    return true
  }

  async #inflate(bytes: Bytes, message: Events): Promise<void> {
    const { budget, decompressedBytesMax } = this.#settings
    const packed = bytes.subarray(message.events.from, message.events.to)
    const inflated = await inflate(packed, message.compression!, decompressedBytesMax, budget)
    if (!inflated.ok) {
      const reason = inflated.why === 'too_large' ? 'body_too_large' : inflated.why
      this.#refuse(reason, 1, packed.length, UNINFLATED[inflated.why])
      return
    }
    await this.#put(bytes, message, inflated.bytes, { from: 0, to: inflated.bytes.length })
    budget.giveBack(inflated.bytes.length)
  }

  /** Hands over the events in `range` of `events`, in as many entries as it takes, however long there is no room. */
  async #put(bytes: Bytes, message: Events, events: Bytes = bytes, range: Range = message.events): Promise<void> {
    while (this.#owed >= ACKNOWLEDGEMENTS_MAX) await this.#oneSettled()
    const { intake } = this.#settings.context
    const head = this.#headOf(bytes, message)
    const receipt = this.#follow(message)
    const bytesMax = intake.entryBytesMax - head.length
    // What stands bare is one event, but two values.
    const pieces = message.isBare ? [bare(range, bytesMax)] : piecesOf(events, range.from, range.to, bytesMax)
    let isPut = false
    for (const piece of pieces) {
      if (piece.kind === 'events') {
        while (!intake.put(this.#entry, head, events, piece.from, piece.to)) await roomIn(intake)
        isPut = true
        await nextTurn()
      } else this.#refuseEvents(piece)
    }
    this.#acknowledge(bytes, message, isPut ? receipt : undefined)
  }

  /** No entry will ever hold it: it is not to be sent again. */
  #refuseEvents({ kind, from, to }: Piece): void {
    const isLarge = kind === 'too_large'
    this.#settings.context.reject(isLarge ? 'body_too_large' : 'malformed', 1, to - from)
    this.#settings.refused(isLarge ? 'an event is larger than the intake allows' : 'packed events are malformed')
  }

  #headOf(bytes: Bytes, { tag, isBare }: Events): Bytes {
    return entryHead(this.#settings.tagField, bytes.subarray(tag.from, tag.to), isBare)
  }

  #follow({ chunk }: Events): Receipt | undefined {
    const { context } = this.#settings
    return context.durable && chunk !== undefined ? context.intake.follow(this.#entry.origin) : undefined
  }

  #acknowledge(bytes: Bytes, { chunk }: Events, receipt: Receipt | undefined): void {
    if (chunk === undefined) return
    const ack = acknowledgement(bytes, chunk)
    if (receipt === undefined) this.#peer.write(ack)
    else void this.#acknowledgeWhenSafe(ack, receipt)
  }

  async #acknowledgeWhenSafe(ack: Bytes, receipt: Receipt): Promise<void> {
    this.#owed++
    const safe = await receipt.safe()
    this.#owed--
    if (safe) this.#peer.write(ack)
    else {
      this.#settings.refused('a chunk could not be kept safe; it is not acknowledged, so that it is sent again')
      this.#giveUp()
    }
    for (const settled of this.#settled.splice(0)) settled()
  }

  #oneSettled(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  /** Reads no more until `work` is done; then goes on with what came meanwhile. */
  #busyWith(work: () => Promise<void>): void {
    this.#peer.hold()
    this.#work = work().then(() => {
      this.#work = undefined
      this.#goOn()
      if (this.#work !== undefined) return
      if (this.#ended || this.#refused) this.#letGo()
      else this.#peer.release()
    })
  }

  /** Does what is kept, as far as it is whole. */
  #goOn(): void {
    if (this.#kept.length === 0 || this.#work !== undefined) return
    const at = this.#messages(this.#kept, this.#from, this.#to)
    if (this.#refused) return
    this.#from = at
    if (at === this.#to) this.#free()
  }

  /** Keeps what of `chunk` stands from `at` on. */
  #keep(chunk: Bytes, at: number): void {
    const length = chunk.length - at
    if (this.#from > 0 && this.#to + length > this.#kept.length) {
      this.#kept.copyWithin(0, this.#from, this.#to)
      this.#to -= this.#from
      this.#from = 0
    }
    const needed = this.#to + length
    const size = this.#kept.length
    if (needed > size) {
      const grown = Math.max(needed, 2 * size, KEPT_BYTES_MIN)
      if (!this.#settings.budget.take(grown - size)) {
        this.#refuse(
          'overload',
          1,
          needed - this.#from,
          'the messages that are being received take all of buffered_bytes_max',
        )
        return
      }
      const memory = allocate(grown)
      this.#kept.copy(memory, 0, 0, this.#to)
      this.#kept = memory
    }
    chunk.copy(this.#kept, this.#to, at)
    this.#to += length
  }

  #free(): void {
    this.#settings.budget.giveBack(this.#kept.length)
    this.#kept = NOTHING
    this.#from = 0
    this.#to = 0
  }

  /** The stream has ended: what is left is no whole message. */
  #letGo(): void {
    const left = this.#to - this.#from
    if (left > 0 && !this.#refused) this.#settings.context.reject('malformed', 1, left)
    this.#free()
    if (this.#ended) this.#gone(this)
  }

  #refuse(reason: RejectReason, records: number, bytes: number, detail: string): void {
    this.#settings.context.reject(reason, records, bytes)
    this.#settings.refused(detail)
    this.#giveUp()
  }

  /** The protocol has no other way to say no. */
  #giveUp(): void {
    this.#refused = true
    this.#timer?.cancel()
    if (this.#work === undefined) this.#free()
    this.#peer.close()
  }
}

const NOTHING: Bytes = allocate(0)

const UNINFLATED = {
  malformed: 'compressed events cannot be decompressed',
  too_large: 'compressed events have more bytes than decompressed_bytes_max',
  overload: 'the messages that are being received take all of buffered_bytes_max',
} as const

function bare({ from, to }: Range, bytesMax: number): Piece {
  return { kind: to - from <= bytesMax ? 'events' : 'too_large', from, to }
}

function copyOf(bytes: Bytes, from: number, to: number): Bytes {
  const copy = allocate(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}
