/**
 * Payment card numbers: 13 to 19 digits, together or in groups set apart by one kind of blank or dash, that begin as issued
 * numbers do (ISO/IEC 7812: 2 to 6) and whose last digit checks (Luhn, ISO/IEC 7812-1 annex B).
 */
import { type Detector, type Found, isDigit } from './detector.ts'

const DIGITS_MIN = 13
const DIGITS_MAX = 19
const BLANK = 0x20
const DASH = 0x2d

/** A number of thirteen digits has one at every thirteenth place or nearer, but blanks: every fourth place is looked at. */
const STRIDE = 4

export const creditCard: Detector = {
  next(text, from) {
    for (let at = from; at < text.length; at += STRIDE) {
      if (!isDigit(text.charCodeAt(at)) && !isDigit(text.charCodeAt(at + 1))) continue
      const start = candidateStart(text, at, from)
      const end = candidateEnd(text, Math.max(at, start))
      const found = cardIn(text, start, end)
      if (found !== undefined) return found
      at = Math.max(at, end - STRIDE)
    }
    return undefined
  },
}

/** Digits with single separators between them, to the left. */
function candidateStart(text: string, at: number, from: number): number {
  let start = isDigit(text.charCodeAt(at)) ? at : at + 1
  while (start > from) {
    if (isDigit(text.charCodeAt(start - 1))) start--
    else if (isSeparator(text.charCodeAt(start - 1)) && start - 1 > from && isDigit(text.charCodeAt(start - 2)))
      start -= 2
    else break
  }
  return start
}

function candidateEnd(text: string, at: number): number {
  let end = isDigit(text.charCodeAt(at)) ? at : at + 1
  while (end < text.length) {
    if (isDigit(text.charCodeAt(end))) end++
    else if (isSeparator(text.charCodeAt(end)) && isDigit(text.charCodeAt(end + 1))) end += 2
    else break
  }
  return end
}

/** The longest run of whole groups of [start, end) that is a card number. */
function cardIn(text: string, start: number, end: number): Found | undefined {
  for (let from = start; from < end; from = nextGroup(text, from, end)) {
    let best: Found | undefined
    let digits = ''
    let separator = 0
    for (let at = from; at < end; at++) {
      const code = text.charCodeAt(at)
      if (isDigit(code)) {
        digits += text[at]
        if (digits.length > DIGITS_MAX) break
        const groupEnds = at + 1 === end || !isDigit(text.charCodeAt(at + 1))
        if (groupEnds && digits.length >= DIGITS_MIN && isIssued(digits) && checks(digits)) best = { from, to: at + 1 }
      } else if (separator === 0 || separator === code) separator = code
      else break
    }
    if (best !== undefined) return best
  }
  return undefined
}

function nextGroup(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(text.charCodeAt(at))) at++
  return at + 1
}

function isSeparator(code: number): boolean {
  return code === BLANK || code === DASH
}

function isIssued(digits: string): boolean {
  return digits[0]! >= '2' && digits[0]! <= '6'
}

function checks(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
