/** International bank account numbers (ISO 13616), in one piece or in groups of four, whose check digits hold (modulo 97). */
import { type Detector, isAlphanumeric, isDigit, isUpper } from './detector.ts'

const LENGTH_MIN = 15
const LENGTH_MAX = 34
const BLANK = 0x20

export const iban: Detector = {
  next(text, from) {
    for (let at = from; at + LENGTH_MIN <= text.length; at++) {
      // Two capitals and two digits begin every IBAN; the digits are the rarer to meet.
      if (!isDigit(text.charCodeAt(at + 2))) continue
      if (!isDigit(text.charCodeAt(at + 3)) || !isUpper(text.charCodeAt(at)) || !isUpper(text.charCodeAt(at + 1)))
        continue
      if (isAlphanumeric(text.charCodeAt(at - 1))) continue
      const end = ibanEnd(text, at)
      if (end !== -1) return { from: at, to: end }
    }
    return undefined
  },
}

/** Position behind the longest IBAN that begins at `start`, or -1. */
function ibanEnd(text: string, start: number): number {
  let compact = ''
  let best = -1
  for (let at = start; at < text.length && compact.length < LENGTH_MAX; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || isUpper(code)) {
      compact += text[at]
      if (compact.length >= LENGTH_MIN && !isAlphanumeric(text.charCodeAt(at + 1)) && checks(compact)) best = at + 1
    } else if (code !== BLANK || compact.length % 4 !== 0) break
  }
  return best
}

function checks(compact: string): boolean {
  let remainder = 0
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}
