/**
 * A map from byte strings to blocks of bytes, in shared memory of a fixed size, for several threads. One lock guards it: who
 * works on it calls `lock`, does all it has to, and calls `unlock`.
 *
 *   words   [ lock | used bytes | entries | generation | four words for who uses it ]
 *   slots   power of two, each the number of an entry's first 8 bytes, plus 1; 0: free
 *   arena   entry: u32 hash, u32 key length, u32 value length, u32 mark, key, padding to 8, value, padding to 8
 *
 * Entries are found by key, gone through in order, and thrown out all at once by `keepOnly`, which moves those that stay: an
 * entry's place is good as long as `generation` is the same. A full map refuses.
 *
 * A thread that dies with the lock leaves it to its successor, which has the same number.
 */
import { type Bytes, copyBytes, viewOf } from '#std/bytes.ts'
import { hash32 } from './hash.ts'

const LOCK = 0
const USED = 1
const ENTRIES = 2
const GENERATION = 3
const OWN = 4
const HEADER_WORDS = 8
const ENTRY_BYTES = 16
const LOCK_WAIT_MS = 50

/** What `entriesMax` entries with `bytesMax` bytes of keys and values in all need. */
export function sharedMapBytes(entriesMax: number, bytesMax: number): number {
  return 4 * (HEADER_WORDS + slotsFor(entriesMax)) + arenaBytes(entriesMax, bytesMax)
}

function slotsFor(entriesMax: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, 1.5 * entriesMax)))
}

function arenaBytes(entriesMax: number, bytesMax: number): number {
  return align(bytesMax) + entriesMax * (ENTRY_BYTES + 16)
}

export class SharedMap {
  readonly #words: Int32Array
  readonly #slots: Int32Array
  readonly #mask: number
  readonly #entriesMax: number
  readonly #owner: number
  /** Where entries stand. */
  readonly bytes: Bytes
  /** The same memory in doubles: a value's first one is at `valueAt(entry) / 8`. */
  readonly doubles: Float64Array

