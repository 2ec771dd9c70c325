/**
 * OTLP/JSON as the protobuf that it stands for (opentelemetry-proto: docs/specification.md, "JSON Protobuf Encoding"):
 * names in lowerCamelCase, ids in hexadecimal, enums as whole numbers, numbers of 64 bits as decimal text or as
 * numbers, bytes as base64. Members of other names are passed by; null is the same as nothing.
 *
 * Nothing is made of the JSON on the way, so memory is what the request takes.
 */
import { isJsonObject } from '#codecs/json/validate.ts'
import {
  closeLength,
  LENGTH_BYTES_MAX,
  VARINT_BYTES_MAX,
  WireType,
  writeVarint,
  writeVarint64,
} from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes, isUtf8, latin1, utf8 } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import { skipSpace, stringEnd, valueEnd, writeText } from './any-value.ts'
import { anyValue, type FieldSpec, type MessageSpec, NESTING_MAX, requests, type ScalarType } from './messages.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const NULL = 0x6e
const TRUE = 0x74
const FALSE = 0x66

export type FromJson = { ok: true; bytes: Bytes } | { ok: false; message: string }

/** The `Export…ServiceRequest` that `text` is in JSON. The memory is the caller's. */
export function fromJson(signal: Signal, text: Bytes): FromJson {
  if (!isUtf8(text, 0, text.length)) return { ok: false, message: 'The body is not UTF-8.' }
  if (!isJsonObject(text, 0, text.length)) return { ok: false, message: 'The body is not a JSON object.' }
  const writer = new RequestWriter(text)
  return writer.write(requests[signal])
    ? { ok: true, bytes: writer.bytes }
    : { ok: false, message: writer.problem ?? 'The body is no export request.' }
}

/** The shapes of scalars on the wire: what range they have and how they are written. */
const RANGES: Partial<Record<ScalarType, readonly [least: bigint, most: bigint]>> = {
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
}

/**
 * A message moves when its length takes more than a byte. What is nested deeper would move many times: lengths there
 * are padded, as Protocol Buffers allow.
 */
const MOVED_NESTING_MAX = 4

/** More digits are above every range. */
const INTEGER_CHARACTERS_MAX = 20
const NUMBER_CHARACTERS_MAX = 400
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/
const SPECIAL_DOUBLES = new Set(['NaN', 'Infinity', '-Infinity'])

class RequestWriter {
  problem: string | undefined
  readonly #text: Bytes
  #read = 0
  #target: Bytes
  #write = 0

  /** `text` is valid JSON, so nothing below looks for its end. */
  constructor(text: Bytes) {
    this.#text = text
    this.#target = allocate(text.length)
  }

  get bytes(): Bytes {
    return this.#target.subarray(0, this.#write)
  }

  /** False: `problem` says why. */
  write(spec: MessageSpec): boolean {
    this.#read = skipSpace(this.#text, 0)
    return this.#message(spec, 0)
  }

