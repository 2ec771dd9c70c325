/**
 * Attributes of OpenTelemetry as labels and back (opentelemetry-proto: common/v1/common.proto):
 *
 *   KeyValue { string key = 1; AnyValue value = 2 }
 *   AnyValue { string = 1 | bool = 2 | int64 = 3 | double = 4 | ArrayValue = 5 | KeyValueList = 6 | bytes = 7 }
 *
 * A label is text. What was none is written as text and keeps its type beside it (`LabelType`), so that it becomes what it was
 * where it goes on as OpenTelemetry: arrays and lists as JSON, bytes as base64.
 */

import { isJsonObject } from '#codecs/json/validate.ts'
import type { LabelCursor } from '#codecs/metric/labels.ts'
import { LabelType } from '#codecs/metric/record.ts'
import type { MetricWriter } from '#codecs/metric/writer.ts'
import { AnyValueWriter, VALUE_GROWTH_MAX, VALUE_OVERHEAD_MAX } from '#codecs/otlp/any-value.ts'
import { FieldReader, int64At } from '#codecs/protobuf/reader.ts'
import { closeLength, WireType, writeVarint, writeVarint64 } from '#codecs/protobuf/wire.ts'
import { type Bytes, concat, copyBytes, fromBase64, fromText, latin1, toBase64, utf8 } from '#std/bytes.ts'

const KEY = 1
const VALUE = 2
const AnyValue = { string: 1, bool: 2, int: 3, double: 4, array: 5, list: 6, bytes: 7 } as const
/** Deeper values are left out. */
const DEPTH_MAX = 32

export class AttributeReader {
  readonly #reader = new FieldReader()
  #bytes!: Bytes
  #keyFrom = 0
  #keyTo = 0
  #valueFrom = 0
  #valueTo = 0

  /** The KeyValue in [from, to). False: it is broken. */
  read(bytes: Bytes, from: number, to: number): boolean {
    const reader = this.#reader
    this.#bytes = bytes
    this.#keyFrom = this.#keyTo = this.#valueFrom = this.#valueTo = from
    reader.begin(bytes, from, to)
    while (reader.next()) {
      if (reader.type !== WireType.bytes) continue
      if (reader.field === KEY) {
        this.#keyFrom = reader.from
        this.#keyTo = reader.to
      } else if (reader.field === VALUE) {
        this.#valueFrom = reader.from
        this.#valueTo = reader.to
      }
    }
    return !reader.broken
  }

  isKey(name: Bytes): boolean {
    return (
      this.#keyTo - this.#keyFrom === name.length &&
      this.#bytes.compare(name, 0, name.length, this.#keyFrom, this.#keyTo) === 0
    )
  }

