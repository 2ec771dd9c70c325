/** International bank account numbers (ISO 13616), in one piece or in groups of four, whose check digits hold (modulo 97). */
import { type Detector, isAlphanumeric, isDigit, isUpper } from './detector.ts'

const HEAD = 4
const LENGTH_MIN = 15
const LENGTH_MAX = 34
/** With a blank behind every four characters. */
const SPREAD_MAX = LENGTH_MAX + 8
const BLANK = 0x20

/** Two capitals and two digits begin every IBAN. */
const BEGINNING = /[A-Z]{2}[0-9]{2}/g

export const iban: Detector = {
  next(text, from) {
    BEGINNING.lastIndex = from
    while (BEGINNING.test(text)) {
      const start = BEGINNING.lastIndex - 4
      const end = isAlphanumeric(text.charCodeAt(start - 1)) ? -1 : ibanEnd(text, start)
      if (end !== -1) return { from: start, to: end }
    }
    return undefined
  },
}

/** Position behind the longest IBAN that begins at `start`, or -1. */
function ibanEnd(text: string, start: number): number {
  const limit = Math.min(text.length, start + SPREAD_MAX)
  let length = 0
  /** Of what stands behind the first four characters. */
  let remainder = 0
  let best = -1
  for (let at = start; at < limit && length < LENGTH_MAX; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || isUpper(code)) {
      length++
      if (length > HEAD) remainder = append(remainder, code)
      if (length >= LENGTH_MIN && !isAlphanumeric(text.charCodeAt(at + 1)) && checks(text, start, remainder))
        best = at + 1
    } else if (code !== BLANK || length % 4 !== 0) break
  }
  return best
}

/** Country and check digits, which the number has in front, count as its end. */
function checks(text: string, start: number, rest: number): boolean {
  let remainder = rest
  for (let i = 0; i < HEAD; i++) remainder = append(remainder, text.charCodeAt(start + i))
  return remainder === 1
}

/** The remainder modulo 97 with one more digit, or the two digits of a letter (A is 10). */
function append(remainder: number, code: number): number {
  return isDigit(code) ? (remainder * 10 + code - 0x30) % 97 : (remainder * 100 + code - 0x37) % 97
}
