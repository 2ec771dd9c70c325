/**
 * MessagePack, one head at a time (github.com/msgpack/msgpack/blob/master/spec.md). A value is a head and what the head
 * announces: so many bytes, or so many values.
 *
 *   00-7f  positive fixint         c4-c6  bin 8 16 32         d0-d3  int 8 16 32 64
 *   80-8f  fixmap                  c7-c9  ext 8 16 32         d4-d8  fixext 1 2 4 8 16
 *   90-9f  fixarray                ca cb  float 32 64         d9-db  str 8 16 32
 *   a0-bf  fixstr                  cc-cf  uint 8 16 32 64     dc dd  array 16 32
 *   c0 nil  c1 never used  c2 c3 false true                   de df  map 16 32
 *   e0-ff  negative fixint
 */
import type { Bytes } from '#std/bytes.ts'

export const Kind = {
  nil: 0,
  boolean: 1,
  integer: 2,
  float: 3,
  text: 4,
  binary: 5,
  array: 6,
  map: 7,
  extension: 8,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** What `readHead` says instead of a position. */
export const PARTIAL = -1
export const MALFORMED = -2

/** What a head announces; filled by `readHead`, valid until the next one is read. */
export class Head {
  kind: Kind = Kind.nil
  /** Of an integer, a float, or a boolean (0 or 1). Above 2^53 it is rounded; `exact` is not. */
  number = 0
  /** Of an integer that a double does not hold. */
  exact: bigint | undefined
  /** Bytes that follow: of text, binary and extension. */
  length = 0
  /** Values that follow: of an array its elements, of a map twice its members. */
  values = 0
  /** Of an extension: its type. */
  type = 0
}

/** Bytes behind the first one, by first byte from 0xc0 on; -1 where the spec has none. */
const REST = [0, -1, 0, 0, 1, 2, 4, 2, 3, 5, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 1, 1, 1, 1, 1, 2, 4, 2, 4, 2, 4] as const

/** Reads the head at `at`. Returns the position behind it, `PARTIAL` when it goes on behind `to`, or `MALFORMED`. */
export function readHead(bytes: Bytes, at: number, to: number, head: Head): number {
  if (at >= to) return PARTIAL
  const first = bytes[at]!
  if (first < 0x80) return integer(head, first, at + 1)
  if (first >= 0xe0) return integer(head, first - 0x100, at + 1)
  if (first < 0x90) return nested(head, Kind.map, 2 * (first & 0x0f), at + 1)
  if (first < 0xa0) return nested(head, Kind.array, first & 0x0f, at + 1)
  if (first < 0xc0) return sized(head, Kind.text, first & 0x1f, at + 1)
  const rest = REST[first - 0xc0]!
  if (rest === -1) return MALFORMED
  const next = at + 1
  const end = next + rest
  if (end > to) return PARTIAL
  switch (first) {
    case 0xc0:
      head.kind = Kind.nil
      return end
    case 0xc2:
    case 0xc3:
      head.kind = Kind.boolean
      head.number = first & 1
      return end
    case 0xc4:
      return sized(head, Kind.binary, bytes[next]!, end)
    case 0xc5:
      return sized(head, Kind.binary, bytes.readUInt16BE(next), end)
    case 0xc6:
      return sized(head, Kind.binary, bytes.readUInt32BE(next), end)
    case 0xc7:
      return extension(head, bytes[next]!, bytes.readInt8(next + 1), end)
    case 0xc8:
      return extension(head, bytes.readUInt16BE(next), bytes.readInt8(next + 2), end)
    case 0xc9:
      return extension(head, bytes.readUInt32BE(next), bytes.readInt8(next + 4), end)
    case 0xca:
      return float(head, bytes.readFloatBE(next), end)
    case 0xcb:
      return float(head, bytes.readDoubleBE(next), end)
    case 0xcc:
      return integer(head, bytes[next]!, end)
    case 0xcd:
      return integer(head, bytes.readUInt16BE(next), end)
    case 0xce:
      return integer(head, bytes.readUInt32BE(next), end)
    case 0xcf:
      return long(head, bytes.readBigUInt64BE(next), end)
    case 0xd0:
      return integer(head, bytes.readInt8(next), end)
    case 0xd1:
      return integer(head, bytes.readInt16BE(next), end)
    case 0xd2:
      return integer(head, bytes.readInt32BE(next), end)
    case 0xd3:
      return long(head, bytes.readBigInt64BE(next), end)
    case 0xd9:
      return sized(head, Kind.text, bytes[next]!, end)
    case 0xda:
      return sized(head, Kind.text, bytes.readUInt16BE(next), end)
    case 0xdb:
      return sized(head, Kind.text, bytes.readUInt32BE(next), end)
    case 0xdc:
      return nested(head, Kind.array, bytes.readUInt16BE(next), end)
    case 0xdd:
      return nested(head, Kind.array, bytes.readUInt32BE(next), end)
    case 0xde:
      return nested(head, Kind.map, 2 * bytes.readUInt16BE(next), end)
    case 0xdf:
      return nested(head, Kind.map, 2 * bytes.readUInt32BE(next), end)
    default:
      // fixext: 1, 2, 4, 8, 16.
      return extension(head, 1 << (first - 0xd4), bytes.readInt8(next), end)
  }
}

/** Whether what was read is text, or binary that may be meant as text: senders do not tell them apart. */
export function isTextual(head: Head): boolean {
  return head.kind === Kind.text || head.kind === Kind.binary
}

export function isSized(kind: Kind): boolean {
  return kind === Kind.text || kind === Kind.binary || kind === Kind.extension
}

export function isNested(kind: Kind): boolean {
  return kind === Kind.array || kind === Kind.map
}

function integer(head: Head, value: number, end: number): number {
  head.kind = Kind.integer
  head.number = value
  head.exact = undefined
  return end
}

function long(head: Head, value: bigint, end: number): number {
  head.kind = Kind.integer
  head.number = Number(value)
  head.exact = Number.isSafeInteger(head.number) ? undefined : value
  return end
}

function float(head: Head, value: number, end: number): number {
  head.kind = Kind.float
  head.number = value
  return end
}

function sized(head: Head, kind: Kind, length: number, end: number): number {
  head.kind = kind
  head.length = length
  return end
}

function extension(head: Head, length: number, type: number, end: number): number {
  head.kind = Kind.extension
  head.length = length
  head.type = type
  return end
}

function nested(head: Head, kind: Kind, values: number, end: number): number {
  head.kind = kind
  head.values = values
  return end
}
