/**
 * How an engine tells the wire what became of a block.
 *
 * A commit covers one block and is published whole, by one atomic store: the bytes for the outputs, what the rules did
 * (for the books), and the position that the engine has reached. So when an engine dies, everything that it published is
 * valid, everything behind its last position is still to be done, and nothing is in between.
 *
 * A commit is a stretch of 32-bit words and bytes in the outtake memory:
 *
 *   header      epoch, source slot, records and bytes in, malformed records and bytes, position (4 words), number of pipelines
 *   pipeline*   slot, tallies, forwarded records and bytes, number of tallies, number of encodings
 *     tally*      rule, kind, records, bytes
 *     encoding*   encoder, where (intake or outtake), from, length, records, then one end offset per record
 *   bytes       what the encoders wrote
 *
 * Byte counts of one block fit into 31 bits (see BLOCK_BYTES_MAX).
 */
import { assert } from '#std/assert.ts'
import { type Bytes, viewOf } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import { Control, EngineState, type LaneMemory, OUTTAKE_BYTES, OUTTAKE_COMMITS, type Position } from './lane-memory.ts'

/** What a tally counts. The first five are `outcomes` of processors, in that order. */
export const Tally = { EDITED: 5, ERROR: 6, EMITTED: 7 } as const

/** Stands in a tally for "no rule": the engine itself ended the record. */
export const NO_RULE = -1

/** Where the bytes of an encoding stand: as they came, in the intake, or as the encoder wrote them, in the outtake. */
export const Place = { INTAKE: 0, OUTTAKE: 1 } as const

/** The commit does not fit into the outtake even when that is empty. */
export class CommitTooLarge extends Error {}

const HEADER_WORDS = 11
const PIPELINE_WORDS = 5
const TALLY_WORDS = 4
const ENCODING_WORDS = 5

/** The engine's side. Order of calls: `begin`, then for each pipeline `pipeline`, `tally`*, `forwarded`, `encode`*, then `publish`. */
export class OuttakeWriter {
  readonly #control: Int32Array
  readonly #commits: Int32Array
  readonly #words: Int32Array
  readonly #bytes: Bytes
  readonly #intake: Bytes
  /** Commits published. */
  #head: number
  /** The commit being written: its first byte, and the first byte behind what it has so far. */
  #start = 0
  #at = 0
  #pipelines = 0
  /** First word of the pipeline being written, relative to the commit. */
  #pipeline = 0
  #tallies = 0
  #encodings = 0

  constructor(memory: LaneMemory) {
    this.#control = new Int32Array(memory.control)
    this.#commits = new Int32Array(memory.commits)
    this.#words = new Int32Array(memory.outtake)
    this.#bytes = viewOf(memory.outtake)
    this.#intake = viewOf(memory.intake)
    this.#head = Atomics.load(this.#control, Control.OUT_HEAD)
  }

  begin(): void {
    this.#start = this.#at
    this.#pipelines = 0
    this.#take(HEADER_WORDS)
  }

