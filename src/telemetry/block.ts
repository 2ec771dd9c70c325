/**
 * A block is a few records in one buffer, with what they have in common.
 *
 *   bytes   … D E B U G   x \n I N F O   y \n …
 *             ^start[0]    ^  ^start[1]   ^
 *                       end[0]         end[1]
 *
 * Between two records stands at least one newline byte (`\n`, or `\r\n`), so a search over the whole range cannot run
 * from one record into the next unless it matches newlines itself. A record may hold newlines of its own; then
 * `multiline` is set and searches that care look at one record at a time.
 *
 * Processors mark (`drop`) and edit (`edit`, then `commitEdits`); they never copy records. A block has one owner at a
 * time; its views (`text`, `recordBytes`) are the block's and end with it.
 */
import { assert } from '#std/assert.ts'
import { allocate, type Bytes, CARRIAGE_RETURN, indexOfByte, isAscii, latin1, NEWLINE, utf8 } from '#std/bytes.ts'
import type { RecordFormat } from './format.ts'
import type { Strings } from './strings.ts'

/** More records of one entry go into the next block. */
export const BLOCK_RECORDS_MAX = 8192
/** What edits may let a block grow to. A rule that needs more fails on that block and follows its `on_error`. */
export const BLOCK_BYTES_MAX = 64 * 1024 * 1024

/** What all records of a block have in common. */
export interface BlockContext {
  /** Id of the source that took the records in. */
  source: string
  /** Unix time in milliseconds at which they arrived. */
  arrivalMs: number
  /** The records are pieces of a line that was longer than the source allows. */
  truncated: boolean
  /** How their bytes are understood. */
  format: RecordFormat
}

export class Block {
  bytes: Bytes = NOTHING
  /** The range of `bytes` that holds the records and what separates them. */
  from = 0
  to = 0
  count = 0
  starts = new Int32Array(BLOCK_RECORDS_MAX)
  ends = new Int32Array(BLOCK_RECORDS_MAX)
  /** 1: the record goes on; 0: some processor ended it. */
  selection = new Uint8Array(BLOCK_RECORDS_MAX)
  /** How many records are selected, and how many bytes those have. */
  selected = 0
  selectedBytes = 0
  /** Net bytes that edits have added to selected records (negative: taken away), and how many such records they changed. */
  addedBytes = 0
  editedRecords = 0
  /** Some record holds a newline byte. */
  multiline = false
  /** `bytes` is no longer the memory that the block was filled from. */
  edited = false
  /** Undefined only before the first `fill`. */
  context: BlockContext = undefined as unknown as BlockContext
  /** Rules asked for the text of what the block held before, so most likely they will again. */
  textExpected = false
  /** Lane that the records came through, and the number of the first one in it, modulo 2^31; see `identity`. */
  lane = 0
  sequence = 0
  /**
   * What records have in common and carry with them, two by two: a resource and a scope of OpenTelemetry, as the fields of the
   * message around the records. Memory of their own; replaced, never written to, when a rule edits one.
   */
  shared: Bytes[] = []
  /** By record: its resource is `shared[2 * partOf[i]]`, its scope the next one. Of no meaning where nothing is shared. */
  readonly partOf = new Int32Array(BLOCK_RECORDS_MAX)
  /** Counts up with every edit. */
  version = 0
  /** Indices of records that edits have changed, with repeats; whoever wants it empties it. */
  readonly changed: number[] = []
  /** Kept by `stringsOf`. */
  strings: Strings | undefined

  readonly #editFrom: number[] = []
  readonly #editTo: number[] = []
  readonly #editWith: Uint8Array[] = []
  #text: string | null = null
  #textAsked = false
  #ascii: boolean | null = null
  #carriageReturn: boolean | null = null
  #scratch: Bytes = NOTHING
  #spare: Bytes = NOTHING

  /** Points the block at [from, to) of `bytes`, which stay their owner's. Records follow with `addRecord`. */
  fill(bytes: Bytes, from: number, to: number, context: BlockContext): void {
    this.bytes = bytes
    this.from = from
    this.to = to
    this.count = 0
    this.selected = 0
    this.selectedBytes = 0
    this.addedBytes = 0
    this.editedRecords = 0
    this.multiline = false
    this.edited = false
    this.context = context
    this.textExpected = this.#textAsked
    this.#textAsked = false
    this.#text = null
    this.#ascii = null
    this.#carriageReturn = null
    this.version++
    this.changed.length = 0
    this.shared = NOTHING_SHARED
    this.discardEdits()
  }

