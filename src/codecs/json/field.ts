/**
 * Finds one value in a JSON object without parsing the rest (RFC 8259). Works on text that has one character per byte, as
 * `Block.text` gives it, between two positions. Of equal keys the first counts. What stands behind the value is not
 * looked at, so a record counts as JSON when it is well-formed up to there.
 */

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/** [from, to) is the value as it stands; for a string without its quotes. */
export interface JsonValue {
  kind: JsonKind
  from: number
  to: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const COMMA = 0x2c

/** Whether [start, end) looks like a JSON object: it begins with a brace and ends with one. */
export function isObjectText(text: string, start: number, end: number): boolean {
  const first = skipSpace(text, start, end)
  let last = end - 1
  while (last > first && isSpace(text.charCodeAt(last))) last--
  return first < last && text.charCodeAt(first) === OPEN_BRACE && text.charCodeAt(last) === CLOSE_BRACE
}

/** The value at `path`, each part being the key in the object before it, as raw text between the quotes. */
export function findValue(text: string, start: number, end: number, path: readonly string[]): JsonValue | undefined {
  let at = skipSpace(text, start, end)
  let value: JsonValue | undefined
  for (const key of path) {
    const found = memberOf(text, at, end, key)
    if (found === -1) return undefined
    value = valueAt(text, found, end)
    if (value === undefined) return undefined
    at = found
  }
  return value
}

/** Position of the value of `key` in the object at `at`, or -1. */
function memberOf(text: string, at: number, end: number, key: string): number {
  if (text.charCodeAt(at) !== OPEN_BRACE) return -1
  let position = skipSpace(text, at + 1, end)
  while (position < end && text.charCodeAt(position) === QUOTE) {
    const close = stringEnd(text, position, end)
    if (close === -1) return -1
    const colon = skipSpace(text, close + 1, end)
    if (text.charCodeAt(colon) !== COLON) return -1
    const value = skipSpace(text, colon + 1, end)
    if (isKey(text, position + 1, close, key)) return value
    const next = skipSpace(text, valueEnd(text, value, end), end)
    if (next === 0 || text.charCodeAt(next) !== COMMA) return -1
    position = skipSpace(text, next + 1, end)
  }
  return -1
}

function isKey(text: string, from: number, to: number, key: string): boolean {
  if (to - from === key.length) return text.startsWith(key, from)
  // A longer key can only be the same if it is written with escapes.
  return to - from > key.length && hasEscape(text, from, to) && decode(text, from, to) === key
}

/** A loop: `indexOf` would run on to the next backslash of the block. */
function hasEscape(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === BACKSLASH) return true
  return false
}

function valueAt(text: string, at: number, end: number): JsonValue | undefined {
  const stop = valueEnd(text, at, end)
  if (stop === 0) return undefined
  switch (text.charCodeAt(at)) {
    case QUOTE:
      return { kind: 'string', from: at + 1, to: stop - 1 }
    case OPEN_BRACE:
      return { kind: 'object', from: at, to: stop }
    case OPEN_BRACKET:
      return { kind: 'array', from: at, to: stop }
    default:
      return scalarAt(text, at, stop)
  }
}

function scalarAt(text: string, from: number, to: number): JsonValue | undefined {
  const raw = text.slice(from, to)
  if (raw === 'true' || raw === 'false') return { kind: 'boolean', from, to }
  if (raw === 'null') return { kind: 'null', from, to }
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(raw) ? { kind: 'number', from, to } : undefined
}

/** Position behind the value at `at`; 0 when it does not end. */
export function valueEnd(text: string, at: number, end: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return stringEnd(text, at, end) + 1
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(text, at, end)
  let position = at
  while (position < end && !isDelimiter(text.charCodeAt(position))) position++
  return position === at ? 0 : position
}

function nestedEnd(text: string, at: number, end: number): number {
  let depth = 0
  for (let position = at; position < end; position++) {
    const code = text.charCodeAt(position)
    if (code === QUOTE) {
      position = stringEnd(text, position, end)
      if (position === -1) return 0
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--
      if (depth === 0) return position + 1
    }
  }
  return 0
}

/** Position of the quote that ends the string which begins at `at`, or -1. */
export function stringEnd(text: string, at: number, end: number): number {
  let quote = text.indexOf('"', at + 1)
  while (quote !== -1 && quote < end) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote
    quote = text.indexOf('"', quote + 1)
  }
  return -1
}

export function skipSpace(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function isDelimiter(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code)
}

/** What the raw text of a string stands for, still one character per byte where it has no escapes. */
export function decode(text: string, from: number, to: number): string {
  const raw = text.slice(from, to)
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`)
  } catch {
    return raw
  }
}
