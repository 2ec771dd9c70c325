/** One value, found and read where it stands. */
import { FieldReader, int64At, varintAt } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import type { FieldKind, FieldValue } from '#telemetry/format.ts'
import { ELEMENTS, KeyValueField, ValueField } from './field-numbers.ts'

/** An AnyValue: which of its fields is set (the last one counts; 0 for none), and [from, to) of that. */
export interface Value {
  field: number
  from: number
  to: number
}

const reader = new FieldReader()

/** Reads the AnyValue in [from, to) into `value`. */
export function readValue(bytes: Bytes, from: number, to: number, value: Value): void {
  value.field = 0
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.field > ValueField.BYTES) continue
    value.field = reader.field
    value.from = reader.from
    value.to = reader.to
  }
}

/** What a rule sees of it: arrays and lists are no values; bytes are their base64, as in JSON. */
export function fieldValueOf(bytes: Bytes, { field, from, to }: Value): FieldValue | undefined {
  switch (field) {
    case ValueField.STRING:
      return textIn(bytes, from, to)
    case ValueField.BOOL:
      return varintAt(bytes, from, to) === 0 ? made('boolean', 'false') : made('boolean', 'true')
    case ValueField.INT:
      return made('number', int64At(bytes, from, to))
    case ValueField.DOUBLE:
      return to - from === 8 ? made('number', String(bytes.readDoubleLE(from))) : undefined
    case ValueField.BYTES:
      return made('text', bytes.toString('base64', from, to))
    case ValueField.ARRAY:
    case ValueField.LIST:
      return undefined
    default:
      return made('null', 'null')
  }
}

export function textIn(bytes: Bytes, from: number, to: number): FieldValue {
  return { kind: 'text', text: latin1(bytes, from, to), from: 0, to: to - from }
}

/** `text` has one character per byte. */
export function made(kind: FieldKind, text: string): FieldValue {
  return { kind, text, from: 0, to: text.length }
}

/** [from, to) of some message; `from` -1: none. */
export interface Range {
  from: number
  to: number
}

/** Finds the last field of that number and wire type bytes in the message. */
export function findLast(bytes: Bytes, from: number, to: number, field: number, found: Range): boolean {
  let isFound = false
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.field !== field || reader.type !== WireType.bytes) continue
    found.from = reader.from
    found.to = reader.to
    isFound = true
  }
  return isFound
}

/**
 * Finds the AnyValue under `key` among the fields `field` of the message, each a KeyValue. The first with that key
 * counts.
 */
export function findByKey(bytes: Bytes, from: number, to: number, field: number, key: Bytes, found: Range): boolean {
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.field === field && reader.type === WireType.bytes && isOfKey(bytes, reader.from, reader.to, key, found))
      return true
  }
  return false
}

const KEY_TAG = 0x0a
const VALUE_TAG = 0x12
const pair = new FieldReader()

/** Whether the KeyValue in [from, to) has this key; then `found` is its value. */
function isOfKey(bytes: Bytes, from: number, to: number, key: Bytes, found: Range): boolean {
  const { length } = key
  // Nearly all begin with their key, which takes a length of one byte: most are told by that length.
  const second = bytes[from + 1]!
  if (bytes[from] === KEY_TAG && second < 0x80 && from + 2 + second <= to && second !== length) {
    if (!hasKeyAgain(bytes, from + 2 + second, to)) return false
  }
  let keyFrom = -1
  let keyTo = -1
  found.from = to
  found.to = to
  pair.begin(bytes, from, to)
  while (pair.next()) {
    if (pair.type !== WireType.bytes) continue
    if (pair.field === KeyValueField.KEY) {
      keyFrom = pair.from
      keyTo = pair.to
    } else if (pair.field === KeyValueField.VALUE) {
      found.from = pair.from
      found.to = pair.to
    }
  }
  if (keyFrom === -1 || keyTo - keyFrom !== length) return false
  for (let i = 0; i < length; i++) if (bytes[keyFrom + i] !== key[i]) return false
  return true
}

/** Whether something other than one value stands in [from, to), such as the key for a second time. */
function hasKeyAgain(bytes: Bytes, from: number, to: number): boolean {
  const length = bytes[from + 1]!
  return !(from === to || (bytes[from] === VALUE_TAG && length < 0x80 && from + 2 + length === to))
}

/** Follows keys from one list of values into the next. `found` is the AnyValue at their end. */
export function followKeys(bytes: Bytes, keys: readonly Bytes[], first: number, found: Range): boolean {
  const value = { field: 0, from: 0, to: 0 }
  for (let k = first; k < keys.length; k++) {
    readValue(bytes, found.from, found.to, value)
    if (value.field !== ValueField.LIST) return false
    if (!findByKey(bytes, value.from, value.to, ELEMENTS, keys[k]!, found)) return false
  }
  return true
}
