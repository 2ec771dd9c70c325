/**
 * Fields by name. A path is a place in the JSON form of a record (`to-json.ts`): `attributes/x`,
 * `resource/attributes/x`, `scope/name`, `body/x`, `status/code`; keys may hold dots. Well-known names mean the same as
 * everywhere. Any other name is a field of the record, or else an attribute: of the record, of the scope, of the
 * resource.
 */
import { FieldReader, varintAt } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import { type Bytes, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue, Lookup } from '#telemetry/format.ts'
import {
  HeadField,
  LogField,
  levelOf,
  ResourceField,
  ScopeField,
  SPAN_KINDS,
  SpanField,
  STATUS_CODES,
  StatusField,
} from './field-numbers.ts'
import { durationMs, isoTimeAt, isZero } from './time.ts'
import { fieldValueOf, findByKey, findLast, followKeys, made, type Range, readValue, textIn } from './values.ts'

export function lookupOf(kind: 'log' | 'span', name: string): Lookup {
  const places = kind === 'log' ? logPlaces(name) : spanPlaces(name)
  return places.length === 1 ? places[0]! : new FirstOf(places)
}

class FirstOf implements Lookup {
  readonly #places: readonly Lookup[]

  constructor(places: readonly Lookup[]) {
    this.#places = places
  }

  find(block: Block, i: number): FieldValue | undefined {
    for (const place of this.#places) {
      const value = place.find(block, i)
      if (value !== undefined) return value
    }
    return undefined
  }
}

const range: Range = { from: 0, to: 0 }
const value = { field: 0, from: 0, to: 0 }
const reader = new FieldReader()

/** Reads one field of a message; `undefined` where it has none. */
type ReadField = (bytes: Bytes, from: number, to: number) => FieldValue | undefined

/** Some field of the record itself. */
class InRecord implements Lookup {
  readonly #read: ReadField

  constructor(read: ReadField) {
    this.#read = read
  }

  find(block: Block, i: number): FieldValue | undefined {
    return this.#read(block.bytes, block.starts[i]!, block.ends[i]!)
  }
}

/** Some field of the resource (0) or the scope (1). What neighbours share is looked at once. */
class InPart implements Lookup {
  readonly #part: 0 | 1
  readonly #read: ReadField
  #last: Bytes | undefined
  #value: FieldValue | undefined

  constructor(part: 0 | 1, read: ReadField) {
    this.#part = part
    this.#read = read
  }

