/**
 * Writes records as JSON text, one line each, into memory of its own, and adds them to a block. For decoders of formats that
 * become JSON, and for formats that are given to encoders as JSON.
 *
 * Memory grows as it is needed and is kept; what was written is good until the next `begin`.
 */
import { textFormat } from '#codecs/text/format.ts'
import {
  allocate,
  type Bytes,
  copyBytes,
  fromText,
  isUtf8,
  NEWLINE,
  utf8,
  utf8Length,
  writeLatin1,
  writeUtf8,
} from '#std/bytes.ts'
import type { Block, BlockContext } from '#telemetry/block.ts'

const BYTES_MIN = 64 * 1024
/** Up to here a loop is faster than the call that copies. */
const SHORT_BYTES_MAX = 32
const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20
/** An escaped byte is written as `\u00xx`. */
const ESCAPED_BYTES_MAX = 6
const HEX = fromText('0123456789abcdef')
/** By control character: the letter of its short escape, or 0. */
const SHORT = new Uint8Array(FIRST_PRINTABLE)
for (const [code, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  SHORT[code] = letter.charCodeAt(0)

export class JsonLinesWriter {
  #memory: Bytes = allocate(0)
  #at = 0
  #start = 0
  #block: Block | undefined

  /** Records go to `block` from now on, which is filled with this writer's memory, as text. */
  begin(block: Block, context: BlockContext): void {
    this.#block = block
    this.#at = 0
    this.#start = 0
    block.fill(this.#memory, 0, 0, { ...context, format: textFormat })
  }

  /** Bytes of the records that have been ended, with their newlines. */
  get length(): number {
    return this.#start
  }

  /** What has been written since is a record. It holds no newline: JSON escapes them. */
  endRecord(): void {
    this.#room(1)
    const end = this.#at
    this.#memory[this.#at++] = NEWLINE
    const block = this.#block!
    block.bytes = this.#memory
    block.addRecord(this.#start, end)
    block.to = this.#at
    this.#start = this.#at
  }

  /** Forgets what was written since the last record. */
  discard(): void {
    this.#at = this.#start
  }

  /** ASCII that is JSON already, such as `{"message":`. */
  raw(ascii: string): void {
    const { length } = ascii
    this.#room(length)
    const memory = this.#memory
    const at = this.#at
    if (length > SHORT_BYTES_MAX) writeLatin1(memory, ascii, at)
    else for (let i = 0; i < length; i++) memory[at + i] = ascii.charCodeAt(i)
    this.#at = at + length
  }

  /** Bytes that are JSON already, in [from, to). */
  rawBytes(bytes: Bytes, from: number, to: number): void {
    const length = to - from
    this.#room(length)
    const memory = this.#memory
    const at = this.#at
    if (length > SHORT_BYTES_MAX) copyBytes(bytes, from, to, memory, at)
    else for (let i = 0; i < length; i++) memory[at + i] = bytes[from + i]!
    this.#at = at + length
  }

  /** A finite number; others become null, as JSON has no word for them. */
  number(value: number): void {
    this.raw(Number.isFinite(value) ? String(value) : 'null')
  }

  /** A string value. */
  text(value: string): void {
    const length = utf8Length(value)
    const scratch = this.#scratchOf(length)
    writeUtf8(scratch, value, 0)
    this.#string(scratch, 0, length)
  }

  /** The string whose UTF-8 stands in [from, to) of `bytes`; what is not UTF-8 becomes U+FFFD. */
  string(bytes: Bytes, from: number, to: number): void {
    if (isPlain(bytes, from, to) || isUtf8(bytes, from, to)) this.#string(bytes, from, to)
    else this.text(utf8(bytes, from, to))
  }

  #string(bytes: Bytes, from: number, to: number): void {
    this.#room(ESCAPED_BYTES_MAX * (to - from) + 2)
    const memory = this.#memory
    let write = this.#at
    memory[write++] = QUOTE
    for (let read = from; read < to; read++) {
      const byte = bytes[read]!
      if (byte >= FIRST_PRINTABLE && byte !== QUOTE && byte !== BACKSLASH) {
        memory[write++] = byte
        continue
      }
      memory[write++] = BACKSLASH
      if (byte >= FIRST_PRINTABLE) memory[write++] = byte
      else if (SHORT[byte] !== 0) memory[write++] = SHORT[byte]!
      else {
        memory[write++] = 0x75
        memory[write++] = 0x30
        memory[write++] = 0x30
        memory[write++] = HEX[byte >> 4]!
        memory[write++] = HEX[byte & 15]!
      }
    }
    memory[write++] = QUOTE
    this.#at = write
  }

  /** Bytes as lower-case hexadecimal digits in quotes. */
  hex(bytes: Bytes, from: number, to: number): void {
    this.#room(2 * (to - from) + 2)
    const memory = this.#memory
    memory[this.#at++] = QUOTE
    for (let read = from; read < to; read++) {
      memory[this.#at++] = HEX[bytes[read]! >> 4]!
      memory[this.#at++] = HEX[bytes[read]! & 15]!
    }
    memory[this.#at++] = QUOTE
  }

  #scratch: Bytes = allocate(0)

  #scratchOf(length: number): Bytes {
    if (this.#scratch.length < length) this.#scratch = allocate(Math.max(2 * length, 1024))
    return this.#scratch
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#memory.length) return
    const memory = allocate(Math.max(needed, 2 * this.#memory.length, BYTES_MIN))
    copyBytes(this.#memory, 0, this.#at, memory, 0)
    this.#memory = memory
    if (this.#block !== undefined) this.#block.bytes = memory
  }
}

/** Short ASCII, as most keys and values are. */
function isPlain(bytes: Bytes, from: number, to: number): boolean {
  if (to - from > 32) return false
  for (let at = from; at < to; at++) if (bytes[at]! >= 0x80) return false
  return true
}
