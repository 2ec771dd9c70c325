/**
 * JSON as `AnyValue` (opentelemetry-proto: common/v1/common.proto), without making values of it:
 *
 *   AnyValue { string = 1 | bool = 2 | int64 = 3 | double = 4 | ArrayValue = 5 | KeyValueList = 6 }, nothing for null
 *   ArrayValue { AnyValue values = 1 }   KeyValueList { KeyValue values = 1 }
 *   KeyValue { string key = 1, AnyValue value = 2 }
 *
 * The JSON is valid UTF-8 and a valid object or part of one: that is the caller's to check.
 */
import { closeLength, writeVarint, writeVarint64 } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes, latin1, utf8, utf8Length, writeUtf8 } from '#std/bytes.ts'

/**
 * What is nested deeper is written as its JSON text: readers of Protocol Buffers stop at 100 messages, and a level
 * takes three.
 */
export const VALUE_DEPTH_MAX = 16

/** A value never takes more than this many bytes for each of its JSON text (`-1,` in an array: 13 for 3)… */
export const VALUE_GROWTH_MAX = 5
/** …and no more than its text and this for each value in it. */
export const VALUE_OVERHEAD_MAX = 32

const STRING_TAG = 0x0a
const BOOL_TAG = 0x10
const INT_TAG = 0x18
const DOUBLE_TAG = 0x21
const ARRAY_TAG = 0x2a
const LIST_TAG = 0x32
const ELEMENT_TAG = 0x0a
const KEY_TAG = 0x0a
const VALUE_TAG = 0x12

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const MINUS = 0x2d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const TRUE = 0x74
const FALSE = 0x66
const NULL = 0x6e
const SPACE = 0x20

const NOTHING = allocate(0)

/** Whole numbers of fewer digits are exact as doubles. */
const EXACT_DIGITS_MAX = 15
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Reads JSON and writes protobuf side by side: both positions move. */
export class AnyValueWriter {
  /** Where it reads next, and where it writes next. */
  read = 0
  write = 0
  #bytes: Bytes = NOTHING
  #target: Bytes = NOTHING

  /** Both stay their owners'. */
  begin(bytes: Bytes, read: number, target: Bytes, write: number): void {
    this.#bytes = bytes
    this.#target = target
    this.read = read
    this.write = write
  }

  /** Whether a member of an object follows; `read` is then at its key. At first `read` is behind the brace. */
  nextMember(): boolean {
    return this.#next(CLOSE_BRACE)
  }

  /** Writes the member at `read` as a `KeyValue` with `tag` before it. */
  member(tag: number, depth: number): void {
    const start = this.#open(tag)
    this.#target[this.write++] = KEY_TAG
    this.#string()
    this.#skipColon()
    const value = this.#open(VALUE_TAG)
    this.value(depth)
    this.#close(value)
    this.#close(start)
  }

