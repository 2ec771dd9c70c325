/**
 * Protocol Buffers on the wire (protobuf.dev/programming-guides/encoding): what an encoder writes and what an answer is
 * read by. Lengths come before what they measure, so whoever writes a message either knows its size or leaves room and
 * calls `closeLength`.
 */
import type { Bytes } from '#std/bytes.ts'

export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** The byte before a field's value; for fields 1 to 15. */
export function tagOf(field: number, type: number): number {
  return (field << 3) | type
}

/** A varint of 32 bits takes no more. */
export const LENGTH_BYTES_MAX = 5
/** Most of what varints may take; negative numbers take all of them. */
export const VARINT_BYTES_MAX = 10

/** Bytes that a varint takes. `value` is a whole number from 0 to 2^53. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

/** Writes a whole number from 0 to 2^53. Returns the position behind it. */
export function writeVarint(target: Bytes, value: number, at: number): number {
  let write = at
  let rest = value
  // Above 32 bits shifts would lose what they shift.
  while (rest > 0x7fff_ffff) {
    target[write++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    target[write++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[write++] = rest
  return write
}

/** Writes 64 bits, as two's complement if negative, as a varint. Returns the position behind it. */
export function writeVarint64(target: Bytes, value: bigint, at: number): number {
  let write = at
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    target[write++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  target[write++] = Number(rest)
  return write
}

/**
 * Puts the length before a message that was written from `from` to `to`, with one byte left free at `from - 1`. Moves
 * the message where its length takes more, by at most `LENGTH_BYTES_MAX - 1`. Returns the position behind it.
 */
export function closeLength(target: Bytes, from: number, to: number): number {
  const length = to - from
  const more = varintBytes(length) - 1
  if (more > 0) target.copyWithin(from + more, from, to)
  writeVarint(target, length, from - 1)
  return to + more
}

/** Writes Unix nanoseconds, little-endian (fixed64). Returns the position behind them. */
export function writeNanoseconds(target: Bytes, ms: number, nanos: number, at: number): number {
  // ms * 1e6 does not fit into a double: the parts above and below 2^20 do.
  const high = Math.floor(ms / 0x10_0000) * 1_000_000
  const low = (high % 0x1000) * 0x10_0000 + (ms % 0x10_0000) * 1_000_000 + nanos
  target.writeUInt32LE(low % 0x1_0000_0000, at)
  target.writeUInt32LE(Math.floor(high / 0x1000) + Math.floor(low / 0x1_0000_0000), at + 4)
  return at + 8
}

/** One field of a message. */
export interface WireField {
  field: number
  /** See `WireType`. */
  type: number
  /** A varint, or the lower 53 bits of it; 0 for other types. */
  value: number
  /** Where the bytes of a length-delimited or fixed field stand; both 0 for a varint. */
  from: number
  to: number
}

/**
 * The fields of the message in [from, to), in order, as far as it is well-formed: an answer that breaks off says what
 * it says until there. For few and small messages.
 */
export function* fieldsOf(bytes: Bytes, from: number, to: number): Generator<WireField> {
  let at = from
  const varint = () => {
    let value = 0
    let scale = 1
    for (let i = 0; i < VARINT_BYTES_MAX && at < to; i++) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      scale *= 0x80
      if (byte < 0x80) return value
    }
    return -1
  }
  while (at < to) {
    const tag = varint()
    if (tag < 8) return
    const field = Math.floor(tag / 8)
    const type = tag % 8
    if (type === WireType.varint) {
      const value = varint()
      if (value === -1) return
      yield { field, type, value, from: 0, to: 0 }
    } else if (type === WireType.bytes) {
      const length = varint()
      if (length === -1 || length > to - at) return
      yield { field, type, value: 0, from: at, to: at + length }
      at += length
    } else if (type === WireType.fixed64 || type === WireType.fixed32) {
      const from = at
      at += type === WireType.fixed64 ? 8 : 4
      if (at > to) return
      yield { field, type, value: 0, from, to: at }
    } else return
  }
}
