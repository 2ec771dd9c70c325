/**
 * Finds a number by a key of a type and two runs of bytes, without making an object: open addressing over hashes, keys
 * one behind the other in chunks of memory.
 *
 *   slots    power of two, each an entry's index plus 1; 0: free
 *   entries  hash, position and lengths of the key, type, and the number
 *
 * Entries only come; `clear` throws all out at once.
 */
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'

/** A key fits into one chunk. A position is the chunk's index times this, and the place in it. */
const CHUNK_BYTES = 1024 * 1024
const FIRST_CHUNK_BYTES = 32 * 1024
const ENTRIES_MIN = 256
const ENTRY_BYTES = 5 * 4 + 1
/** Slots for each entry at least, twice as many after growing. */
const SLOTS_PER_ENTRY = 1.5

export class KeyTable {
  size = 0
  /** Of chunks. */
  #keyBytes = 0
  #chunks: Bytes[] = []
  #room = 0
  #slots!: Int32Array
  #hashes!: Int32Array
  #positions!: Int32Array
  #firstLengths!: Int32Array
  #secondLengths!: Int32Array
  #numbers!: Int32Array
  #types!: Uint8Array
  #hash = 0

  constructor() {
    this.clear()
  }

  /** Memory that it holds. */
  get bytes(): number {
    return this.#keyBytes + this.#hashes.length * ENTRY_BYTES + this.#slots.length * 4
  }

  clear(): void {
    this.size = 0
    this.#chunks = []
    this.#keyBytes = 0
    this.#room = 0
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(SLOTS_PER_ENTRY * ENTRIES_MIN)))
    this.#hashes = new Int32Array(ENTRIES_MIN)
    this.#positions = new Int32Array(ENTRIES_MIN)
    this.#firstLengths = new Int32Array(ENTRIES_MIN)
    this.#secondLengths = new Int32Array(ENTRIES_MIN)
    this.#numbers = new Int32Array(ENTRIES_MIN)
    this.#types = new Uint8Array(ENTRIES_MIN)
  }

  /** The number of this key, or -1. */
  find(type: number, a: Bytes, aFrom: number, aTo: number, b: Bytes, bFrom: number, bTo: number): number {
    let hash = hash32(a, aFrom, aTo, type)
    if (bTo > bFrom) hash = hash32(b, bFrom, bTo, hash)
    this.#hash = hash | 0
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1
      if (entry === -1) return -1
      if (this.#hashes[entry] !== this.#hash || this.#types[entry] !== type) continue
      if (this.#isKey(entry, a, aFrom, aTo, b, bFrom, bTo)) return this.#numbers[entry]!
    }
  }

  /** Adds what `find` has just not found. Returns the position of its key; see `chunkOf`. */
  add(type: number, a: Bytes, aFrom: number, aTo: number, b: Bytes, bFrom: number, bTo: number, value: number): number {
    if (this.size === this.#hashes.length) this.#grow()
    const first = aTo - aFrom
    const second = bTo - bFrom
    const position = this.#place(first + second)
    const chunk = this.chunkOf(position)
    const at = offsetOf(position)
    copyBytes(a, aFrom, aTo, chunk, at)
    if (second > 0) copyBytes(b, bFrom, bTo, chunk, at + first)
    const entry = this.size++
    this.#hashes[entry] = this.#hash
    this.#positions[entry] = position
    this.#firstLengths[entry] = first
    this.#secondLengths[entry] = second
    this.#numbers[entry] = value
    this.#types[entry] = type
    this.#link(entry)
    return position
  }

  /** The memory in which the key at this position stands, from `offsetOf` on. */
  chunkOf(position: number): Bytes {
    return this.#chunks[Math.floor(position / CHUNK_BYTES)]!
  }

  #isKey(entry: number, a: Bytes, aFrom: number, aTo: number, b: Bytes, bFrom: number, bTo: number): boolean {
    const first = aTo - aFrom
    const second = bTo - bFrom
    if (this.#firstLengths[entry] !== first || this.#secondLengths[entry] !== second) return false
    const position = this.#positions[entry]!
    const chunk = this.chunkOf(position)
    const at = offsetOf(position)
    for (let i = 0; i < first; i++) if (chunk[at + i] !== a[aFrom + i]) return false
    const behind = at + first
    for (let i = 0; i < second; i++) if (chunk[behind + i] !== b[bFrom + i]) return false
    return true
  }

  /** Position of `length` free bytes. */
  #place(length: number): number {
    const last = this.#chunks.length - 1
    if (last === -1 || this.#room + length > this.#chunks[last]!.length) {
      const bytes = last === -1 && length <= FIRST_CHUNK_BYTES ? FIRST_CHUNK_BYTES : CHUNK_BYTES
      this.#chunks.push(allocate(bytes))
      this.#keyBytes += bytes
      this.#room = 0
    }
    const position = (this.#chunks.length - 1) * CHUNK_BYTES + this.#room
    this.#room += length
    return position
  }

  #link(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[entry]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const room = 2 * this.#hashes.length
    this.#hashes = grown(this.#hashes, room)
    this.#positions = grown(this.#positions, room)
    this.#firstLengths = grown(this.#firstLengths, room)
    this.#secondLengths = grown(this.#secondLengths, room)
    this.#numbers = grown(this.#numbers, room)
    const types = new Uint8Array(room)
    types.set(this.#types)
    this.#types = types
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(SLOTS_PER_ENTRY * room)))
    for (let entry = 0; entry < this.size; entry++) this.#link(entry)
  }
}

/** Where in its chunk a position is. */
export function offsetOf(position: number): number {
  return position % CHUNK_BYTES
}

function grown(values: Int32Array, room: number): Int32Array {
  const more = new Int32Array(room)
  more.set(values)
  return more
}