  pipeline(slot: number): void {
    this.#pipeline = this.#take(PIPELINE_WORDS) - (this.#start >> 2)
    this.#pipelines++
    this.#tallies = 0
    this.#encodings = 0
    const w = (this.#start >> 2) + this.#pipeline
    this.#words.fill(0, w, w + PIPELINE_WORDS)
    this.#words[w] = slot
  }

  tally(rule: number, kind: number, records: number, bytes: number): void {
    const w = this.#take(TALLY_WORDS)
    this.#words[w] = rule
    this.#words[w + 1] = kind
    this.#words[w + 2] = records
    this.#words[w + 3] = bytes
    this.#words[(this.#start >> 2) + this.#pipeline + 3] = ++this.#tallies
  }

  forwarded(records: number, bytes: number): void {
    const w = (this.#start >> 2) + this.#pipeline
    this.#words[w + 1] = records
    this.#words[w + 2] = bytes
  }

  /** Writes the selected records of `block` as `encoder` wants them. Bytes that nothing changed are only pointed at. */
  encode(index: number, encoder: Encoder, block: Block): void {
    const records = block.selected
    const asTheyCame = encoder.verbatim && isVerbatim(block) && block.bytes.buffer === this.#intake.buffer
    const room = asTheyCame ? 0 : encoder.sizeMax(block) + 3
    const w = this.#take(ENCODING_WORDS + records, room)
    const ends = w + ENCODING_WORDS
    const words = this.#words
    words[w] = index
    words[w + 4] = records
    if (asTheyCame) {
      words[w + 1] = Place.INTAKE
      words[w + 2] = block.from
      words[w + 3] = block.to - block.from
      for (let i = 0; i < records; i++) words[ends + i] = block.ends[i]! + 1 - block.from
    } else {
      const from = 4 * (ends + records)
      const to = encoder.encode(block, this.#bytes, from, words, ends)
      assert(to <= from + room, 'an encoder keeps to its sizeMax')
      words[w + 1] = Place.OUTTAKE
      words[w + 2] = from - this.#start
      words[w + 3] = to - from
      this.#at = (to + 3) & ~3
    }
    words[(this.#start >> 2) + this.#pipeline + 4] = ++this.#encodings
  }

  /** Writes records that are encoded already. Copies. */
  copyEncoded(index: number, bytes: Bytes, ends: Int32Array): void {
    const records = ends.length
    const w = this.#take(ENCODING_WORDS + records, bytes.length + 3)
    const words = this.#words
    const from = 4 * (w + ENCODING_WORDS + records)
    words[w] = index
    words[w + 1] = Place.OUTTAKE
    words[w + 2] = from - this.#start
    words[w + 3] = bytes.length
    words[w + 4] = records
    words.set(ends, w + ENCODING_WORDS)
    bytes.copy(this.#bytes, from)
    this.#at = (from + bytes.length + 3) & ~3
    words[(this.#start >> 2) + this.#pipeline + 4] = ++this.#encodings
  }

  /** One atomic store makes the commit valid; until then it never was. */
  publish(
    epoch: number,
    source: number,
    records: number,
    bytes: number,
    malformedRecords: number,
    malformedBytes: number,
    position: Position,
  ): void {
    const w = this.#start >> 2
    const words = this.#words
    words[w] = epoch
    words[w + 1] = source
    words[w + 2] = records
    words[w + 3] = bytes
    words[w + 4] = malformedRecords
    words[w + 5] = malformedBytes
    words[w + 6] = position.ordinal
    words[w + 7] = position.entry
    words[w + 8] = position.offset
    words[w + 9] = position.sequence
    words[w + 10] = this.#pipelines
    while (this.#head - Atomics.load(this.#control, Control.OUT_TAIL) >= OUTTAKE_COMMITS) this.#waitForRoom()
    const c = (this.#head % OUTTAKE_COMMITS) * 2
    this.#commits[c] = this.#start
    this.#commits[c + 1] = this.#at
    this.#head++
    Atomics.store(this.#control, Control.OUT_HEAD, this.#head)
    Atomics.add(this.#control, Control.PROGRESS, 1)
    if (Atomics.load(this.#control, Control.WIRE_WAITS) === 1) Atomics.notify(this.#control, Control.OUT_HEAD)
  }

  /** Takes `count` words and makes sure of `bytes` bytes behind them. Returns the index of the first word. */
  #take(count: number, bytes = 0): number {
    while (!this.#fits(4 * count + bytes)) this.#waitForRoom()
    const word = this.#at >> 2
    this.#at += 4 * count
    return word
  }

  /**
   * Whether there are `length` free bytes at `#at`, if need be after moving what the commit has so far to the beginning.
   * All offsets inside a commit are relative to its start, so it can move.
   */
  #fits(length: number): boolean {
    const tail = Atomics.load(this.#control, Control.OUT_TAIL)
    const written = this.#at - this.#start
    if (tail === this.#head) {
      // The wire has taken everything: begin again at the first byte, whose pages are warm.
      if (this.#start > 0) this.#moveToBeginning(written)
      if (written + length > OUTTAKE_BYTES)
        throw new CommitTooLarge(`a block needs more than ${OUTTAKE_BYTES} bytes of outtake`)
      return true
    }
    const oldest = this.#commits[(tail % OUTTAKE_COMMITS) * 2]!
    // Never up to `oldest` itself: an end that meets it would look like an empty outtake.
    if (this.#start < oldest) return this.#at + length < oldest
    if (this.#at + length <= OUTTAKE_BYTES) return true
    if (written + length >= oldest) return false
    this.#moveToBeginning(written)
    return true
  }

  #moveToBeginning(written: number): void {
    this.#bytes.copyWithin(0, this.#start, this.#at)
    this.#start = 0
    this.#at = written
  }

  #waitForRoom(): void {
    const tail = Atomics.load(this.#control, Control.OUT_TAIL)
    if (tail === this.#head) return
    Atomics.store(this.#control, Control.ENGINE_STATE, EngineState.WAITING_FOR_ROOM)
    Atomics.wait(this.#control, Control.OUT_TAIL, tail)
    Atomics.store(this.#control, Control.ENGINE_STATE, EngineState.WORKING)
  }
}

/** Nothing was edited or ended, and every separator is one byte: the range is its own encoding. */
function isVerbatim(block: Block): boolean {
  return !block.edited && block.selected === block.count && block.selectedBytes + block.count === block.to - block.from
}

/** The wire's side: a cursor over one commit after the other. */
export class OuttakeReader {
  readonly #control: Int32Array
  readonly #commits: Int32Array
  readonly words: Int32Array
  readonly outtake: Bytes
  readonly intake: Bytes
  #tail: number
  #start = 0

  constructor(memory: LaneMemory) {
    this.#control = new Int32Array(memory.control)
    this.#commits = new Int32Array(memory.commits)
    this.words = new Int32Array(memory.outtake)
    this.outtake = viewOf(memory.outtake)
    this.intake = viewOf(memory.intake)
    this.#tail = Atomics.load(this.#control, Control.OUT_TAIL)
  }

  /** How many commits have been released. */
  get tail(): number {
    return this.#tail
  }

  /** Whether there is a commit to read; then `commit` and the rest tell about the oldest. */
  ready(): boolean {
    if (this.#tail === Atomics.load(this.#control, Control.OUT_HEAD)) return false
    this.#start = this.#commits[(this.#tail % OUTTAKE_COMMITS) * 2]!
    return true
  }

  /** Gives the oldest commit's memory back to the engine. */
  release(): void {
    this.#tail++
    Atomics.store(this.#control, Control.OUT_TAIL, this.#tail)
    if (Atomics.load(this.#control, Control.ENGINE_STATE) === EngineState.WAITING_FOR_ROOM) {
      Atomics.notify(this.#control, Control.OUT_TAIL)
    }
  }

  commit(): Commit {
    const w = this.#start >> 2
    const { words } = this
    return {
      epoch: words[w]!,
      source: words[w + 1]!,
      records: words[w + 2]!,
      bytes: words[w + 3]!,
      malformedRecords: words[w + 4]!,
      malformedBytes: words[w + 5]!,
      position: { ordinal: words[w + 6]!, entry: words[w + 7]!, offset: words[w + 8]!, sequence: words[w + 9]! },
      pipelines: this.#pipelines(w + HEADER_WORDS, words[w + 10]!),
    }
  }

  #pipelines(at: number, count: number): CommittedPipeline[] {
    const { words } = this
    const pipelines: CommittedPipeline[] = []
    let w = at
    for (let p = 0; p < count; p++) {
      const tallies: CommittedTally[] = []
      const encodings: CommittedEncoding[] = []
      const slot = words[w]!
      const records = words[w + 1]!
      const bytes = words[w + 2]!
      const tallyCount = words[w + 3]!
      const encodingCount = words[w + 4]!
      w += PIPELINE_WORDS
      for (let t = 0; t < tallyCount; t++, w += TALLY_WORDS) {
        tallies.push({ rule: words[w]!, kind: words[w + 1]!, records: words[w + 2]!, bytes: words[w + 3]! })
      }
      for (let e = 0; e < encodingCount; e++) {
        const own = words[w + 1] === Place.OUTTAKE
        const from = words[w + 2]! + (own ? this.#start : 0)
        const length = words[w + 3]!
        const count = words[w + 4]!
        encodings.push({
          encoder: words[w]!,
          memory: own ? this.outtake : this.intake,
          from,
          to: from + length,
          records: count,
          firstEnd: w + ENCODING_WORDS,
        })
        w += ENCODING_WORDS + count
        if (own) w = (from + length + 3) >> 2
      }
      pipelines.push({ slot, records, bytes, tallies, encodings })
    }
    return pipelines
  }
}

export interface Commit {
  epoch: number
  source: number
  /** Records and bytes of the block as it came in. */
  records: number
  bytes: number
  malformedRecords: number
  malformedBytes: number
  position: Position
  pipelines: CommittedPipeline[]
}

export interface CommittedPipeline {
  slot: number
  /** What goes on to the outputs, before encoding. */
  records: number
  bytes: number
  tallies: CommittedTally[]
  encodings: CommittedEncoding[]
}

export interface CommittedTally {
  rule: number
  kind: number
  records: number
  bytes: number
}

/** Encoded records, good until the commit is released. Record i ends at `from + words[firstEnd + i]`. */
export interface CommittedEncoding {
  /** Index of the encoder; from the number of encoders on, that of the rule which dropped the records. */
  encoder: number
  memory: Bytes
  from: number
  to: number
  records: number
  firstEnd: number
}