  /** Its text, and the type that goes with it. */
  text(): { text: string; type: number } {
    return textOf(this.#bytes, heldBy(this.#bytes, this.#valueFrom, this.#valueTo))
  }

  writeLabel(writer: MetricWriter): void {
    const bytes = this.#bytes
    const value = this.#reader
    value.begin(bytes, this.#valueFrom, this.#valueTo)
    if (
      value.next() &&
      value.field === AnyValue.string &&
      value.type === WireType.bytes &&
      value.to === this.#valueTo
    ) {
      writer.label(bytes, this.#keyFrom, this.#keyTo, bytes, value.from, value.to)
      return
    }
    const { text, type } = this.text()
    const encoded = fromText(text)
    writer.label(bytes, this.#keyFrom, this.#keyTo, encoded, 0, encoded.length, type)
  }
}

/** What an AnyValue holds; of several fields the last, as of any `oneof`. Nothing when it is not set, or broken from the start. */
interface Held {
  field: number
  from: number
  to: number
}

const WIRE_TYPES: Readonly<Record<number, number>> = {
  [AnyValue.string]: WireType.bytes,
  [AnyValue.bool]: WireType.varint,
  [AnyValue.int]: WireType.varint,
  [AnyValue.double]: WireType.fixed64,
  [AnyValue.array]: WireType.bytes,
  [AnyValue.list]: WireType.bytes,
  [AnyValue.bytes]: WireType.bytes,
}

function heldBy(bytes: Bytes, from: number, to: number): Held | undefined {
  const reader = new FieldReader()
  let held: Held | undefined
  reader.begin(bytes, from, to)
  while (reader.next()) {
    const { field, type, from, to } = reader
    if (WIRE_TYPES[field] === type) held = { field, from, to }
  }
  return held
}

function textOf(bytes: Bytes, held: Held | undefined): { text: string; type: number } {
  if (held === undefined) return { text: '', type: LabelType.STRING }
  const { field, from, to } = held
  switch (field) {
    case AnyValue.bool:
      return { text: bytes[from] === 0 ? 'false' : 'true', type: LabelType.BOOLEAN }
    case AnyValue.int:
      return { text: int64At(bytes, from, to), type: LabelType.INTEGER }
    case AnyValue.double:
      return { text: String(bytes.readDoubleLE(from)), type: LabelType.DOUBLE }
    case AnyValue.bytes:
      return { text: toBase64(bytes, from, to), type: LabelType.BYTES }
    case AnyValue.array:
    case AnyValue.list:
      return { text: JSON.stringify(jsonOf(bytes, held, 0)), type: LabelType.JSON }
    default:
      return { text: utf8(bytes, from, to), type: LabelType.STRING }
  }
}

/** As JSON has it; numbers that JSON does not hold become text. */
function jsonOf(bytes: Bytes, held: Held | undefined, depth: number): unknown {
  if (held === undefined || depth > DEPTH_MAX) return null
  const { field, from, to } = held
  if (field === AnyValue.array) {
    return membersOf(bytes, from, to).map((member) => jsonOf(bytes, heldBy(bytes, member.from, member.to), depth + 1))
  }
  if (field === AnyValue.list) {
    return Object.fromEntries(
      membersOf(bytes, from, to).map((member) => pairOf(bytes, member.from, member.to, depth + 1)),
    )
  }
  const { text, type } = textOf(bytes, held)
  if (type === LabelType.BOOLEAN) return text === 'true'
  if (type !== LabelType.INTEGER && type !== LabelType.DOUBLE) return text
  const number = Number(text)
  return Number.isFinite(number) && (type === LabelType.DOUBLE || Number.isSafeInteger(number)) ? number : text
}

function pairOf(bytes: Bytes, from: number, to: number, depth: number): [string, unknown] {
  const pair = new FieldReader()
  pair.begin(bytes, from, to)
  let key = ''
  let value: unknown = null
  while (pair.next()) {
    if (pair.type !== WireType.bytes) continue
    if (pair.field === KEY) key = utf8(bytes, pair.from, pair.to)
    if (pair.field === VALUE) value = jsonOf(bytes, heldBy(bytes, pair.from, pair.to), depth)
  }
  return [key, value]
}

function membersOf(bytes: Bytes, from: number, to: number): { from: number; to: number }[] {
  const members: { from: number; to: number }[] = []
  const reader = new FieldReader()
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.field === 1 && reader.type === WireType.bytes) members.push({ from: reader.from, to: reader.to })
  }
  return members
}

/** Most that a label's KeyValue takes beside `VALUE_GROWTH_MAX` times its bytes. */
export const ATTRIBUTE_OVERHEAD_MAX = 64 + VALUE_OVERHEAD_MAX
export { VALUE_GROWTH_MAX }

const values = new AnyValueWriter()

/** Writes a label as a KeyValue with `tag` before it. Returns the position behind it. */
export function writeAttribute(label: LabelCursor, tag: number, target: Bytes, at: number): number {
  const { bytes, nameFrom, nameTo } = label
  target[at] = tag
  const start = at + 2
  target[start] = (KEY << 3) | WireType.bytes
  let write = writeVarint(target, nameTo - nameFrom, start + 1)
  copyBytes(bytes, nameFrom, nameTo, target, write)
  write += nameTo - nameFrom
  target[write] = (VALUE << 3) | WireType.bytes
  const inner = write + 2
  return closeLength(target, start, closeLength(target, inner, writeValue(label, target, inner)))
}

function writeValue({ bytes, valueFrom, valueTo, type }: LabelCursor, target: Bytes, at: number): number {
  switch (type) {
    case LabelType.BOOLEAN:
      target[at] = (AnyValue.bool << 3) | WireType.varint
      target[at + 1] = valueTo - valueFrom === 4 ? 1 : 0
      return at + 2
    case LabelType.INTEGER: {
      const text = latin1(bytes, valueFrom, valueTo)
      if (!/^-?\d{1,19}$/.test(text)) break
      target[at] = (AnyValue.int << 3) | WireType.varint
      return writeVarint64(target, BigInt(text), at + 1)
    }
    case LabelType.DOUBLE:
      target[at] = (AnyValue.double << 3) | WireType.fixed64
      return target.writeDoubleLE(Number(latin1(bytes, valueFrom, valueTo)), at + 1)
    case LabelType.BYTES: {
      const content = fromBase64(latin1(bytes, valueFrom, valueTo))
      target[at] = (AnyValue.bytes << 3) | WireType.bytes
      const write = writeVarint(target, content.length, at + 1)
      copyBytes(content, 0, content.length, target, write)
      return write + content.length
    }
    case LabelType.JSON: {
      // A value that a rule has changed may be JSON no more.
      const wrapped = concat([OPENING, bytes.subarray(valueFrom, valueTo), CLOSING])
      if (!isJsonObject(wrapped, 0, wrapped.length)) break
      values.begin(wrapped, OPENING.length, target, at)
      values.value(1)
      return values.write
    }
    default:
  }
  target[at] = (AnyValue.string << 3) | WireType.bytes
  const write = writeVarint(target, valueTo - valueFrom, at + 1)
  copyBytes(bytes, valueFrom, valueTo, target, write)
  return write + valueTo - valueFrom
}

const OPENING = fromText('{"":')
const CLOSING = fromText('}')
