/** Unix nanoseconds as `fixed64` has them. */
import type { Bytes } from '#std/bytes.ts'

const HIGH = 0x1_0000_0000
const NANOS = 1_000_000
/** 2^32 nanoseconds: whole milliseconds, and what is beyond them. */
const HIGH_MS = 4294
const HIGH_NANOS = 967_296

export function isZero(bytes: Bytes, at: number): boolean {
  return bytes.readUInt32LE(at) === 0 && bytes.readUInt32LE(at + 4) === 0
}

/** RFC 3339 in UTC with nine digits behind the second. */
export function isoTimeAt(bytes: Bytes, at: number): string {
  const high = bytes.readUInt32LE(at + 4)
  const rest = high * HIGH_NANOS + bytes.readUInt32LE(at)
  const ms = high * HIGH_MS + Math.floor(rest / NANOS)
  const nanos = String(rest % NANOS).padStart(6, '0')
  return `${new Date(ms).toISOString().slice(0, -1)}${nanos}Z`
}

/** Milliseconds from one time to another: exact to the nanosecond for spans of up to a hundred days. */
export function durationMs(bytes: Bytes, start: number, end: number): number {
  const high = bytes.readUInt32LE(end + 4) - bytes.readUInt32LE(start + 4)
  const low = bytes.readUInt32LE(end) - bytes.readUInt32LE(start)
  return (high * HIGH + low) / NANOS
}
