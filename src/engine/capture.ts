/**
 * Records that the sample has taken, as copies of their bytes and what became of them. Most are replaced by later ones before
 * anybody is told, so they become readable only when they are told, see `Observer`. Never leaves the engine as it is.
 */
import type { ObservedRecord } from '#contract/observation.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import type { BlockContext } from '#telemetry/block.ts'

/** Bytes of copies beyond which they are told at once, and beyond which no more are made. */
const CAPTURED_BYTES_HIGH = 1024 * 1024
const CAPTURED_BYTES_MAX = 8 * CAPTURED_BYTES_HIGH
const CHUNK_BYTES = 64 * 1024

/** One side of a record: bytes, and what it shares with others. */
export interface Side {
  bytes: Bytes
  from: number
  to: number
  shared: readonly Bytes[]
}

/** All that is known of a record but its texts. */
export type Facts = Omit<ObservedRecord, 'before' | 'after'>

export interface Capture {
  facts: Facts
  context: BlockContext
  /** Undefined: too large to be kept. */
  before: Side | undefined
  /** Of no meaning where it ended. */
  after: Side | undefined
}

/** Where the copies stand, until `clear`. */
export class CaptureMemory {
  #chunk: Bytes = allocate(0)
  #at = 0
  #used = 0

  get isFull(): boolean {
    return this.#used >= CAPTURED_BYTES_HIGH
  }

  /** Copies [from, to) of `bytes`; undefined: there is no room. What is shared is never written to, so it stays where it is. */
  copy(bytes: Bytes, from: number, to: number, shared: readonly Bytes[]): Side | undefined {
    const length = to - from
    if (this.#used + length > CAPTURED_BYTES_MAX) return undefined
    if (this.#at + length > this.#chunk.length) {
      this.#chunk = allocate(Math.max(length, CHUNK_BYTES))
      this.#at = 0
    }
    const side = { bytes: this.#chunk, from: this.#at, to: this.#at + length, shared }
    copyBytes(bytes, from, to, this.#chunk, this.#at)
    this.#at += length
    this.#used += length
    return side
  }

  /** Nothing that was copied is needed any more. */
  clear(): void {
    this.#at = 0
    this.#used = 0
  }
}