  /** `memory` is zeroed when new. `owner` is the thread's number, not negative; its successor has the same. */
  constructor(memory: SharedArrayBuffer, offset: number, entriesMax: number, bytesMax: number, owner: number) {
    const slots = slotsFor(entriesMax)
    this.#words = new Int32Array(memory, offset, HEADER_WORDS)
    this.#slots = new Int32Array(memory, offset + 4 * HEADER_WORDS, slots)
    this.#mask = slots - 1
    this.#entriesMax = entriesMax
    this.#owner = owner + 1
    const arena = offset + 4 * (HEADER_WORDS + slots)
    this.bytes = viewOf(memory, arena, arenaBytes(entriesMax, bytesMax))
    this.doubles = new Float64Array(memory, arena, Math.floor(this.bytes.length / 8))
    Atomics.compareExchange(this.#words, LOCK, this.#owner, 0)
  }

  lock(): void {
    for (;;) {
      const holder = Atomics.compareExchange(this.#words, LOCK, 0, this.#owner)
      if (holder === 0) return
      Atomics.wait(this.#words, LOCK, holder, LOCK_WAIT_MS)
    }
  }

  unlock(): void {
    Atomics.store(this.#words, LOCK, 0)
    Atomics.notify(this.#words, LOCK, 1)
  }

  /** Entries now, and the bytes that they take. May be read without the lock. */
  get size(): number {
    return Atomics.load(this.#words, ENTRIES)
  }
  get used(): number {
    return Atomics.load(this.#words, USED)
  }
  get generation(): number {
    return Atomics.load(this.#words, GENERATION)
  }

  /** One of four words for whoever uses the map, 0 at first. */
  word(index: number): number {
    return Atomics.load(this.#words, OWN + index)
  }
  setWord(index: number, value: number): void {
    Atomics.store(this.#words, OWN + index, value)
  }
  addToWord(index: number, value: number): void {
    Atomics.add(this.#words, OWN + index, value)
  }

  /** Place of the entry with this key, or -1. */
  find(key: Bytes, from: number, to: number): number {
    const slot = this.#slotOf(hash32(key, from, to) | 0, key, from, to)
    return slot < 0 ? -1 : 8 * (this.#slots[slot]! - 1)
  }

  /** Makes an entry, whose value of `valueLength` bytes is zeros. The key is not there yet. -1: there is no room. */
  insert(key: Bytes, from: number, to: number, valueLength: number): number {
    const entry = this.used
    const length = ENTRY_BYTES + align(to - from) + align(valueLength)
    if (this.size >= this.#entriesMax || entry + length > this.bytes.length) return -1
    const hash = hash32(key, from, to) | 0
    const slot = this.#slotOf(hash, key, from, to)
    const { bytes } = this
    bytes.writeInt32LE(hash, entry)
    bytes.writeUInt32LE(to - from, entry + 4)
    bytes.writeUInt32LE(valueLength, entry + 8)
    bytes.writeUInt32LE(0, entry + 12)
    copyBytes(key, from, to, bytes, entry + ENTRY_BYTES)
    bytes.fill(0, entry + ENTRY_BYTES + to - from, entry + length)
    Atomics.store(this.#words, USED, entry + length)
    Atomics.add(this.#words, ENTRIES, 1)
    // Last: whoever dies before leaves an entry that nobody finds.
    this.#slots[-1 - slot] = entry / 8 + 1
    return entry
  }

  keyAt(entry: number): number {
    return entry + ENTRY_BYTES
  }
  keyLength(entry: number): number {
    return this.bytes.readUInt32LE(entry + 4)
  }
  valueAt(entry: number): number {
    return entry + ENTRY_BYTES + align(this.keyLength(entry))
  }
  valueLength(entry: number): number {
    return this.bytes.readUInt32LE(entry + 8)
  }
  /** A word of the entry for whoever uses the map, 0 at first. */
  mark(entry: number): number {
    return this.bytes.readUInt32LE(entry + 12)
  }
  setMark(entry: number, mark: number): void {
    this.bytes.writeUInt32LE(mark, entry + 12)
  }

  /** The entry behind this one, the first for -1; -1 when there is none. */
  next(entry: number): number {
    const behind = entry === -1 ? 0 : this.valueAt(entry) + align(this.valueLength(entry))
    return behind < this.used ? behind : -1
  }

  /** Throws out all entries but those that `keeps` wants. */
  keepOnly(keeps: (entry: number) => boolean): void {
    const end = this.used
    this.#slots.fill(0)
    Atomics.add(this.#words, GENERATION, 1)
    let write = 0
    let count = 0
    for (let entry = 0; entry < end; ) {
      const length = this.valueAt(entry) + align(this.valueLength(entry)) - entry
      const next = entry + length
      if (keeps(entry)) {
        if (write < entry) this.bytes.copyWithin(write, entry, next)
        const key = this.keyAt(write)
        const slot = this.#slotOf(this.bytes.readInt32LE(write), this.bytes, key, key + this.keyLength(write))
        this.#slots[-1 - slot] = write / 8 + 1
        write += length
        count++
      }
      entry = next
    }
    Atomics.store(this.#words, USED, write)
    Atomics.store(this.#words, ENTRIES, count)
  }

  /** The slot of this key; or -1 minus the free slot where it would go. */
  #slotOf(hash: number, key: Bytes, from: number, to: number): number {
    const slots = this.#slots
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const number = slots[slot]!
      if (number === 0) return -1 - slot
      if (this.#isKey(8 * (number - 1), hash, key, from, to)) return slot
    }
  }

  #isKey(entry: number, hash: number, key: Bytes, from: number, to: number): boolean {
    const { bytes } = this
    if (bytes.readInt32LE(entry) !== hash || this.keyLength(entry) !== to - from) return false
    return bytes.compare(key, from, to, entry + ENTRY_BYTES, entry + ENTRY_BYTES + to - from) === 0
  }
}

function align(length: number): number {
  return (length + 7) & ~7
}
