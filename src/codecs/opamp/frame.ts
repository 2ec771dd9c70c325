/**
 * A message in a WebSocket: one binary message each (spec, "WebSocket Message Format").
 *
 *   varint header, 0 | message
 *
 * Agents of before 2023 leave the header out, and opamp-go reads them still: what begins with the tag of a field is a message
 * without one. A padded zero is no tag, so the two cannot be taken for each other.
 */
import { allocate } from '#std/bytes.ts'
import { VARINT_BYTES_MAX, WireType } from '../protobuf/wire.ts'

/** The message, in memory of its own, with the header in front. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = allocate(message.length + 1)
  frame[0] = 0
  frame.set(message, 1)
  return frame
}

/** The message in a frame, a view of the same memory; undefined: it has a header that nobody knows. */
export function unframed(frame: Uint8Array): Uint8Array | undefined {
  if (frame.length === 0) return frame
  for (let at = 0; at < frame.length && at < VARINT_BYTES_MAX; at++) {
    const byte = frame[at]!
    if (byte === 0) return frame.subarray(at + 1)
    if (byte !== 0x80) break
  }
  return beginsField(frame[0]!) ? frame : undefined
}

/** All fields of the messages have tags of one byte. */
function beginsField(tag: number): boolean {
  const type = tag & 7
  return tag >= 8 && tag < 0x80 && (type === WireType.varint || type === WireType.bytes)
}
