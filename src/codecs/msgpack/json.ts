/**
 * MessagePack values as JSON. Binary that is UTF-8 becomes text, other binary and extensions become base64; keys that
 * are no text become it; of members with the same key the last counts. Numbers keep all their digits; those that JSON
 * has no word for become null.
 */
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { type Bytes, isUtf8, latin1 } from '#std/bytes.ts'
import { keyText } from './examine.ts'
import { Head, Kind, readHead } from './head.ts'
import { skipValue } from './scanner.ts'

/** Base64 is made of pieces of this many bytes; it is a multiple of 3. */
const PIECE_BYTES = 3 * 16 * 1024

export class JsonOfMsgpack {
  readonly #writer: JsonLinesWriter
  readonly #head = new Head()
  #bytes: Bytes
  #to = 0
  #superseded: ReadonlySet<number> = new Set()

  constructor(writer: JsonLinesWriter, bytes: Bytes) {
    this.#writer = writer
    this.#bytes = bytes
  }

  /** What follows is of values that stand before `to` and of which an `Examiner` has found `superseded`. */
  begin(bytes: Bytes, to: number, superseded: ReadonlySet<number>): void {
    this.#bytes = bytes
    this.#to = to
    this.#superseded = superseded
  }

  /** Writes the value at `at`. Returns the position behind it. */
  value(at: number): number {
    const writer = this.#writer
    const head = this.#head
    const bytes = this.#bytes
    const next = readHead(bytes, at, this.#to, head)
    const { kind, length } = head
    switch (kind) {
      case Kind.nil:
        writer.raw('null')
        return next
      case Kind.boolean:
        writer.raw(head.number === 1 ? 'true' : 'false')
        return next
      case Kind.integer:
        writer.raw(String(head.exact ?? head.number))
        return next
      case Kind.float:
        writer.number(head.number)
        return next
      case Kind.array:
        return this.#array(next, head.values)
      case Kind.map: {
        writer.raw('{')
        const end = this.members(next, head.values / 2)
        writer.raw('}')
        return end
      }
      default:
        if (kind === Kind.text || (kind === Kind.binary && isUtf8(bytes, next, next + length))) {
          writer.string(bytes, next, next + length)
        } else this.#base64(next, next + length)
        return next + length
    }
  }

  /** Writes the members that begin at `at`, with commas between them. Returns the position behind them. */
  members(at: number, count: number, seen?: (keyAt: number) => void): number {
    const writer = this.#writer
    let position = at
    let written = 0
    for (let m = 0; m < count; m++) {
      if (this.#superseded.size > 0 && this.#superseded.has(position)) {
        position = skipValue(this.#bytes, skipValue(this.#bytes, position, this.#to), this.#to)
        continue
      }
      if (written++ > 0) writer.raw(',')
      seen?.(position)
      position = this.#key(position)
      writer.raw(':')
      position = this.value(position)
    }
    return position
  }

  #array(at: number, elements: number): number {
    const writer = this.#writer
    let position = at
    writer.raw('[')
    for (let e = 0; e < elements; e++) {
      if (e > 0) writer.raw(',')
      position = this.value(position)
    }
    writer.raw(']')
    return position
  }

  #key(at: number): number {
    const bytes = this.#bytes
    const next = readHead(bytes, at, this.#to, this.#head)
    const { kind, length } = this.#head
    if (kind === Kind.text) {
      this.#writer.string(bytes, next, next + length)
      return next + length
    }
    this.#writer.text(keyText(bytes, at, this.#to))
    return kind === Kind.binary || kind === Kind.extension ? next + length : next
  }

  #base64(from: number, to: number): void {
    const writer = this.#writer
    writer.raw('"')
    for (let at = from; at < to; at += PIECE_BYTES) {
      writer.raw(btoa(latin1(this.#bytes, at, Math.min(to, at + PIECE_BYTES))))
    }
    writer.raw('"')
  }
}
