/**
 * US social security numbers, `AAA-GG-SSSS`, that can have been issued: area not 000, 666 or 9xx, group not 00, serial not
 * 0000 (Social Security Administration, number structure), with no digit or dash beside them.
 */
import { type Detector, isDigit } from './detector.ts'

const LENGTH = 11
const DASH = 0x2d

export const ssn: Detector = {
  next(text, from) {
    for (let dash = text.indexOf('-', from + 3); dash !== -1; dash = text.indexOf('-', dash + 1)) {
      const start = dash - 3
      if (start >= from && text.charCodeAt(dash + 3) === DASH && isSsn(text, start))
        return { from: start, to: start + LENGTH }
    }
    return undefined
  },
}

function isSsn(text: string, start: number): boolean {
  for (const position of [0, 1, 2, 4, 5, 7, 8, 9, 10]) if (!isDigit(text.charCodeAt(start + position))) return false
  if (isDigitOrDash(text.charCodeAt(start - 1)) || isDigitOrDash(text.charCodeAt(start + LENGTH))) return false
  const area = text.slice(start, start + 3)
  if (area === '000' || area === '666' || area.startsWith('9')) return false
  return text.slice(start + 4, start + 6) !== '00' && text.slice(start + 7, start + LENGTH) !== '0000'
}

function isDigitOrDash(code: number): boolean {
  return isDigit(code) || code === DASH
}
