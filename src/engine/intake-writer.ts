/**
 * The wire's side of a lane's intake: puts entries, gives segments back, and takes them from under a slow engine.
 * All bookkeeping that only the wire needs is plain and local; what the engine sees is written with Atomics.
 */
import type { IntakeEntry } from '#component/source.ts'
import { assert } from '#std/assert.ts'
import { type Bytes, copyBytes, NEWLINE, viewOf } from '#std/bytes.ts'
import type { Decoders } from './decoders.ts'
import {
  Control,
  EngineState,
  Entry,
  JOURNAL_SLOTS,
  Journal,
  type LaneMemory,
  type Position,
  SEGMENT_BYTES,
  SegmentState,
  TRUNCATED_BIT,
} from './lane-memory.ts'

/** The longest entry: a segment less the newline that `put` may add. */
export const ENTRY_BYTES_MAX = SEGMENT_BYTES - 1

/** One entry as the wire sees it again, when it drops, bypasses or counts what the engine has not done. */
export interface PendingEntry {
  source: number
  /** Number of its decoder. */
  framing: number
  truncated: boolean
  arrivalMs: number
  bytes: Bytes
  from: number
  /** Without the newline that `put` added to an entry that is not lines. */
  to: number
  /** What is left of it begins here. */
  at: number
}

export class IntakeWriter {
  readonly #decoders: Decoders
  readonly #control: Int32Array
  readonly #journal: Int32Array
  readonly #entries: Int32Array
  readonly #bytes: Bytes
  readonly #entriesPerSegment: number
  readonly #segments: number
  readonly #free: number[]
  /** Ordinals [oldest, next) are in use; the newest of them is being filled unless it is sealed. */
  #oldest = 0
  #next = 0
  #used = SEGMENT_BYTES
  #published = 0
  #entriesInUse = 0

  constructor(memory: LaneMemory, decoders: Decoders) {
    this.#decoders = decoders
    this.#control = new Int32Array(memory.control)
    this.#journal = new Int32Array(memory.journal)
    this.#entries = new Int32Array(memory.entries)
    this.#bytes = viewOf(memory.intake)
    this.#entriesPerSegment = memory.entriesPerSegment
    this.#segments = memory.segments
    // A stack: what was used last is used next, so few pages are ever touched and those are warm in the cache.
    this.#free = Array.from({ length: memory.segments }, (_, i) => memory.segments - 1 - i)
  }