  /** For who fills a block and then writes its records elsewhere: the same, but for the bytes. */
  refill(bytes: Bytes, from: number, to: number): void {
    this.fill(bytes, from, to, this.context)
  }

  /** Makes room for `count` records, where a block is more than what the engine passes around. */
  reserve(count: number): void {
    if (count <= this.starts.length) return
    const { starts, ends, selection } = this
    this.starts = new Int32Array(count)
    this.ends = new Int32Array(count)
    this.selection = new Uint8Array(count)
    this.starts.set(starts)
    this.ends.set(ends)
    this.selection.set(selection)
  }

  /** Takes over the records of `other`, which keeps them too: both then point at the same bytes. */
  copyFrom(other: Block): void {
    this.fill(other.bytes, other.from, other.to, other.context)
    const { count } = other
    this.starts.set(other.starts.subarray(0, count))
    this.ends.set(other.ends.subarray(0, count))
    this.selection.set(other.selection.subarray(0, count))
    this.count = count
    this.selected = other.selected
    this.selectedBytes = other.selectedBytes
    this.multiline = other.multiline
    this.edited = other.edited
    this.lane = other.lane
    this.sequence = other.sequence
    this.shared = other.shared
    if (other.shared.length > 0) this.partOf.set(other.partOf.subarray(0, count))
    this.#text = other.#text
    this.#ascii = other.#ascii
    this.#carriageReturn = other.#carriageReturn
  }

  addRecord(start: number, end: number): void {
    const i = this.count++
    this.starts[i] = start
    this.ends[i] = end
    this.selection[i] = 1
    this.selected++
    this.selectedBytes += end - start
  }

  /** Takes in the records [from, to), whose `starts` and `ends` a framing has written already. */
  added(from: number, to: number): void {
    this.selection.fill(1, from, to)
    let bytes = 0
    for (let i = from; i < to; i++) bytes += this.ends[i]! - this.starts[i]!
    this.count = to
    this.selected += to - from
    this.selectedBytes += bytes
  }

  /** Ends record `i` here. The chain counts it, under the outcome that the processor declares. */
  drop(i: number): void {
    if (this.selection[i] === 0) return
    this.selection[i] = 0
    this.selected--
    this.selectedBytes -= this.ends[i]! - this.starts[i]!
  }

  /** Takes back a `drop`: for who hides records for a while, or undoes what a failed processor did. */
  restore(i: number): void {
    if (this.selection[i] === 1) return
    this.selection[i] = 1
    this.selected++
    this.selectedBytes += this.ends[i]! - this.starts[i]!
  }

  /**
   * The whole range, one character per byte: `text()[k]` is `bytes[from + k]`. Made once until the next edit.
   * Exact for searches of ASCII; text outside ASCII shows as its UTF-8 bytes.
   */
  text(): string {
    this.#textAsked = true
    return this.textForFraming()
  }

