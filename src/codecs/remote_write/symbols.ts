/** The symbols of a 2.0 request: where each stands. */
import type { Bytes } from '#std/bytes.ts'
import { FieldCursor } from './fields.ts'

const SYMBOL_TAG = 0x22
const COUNT_MIN = 1024

export class Symbols {
  count = 0
  bytes!: Bytes
  #starts = new Int32Array(COUNT_MIN)
  #ends = new Int32Array(COUNT_MIN)
  readonly #fields = new FieldCursor()

  /**
   * All that stand in [from, to) of `bytes`, in order. A symbol takes two bytes at least, so this takes four times the
   * request at most.
   */
  read(bytes: Bytes, from: number, to: number): void {
    const fields = this.#fields
    this.bytes = bytes
    this.count = 0
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag !== SYMBOL_TAG) continue
      if (this.count === this.#starts.length) this.#grow()
      this.#starts[this.count] = fields.from
      this.#ends[this.count++] = fields.to
    }
  }

  startOf(reference: number): number {
    return this.#starts[reference]!
  }

  endOf(reference: number): number {
    return this.#ends[reference]!
  }

  lengthOf(reference: number): number {
    return this.#ends[reference]! - this.#starts[reference]!
  }

  #grow(): void {
    const starts = new Int32Array(2 * this.#starts.length)
    const ends = new Int32Array(starts.length)
    starts.set(this.#starts)
    ends.set(this.#ends)
    this.#starts = starts
    this.#ends = ends
  }
}
