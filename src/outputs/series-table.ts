/**
 * What is known of many series, each under its key, in a few bytes beside the key: for outputs that keep running
 * totals, or the last
 * value. A slot is a small number; who keeps numbers by series keeps them in arrays of that size. When it is full, the
 * series that was
 * touched longest ago goes.
 *
 * Keys stand one behind the other in segments; a segment that is mostly garbage is written anew.
 */
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'

const SLOTS_MIN = 1024
const SEGMENT_BYTES = 1024 * 1024
const NONE = -1

export class SeriesTable {
  readonly max: number
  /** Called when a slot is about to be given to nobody. */
  readonly #forgotten: (slot: number) => void
  /** Called when there are more slots than before, with their number. */
  readonly #grown: (slots: number) => void
  #count = 0
  #slots = 0
  /** Open addressing over slots, twice as many at least. */
  #index = new Int32Array(2 * SLOTS_MIN).fill(NONE)
  #hashes = new Uint32Array(0)
  #segmentOf = new Int32Array(0)
  #starts = new Int32Array(0)
  #lengths = new Int32Array(0)
  /** By slot: neighbours in the order of touching; free ones are linked by `#next` too. */
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  #oldest = NONE
  #newest = NONE
  #free = NONE
  readonly #segments: (Segment | undefined)[] = []
  #open = NONE

  constructor(max: number, grown: (slots: number) => void, forgotten: (slot: number) => void = () => {}) {
    this.max = max
    this.#grown = grown
    this.#forgotten = forgotten
    this.#grow()
  }

  get count(): number {
    return this.#count
  }

  /** Slot of the series that was touched longest ago; -1 when there is none. */
  get oldest(): number {
    return this.#oldest
  }

  /** The slot of the key in [from, to), touched. -1: it is not there. */
  find(bytes: Bytes, from: number, to: number): number {
    const hash = hash32(bytes, from, to)
    const place = this.#place(hash, bytes, from, to)
    const slot = this.#index[place]!
    if (slot !== NONE) this.#touch(slot)
    return slot
  }

