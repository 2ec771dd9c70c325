/**
 * Numbers as StatsD clients write them, read from bytes:
 *
 *   number = [ "+" / "-" ] ( digits [ "." [ digits ] ] / "." digits ) [ ( "e" / "E" ) [ "+" / "-" ] digits ]
 *          / [ "+" / "-" ] ( "inf" / "infinity" ) / "nan", in any case
 */
import { type Bytes, latin1 } from '#std/bytes.ts'

const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
/**
 * So many digits fit into a double without loss, and powers of ten up to here are exact: their quotient is
 * rounded once.
 */
const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i)
/** A longer one means nothing more. */
const NUMBER_BYTES_MAX = 400
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i

export class NumberReader {
  /** What `read` found. */
  value = 0

  /** The number that [from, to) is; false when it is none. Makes no object for those of up to 15 digits. */
  read(bytes: Bytes, from: number, to: number): boolean {
    let at = from
    const first = bytes[at]
    const signed = first === MINUS || first === PLUS
    if (signed) at++
    const start = at
    let mantissa = 0
    let point = -1
    for (; at < to; at++) {
      const digit = bytes[at]! - 0x30
      if (digit >= 0 && digit <= 9) mantissa = 10 * mantissa + digit
      else if (bytes[at] === DOT && point === -1) point = at
      else return this.#readAny(bytes, from, to)
    }
    const digits = to - start - (point === -1 ? 0 : 1)
    if (digits === 0) return false
    if (digits > EXACT_DIGITS) return this.#readAny(bytes, from, to)
    const size = point === -1 ? mantissa : mantissa / POWERS[to - point - 1]!
    this.value = first === MINUS ? -size : size
    return true
  }

  #readAny(bytes: Bytes, from: number, to: number): boolean {
    if (to - from > NUMBER_BYTES_MAX) return false
    const text = latin1(bytes, from, to)
    if (DECIMAL.test(text)) {
      this.value = Number(text)
      return true
    }
    const special = SPECIAL.exec(text)
    if (special === null) return false
    this.value = special[2]!.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
    return true
  }
}