  /** Writes the fields of the object at `#read`. */
  #message(spec: MessageSpec, nesting: number): boolean {
    const inner = spec === anyValue ? nesting + 1 : nesting
    if (inner > NESTING_MAX) return this.#fail(`A value is nested deeper than ${NESTING_MAX}.`)
    const text = this.#text
    this.#read++
    while (this.#next(CLOSE_BRACE)) {
      const key = this.#read
      const close = stringEnd(text, key)
      this.#read = skipSpace(text, skipSpace(text, close) + 1)
      const field = spec.byName.get(keyAt(text, key + 1, close - 1))
      if (field === undefined || text[this.#read] === NULL) this.#read = valueEnd(text, this.#read)
      else if (!this.#field(field, spec, inner)) return false
    }
    return true
  }

  #field(field: FieldSpec, spec: MessageSpec, nesting: number): boolean {
    const first = this.#text[this.#read]
    if (field.repeated && first !== OPEN_BRACKET) return this.#fail(`${spec.name}.${field.name} is no array.`)
    if (field.message !== undefined) {
      if (!field.repeated) return this.#inner(field, field.message, spec, nesting)
      return this.#elements(() => this.#inner(field, field.message!, spec, nesting))
    }
    const type = field.scalar!
    if (!field.repeated) return this.#scalar(field, type, spec, true)
    if (field.wireType === WireType.bytes) return this.#elements(() => this.#scalar(field, type, spec, true))
    const start = this.#open(field)
    const isWritten = this.#elements(() => this.#scalar(field, type, spec, false))
    this.#close(start)
    return isWritten
  }

  #elements(element: () => boolean): boolean {
    this.#read++
    while (this.#next(CLOSE_BRACKET)) if (!element()) return false
    return true
  }

  #inner(field: FieldSpec, message: MessageSpec, spec: MessageSpec, nesting: number): boolean {
    if (this.#text[this.#read] !== OPEN_BRACE) return this.#fail(`${spec.name}.${field.name} is no object.`)
    if (nesting <= MOVED_NESTING_MAX) {
      const start = this.#open(field)
      if (!this.#message(message, nesting)) return false
      this.#close(start)
      return true
    }
    const start = this.#open(field) + LENGTH_BYTES_MAX - 1
    this.#write = start
    if (!this.#message(message, nesting)) return false
    writePadded(this.#target, this.#write - start, start - LENGTH_BYTES_MAX)
    return true
  }

  #scalar(field: FieldSpec, type: ScalarType, spec: MessageSpec, tagged: boolean): boolean {
    const text = this.#text
    const start = this.#read
    const quoted = text[start] === QUOTE
    const end = quoted ? stringEnd(text, start) : valueEnd(text, start)
    this.#read = end
    const [from, to] = quoted ? [start + 1, end - 1] : [start, end]
    // No scalar but text takes more than a varint; text takes no more than it takes in JSON.
    this.#room(to - from + 2 * LENGTH_BYTES_MAX + VARINT_BYTES_MAX)
    if (tagged) this.#write = writeVarint(this.#target, field.number * 8 + field.wireType, this.#write)
    if (this.#isWritten(type, field, quoted, from, to)) return true
    return this.#fail(`${spec.name}.${field.name} is no ${NOUNS[type] ?? 'number of its range'}.`)
  }

  #isWritten(type: ScalarType, field: FieldSpec, quoted: boolean, from: number, to: number): boolean {
    switch (type) {
      case 'string':
        if (quoted) this.#write = writeText(this.#text, from, to, this.#target, this.#write)
        return quoted
      case 'id16':
      case 'id8':
        return quoted && this.#id(from, to, field.idBytes)
      case 'bytes':
        return quoted && this.#base64(from, to)
      case 'bool':
        if (quoted || (this.#text[from] !== TRUE && this.#text[from] !== FALSE)) return false
        this.#target[this.#write++] = this.#text[from] === TRUE ? 1 : 0
        return true
      case 'double':
        return this.#double(quoted, from, to)
      default:
        return this.#integer(type, from, to)
    }
  }

  #id(from: number, to: number, bytes: number): boolean {
    const digits = to - from
    if (digits !== 0 && digits !== 2 * bytes) return false
    this.#target[this.#write++] = digits / 2
    const written = this.#target.write(latin1(this.#text, from, to), this.#write, 'hex')
    this.#write += written
    return written === digits / 2
  }

  /** Of either alphabet, with or without padding. */
  #base64(from: number, to: number): boolean {
    const base64 = latin1(this.#text, from, to).replaceAll('\\/', '/')
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) return false
    const start = ++this.#write
    this.#write += this.#target.write(base64, start, 'base64')
    this.#close(start)
    return true
  }

  #double(quoted: boolean, from: number, to: number): boolean {
    if (to - from > NUMBER_CHARACTERS_MAX) return false
    const text = latin1(this.#text, from, to)
    if (!NUMBER.test(text) && !(quoted && SPECIAL_DOUBLES.has(text))) return false
    this.#write = this.#target.writeDoubleLE(Number(text), this.#write)
    return true
  }

  #integer(type: ScalarType, from: number, to: number): boolean {
    if (to - from > NUMBER_CHARACTERS_MAX) return false
    const value = integerOf(latin1(this.#text, from, to))
    const [least, most] = RANGES[type]!
    if (value === undefined || value < least || value > most) return false
    const target = this.#target
    if (type === 'fixed64' || type === 'sfixed64') {
      this.#write = target.writeBigUInt64LE(BigInt.asUintN(64, value), this.#write)
    } else if (type === 'fixed32') this.#write = target.writeUInt32LE(Number(value), this.#write)
    else {
      const zigzag = value < 0n ? -2n * value - 1n : 2n * value
      this.#write = writeVarint64(target, type === 'sint32' ? zigzag : value, this.#write)
    }
    return true
  }

  #open(field: FieldSpec): number {
    this.#room(3 * LENGTH_BYTES_MAX)
    this.#write = writeVarint(this.#target, field.number * 8 + WireType.bytes, this.#write) + 1
    return this.#write
  }

  #close(start: number): void {
    this.#room(LENGTH_BYTES_MAX)
    this.#write = closeLength(this.#target, start, this.#write)
  }

  /** Goes to the next member or element; behind what closes the container when there is none. */
  #next(close: number): boolean {
    const text = this.#text
    this.#read = skipSpace(text, this.#read)
    if (text[this.#read] === COMMA) this.#read = skipSpace(text, this.#read + 1)
    if (text[this.#read] !== close) return true
    this.#read++
    return false
  }

  #room(bytes: number): void {
    const needed = this.#write + bytes
    if (needed <= this.#target.length) return
    const target = allocate(Math.max(needed, 2 * this.#target.length))
    copyBytes(this.#target, 0, this.#write, target, 0)
    this.#target = target
  }

  #fail(problem: string): boolean {
    this.problem ??= problem
    return false
  }
}

const NOUNS: Partial<Record<ScalarType, string>> = {
  string: 'string',
  id16: 'id of 32 hexadecimal digits',
  id8: 'id of 16 hexadecimal digits',
  bytes: 'base64',
  bool: 'boolean',
  double: 'number',
}

/** A whole number however it is written; undefined for anything else. */
function integerOf(text: string): bigint | undefined {
  if (/^-?\d+$/.test(text)) return text.length <= INTEGER_CHARACTERS_MAX ? BigInt(text) : undefined
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? BigInt(value) : undefined
}

/** A length as a varint of `LENGTH_BYTES_MAX` bytes. */
function writePadded(target: Bytes, length: number, at: number): void {
  for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
    const more = i < LENGTH_BYTES_MAX - 1 ? 0x80 : 0
    target[at + i] = (Math.floor(length / 0x80 ** i) & 0x7f) | more
  }
}

/** The key between the quotes. */
function keyAt(text: Bytes, from: number, to: number): string {
  for (let at = from; at < to; at++) {
    if (text[at] === BACKSLASH) return JSON.parse(`"${utf8(text, from, to)}"`) as string
  }
  return latin1(text, from, to)
}
