/**
 * The door to byte memory and text in a browser: the same functions as in `bytes.ts`, and of Node's Buffer what the rooms that run
 * in a browser use, over `Uint8Array`. Results are the same to the byte, invalid UTF-8 and lone surrogates included; tests hold
 * both against each other.
 */

import {
  base64,
  bytesOfBase64,
  decoder,
  encoder,
  hex,
  isAsciiText,
  isValidUtf8,
  latin1,
  plain,
  utf8,
} from './text.browser.ts'

export { latin1, utf8 } from './text.browser.ts'

export const NEWLINE = 0x0a
export const CARRIAGE_RETURN = 0x0d

const TEXTS = { utf8, latin1, hex, base64 }

/** As Buffer has it: over memory of either kind. */
const OverMemory = Uint8Array as new (
  memory: ArrayBufferLike | number,
  offset?: number,
  length?: number,
) => Uint8Array<ArrayBufferLike>

/** Bytes that know how to search, copy and turn into text. Offsets are in bytes; ends are exclusive. */
export class Bytes extends OverMemory {
  /** A view, as all that is cut out of bytes. */
  override subarray(from?: number, to?: number): Bytes {
    return super.subarray(from, to) as Bytes
  }
  override toString(encoding: keyof typeof TEXTS = 'utf8', from = 0, to = this.length): string {
    const [start, end] = [Math.max(0, from), Math.min(to, this.length)]
    return start >= end ? '' : TEXTS[encoding](this, start, end)
  }
  /** As far as there is room, whole characters only. Returns the number of bytes written. */
  write(text: string, at: number, encoding: 'utf8' | 'latin1'): number {
    if (at < 0 || at > this.length) throw outOfRange(at)
    if (encoding === 'utf8') return encoder.encodeInto(text, plain(this, at)).written
    const length = Math.min(text.length, this.length - at)
    for (let i = 0; i < length; i++) this[at + i] = text.charCodeAt(i)
    return length
  }
  /** Copies [from, to), as much of it as `target` has room for. Returns the number of bytes copied. */
  copy(target: Uint8Array, at = 0, from = 0, to = this.length): number {
    if (from < 0 || from > this.length) throw outOfRange(from)
    const length = Math.max(0, Math.min(to, this.length) - from)
    const copied = Math.max(0, Math.min(length, target.length - at))
    if (copied > 0) target.set(plain(this, from, from + copied), at)
    return copied
  }
  compare(other: Uint8Array, otherFrom = 0, otherTo = other.length, from = 0, to = this.length): -1 | 0 | 1 {
    const length = Math.min(to - from, otherTo - otherFrom)
    for (let i = 0; i < length; i++) {
      const difference = this[from + i]! - other[otherFrom + i]!
      if (difference !== 0) return difference < 0 ? -1 : 1
    }
    const longer = to - from - (otherTo - otherFrom)
    return longer === 0 ? 0 : longer < 0 ? -1 : 1
  }
  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.compare(other) === 0
  }

  readInt8(at: number): number {
    return viewOn(this, at, 1).getInt8(at)
  }
  readInt16BE(at: number): number {
    return viewOn(this, at, 2).getInt16(at)
  }
  readInt32BE(at: number): number {
    return viewOn(this, at, 4).getInt32(at)
  }
  readInt32LE(at: number): number {
    return viewOn(this, at, 4).getInt32(at, true)
  }
  readUInt16BE(at: number): number {
    return viewOn(this, at, 2).getUint16(at)
  }
  readUInt32BE(at: number): number {
    return viewOn(this, at, 4).getUint32(at)
  }
  readUInt32LE(at: number): number {
    return viewOn(this, at, 4).getUint32(at, true)
  }
  /** Of up to six bytes. */
  readUIntLE(at: number, length: number): number {
    if (at < 0 || at + length > this.length) throw outOfRange(at)
    let value = 0
    for (let i = length - 1; i >= 0; i--) value = value * 256 + this[at + i]!
    return value
  }
  readBigInt64BE(at: number): bigint {
    return viewOn(this, at, 8).getBigInt64(at)
  }
  readBigInt64LE(at: number): bigint {
    return viewOn(this, at, 8).getBigInt64(at, true)
  }
  readBigUInt64BE(at: number): bigint {
    return viewOn(this, at, 8).getBigUint64(at)
  }
  readBigUInt64LE(at: number): bigint {
    return viewOn(this, at, 8).getBigUint64(at, true)
  }
  readFloatBE(at: number): number {
    return viewOn(this, at, 4).getFloat32(at)
  }
  readDoubleBE(at: number): number {
    return viewOn(this, at, 8).getFloat64(at)
  }
  readDoubleLE(at: number): number {
    return viewOn(this, at, 8).getFloat64(at, true)
  }

  /** Each returns the first position behind what it wrote. */
  writeUInt16BE(value: number, at: number): number {
    viewOn(this, at, 2).setUint16(at, value)
    return at + 2
  }
  writeUInt16LE(value: number, at: number): number {
    viewOn(this, at, 2).setUint16(at, value, true)
    return at + 2
  }
  writeInt32LE(value: number, at: number): number {
    viewOn(this, at, 4).setInt32(at, value, true)
    return at + 4
  }
  writeUInt32LE(value: number, at: number): number {
    viewOn(this, at, 4).setUint32(at, value, true)
    return at + 4
  }
  /** Of up to six bytes. */
  writeUIntLE(value: number, at: number, length: number): number {
    if (at < 0 || at + length > this.length) throw outOfRange(at)
    for (let i = 0, rest = value; i < length; i++, rest = Math.floor(rest / 256)) this[at + i] = rest % 256
    return at + length
  }
  writeBigInt64LE(value: bigint, at: number): number {
    viewOn(this, at, 8).setBigInt64(at, value, true)
    return at + 8
  }
  writeBigUInt64LE(value: bigint, at: number): number {
    viewOn(this, at, 8).setBigUint64(at, value, true)
    return at + 8
  }
  writeDoubleLE(value: number, at: number): number {
    viewOn(this, at, 8).setFloat64(at, value, true)
    return at + 8
  }
}