  find(block: Block, i: number): FieldValue | undefined {
    const bytes = block.shared[2 * block.partOf[i]! + this.#part]
    if (bytes === undefined) return undefined
    if (bytes !== this.#last) {
      this.#last = bytes
      this.#value = findLast(bytes, 0, bytes.length, HeadField.INNER, range)
        ? this.#read(bytes, range.from, range.to)
        : undefined
    }
    return this.#value
  }
}

/** An attribute in the message's fields `field`, and what its further keys lead to. */
function attribute(field: number, keys: readonly string[]): ReadField {
  const names = keys.map((key) => fromText(key))
  const first = names[0]!
  return (bytes, from, to) => {
    if (!findByKey(bytes, from, to, field, first, range) || !followKeys(bytes, names, 1, range)) return undefined
    readValue(bytes, range.from, range.to, value)
    return fieldValueOf(bytes, value)
  }
}

/** The AnyValue in field `field`, and what keys lead to in it. */
function valueIn(field: number, keys: readonly string[]): ReadField {
  const names = keys.map((key) => fromText(key))
  return (bytes, from, to) => {
    if (!findLast(bytes, from, to, field, range) || !followKeys(bytes, names, 0, range)) return undefined
    readValue(bytes, range.from, range.to, value)
    return value.field === 0 ? undefined : fieldValueOf(bytes, value)
  }
}

/** The last field of that number and type, read by `read`. */
function scalar(field: number, type: number, read: ReadField): ReadField {
  return (bytes, from, to) => {
    let first = -1
    let end = -1
    reader.begin(bytes, from, to)
    while (reader.next()) {
      if (reader.field !== field || reader.type !== type) continue
      first = reader.from
      end = reader.to
    }
    return first === -1 || first === end ? undefined : read(bytes, first, end)
  }
}

const text = (field: number) => scalar(field, WireType.bytes, textIn)
const id = (field: number) =>
  scalar(field, WireType.bytes, (bytes, from, to) => made('text', bytes.toString('hex', from, to)))
const time = (field: number) =>
  scalar(field, WireType.fixed64, (bytes, from) =>
    isZero(bytes, from) ? undefined : made('text', isoTimeAt(bytes, from)),
  )
const whole = (field: number) =>
  scalar(field, WireType.varint, (bytes, from, to) => made('number', String(varintAt(bytes, from, to))))
const flags = (field: number) =>
  scalar(field, WireType.fixed32, (bytes, from) => made('number', String(bytes.readUInt32LE(from))))
const named = (field: number, names: readonly string[]): ReadField =>
  scalar(field, WireType.varint, (bytes, from, to) => {
    const name = names[varintAt(bytes, from, to)]
    return name === undefined ? undefined : made('text', name)
  })
const first =
  (...reads: readonly ReadField[]): ReadField =>
  (bytes, from, to) => {
    for (const read of reads) {
      const found = read(bytes, from, to)
      if (found !== undefined) return found
    }
    return undefined
  }
/** A message in the message. An enum that is not written is 0. */
const within =
  (field: number, read: ReadField, none?: FieldValue): ReadField =>
  (bytes, from, to) =>
    findLast(bytes, from, to, field, range) ? (read(bytes, range.from, range.to) ?? none) : none

const severity = scalar(LogField.SEVERITY_NUMBER, WireType.varint, (bytes, from, to) => {
  const level = levelOf(varintAt(bytes, from, to))
  return level === '' ? undefined : made('text', level)
})

type Fields = Readonly<Record<string, ReadField>>

const LOG_FIELDS: Fields = {
  timestamp: first(time(LogField.TIME), time(LogField.OBSERVED_TIME)),
  observed_timestamp: time(LogField.OBSERVED_TIME),
  severity_number: whole(LogField.SEVERITY_NUMBER),
  severity_text: first(text(LogField.SEVERITY_TEXT), severity),
  body: valueIn(LogField.BODY, []),
  message: valueIn(LogField.BODY, []),
  trace_id: id(LogField.TRACE_ID),
  span_id: id(LogField.SPAN_ID),
  flags: flags(LogField.FLAGS),
  event_name: text(LogField.EVENT_NAME),
  dropped_attributes_count: whole(LogField.DROPPED_ATTRIBUTES_COUNT),
}

const UNSET = made('text', STATUS_CODES[0])

const SPAN_FIELDS: Fields = {
  timestamp: time(SpanField.START_TIME),
  start_time: time(SpanField.START_TIME),
  end_time: time(SpanField.END_TIME),
  duration_ms: durationIn,
  name: text(SpanField.NAME),
  kind: named(SpanField.KIND, SPAN_KINDS),
  trace_id: id(SpanField.TRACE_ID),
  span_id: id(SpanField.SPAN_ID),
  parent_span_id: id(SpanField.PARENT_SPAN_ID),
  trace_state: text(SpanField.TRACE_STATE),
  'status/code': within(SpanField.STATUS, named(StatusField.CODE, STATUS_CODES), UNSET),
  'status/message': within(SpanField.STATUS, text(StatusField.MESSAGE)),
  flags: flags(SpanField.FLAGS),
  dropped_attributes_count: whole(SpanField.DROPPED_ATTRIBUTES_COUNT),
}

const SCOPE_FIELDS: Fields = { name: text(ScopeField.NAME), version: text(ScopeField.VERSION) }

/** Other spellings of what a record's fields are called. */
const ALIASES: Readonly<Record<string, string>> = {
  time: 'timestamp',
  '@timestamp': 'timestamp',
  observedTimestamp: 'observed_timestamp',
  severityText: 'severity_text',
  severityNumber: 'severity_number',
  traceId: 'trace_id',
  spanId: 'span_id',
  parentSpanId: 'parent_span_id',
  eventName: 'event_name',
  traceState: 'trace_state',
  tracestate: 'trace_state',
}

function logPlaces(name: string): Lookup[] {
  const isPath = name.includes('/')
  const path = name.replace(/\/$/, '').split('/')
  if (isPath) return inside(path, LOG_FIELDS, LogField.ATTRIBUTES, LogField.BODY)
  const attributes = LogField.ATTRIBUTES
  if (name === 'level' || name === 'severity') {
    return [new InRecord(LOG_FIELDS['severity_text']!), ...anyAttribute(name, attributes)]
  }
  if (name === 'message') {
    const structured = valueIn(LogField.BODY, ['message'])
    return [new InRecord(first(LOG_FIELDS['body']!, structured)), ...anyAttribute(name, attributes)]
  }
  return common(name, LOG_FIELDS, attributes)
}

function spanPlaces(name: string): Lookup[] {
  const isPath = name.includes('/')
  const path = name.replace(/\/$/, '').split('/')
  if (isPath) return inside(path, SPAN_FIELDS, SpanField.ATTRIBUTES, undefined)
  if (name === 'message') return [new InRecord(SPAN_FIELDS['name']!)]
  return common(name === 'status' ? 'status/code' : name, SPAN_FIELDS, SpanField.ATTRIBUTES)
}

/** Names that logs and spans have alike. */
function common(name: string, fields: Fields, attributes: number): Lookup[] {
  if (name === 'service') return [...resourceFirst('service.name', attributes), ...anyAttribute(name, attributes)]
  if (name === 'host') return [...resourceFirst('host.name', attributes), ...anyAttribute(name, attributes)]
  const field = fieldNamed(fields, name)
  return field === undefined ? anyAttribute(name, attributes) : [new InRecord(field), ...anyAttribute(name, attributes)]
}

function fieldNamed(fields: Fields, name: string): ReadField | undefined {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name
  return Object.hasOwn(fields, known) ? fields[known] : undefined
}

function resourceFirst(name: string, attributes: number): Lookup[] {
  return [
    new InPart(0, attribute(ResourceField.ATTRIBUTES, [name])),
    new InRecord(attribute(attributes, [name])),
    new InPart(1, attribute(ScopeField.ATTRIBUTES, [name])),
  ]
}

function anyAttribute(name: string, attributes: number): Lookup[] {
  return [
    new InRecord(attribute(attributes, [name])),
    new InPart(1, attribute(ScopeField.ATTRIBUTES, [name])),
    new InPart(0, attribute(ResourceField.ATTRIBUTES, [name])),
  ]
}

/** A path, which is one place. */
function inside(path: readonly string[], fields: Fields, attributes: number, body: number | undefined): Lookup[] {
  const [head, ...rest] = path
  if (head === 'attributes' && rest.length > 0) return [new InRecord(attribute(attributes, rest))]
  if (head === 'body' && body !== undefined) return [new InRecord(valueIn(body, rest))]
  if (head === 'resource' && rest.length > 0) {
    const keys = rest[0] === 'attributes' && rest.length > 1 ? rest.slice(1) : rest
    return [new InPart(0, attribute(ResourceField.ATTRIBUTES, keys))]
  }
  if (head === 'scope' && rest.length > 0) {
    if (rest[0] === 'attributes' && rest.length > 1)
      return [new InPart(1, attribute(ScopeField.ATTRIBUTES, rest.slice(1)))]
    const field = fieldNamed(SCOPE_FIELDS, rest.join('/'))
    return field === undefined ? [] : [new InPart(1, field)]
  }
  const field = fieldNamed(fields, path.join('/'))
  return field === undefined ? [] : [new InRecord(field)]
}

function durationIn(bytes: Bytes, from: number, to: number): FieldValue | undefined {
  let start = -1
  let end = -1
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.type !== WireType.fixed64) continue
    if (reader.field === SpanField.START_TIME) start = reader.from
    if (reader.field === SpanField.END_TIME) end = reader.from
  }
  return start === -1 || end === -1 ? undefined : made('number', String(durationMs(bytes, start, end)))
}
