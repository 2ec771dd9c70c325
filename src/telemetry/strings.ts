/**
 * The texts inside records that are not text themselves, side by side in a block of lines, so that whatever searches and
 * edits text works on them at full speed and finds nothing else. Each text knows what it is of and where it stands there.
 */
import { allocate, type Bytes, copyBytes, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from './block.ts'
import type { OnRecord } from './search.ts'

/** Texts up to this length are copied byte by byte: a native copy costs more to call. */
const SHORT_BYTES_MAX = 24
const TEXTS_MIN = 1024
const BYTES_MIN = 64 * 1024
/** No block has this version. */
const PARTIAL = -1

/** Names the records of a block that may hold what is looked for, from their bytes alone: all of those that do, and perhaps others. */
export type Candidates = (block: Block, found: OnRecord) => void

/**
 * The texts of `block`, read anew only when its bytes have changed. With `candidates`, those of the records that they name and of
 * what records share may be all there are: reading the others would be for nothing.
 */
export function stringsOf(block: Block, candidates?: Candidates): Strings {
  const strings = block.strings ?? new Strings()
  block.strings = strings
  strings.read(block, candidates)
  return strings
}

export class Strings {
  /** Its records are the texts. Edits are committed here; then `giveBack` puts them where they came from. */
  readonly lines = new Block()
  /** By text: index of the record, or -1 - index of the shared part; see `Block.shared`. */
  owners = new Int32Array(TEXTS_MIN)
  /** By text: where it stands in `bytes` of the records' block, or in the shared part; and how many bytes it has there. */
  origins = new Int32Array(TEXTS_MIN)
  lengths = new Int32Array(TEXTS_MIN)
  #memory: Bytes = allocate(0)
  #at = 0
  #version = -1
  #bytes: Bytes | undefined
  /** By record: its texts are wanted. */
  #wanted = new Uint8Array(BLOCK_RECORDS_MAX)

  read(block: Block, candidates: Candidates | undefined): void {
    // Of a rule that failed on the way.
    this.lines.discardEdits()
    if (this.#bytes !== block.bytes || this.#version !== block.version) {
      this.#bytes = block.bytes
      // What holds only some of the texts is of no use to whoever asks next.
      this.#version = candidates === undefined ? block.version : PARTIAL
      this.#wanted.fill(candidates === undefined ? 1 : 0, 0, block.count)
      candidates?.(block, (record) => {
        this.#wanted[record] = 1
      })
      this.#begin(block)
      block.context.format.strings(block, this)
    }
    this.#select(block)
  }

  /** Whether a format shall add the texts of record `i`. */
  wants(i: number): boolean {
    return this.#wanted[i] === 1
  }

  /** Adds the text in [from, to) of `bytes`: the records' own, or those of the shared part that `owner` names. */
  add(owner: number, bytes: Bytes, from: number, to: number): void {
    const { lines } = this
    const i = lines.count
    if (i === this.owners.length) this.#grow()
    const start = this.#at
    const end = start + to - from
    if (end >= this.#memory.length) this.#growMemory(end + 1)
    const memory = this.#memory
    if (to - from <= SHORT_BYTES_MAX) {
      for (let read = from, write = start; read < to; read++, write++) {
        const byte = bytes[read]!
        memory[write] = byte
        if (byte === NEWLINE) lines.multiline = true
      }
    } else {
      copyBytes(bytes, from, to, memory, start)
      // The newline behind the text ends the search: no view of it is needed.
      memory[end] = NEWLINE
      lines.multiline ||= memory.indexOf(NEWLINE, start) < end
    }
    memory[end] = NEWLINE
    this.owners[i] = owner
    this.origins[i] = from
    this.lengths[i] = to - from
    lines.addRecord(start, end)
    this.#at = end + 1
    lines.to = this.#at
  }

  /** Calls `found` for the record that text `i` is of, or for each that shares it. */
  eachRecordOf(block: Block, i: number, found: OnRecord): void {
    const owner = this.owners[i]!
    if (owner >= 0) {
      found(owner)
      return
    }
    for (let r = 0; r < block.count; r++) {
      if (block.selection[r] === 1 && block.partOf[r] === (-1 - owner) >> 1) found(r)
    }
  }

  /** What was edited goes back to the records and the shared parts of `block`. */
  giveBack(block: Block): void {
    if (this.lines.changed.length > 0) block.context.format.replace(block, this)
  }

  #begin(block: Block): void {
    const length = block.to - block.from + BYTES_MIN
    if (this.#memory.length < length) this.#memory = allocate(length)
    this.#at = 0
    this.lines.fill(this.#memory, 0, 0, block.context)
    this.lines.changed.length = 0
  }

  #select(block: Block): void {
    const { lines, owners } = this
    const { selection, partOf } = block
    const shown = new Uint8Array(block.shared.length)
    for (let r = 0; shown.length > 0 && r < block.count; r++) {
      if (selection[r] === 0) continue
      shown[2 * partOf[r]!] = 1
      shown[2 * partOf[r]! + 1] = 1
    }
    for (let i = 0; i < lines.count; i++) {
      const owner = owners[i]!
      if ((owner >= 0 ? selection[owner] : shown[-1 - owner]) === 1) lines.restore(i)
      else lines.drop(i)
    }
  }

  #growMemory(needed: number): void {
    const memory = allocate(2 * needed)
    copyBytes(this.#memory, 0, this.#at, memory, 0)
    this.#memory = memory
    this.lines.bytes = memory
  }

  #grow(): void {
    const size = 4 * this.owners.length
    this.owners = grown(this.owners, size)
    this.origins = grown(this.origins, size)
    this.lengths = grown(this.lengths, size)
    this.lines.reserve(size)
  }
}

function grown(array: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size)
  larger.set(array)
  return larger
}
