/**
 * The value that says that a series has ended: one NaN of many (prometheus/model/value/value.go). JavaScript keeps no
 * NaNs apart.
 */
import type { Bytes } from '#std/bytes.ts'

export const STALE_NAN = [0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f] as const

/** Whether the eight bytes at `at` are it. */
export function isStaleNan(bytes: Bytes, at: number): boolean {
  return bytes[at + 6] === 0xf0 && bytes[at + 7] === 0x7f && bytes[at] === 0x02 && isZero(bytes, at + 1, at + 6)
}

export function writeStaleNan(bytes: Bytes, at: number): void {
  for (let i = 0; i < 8; i++) bytes[at + i] = STALE_NAN[i]!
}

function isZero(bytes: Bytes, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false
  return true
}
