/** Looks through the JSON of a request to Datadog's logs intake: an array of objects, or one object. */
import { Pieces, type Scan } from '#codecs/headed/pieces.ts'
import { skipSpace } from '#codecs/json/members.ts'
import { jsonObjectEnd } from '#codecs/json/validate.ts'
import type { Bytes } from '#std/bytes.ts'

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export type DatadogFault = 'malformed' | 'too_large'

export class DatadogScan implements Scan {
  at: number
  readonly pieces: Pieces
  /** Then nothing of the body is taken. */
  fault: DatadogFault | undefined
  readonly #bytes: Bytes
  readonly #isArray: boolean
  #isDone = false

  constructor(bytes: Bytes, pieceBytesMax: number) {
    this.#bytes = bytes
    this.pieces = new Pieces(pieceBytesMax)
    const first = skipSpace(bytes, 0, bytes.length)
    this.#isArray = bytes[first] === OPEN_BRACKET
    this.at = first
    if (this.#isArray) {
      this.at = skipSpace(bytes, first + 1, bytes.length)
      if (this.at < bytes.length && bytes[this.at] === CLOSE_BRACKET) this.#close(this.at + 1)
    } else if (isEmptyObject(bytes, first)) {
      // What an Agent sends to see whether somebody is there.
      this.#close(bytes.length)
    }
  }

  next(): boolean {
    if (this.#isDone || this.fault !== undefined) return false
    const bytes = this.#bytes
    const end = jsonObjectEnd(bytes, this.at, bytes.length)
    if (end === -1) return this.#fail('malformed')
    if (!this.pieces.add(this.at, end)) return this.#fail('too_large')
    this.at = end
    if (!this.#isArray) return this.#close(end)
    const behind = skipSpace(bytes, end, bytes.length)
    if (behind >= bytes.length) return this.#fail('malformed')
    if (bytes[behind] === CLOSE_BRACKET) return this.#close(behind + 1)
    if (bytes[behind] !== COMMA) return this.#fail('malformed')
    this.at = skipSpace(bytes, behind + 1, bytes.length)
    return true
  }

  /** Nothing but white space may follow. */
  #close(at: number): false {
    this.#isDone = true
    return skipSpace(this.#bytes, at, this.#bytes.length) === this.#bytes.length ? false : this.#fail('malformed')
  }

  #fail(fault: DatadogFault): false {
    this.fault = fault
    return false
  }
}

function isEmptyObject(bytes: Bytes, first: number): boolean {
  if (bytes[first] !== OPEN_BRACE) return false
  const close = skipSpace(bytes, first + 1, bytes.length)
  return bytes[close] === CLOSE_BRACE && skipSpace(bytes, close + 1, bytes.length) === bytes.length
}
