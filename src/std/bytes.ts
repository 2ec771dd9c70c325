/**
 * The one door to byte memory and text.
 *
 * Rooms that must also run in a browser's worker (`telemetry`, `codecs`, `processors`) import nothing from `node:`;
 * what they need of Node's Buffer stands here, so that a browser build replaces this file and nothing else.
 */
import { Buffer, isAscii as nodeIsAscii, isUtf8 as nodeIsUtf8 } from 'node:buffer'

/** Bytes that know how to search, copy and turn into text. Offsets are in bytes; ends are exclusive. */
export type Bytes = Buffer

export const NEWLINE = 0x0a
export const CARRIAGE_RETURN = 0x0d

/** Uninitialised memory: the caller fills every byte that it lets out. */
export function allocate(length: number): Bytes {
  return Buffer.allocUnsafeSlow(length)
}

/** A view of the same memory, shared or not; nothing is copied. */
export function viewOf(memory: ArrayBufferLike | Uint8Array, offset = 0, length?: number): Bytes {
  if (memory instanceof Uint8Array) {
    return Buffer.from(memory.buffer, memory.byteOffset + offset, length ?? memory.byteLength - offset)
  }
  return Buffer.from(memory as ArrayBuffer, offset, length ?? memory.byteLength - offset)
}

export function fromText(text: string): Bytes {
  return Buffer.from(text, 'utf8')
}

/**
 * Copies [from, to) of `source` to `target` at `at`. On shared memory this is several times faster than `set`, which there
 * copies by atomic loads and stores.
 */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Bytes, at: number): void {
  Buffer.prototype.copy.call(source, target, at, from, to)
}

/** One buffer with all the parts, copied. */
export function concat(parts: readonly Uint8Array[]): Bytes {
  return Buffer.concat(parts)
}

/** One character per byte (code points 0 to 255): the fastest way to let V8's string functions work on bytes. */
export function latin1(bytes: Bytes, from: number, to: number): string {
  return bytes.toString('latin1', from, to)
}

/** UTF-8; what is not valid becomes U+FFFD, so writing the text back is lossless only where `isUtf8` holds. */
export function utf8(bytes: Bytes, from: number, to: number): string {
  return bytes.toString('utf8', from, to)
}

/** Text of code points 0 to 255 as one byte each. */
export function latin1ToBytes(text: string): Bytes {
  return Buffer.from(text, 'latin1')
}

/** The text that one character per byte of UTF-8 stands for. */
export function fromLatin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}

/** Writes `text`, of code points 0 to 255, one byte each. Returns the number of bytes written. */
export function writeLatin1(bytes: Bytes, text: string, at: number): number {
  return bytes.write(text, at, 'latin1')
}

/** Writes `text` as UTF-8, as far as there is room. Returns the number of bytes written. */
export function writeUtf8(bytes: Bytes, text: string, at: number): number {
  return bytes.write(text, at, 'utf8')
}

export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

export function isAscii(bytes: Bytes, from: number, to: number): boolean {
  return nodeIsAscii(bytes.subarray(from, to))
}

export function isUtf8(bytes: Bytes, from: number, to: number): boolean {
  return nodeIsUtf8(bytes.subarray(from, to))
}

/** Position of the first `byte` in [from, to), or -1. The view keeps the search from running on behind `to`. */
export function indexOfByte(bytes: Bytes, byte: number, from: number, to: number): number {
  const at = bytes.subarray(from, to).indexOf(byte)
  return at === -1 ? -1 : at + from
}

/** Number of times `byte` stands in [from, to). */
export function countByte(bytes: Bytes, byte: number, from: number, to: number): number {
  const view = bytes.subarray(from, to)
  let count = 0
  for (let at = view.indexOf(byte); at !== -1; at = view.indexOf(byte, at + 1)) count++
  return count
}

export function toBase64(bytes: Bytes, from: number, to: number): string {
  return bytes.toString('base64', from, to)
}

/** As far as it is base64. */
export function fromBase64(text: string): Bytes {
  return Buffer.from(text, 'base64')
}
