/**
 * Reads the fields of a message where they stand, one after the other (protobuf.dev/programming-guides/encoding). A
 * reader is made once and begun often: reading allocates nothing.
 *
 *   message: field*   field: varint (number << 3 | type), then by type
 *     0 varint | 1 eight bytes | 2 varint length, that many bytes | 5 four bytes      3 and 4 (groups) are not read
 *
 * Nothing is trusted: a field that goes on behind its message, a varint that does not end and a number of 0 make the
 * message `broken`, and reading ends there.
 */
import { allocate, type Bytes } from '#std/bytes.ts'
import { VARINT_BYTES_MAX, WireType } from './wire.ts'

/** Tags and lengths are of 32 bits, however they are padded. */
const SMALL_VARINT_BYTES_MAX = 5
const SMALL_MAX = 0xffff_ffff

export class FieldReader {
  /** Number and wire type of the field at hand. */
  field = 0
  type = 0
  /** Where the field begins, and [from, to) of its value; the next field begins at `to`. */
  start = 0
  from = 0
  to = 0
  /** Where the message ends. */
  end = 0
  broken = false
  #bytes: Bytes = NOTHING
  /** Behind the varint that was read last. */
  #at = 0

  /** The fields in [from, to) of `bytes` are next. */
  begin(bytes: Bytes, from: number, to: number): void {
    this.#bytes = bytes
    this.to = from
    this.end = to
    this.broken = false
  }

  /** Goes to the next field. False: there is none, or the message is broken here. */
  next(): boolean {
    const bytes = this.#bytes
    const { end } = this
    const start = this.to
    if (start >= end || this.broken) return false
    let at = start + 1
    let tag = bytes[start]!
    if (tag >= 0x80) {
      tag = this.#small(start)
      if (tag === -1) return this.#break(start)
      at = this.#at
    }
    const field = tag >>> 3
    const type = tag & 7
    let from = at
    let to: number
    if (type === WireType.bytes) {
      let length = at < end ? bytes[at]! : -1
      from = at + 1
      if (length >= 0x80) {
        length = this.#small(at)
        from = this.#at
      }
      if (length === -1) return this.#break(start)
      to = from + length
    } else if (type === WireType.varint) {
      to = at
      while (to < end && bytes[to]! >= 0x80) to++
      to++
      if (to - at > VARINT_BYTES_MAX) return this.#break(start)
    } else if (type === WireType.fixed64) to = at + 8
    else if (type === WireType.fixed32) to = at + 4
    else return this.#break(start)
    if (to > end || field === 0) return this.#break(start)
    this.start = start
    this.field = field
    this.type = type
    this.from = from
    this.to = to
    return true
  }

  /** The tag or length at `from`, or -1. */
  #small(from: number): number {
    const bytes = this.#bytes
    let value = 0
    let scale = 1
    const limit = Math.min(this.end, from + SMALL_VARINT_BYTES_MAX)
    for (let at = from; at < limit; at++) {
      const byte = bytes[at]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.#at = at + 1
        return value <= SMALL_MAX ? value : -1
      }
      scale *= 0x80
    }
    return -1
  }

  #break(at: number): boolean {
    this.start = at
    this.broken = true
    return false
  }
}

const NOTHING = allocate(0)

/** Up to here every varint is a whole number that a double holds. */
const EXACT_BYTES_MAX = 7

/** The varint in [from, to) as a number: rounded where it is above 2^53. */
export function varintAt(bytes: Bytes, from: number, to: number): number {
  let value = 0
  for (let at = to - 1; at >= from; at--) value = value * 0x80 + (bytes[at]! & 0x7f)
  return value
}

/** The varint in [from, to) as a signed number of 64 bits, in decimal digits. */
export function int64At(bytes: Bytes, from: number, to: number): string {
  if (to - from <= EXACT_BYTES_MAX) return String(varintAt(bytes, from, to))
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f)
  return String(BigInt.asIntN(64, value))
}