  /** The same; a key that is not there gets a slot, if need be that of the oldest. `isNew` tells. */
  take(bytes: Bytes, from: number, to: number): number {
    const hash = hash32(bytes, from, to)
    let place = this.#place(hash, bytes, from, to)
    const known = this.#index[place]!
    this.isNew = known === NONE
    if (known !== NONE) {
      this.#touch(known)
      return known
    }
    if (this.#count === this.max) {
      this.forget(this.#oldest)
      place = this.#place(hash, bytes, from, to)
    }
    if (this.#free === NONE) {
      this.#grow()
      place = this.#place(hash, bytes, from, to)
    }
    const slot = this.#free
    this.#free = this.#next[slot]!
    this.#index[place] = slot
    this.#hashes[slot] = hash
    this.#store(slot, bytes, from, to)
    this.#append(slot)
    this.#count++
    return slot
  }

  /** Whether the last `take` made a slot. */
  isNew = false

  forget(slot: number): void {
    this.#forgotten(slot)
    this.#unlink(slot)
    this.#removeFromIndex(slot)
    this.#release(slot)
    this.#next[slot] = this.#free
    this.#free = slot
    this.#count--
  }

  /** Calls `found` with each slot and its key, oldest first, which must not change the table. */
  each(found: (slot: number, bytes: Bytes, from: number, to: number) => void): void {
    for (let slot = this.#oldest; slot !== NONE; slot = this.#next[slot]!) this.key(slot, found)
  }

  /** The key of a slot; the bytes are good until the table changes. */
  key(slot: number, found: (slot: number, bytes: Bytes, from: number, to: number) => void): void {
    const start = this.#starts[slot]!
    found(slot, this.#segments[this.#segmentOf[slot]!]!.bytes, start, start + this.#lengths[slot]!)
  }

  /** Bytes that keys and bookkeeping take now. */
  get bytes(): number {
    const keys = this.#segments.reduce((sum, segment) => sum + (segment?.bytes.length ?? 0), 0)
    return keys + this.#index.byteLength + this.#slots * 24
  }

  /** Where the key stands in the index, or the empty place where it would. */
  #place(hash: number, bytes: Bytes, from: number, to: number): number {
    const index = this.#index
    const mask = index.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = index[place]!
      if (slot === NONE || (this.#hashes[slot] === hash && this.#isKey(slot, bytes, from, to))) return place
    }
  }

  #isKey(slot: number, bytes: Bytes, from: number, to: number): boolean {
    if (this.#lengths[slot] !== to - from) return false
    const key = this.#segments[this.#segmentOf[slot]!]!.bytes
    const start = this.#starts[slot]!
    return key.compare(bytes, from, to, start, start + to - from) === 0
  }

  /** Those behind it that would not be found any more move up. */
  #removeFromIndex(slot: number): void {
    const index = this.#index
    const mask = index.length - 1
    let hole = this.#hashes[slot]! & mask
    while (index[hole] !== slot) hole = (hole + 1) & mask
    for (let place = (hole + 1) & mask; index[place] !== NONE; place = (place + 1) & mask) {
      const home = this.#hashes[index[place]!]! & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      index[hole] = index[place]!
      hole = place
    }
    index[hole] = NONE
  }

  #touch(slot: number): void {
    if (slot === this.#newest) return
    this.#unlink(slot)
    this.#append(slot)
  }

  #append(slot: number): void {
    this.#previous[slot] = this.#newest
    this.#next[slot] = NONE
    if (this.#newest === NONE) this.#oldest = slot
    else this.#next[this.#newest] = slot
    this.#newest = slot
  }

  #unlink(slot: number): void {
    const [previous, next] = [this.#previous[slot]!, this.#next[slot]!]
    if (previous === NONE) this.#oldest = next
    else this.#next[previous] = next
    if (next === NONE) this.#newest = previous
    else this.#previous[next] = previous
  }

  #store(slot: number, bytes: Bytes, from: number, to: number): void {
    const length = to - from
    let segment = this.#segments[this.#open]
    if (segment === undefined || segment.used + length > segment.bytes.length) {
      segment = { bytes: allocate(Math.max(SEGMENT_BYTES, length)), used: 0, garbage: 0 }
      const hole = this.#segments.indexOf(undefined)
      this.#open = hole === -1 ? this.#segments.length : hole
      this.#segments[this.#open] = segment
    }
    copyBytes(bytes, from, to, segment.bytes, segment.used)
    this.#segmentOf[slot] = this.#open
    this.#starts[slot] = segment.used
    this.#lengths[slot] = length
    segment.used += length
  }

  #release(slot: number): void {
    const number = this.#segmentOf[slot]!
    const segment = this.#segments[number]!
    this.#segmentOf[slot] = NONE
    segment.garbage += this.#lengths[slot]!
    if (number === this.#open || 2 * segment.garbage < segment.used) return
    // What is left moves into others. Each byte moves once for each byte of garbage at most.
    this.#segments[number] = undefined
    if (segment.garbage === segment.used) return
    for (let other = 0; other < this.#slots; other++) {
      if (this.#segmentOf[other] !== number) continue
      const start = this.#starts[other]!
      this.#store(other, segment.bytes, start, start + this.#lengths[other]!)
    }
  }

  #grow(): void {
    const slots = Math.min(this.max, Math.max(SLOTS_MIN, 2 * this.#slots))
    const [first, before] = [this.#slots, this.#hashes]
    this.#hashes = new Uint32Array(slots)
    this.#hashes.set(before)
    this.#segmentOf = grown(this.#segmentOf, slots)
    this.#starts = grown(this.#starts, slots)
    this.#lengths = grown(this.#lengths, slots)
    this.#next = grown(this.#next, slots)
    this.#previous = grown(this.#previous, slots)
    this.#slots = slots
    for (let slot = slots - 1; slot >= first; slot--) {
      this.#segmentOf[slot] = NONE
      this.#next[slot] = this.#free
      this.#free = slot
    }
    let size = this.#index.length
    while (size < 2 * slots) size *= 2
    if (size > this.#index.length) this.#reindex(size)
    this.#grown(slots)
  }

  #reindex(size: number): void {
    const index = new Int32Array(size).fill(NONE)
    const mask = size - 1
    for (const slot of this.#index) {
      if (slot === NONE) continue
      let place = this.#hashes[slot]! & mask
      while (index[place] !== NONE) place = (place + 1) & mask
      index[place] = slot
    }
    this.#index = index
  }
}

interface Segment {
  bytes: Bytes
  used: number
  garbage: number
}

function grown(array: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size)
  larger.set(array)
  return larger
}
