/**
 * The fields of a message of Protocol Buffers, one after the other, without making an object for each: for millions of
 * them.
 */
import { WireType } from '#codecs/protobuf/wire.ts'
import type { Bytes } from '#std/bytes.ts'

export class FieldCursor {
  bytes!: Bytes
  /** Where the field begins, tag included. */
  start = 0
  /** Behind it. */
  at = 0
  end = 0
  /** Number of the field × 8 + its type. */
  tag = 0
  /** What stands in a field of a length or a fixed size; [from, to) of a varint is the varint. */
  from = 0
  to = 0
  /** A varint, read as unsigned: exact up to 2^53. Whoever wants all 64 bits reads [from, to). */
  value = 0
  /** The message is none: the walk ended before its end. */
  isBroken = false

  /** Before the first field of [from, to). */
  begin(bytes: Bytes, from: number, to: number): void {
    this.bytes = bytes
    this.at = from
    this.end = to
    this.isBroken = false
  }

  /** False: there is no further one, or `isBroken`. */
  next(): boolean {
    if (this.at >= this.end) return false
    this.start = this.at
    const tag = this.#varint()
    this.tag = tag
    const type = tag & 7
    if (tag < 8 || tag > TAG_MAX) return this.#broken()
    if (type === WireType.bytes) {
      const length = this.#varint()
      if (length < 0 || length > this.end - this.at) return this.#broken()
      this.from = this.at
      this.to = this.at = this.at + length
      return true
    }
    this.from = this.at
    if (type === WireType.varint) {
      this.value = this.#varint()
      if (this.value < 0) return this.#broken()
    } else if (type === WireType.fixed64) this.at += 8
    else if (type === WireType.fixed32) this.at += 4
    else return this.#broken()
    this.to = this.at
    return this.at <= this.end || this.#broken()
  }

  #broken(): false {
    this.isBroken = true
    return false
  }

  #varint(): number {
    const { bytes, end } = this
    let at = this.at
    if (at >= end) return -1
    let byte = bytes[at++]!
    if (byte < 0x80) {
      this.at = at
      return byte
    }
    let value = byte & 0x7f
    let scale = 0x80
    for (let i = 1; i < VARINT_BYTES_MAX && at < end; i++) {
      byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.at = at
        return value
      }
      scale *= 0x80
    }
    return -1
  }
}

const VARINT_BYTES_MAX = 10
/** Fields have numbers of 29 bits. */
const TAG_MAX = 0xffff_ffff

/** An int64 that stands as a varint in [from, to); beyond 2^53 its last digits are lost. */
export function int64(bytes: Bytes, from: number, to: number): number {
  if (to - from < VARINT_BYTES_MAX) {
    let value = 0
    let scale = 1
    for (let at = from; at < to; at++) {
      value += (bytes[at]! & 0x7f) * scale
      scale *= 0x80
    }
    return value
  }
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f)
  return Number(BigInt.asIntN(64, value))
}

/** The same of a sint64: zigzag. */
export function sint64(bytes: Bytes, from: number, to: number): number {
  if (to - from < 8) {
    const value = int64(bytes, from, to)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f)
  value = BigInt.asUintN(64, value)
  return Number((value >> 1n) ^ -(value & 1n))
}

/** Calls `found` with where each varint of a packed field stands. False: it is none. */
export function eachVarint(bytes: Bytes, from: number, to: number, found: (from: number, to: number) => void): boolean {
  let at = from
  while (at < to) {
    const start = at
    while (at < to && bytes[at]! >= 0x80) at++
    if (at === to || at - start >= VARINT_BYTES_MAX) return false
    at++
    found(start, at)
  }
  return true
}
