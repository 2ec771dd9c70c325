/**
 * The engine's side of a lane's intake: cuts what the wire has published into blocks.
 *
 * Neighbouring `lines` entries of one source become one block where they fit, so that many small reads cost no more than
 * a large one; an entry that is larger than a block becomes several.
 */
import { splitLines } from '#codecs/framing/lines.ts'
import { type Bytes, NEWLINE, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import { BLOCK_BYTES_TARGET } from '#telemetry/decoder.ts'
import type { Decoders } from './decoders.ts'
import { type PendingEntry, readEntry } from './intake-writer.ts'
import {
  Entry,
  JOURNAL_SLOTS,
  Journal,
  type LaneMemory,
  type Position,
  SEGMENT_BYTES,
  SegmentState,
} from './lane-memory.ts'

/** What a block of lines may come to. V8 gives strings above 128 KiB pages of their own, which costs a third of an engine's time. */
const BLOCK_BYTES_TOLERATED = 1.5 * BLOCK_BYTES_TARGET
/** How long the engine waits for a segment that the wire holds, before it looks again. */
const HELD_WAIT_MS = 5

export class IntakeReader {
  readonly #decoders: Decoders
  readonly #journal: Int32Array
  readonly #entries: Int32Array
  readonly #bytes: Bytes
  readonly #entriesPerSegment: number
  #ordinal: number
  #entry: number
  #offset: number
  #sequence: number

  /** About the block that `next` filled last: slot of its source, pipelines that had it already, what was no record. */
  source = 0
  served = 0
  malformedRecords = 0
  malformedBytes = 0

  constructor(memory: LaneMemory, start: Position, decoders: Decoders) {
    this.#decoders = decoders
    this.#journal = new Int32Array(memory.journal)
    this.#entries = new Int32Array(memory.entries)
    this.#bytes = viewOf(memory.intake)
    this.#entriesPerSegment = memory.entriesPerSegment
    this.#ordinal = start.ordinal
    this.#entry = start.entry
    this.#offset = start.offset
    this.#sequence = start.sequence
  }

  /** The first byte that no block has covered yet. */
  position(): Position {
    return { ordinal: this.#ordinal, entry: this.#entry, offset: this.#offset, sequence: this.#sequence }
  }

  /** Goes back to a position that `position` gave, when a block could not be committed. */
  rewind(position: Position): void {
    this.#ordinal = position.ordinal
    this.#entry = position.entry
    this.#offset = position.offset
    this.#sequence = position.sequence
  }

  /**
   * Fills `block` with the next records, at most `recordsMax` of them. False: there are none now.
   * The block's bytes are the intake's, or scratch memory of the reader that is good until the next call.
   */
  next(block: Block, sourceNames: readonly string[], recordsMax: number): boolean {
    const slot = this.#claim()
    if (slot === -1) return false
    const segment = this.#journal[slot + Journal.SEGMENT]!
    const first = readEntry(
      this.#entries,
      this.#bytes,
      segment,
      this.#entriesPerSegment,
      this.#entry,
      this.#offset,
      this.#decoders,
    )
    const { bytes, at } = first
    this.source = first.source
    this.served = this.#journal[slot + Journal.SERVED]!
    this.malformedRecords = 0
    this.malformedBytes = 0
    const { format, linewise } = this.#decoders.definition(first.framing)
    const { arrivalMs, truncated } = first
    const context = { source: sourceNames[first.source] ?? '', arrivalMs, truncated, format }
    if (linewise === true) {
      const published = Atomics.load(this.#journal, slot + Journal.PUBLISHED)
      const to =
        recordsMax < BLOCK_RECORDS_MAX ? afterLines(first, recordsMax) : this.#stretch(segment, published, first)
      block.fill(bytes, at, to, context)
      const end = splitLines(block, bytes, at, to)
      block.to = end
      this.#advance(segment, end)
    } else {
      block.fill(bytes, at, at, context)
      const decoded = this.#decoders.decoder(first.framing).decode(first, at, block, recordsMax)
      this.malformedRecords = decoded.malformedRecords
      this.malformedBytes = decoded.malformedBytes
      if (decoded.done) {
        this.#entry++
        this.#offset = 0
      } else {
        this.#offset += decoded.end - at
      }
    }
    block.sequence = this.#sequence
    this.#sequence = (this.#sequence + block.count) & 0x7fff_ffff
    return true
  }

  /** The journal slot with the next entry to read, its segment claimed; -1 when there is none. */
  #claim(): number {
    for (;;) {
      const slot = (this.#ordinal % JOURNAL_SLOTS) * Journal.WORDS
      if (Atomics.load(this.#journal, slot + Journal.ORDINAL) !== this.#ordinal + 1) return -1
      const state = Atomics.compareExchange(
        this.#journal,
        slot + Journal.STATE,
        SegmentState.READY,
        SegmentState.CLAIMED,
      )
      if (state === SegmentState.HELD) {
        Atomics.wait(this.#journal, slot + Journal.STATE, SegmentState.HELD, HELD_WAIT_MS)
        continue
      }
      if (state !== SegmentState.GONE) {
        if (this.#entry < Atomics.load(this.#journal, slot + Journal.PUBLISHED)) return slot
        const sealed = Atomics.load(this.#journal, slot + Journal.SEALED) === 1
        // Read again: an entry may have been published just before the seal.
        if (this.#entry < Atomics.load(this.#journal, slot + Journal.PUBLISHED)) return slot
        if (!sealed) return -1
      }
      this.#ordinal++
      this.#entry = 0
      this.#offset = 0
    }
  }

  /** End of the longest run of like entries from `first` on that makes a block of the size aimed at. */
  #stretch(segment: number, published: number, first: PendingEntry): number {
    const { at } = first
    if (first.to - at > BLOCK_BYTES_TOLERATED) return first.bytes.indexOf(NEWLINE, at + BLOCK_BYTES_TARGET) + 1
    const words = this.#entries
    const base = segment * this.#entriesPerSegment
    const like = (base + this.#entry) * Entry.WORDS
    let to = first.to
    for (let i = this.#entry + 1; i < published && to - at < BLOCK_BYTES_TARGET; i++) {
      const e = (base + i) * Entry.WORDS
      if (words[e + Entry.SOURCE] !== words[like + Entry.SOURCE]) break
      if (words[e + Entry.FRAMING] !== words[like + Entry.FRAMING]) break
      if (to - at + words[e + Entry.LENGTH]! > BLOCK_BYTES_TOLERATED) break
      to += words[e + Entry.LENGTH]!
    }
    return to
  }

  /** Moves behind all entries that end at or before `end`, or into the one that holds it. */
  #advance(segment: number, end: number): void {
    const words = this.#entries
    for (;;) {
      const e = (segment * this.#entriesPerSegment + this.#entry) * Entry.WORDS
      const start = segment * SEGMENT_BYTES + words[e + Entry.OFFSET]!
      const stop = start + words[e + Entry.LENGTH]!
      if (stop > end) {
        this.#offset = end - start
        return
      }
      this.#entry++
      this.#offset = 0
      if (stop === end) return
    }
  }
}

/** The position behind `count` more lines of `entry`, or its end. */
function afterLines(entry: PendingEntry, count: number): number {
  let to = entry.at
  for (let n = 0; n < count && to < entry.to; n++) to = entry.bytes.indexOf(NEWLINE, to) + 1
  return to
}