  get bytesMax(): number {
    return this.#segments * SEGMENT_BYTES
  }
  get entriesMax(): number {
    return this.#segments * this.#entriesPerSegment
  }
  get entriesInUse(): number {
    return this.#entriesInUse
  }
  /** Bytes that cannot be written to now: whole segments in use, less what is still free in the one being filled. */
  get bytesInUse(): number {
    const taken = this.#segments - this.#free.length
    return taken === 0 ? 0 : taken * SEGMENT_BYTES - (SEGMENT_BYTES - this.#used)
  }
  /** Segments opened so far: a cheap sign that the pressure may have changed. */
  get opened(): number {
    return this.#next
  }
  /** How full it is: the fuller of bytes and entries, 0 to 1. */
  get pressure(): number {
    return Math.max(this.bytesInUse / this.bytesMax, this.#entriesInUse / this.entriesMax)
  }

  /** Copies one entry in. False: no segment is free. */
  put(
    source: number,
    entry: IntakeEntry,
    arrivalMs: number,
    head: Uint8Array | null,
    body: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    const headLength = head === null ? 0 : head.length
    const length = headLength + (to - from)
    assert(length <= ENTRY_BYTES_MAX, 'an entry fits into a segment')
    // One byte more, for the newline that an unterminated entry gets.
    if (
      (this.#used + length + 1 > SEGMENT_BYTES || this.#published === this.#entriesPerSegment) &&
      !this.#openSegment()
    )
      return false
    const ordinal = this.#next - 1
    const slot = (ordinal % JOURNAL_SLOTS) * Journal.WORDS
    const segment = this.#journal[slot + Journal.SEGMENT]!
    const offset = this.#used
    let at = segment * SEGMENT_BYTES + offset
    if (head !== null) {
      copyBytes(head, 0, headLength, this.#bytes, at)
      at += headLength
    }
    copyBytes(body, from, to, this.#bytes, at)
    at += to - from
    let total = length
    const framing = this.#decoders.numberOf(entry.framing)
    if (length === 0 || this.#bytes[at - 1] !== NEWLINE || !this.#decoders.isLinewise(framing)) {
      this.#bytes[at] = NEWLINE
      total++
    }
    const words = this.#entries
    const e = (segment * this.#entriesPerSegment + this.#published) * Entry.WORDS
    words[e + Entry.OFFSET] = offset
    words[e + Entry.LENGTH] = total
    words[e + Entry.SOURCE] = source
    words[e + Entry.FRAMING] = framing | (entry.truncated === true ? TRUNCATED_BIT : 0)
    words[e + Entry.ARRIVAL_HIGH] = Math.floor(arrivalMs / 0x1_0000_0000)
    words[e + Entry.ARRIVAL_LOW] = arrivalMs | 0
    this.#used += total
    this.#published++
    this.#entriesInUse++
    Atomics.store(this.#journal, slot + Journal.PUBLISHED, this.#published)
    this.wake()
    return true
  }

  /** Tells the engine that something is new; a system call only when it sleeps. */
  wake(): void {
    Atomics.add(this.#control, Control.WAKE, 1)
    if (Atomics.load(this.#control, Control.ENGINE_STATE) !== EngineState.WORKING) {
      Atomics.notify(this.#control, Control.WAKE)
    }
  }

  /** Seals the segment being filled and opens a free one. False: none is free. */
  #openSegment(): boolean {
    if (this.#free.length === 0 || this.#next - this.#oldest >= JOURNAL_SLOTS) return false
    this.seal()
    const slot = (this.#next % JOURNAL_SLOTS) * Journal.WORDS
    this.#journal[slot + Journal.SEGMENT] = this.#free.pop()!
    this.#journal[slot + Journal.SERVED] = 0
    Atomics.store(this.#journal, slot + Journal.PUBLISHED, 0)
    Atomics.store(this.#journal, slot + Journal.SEALED, 0)
    Atomics.store(this.#journal, slot + Journal.STATE, SegmentState.READY)
    Atomics.store(this.#journal, slot + Journal.ORDINAL, this.#next + 1)
    this.#next++
    this.#used = 0
    this.#published = 0
    return true
  }

  /** No further entry goes into the segment being filled: the next `put` opens another. */
  seal(): void {
    if (this.#next === this.#oldest) return
    Atomics.store(this.#journal, ((this.#next - 1) % JOURNAL_SLOTS) * Journal.WORDS + Journal.SEALED, 1)
    this.#used = SEGMENT_BYTES
  }

  /** Everything before `position` is done with: segments that lie wholly before it are free again. */
  release(position: Position): void {
    while (this.#oldest < position.ordinal && this.#oldest < this.#next) {
      this.#giveBack(this.#oldest)
      this.#oldest++
    }
  }

  #giveBack(ordinal: number): void {
    const slot = (ordinal % JOURNAL_SLOTS) * Journal.WORDS
    if (Atomics.load(this.#journal, slot + Journal.STATE) === SegmentState.GONE) return
    Atomics.store(this.#journal, slot + Journal.STATE, SegmentState.GONE)
    this.#entriesInUse -= this.#journal[slot + Journal.PUBLISHED]!
    this.#free.push(this.#journal[slot + Journal.SEGMENT]!)
  }

  /**
   * Takes the oldest segment, from `from` on, that no engine has begun: it is the wire's until `giveUp` or `putBack`.
   * Returns its ordinal, or -1. The segment that is being filled is sealed and taken only if `unsealed` says so.
   */
  takeOldest(from = 0, unsealed = true): number {
    for (let ordinal = Math.max(from, this.#oldest); ordinal < this.#next; ordinal++) {
      const newest = ordinal === this.#next - 1
      if (newest && !unsealed && this.#used < SEGMENT_BYTES) return -1
      const slot = (ordinal % JOURNAL_SLOTS) * Journal.WORDS
      const before = Atomics.compareExchange(this.#journal, slot + Journal.STATE, SegmentState.READY, SegmentState.HELD)
      if (before !== SegmentState.READY) continue
      if (newest) this.seal()
      return ordinal
    }
    return -1
  }

  /** The engine never sees this segment; its memory is free again. */
  giveUp(ordinal: number): void {
    this.#giveBack(ordinal)
    this.wake()
  }

  /** The engine may have it after all, but for the pipelines of `served`. */
  putBack(ordinal: number, served: number): void {
    const slot = (ordinal % JOURNAL_SLOTS) * Journal.WORDS
    this.#journal[slot + Journal.SERVED] = served
    Atomics.store(this.#journal, slot + Journal.STATE, SegmentState.READY)
    this.wake()
  }

  servedOf(ordinal: number): number {
    return this.#journal[(ordinal % JOURNAL_SLOTS) * Journal.WORDS + Journal.SERVED]!
  }

  entriesOf(ordinal: number): number {
    return this.#journal[(ordinal % JOURNAL_SLOTS) * Journal.WORDS + Journal.PUBLISHED]!
  }

  /** Entry `index` of a segment in use, from byte `skip` of it on. */
  entryOf(ordinal: number, index: number, skip = 0): PendingEntry {
    const segment = this.#journal[(ordinal % JOURNAL_SLOTS) * Journal.WORDS + Journal.SEGMENT]!
    return readEntry(this.#entries, this.#bytes, segment, this.#entriesPerSegment, index, skip, this.#decoders)
  }

  /** Calls `visit` with every entry from `position` on that is still the engine's to do, with its segment's `SERVED` bits. */
  eachPending(position: Position, visit: (entry: PendingEntry, served: number) => void): void {
    for (let ordinal = Math.max(this.#oldest, position.ordinal); ordinal < this.#next; ordinal++) {
      const slot = (ordinal % JOURNAL_SLOTS) * Journal.WORDS
      if (this.#journal[slot + Journal.STATE] === SegmentState.GONE) continue
      const first = ordinal === position.ordinal ? position.entry : 0
      for (let i = first; i < this.entriesOf(ordinal); i++) {
        const skip = ordinal === position.ordinal && i === position.entry ? position.offset : 0
        visit(this.entryOf(ordinal, i, skip), this.servedOf(ordinal))
      }
    }
  }

  /** The position behind the newest entry. */
  published(): Position {
    return this.#next === 0
      ? { ordinal: 0, entry: 0, offset: 0, sequence: 0 }
      : { ordinal: this.#next - 1, entry: this.#published, offset: 0, sequence: 0 }
  }

  /** Whether the engine has something to do beyond `position`. */
  hasPending(position: Position): boolean {
    for (let ordinal = Math.max(this.#oldest, position.ordinal); ordinal < this.#next; ordinal++) {
      if (this.#journal[(ordinal % JOURNAL_SLOTS) * Journal.WORDS + Journal.STATE] === SegmentState.GONE) continue
      if (this.entriesOf(ordinal) > (ordinal === position.ordinal ? position.entry : 0)) return true
    }
    return false
  }
}

/** `skip`: bytes of it that are done. */
export function readEntry(
  words: Int32Array,
  bytes: Bytes,
  segment: number,
  entriesPerSegment: number,
  index: number,
  skip: number,
  decoders: Decoders,
): PendingEntry {
  const e = (segment * entriesPerSegment + index) * Entry.WORDS
  const from = segment * SEGMENT_BYTES + words[e + Entry.OFFSET]!
  const framing = words[e + Entry.FRAMING]! & ~TRUNCATED_BIT
  return {
    source: words[e + Entry.SOURCE]!,
    framing,
    truncated: (words[e + Entry.FRAMING]! & TRUNCATED_BIT) !== 0,
    arrivalMs: words[e + Entry.ARRIVAL_HIGH]! * 0x1_0000_0000 + (words[e + Entry.ARRIVAL_LOW]! >>> 0),
    bytes,
    from,
    to: from + words[e + Entry.LENGTH]! - (decoders.isLinewise(framing) ? 0 : 1),
    at: from + skip,
  }
}
