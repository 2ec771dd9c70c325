/** What a detector is, and the classes of characters that they share. */

export interface Found {
  from: number
  to: number
}

/**
 * Looks for one kind of sensitive value in text that has one character per byte. What it finds holds no line end. Each
 * first looks for a character or word that such a value must have, and at the rest only around that.
 */
export interface Detector {
  /** The first value that begins at or behind `from`. */
  next(text: string, from: number): Found | undefined
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a
}

export function isLetter(code: number): boolean {
  return isUpper(code) || (code >= 0x61 && code <= 0x7a)
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code)
}

export function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)
}

/** Position behind the longest run from `at` on of characters for which `belongs` holds. */
export function runEnd(text: string, at: number, belongs: (code: number) => boolean): number {
  let end = at
  while (end < text.length && belongs(text.charCodeAt(end))) end++
  return end
}
