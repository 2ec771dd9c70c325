/**
 * Payment card numbers: 13 to 19 digits, together or in groups set apart by one kind of blank or dash, that begin as issued
 * numbers do (ISO/IEC 7812: 2 to 6) and whose last digit checks (Luhn, ISO/IEC 7812-1 annex B).
 */
import { type Detector, type Found, isDigit } from './detector.ts'

const DIGITS_MIN = 13
const DIGITS_MAX = 19
/** With a separator between every two digits. */
const LENGTH_MAX = 2 * DIGITS_MAX - 1
const BLANK = 0x20
const DASH = 0x2d
const DOT = 0x2e

/** Of two neighbours in a number one is a digit, and a number covers one pair in every so many characters. */
const STRIDE = DIGITS_MIN - 1

export const creditCard: Detector = {
  next(text, from) {
    let unchecked = from
    for (let at = from; at < text.length; at += STRIDE) {
      if (!isDigit(text.charCodeAt(at)) && !isDigit(text.charCodeAt(at + 1))) continue
      const start = firstGroup(text, at, unchecked)
      for (let group = start; group <= at + 1; group = nextGroup(text, group, at + 2)) {
        const found = cardAt(text, group)
        if (found !== undefined) return found
      }
      unchecked = Math.max(unchecked, at + 2)
    }
    return undefined
  },
}

/** Start of the leftmost group, not before `from`, from which a number could reach to `at`. */
function firstGroup(text: string, at: number, from: number): number {
  const least = Math.max(from, at - LENGTH_MAX)
  let start = isDigit(text.charCodeAt(at)) ? at : at + 1
  while (start > least) {
    if (isDigit(text.charCodeAt(start - 1))) start--
    else if (start - 1 > least && isSeparator(text.charCodeAt(start - 1)) && isDigit(text.charCodeAt(start - 2)))
      start -= 2
    else break
  }
  return isDigit(text.charCodeAt(start - 1)) ? nextGroup(text, start, at + 2) : start
}

/** Start of the next group of digits, or of whatever else comes behind this one and a separator, or past `limit`. */
function nextGroup(text: string, from: number, limit: number): number {
  let at = from
  while (at < limit && isDigit(text.charCodeAt(at))) at++
  return at + 1
}

const digits = new Uint8Array(DIGITS_MAX)

/** The longest number that begins at `from` and ends with a group. */
function cardAt(text: string, from: number): Found | undefined {
  const first = text.charCodeAt(from)
  if (first < 0x32 || first > 0x36 || isFraction(text, from)) return undefined
  let best: Found | undefined
  let count = 0
  let separator = 0
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) {
      if (count === DIGITS_MAX) return best
      digits[count++] = code - 0x30
      if (count >= DIGITS_MIN && !isDigit(text.charCodeAt(at + 1)) && checks(count)) best = { from, to: at + 1 }
    } else if (isSeparator(code) && (separator === 0 || separator === code) && isDigit(text.charCodeAt(at + 1))) {
      separator = code
    } else return best
  }
}

/** The digits of 0.4111111111111111 are no card. */
function isFraction(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === DOT && isDigit(text.charCodeAt(at - 2))
}

function isSeparator(code: number): boolean {
  return code === BLANK || code === DASH
}

function checks(count: number): boolean {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const digit = digits[count - 1 - i]!
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
