/**
 * Finds members of a JSON object by their names, without parsing the rest. For decoders that take a vendor's shape
 * apart and put its pieces together again.
 *
 *   {"time":1.5,"event":{"a":"}"},"host":"web-1"}
 *    keyFrom^ ^keyTo    ^from[1]  ^to[1]
 *           ^from[0]
 *
 * What it walks over is taken for JSON, not checked: of text that is none it says that the object does not end, or it
 * finds something inside the bounds that it was given. Keys that are written with escapes are not recognised. Of equal
 * keys the last counts, as for `JSON.parse`.
 */
import { type Bytes, fromText } from '#std/bytes.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const COLON = 0x3a
const COMMA = 0x2c
const CLOSE_BRACKET = 0x5d
const SPACE = 0x20
/** With this bit, a bracket looks like the brace that faces the same way. */
const BRACE_BIT = 0x20

export class Members {
  /**
   * By index of the name: [keyFrom, keyTo) is the key with its quotes, [from, to) the value, a string's with its
   * quotes; -1: it has none.
   */
  readonly keyFrom: Int32Array
  readonly keyTo: Int32Array
  readonly from: Int32Array
  readonly to: Int32Array
  /** How many members there are, known or not. */
  count = 0
  readonly #names: readonly Bytes[]
  /** Indices of the names with this many bytes. */
  readonly #byLength: (readonly number[] | undefined)[] = []

  /** ASCII. */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => fromText(name))
    for (const [i, { length }] of this.#names.entries()) {
      this.#byLength[length] = [...(this.#byLength[length] ?? []), i]
    }
    this.keyFrom = new Int32Array(names.length)
    this.keyTo = new Int32Array(names.length)
    this.from = new Int32Array(names.length)
    this.to = new Int32Array(names.length)
  }

  /** Reads the object whose brace stands at `at`. Returns the position behind it, or -1 when it is not there whole. */
  read(bytes: Bytes, at: number, end: number): number {
    this.from.fill(-1)
    this.count = 0
    if (at >= end || bytes[at] !== OPEN_BRACE) return -1
    let position = skipSpace(bytes, at + 1, end)
    if (position < end && bytes[position] === CLOSE_BRACE) return position + 1
    for (;;) {
      if (position >= end || bytes[position] !== QUOTE) return -1
      const keyEnd = stringEnd(bytes, position, end)
      const colon = keyEnd === -1 ? end : skipSpace(bytes, keyEnd, end)
      if (colon >= end || bytes[colon] !== COLON) return -1
      const value = skipSpace(bytes, colon + 1, end)
      const stop = valueEnd(bytes, value, end)
      if (stop === -1) return -1
      this.count++
      this.#note(bytes, position, keyEnd, value, stop)
      position = skipSpace(bytes, stop, end)
      if (position >= end) return -1
      if (bytes[position] === CLOSE_BRACE) return position + 1
      if (bytes[position] !== COMMA) return -1
      position = skipSpace(bytes, position + 1, end)
    }
  }

  has(name: number): boolean {
    return this.from[name] !== -1
  }

  #note(bytes: Bytes, keyFrom: number, keyTo: number, from: number, to: number): void {
    const candidates = this.#byLength[keyTo - keyFrom - 2]
    if (candidates === undefined) return
    for (let c = 0; c < candidates.length; c++) {
      const name = candidates[c]!
      if (!isSame(this.#names[name]!, bytes, keyFrom + 1)) continue
      this.keyFrom[name] = keyFrom
      this.keyTo[name] = keyTo
      this.from[name] = from
      this.to[name] = to
      return
    }
  }
}

/** Calls `visit` with each member of the object at `at`, as `Members.read` would find it. */
export function eachMember(
  bytes: Bytes,
  at: number,
  end: number,
  visit: (keyFrom: number, keyTo: number, from: number, to: number) => void,
): void {
  let position = skipSpace(bytes, at + 1, end)
  while (position < end && bytes[position] === QUOTE) {
    const keyEnd = stringEnd(bytes, position, end)
    if (keyEnd === -1) return
    const value = skipSpace(bytes, skipSpace(bytes, keyEnd, end) + 1, end)
    const stop = valueEnd(bytes, value, end)
    if (stop === -1) return
    visit(position, keyEnd, value, stop)
    position = skipSpace(bytes, skipSpace(bytes, stop, end) + 1, end)
  }
}

function isSame(name: Bytes, bytes: Bytes, at: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[at + i]) return false
  return true
}

/** Position behind the value at `at`, or -1 when there is none or it does not end. */
export function valueEnd(bytes: Bytes, at: number, end: number): number {
  if (at >= end) return -1
  const first = bytes[at]!
  if (first === QUOTE) return stringEnd(bytes, at, end)
  if ((first | BRACE_BIT) === OPEN_BRACE) return nestedEnd(bytes, at, end)
  let position = at
  while (position < end && !isDelimiter(bytes[position]!)) position++
  return position === at ? -1 : position
}

function nestedEnd(bytes: Bytes, from: number, end: number): number {
  let depth = 0
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = stringEnd(bytes, at, end) - 1
      if (at < 0) return -1
    } else if ((byte | BRACE_BIT) === OPEN_BRACE) depth++
    else if ((byte | BRACE_BIT) === CLOSE_BRACE && --depth === 0) return at + 1
  }
  return -1
}

/** Position behind the string that begins at `from`, or -1. */
function stringEnd(bytes: Bytes, from: number, end: number): number {
  for (let at = from + 1; at < end; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return -1
}

export function skipSpace(bytes: Bytes, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(bytes[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte)
}
