/**
 * A table of fixed size in shared memory that several threads use at once: what is known of a key, found by a 64-bit
 * fingerprint. There are no locks: a slot is claimed by one compare-and-swap on its fingerprint, counters move by atomic
 * additions. When a neighbourhood is full its oldest entry makes room, so the table never grows and never refuses.
 *
 * Layout, in 32-bit words:  slot = [ fingerprint low | fingerprint high | since | count | owner ]
 *
 * Two different keys with the same fingerprint count as one: with 65,536 keys the odds are about 1 in 8 billion.
 */

const WORDS = 5
const LOW = 0
const HIGH = 1
const SINCE = 2
const COUNT = 3
const OWNER = 4
/** Slots that are looked at for one key. */
const NEIGHBOURHOOD = 8

export function sharedTableBytes(keys: number): number {
  return 4 * WORDS * slotsFor(keys)
}

/** Twice the keys, as a power of two: neighbourhoods then seldom fill. */
function slotsFor(keys: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(NEIGHBOURHOOD, 2 * keys)))
}

export interface Sighting {
  /** True: this key opens a new window, and this call is the one that does. */
  first: boolean
  /** With `first`: how often it was seen in its window before, after the first time. */
  repeats: number
}

export class SharedTable {
  readonly #words: Int32Array
  readonly #mask: number

  /** `memory` is zeroed when new and has `sharedTableBytes(keys)` bytes. */
  constructor(memory: SharedArrayBuffer, keys: number) {
    this.#words = new Int32Array(memory)
    this.#mask = slotsFor(keys) - 1
  }

  /**
   * Notes a sighting of a key at `now`, in milliseconds of any epoch, modulo 2^32. `owner` names the sighting, not zero: the
   * same owner gets the same answer again, so that work that is done twice after a crash comes out the same.
   */
  see(low: number, high: number, now: number, windowMs: number, owner: number): Sighting {
    const words = this.#words
    const key = (low | 0) === BUSY || (low | 0) === FREE ? 1 : low | 0
    const slot = this.#claim(key, high | 0, now | 0, owner)
    if (slot >= 0) return { first: true, repeats: 0 }
    const at = -slot - 1
    if (Atomics.load(words, at + OWNER) === owner) return { first: true, repeats: 0 }
    const since = Atomics.load(words, at + SINCE)
    // Right modulo 2^32. Slightly negative: another thread is ahead; very negative: weeks have passed.
    const age = (now - since) | 0
    const isOpen = age < windowMs && age > -windowMs
    // Of all who see that the window is over, one opens the next.
    if (isOpen || Atomics.compareExchange(words, at + SINCE, since, now | 0) !== since) {
      Atomics.add(words, at + COUNT, 1)
      return { first: false, repeats: 0 }
    }
    Atomics.store(words, at + OWNER, owner)
    return { first: true, repeats: Atomics.exchange(words, at + COUNT, 0) }
  }

  /** A claimed slot, as its index; or, when the key is there already, minus its index minus one. */
  #claim(low: number, high: number, now: number, owner: number): number {
    const words = this.#words
    const home = (low ^ (low >>> 15) ^ high) & this.#mask
    for (;;) {
      let oldest = -1
      let oldestAge = -Infinity
      let oldestKey = 0
      for (let i = 0; i < NEIGHBOURHOOD; i++) {
        const at = ((home + i) & this.#mask) * WORDS
        const found = this.#settled(at)
        if (found === low && Atomics.load(words, at + HIGH) === high) return -at - 1
        if (found === FREE) {
          if (this.#take(at, FREE, low, high, now, owner)) return at
          // Another thread took it, perhaps for this very key: look again.
          i--
          continue
        }
        const age = (now - Atomics.load(words, at + SINCE)) | 0
        if (age > oldestAge) {
          oldest = at
          oldestAge = age
          oldestKey = found
        }
      }
      // By the key that was seen, not by the one that stands there now: that may be this very key, put in by another thread.
      if (this.#take(oldest, oldestKey, low, high, now, owner)) return oldest
    }
  }

  /** The first word of a slot, once nobody is writing it. A writer that takes too long is taken for dead, its slot for free. */
  #settled(at: number): number {
    const words = this.#words
    for (;;) {
      let found = Atomics.load(words, at + LOW)
      for (let spins = 0; found === BUSY && spins < SPINS_MAX; spins++) found = Atomics.load(words, at + LOW)
      for (let waits = 0; found === BUSY && waits < WRITER_WAIT_MS; waits++) {
        Atomics.wait(words, at + LOW, BUSY, 1)
        found = Atomics.load(words, at + LOW)
      }
      if (found !== BUSY) return found
      Atomics.compareExchange(words, at + LOW, BUSY, FREE)
    }
  }

  /**
   * Between the two words of a fingerprint another thread may see half of it and take its key for a new one: it then claims
   * a slot of its own, and a repeat may pass as a first. So the first word is a marker until the rest is written.
   */
  #take(at: number, before: number, low: number, high: number, now: number, owner: number): boolean {
    const words = this.#words
    if (Atomics.compareExchange(words, at + LOW, before, BUSY) !== before) return false
    Atomics.store(words, at + HIGH, high)
    Atomics.store(words, at + SINCE, now)
    Atomics.store(words, at + COUNT, 0)
    Atomics.store(words, at + OWNER, owner)
    return Atomics.compareExchange(words, at + LOW, BUSY, low) === BUSY
  }
}

/** Stand in the first word of a slot that nobody has, and of one whose other words are being written. */
const FREE = 0
const BUSY = -0x8000_0000
const SPINS_MAX = 1000
/** A thread can lose its processor for some milliseconds in the middle of writing. */
const WRITER_WAIT_MS = 20