export function allocate(length: number): Bytes {
  return new Bytes(length)
}

/** A view of the same memory; nothing is copied. */
export function viewOf(memory: ArrayBufferLike | Uint8Array, offset = 0, length?: number): Bytes {
  const size = length ?? memory.byteLength - offset
  if (memory instanceof Uint8Array) return new Bytes(memory.buffer, memory.byteOffset + offset, size)
  return new Bytes(memory, offset, size)
}

export function fromText(text: string): Bytes {
  return viewOf(encoder.encode(text))
}

export function copyBytes(source: Uint8Array, from: number, to: number, target: Bytes, at: number): void {
  Bytes.prototype.copy.call(source, target, at, from, to)
}

/** One buffer with all the parts, copied. */
export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = allocate(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function latin1ToBytes(text: string): Bytes {
  const bytes = allocate(text.length)
  bytes.write(text, 0, 'latin1')
  return bytes
}

/** The text that one character per byte of UTF-8 stands for. */
export function fromLatin1(text: string): string {
  return isAsciiText(text) ? text : decoder.decode(latin1ToBytes(text))
}

export function writeLatin1(bytes: Bytes, text: string, at: number): number {
  return bytes.write(text, at, 'latin1')
}

export function writeUtf8(bytes: Bytes, text: string, at: number): number {
  return bytes.write(text, at, 'utf8')
}

export function utf8Length(text: string): number {
  return isAsciiText(text) ? text.length : encoder.encode(text).length
}

export function isAscii(bytes: Bytes, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! >= 0x80) return false
  return true
}

export function isUtf8(bytes: Bytes, from: number, to: number): boolean {
  return isAscii(bytes, from, to) || isValidUtf8(bytes, from, to)
}

/** Position of the first `byte` in [from, to), or -1. */
export function indexOfByte(bytes: Bytes, byte: number, from: number, to: number): number {
  const at = plain(bytes, from, to).indexOf(byte)
  return at === -1 ? -1 : at + from
}

/** Number of times `byte` stands in [from, to). */
export function countByte(bytes: Bytes, byte: number, from: number, to: number): number {
  const view = plain(bytes, from, to)
  let count = 0
  for (let at = view.indexOf(byte); at !== -1; at = view.indexOf(byte, at + 1)) count++
  return count
}

export function toBase64(bytes: Bytes, from: number, to: number): string {
  return base64(bytes, from, to)
}

/** As far as it is base64. */
export function fromBase64(text: string): Bytes {
  return viewOf(bytesOfBase64(text))
}

let latest: DataView = new DataView(new ArrayBuffer(0))

/** Reads and writes come in rows on the same bytes, so the view of the last ones is kept. */
function viewOn(bytes: Bytes, at: number, length: number): DataView {
  if (at < 0 || at + length > bytes.length) throw outOfRange(at)
  const { buffer, byteOffset, byteLength } = bytes
  if (latest.buffer !== buffer || latest.byteOffset !== byteOffset || latest.byteLength !== byteLength) {
    latest = new DataView(buffer, byteOffset, byteLength)
  }
  return latest
}

function outOfRange(at: number): RangeError {
  return new RangeError(`position ${at} is outside of the bytes`)
}