  /** The same, for who can do without and so does not count as wanting it. */
  textForFraming(): string {
    this.#text ??= latin1(this.bytes, this.from, this.to)
    // Framing that asks before it knows where the last record ends has made too much of it.
    if (this.#text.length > this.to - this.from) this.#text = this.#text.slice(0, this.to - this.from)
    return this.#text
  }

  /** Whether the whole range is ASCII, so that `text()` is its text in every sense. */
  ascii(): boolean {
    this.#ascii ??= isAscii(this.bytes, this.from, this.to)
    return this.#ascii
  }

  /** Whether `\r` stands anywhere in the range. */
  hasCarriageReturn(): boolean {
    this.#carriageReturn ??= indexOfByte(this.bytes, CARRIAGE_RETURN, this.from, this.to) !== -1
    return this.#carriageReturn
  }

  /** Whether searches may run over the whole of `text()`: no record holds a line end, and each ends before a `\n`. */
  get linewise(): boolean {
    return !this.multiline && !this.hasCarriageReturn()
  }

  /**
   * A 32-bit number, never 0, that names record `i`: the same when the record is processed again because an engine was
   * replaced, and in practice another for every other record of the last minutes.
   */
  identity(i: number): number {
    return ((this.sequence + i) ^ Math.imul(this.lane + 1, 0x9e37_79b1)) | 0 || 1
  }

  /** A view, not a copy. */
  recordBytes(i: number): Bytes {
    return this.bytes.subarray(this.starts[i]!, this.ends[i]!)
  }

  recordText(i: number): string {
    return utf8(this.bytes, this.starts[i]!, this.ends[i]!)
  }

  /**
   * Index of the record that holds the byte at `position`, searching forward from record `hint`; `count` when none does
   * (the position is a separator behind the last record, or lies behind it).
   */
  recordAt(position: number, hint: number): number {
    let i = hint
    while (i < this.count && this.ends[i]! <= position) i++
    return i
  }

  /**
   * Notes that [from, to) becomes `replacement`. Edits come in ascending order, do not overlap, and stay inside one
   * record. `replacement` is read at `commitEdits` and not kept after it.
   */
  edit(from: number, to: number, replacement: Uint8Array): void {
    this.#editFrom.push(from)
    this.#editTo.push(to)
    this.#editWith.push(replacement)
  }

  replaceRecord(i: number, replacement: Uint8Array): void {
    this.edit(this.starts[i]!, this.ends[i]!, replacement)
  }

  /** A shared part becomes `bytes`, which are the block's from now on. */
  replaceShared(index: number, bytes: Bytes): void {
    this.shared = this.shared.with(index, bytes)
    this.version++
    for (let i = 0; i < this.count; i++) {
      if (this.selection[i] === 1 && this.partOf[i] === index >> 1) this.editedRecords++
    }
  }

  discardEdits(): void {
    this.#editFrom.length = 0
    this.#editTo.length = 0
    this.#editWith.length = 0
  }

  get hasEdits(): boolean {
    return this.#editFrom.length > 0
  }

  /** Applies the noted edits: one copy of the block, then the offsets move. Without edits it does nothing. */
  commitEdits(): void {
    const edits = this.#editFrom.length
    if (edits === 0) return
    const target = this.#room()
    const { bytes } = this
    let read = this.from
    let write = 0
    for (let e = 0; e < edits; e++) {
      const replacement = this.#editWith[e]!
      write += bytes.copy(target, write, read, this.#editFrom[e]!)
      target.set(replacement, write)
      write += replacement.length
      read = this.#editTo[e]!
      if (replacement.includes(NEWLINE)) this.multiline = true
    }
    write += bytes.copy(target, write, read, this.to)
    this.#moveRecords()
    this.#spare = this.#scratch
    this.#scratch = target
    this.bytes = target
    this.from = 0
    this.to = write
    this.edited = true
    this.version++
    this.#text = null
    this.#ascii = null
    this.#carriageReturn = null
    this.discardEdits()
  }

  /** Every offset moves by what the edits before it added or took. */
  #moveRecords(): void {
    const { starts, ends, count } = this
    const edits = this.#editFrom.length
    let shift = -this.from
    let e = 0
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      const end = ends[i]!
      starts[i] = start + shift
      const first = e
      let recordAdded = 0
      while (e < edits && this.#editFrom[e]! <= end) {
        assert(this.#editFrom[e]! >= start && this.#editTo[e]! <= end, 'an edit stays inside one record')
        const added = this.#editWith[e]!.length - (this.#editTo[e]! - this.#editFrom[e]!)
        recordAdded += added
        e++
      }
      if (e > first && this.selection[i] === 1) {
        this.selectedBytes += recordAdded
        this.addedBytes += recordAdded
        this.editedRecords++
        this.changed.push(i)
      }
      shift += recordAdded
      ends[i] = end + shift
    }
    assert(e === edits, 'edits are in ascending order and inside records')
  }

  /** Scratch memory for the edited block, which is never the memory that `bytes` points into. */
  #room(): Bytes {
    let needed = this.to - this.from
    for (let e = 0; e < this.#editFrom.length; e++) {
      needed += this.#editWith[e]!.length - (this.#editTo[e]! - this.#editFrom[e]!)
    }
    if (needed > BLOCK_BYTES_MAX)
      throw new RangeError(`edits grow the block to ${needed} bytes, above ${BLOCK_BYTES_MAX}`)
    const memory = this.#spare
    return memory.length >= needed ? memory : allocate(Math.max(needed, 2 * memory.length, SCRATCH_BYTES_MIN))
  }
}

const NOTHING: Bytes = allocate(0)
const NOTHING_SHARED: Bytes[] = []
const SCRATCH_BYTES_MIN = 64 * 1024