  /** Passes the member at `read` by. Returns where its value begins. */
  skipMember(): number {
    this.read = stringEnd(this.#bytes, this.read)
    this.#skipColon()
    const value = this.read
    this.read = valueEnd(this.#bytes, value)
    return value
  }

  /** Where the value of the member at `read` begins; `read` stays. */
  get valueOfMember(): number {
    const colon = skipSpace(this.#bytes, stringEnd(this.#bytes, this.read))
    return skipSpace(this.#bytes, colon + 1)
  }

  /** Writes the value at `read` as the fields of an `AnyValue`. */
  value(depth: number): void {
    const target = this.#target
    const first = this.#bytes[this.read]
    switch (first) {
      case QUOTE:
        target[this.write++] = STRING_TAG
        this.#string()
        return
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth >= VALUE_DEPTH_MAX) this.#asText()
        else if (first === OPEN_BRACE) this.#object(depth)
        else this.#array(depth)
        return
      case TRUE:
      case FALSE:
        target[this.write++] = BOOL_TAG
        target[this.write++] = first === TRUE ? 1 : 0
        this.read += first === TRUE ? 4 : 5
        return
      case NULL:
        this.read += 4
        return
      default:
        this.#number()
    }
  }

  #object(depth: number): void {
    const start = this.#open(LIST_TAG)
    this.read++
    while (this.nextMember()) this.member(ELEMENT_TAG, depth + 1)
    this.#close(start)
  }

  #array(depth: number): void {
    const start = this.#open(ARRAY_TAG)
    this.read++
    while (this.#next(CLOSE_BRACKET)) {
      const element = this.#open(ELEMENT_TAG)
      this.value(depth + 1)
      this.#close(element)
    }
    this.#close(start)
  }

  #asText(): void {
    const end = valueEnd(this.#bytes, this.read)
    this.#target[this.write++] = STRING_TAG
    this.write = writeVarint(this.#target, end - this.read, this.write)
    copyBytes(this.#bytes, this.read, end, this.#target, this.write)
    this.write += end - this.read
    this.read = end
  }

  /** Writes the length and the text of the string at `read`. */
  #string(): void {
    const from = this.read + 1
    const end = stringEnd(this.#bytes, this.read)
    this.read = end
    this.write = writeText(this.#bytes, from, end - 1, this.#target, this.write)
  }

  #number(): void {
    const from = this.read
    const to = scalarEnd(this.#bytes, from)
    const text = latin1(this.#bytes, from, to)
    this.read = to
    if (/^-?\d+$/.test(text)) {
      if (text.length <= EXACT_DIGITS_MAX && this.#bytes[from] !== MINUS) {
        this.#target[this.write++] = INT_TAG
        this.write = writeVarint(this.#target, Number(text), this.write)
        return
      }
      const value = text.length <= 20 ? BigInt(text) : INT64_MAX + 1n
      if (value >= INT64_MIN && value <= INT64_MAX) {
        this.#target[this.write++] = INT_TAG
        this.write = writeVarint64(this.#target, value, this.write)
        return
      }
    }
    this.#target[this.write++] = DOUBLE_TAG
    this.write = this.#target.writeDoubleLE(Number(text), this.write)
  }

  #open(tag: number): number {
    this.#target[this.write] = tag
    this.write += 2
    return this.write
  }

  #close(start: number): void {
    this.write = closeLength(this.#target, start, this.write)
  }

  #skipColon(): void {
    this.read = skipSpace(this.#bytes, this.read)
    this.read = skipSpace(this.#bytes, this.read + 1)
  }

  /** Goes to the next member or element; behind what closes the container when there is none. */
  #next(close: number): boolean {
    this.read = skipSpace(this.#bytes, this.read)
    if (this.#bytes[this.read] === COMMA) this.read = skipSpace(this.#bytes, this.read + 1)
    if (this.#bytes[this.read] !== close) return true
    this.read++
    return false
  }
}

/** Writes the length and the text that stands between the quotes of a JSON string. Returns the position behind it. */
export function writeText(bytes: Bytes, from: number, to: number, target: Bytes, at: number): number {
  if (!hasBackslash(bytes, from, to)) {
    const write = writeVarint(target, to - from, at)
    copyBytes(bytes, from, to, target, write)
    return write + to - from
  }
  const text = (JSON.parse(`"${utf8(bytes, from, to)}"`) as string).toWellFormed()
  const write = writeVarint(target, utf8Length(text), at)
  return write + writeUtf8(target, text, write)
}

function hasBackslash(bytes: Bytes, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return true
  return false
}

export function skipSpace(bytes: Bytes, from: number): number {
  let at = from
  while (bytes[at]! <= SPACE) at++
  return at
}

/** Position behind the string that begins at `from`. */
export function stringEnd(bytes: Bytes, from: number): number {
  let at = from + 1
  while (bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function scalarEnd(bytes: Bytes, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte === undefined || byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET)
      return at
    at++
  }
}

/** Position behind the value that begins at `from`. */
export function valueEnd(bytes: Bytes, from: number): number {
  const first = bytes[from]
  if (first === QUOTE) return stringEnd(bytes, from)
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return scalarEnd(bytes, from)
  let depth = 0
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = stringEnd(bytes, at)
      continue
    }
    at++
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at
  }
}
