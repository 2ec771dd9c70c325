/**
 * Records as JSON, as `codecs/event` reads it:
 *
 *   {"timestamp":"2026-01-31T08:15:30.123456789Z","observed_timestamp":"…","severity_text":"WARN","severity_number":13,
 *    "message":"paid" or "body":{…},"attributes":{…},"trace_id":"…","span_id":"…","flags":1,
 *    "resource":{"attributes":{…}},"scope":{"name":"…","version":"…","attributes":{…}}}
 *
 *   {"timestamp":"…","end_time":"…","duration_ms":1.5,"name":"GET /","kind":"server",
 *    "status":{"code":"error","message":"…"},"trace_id":"…","span_id":"…","parent_span_id":"…","attributes":{…},
 *    "events":[{"timestamp":"…","name":"…"}],
 *    "links":[{"trace_id":"…","span_id":"…","attributes":{…}}],"resource":{…},"scope":{…}}
 *
 * What a record does not have is left out. A time that is not known is the time of observation. Bytes are base64.
 */
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { FieldReader, int64At, varintAt } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  ELEMENTS,
  EventField,
  HeadField,
  KeyValueField,
  LinkField,
  LogField,
  levelOf,
  ResourceField,
  ScopeField,
  SPAN_KINDS,
  SpanField,
  STATUS_CODES,
  StatusField,
  ValueField,
} from './field-numbers.ts'
import { NESTING_MAX } from './messages.ts'
import { durationMs, isoTimeAt, isZero } from './time.ts'
import { findLast, readValue, type Value } from './values.ts'

/** By the block that is filled, whose bytes are the writer's memory. */
const writers = new WeakMap<Block, JsonWriter>()

export function toJson(kind: 'log' | 'span', block: Block, into: Block): void {
  let writer = writers.get(into)
  if (writer === undefined) {
    writer = new JsonWriter()
    writers.set(into, writer)
  }
  writer.write(kind, block, into)
}

class JsonWriter {
  readonly #out = new JsonLinesWriter()
  readonly #readers = Array.from({ length: 3 * NESTING_MAX + 8 }, () => new FieldReader())
  readonly #record = new LastFields()
  readonly #inner = new LastFields()
  #bytes!: Bytes
  /** Of the object at hand: something stands in it. */
  #started = false

  write(kind: 'log' | 'span', block: Block, into: Block): void {
    const out = this.#out
    out.begin(into, block.context)
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#bytes = block.bytes
      out.raw('{')
      this.#started = false
      if (kind === 'log') this.#log(block.starts[i]!, block.ends[i]!)
      else this.#span(block.starts[i]!, block.ends[i]!)
      const pair = 2 * block.partOf[i]!
      this.#resource(block.shared[pair])
      this.#scope(block.shared[pair + 1])
      out.raw('}')
      out.endRecord()
    }
  }

  #log(from: number, to: number): void {
    const bytes = this.#bytes
    const seen = this.#lastOf(from, to, this.#record)
    const observed = seen.at(LogField.OBSERVED_TIME, WireType.fixed64)
    const time = seen.at(LogField.TIME, WireType.fixed64)
    const known = this.#isTime(time) ? time : observed
    if (this.#isTime(known)) this.#time('timestamp', known)
    if (this.#isTime(observed)) this.#time('observed_timestamp', observed)
    const severity = seen.number(LogField.SEVERITY_NUMBER)
    if (!this.#string('severity_text', seen, LogField.SEVERITY_TEXT) && levelOf(severity) !== '')
      this.#ascii('severity_text', levelOf(severity))
    if (severity > 0) this.#number('severity_number', severity)
    this.#body(seen.at(LogField.BODY, WireType.bytes), seen.end(LogField.BODY))
    this.#string('event_name', seen, LogField.EVENT_NAME)
    this.#attributes(from, to, LogField.ATTRIBUTES, 1)
    this.#id('trace_id', seen, LogField.TRACE_ID)
    this.#id('span_id', seen, LogField.SPAN_ID)
    const flags = seen.at(LogField.FLAGS, WireType.fixed32)
    if (flags !== -1) this.#number('flags', bytes.readUInt32LE(flags))
    const dropped = seen.number(LogField.DROPPED_ATTRIBUTES_COUNT)
    if (dropped > 0) this.#number('dropped_attributes_count', dropped)
  }

  /** A text is the message; anything else keeps its shape. */
  #body(from: number, to: number): void {
    if (from === -1) return
    const value = noValue()
    readValue(this.#bytes, from, to, value)
    if (value.field === 0) return
    this.#key(value.field === ValueField.STRING ? 'message' : 'body')
    this.#value(from, to, 1, 1)
  }

  #span(from: number, to: number): void {
    const seen = this.#lastOf(from, to, this.#record)
    const start = seen.at(SpanField.START_TIME, WireType.fixed64)
    const end = seen.at(SpanField.END_TIME, WireType.fixed64)
    if (this.#isTime(start)) this.#time('timestamp', start)
    if (this.#isTime(end)) this.#time('end_time', end)
    if (start !== -1 && end !== -1) this.#number('duration_ms', durationMs(this.#bytes, start, end))
    this.#string('name', seen, SpanField.NAME)
    const kind = SPAN_KINDS[seen.number(SpanField.KIND)]
    if (kind !== undefined && kind !== SPAN_KINDS[0]) this.#ascii('kind', kind)
    this.#status(seen.at(SpanField.STATUS, WireType.bytes), seen.end(SpanField.STATUS))
    this.#id('trace_id', seen, SpanField.TRACE_ID)
    this.#id('span_id', seen, SpanField.SPAN_ID)
    this.#id('parent_span_id', seen, SpanField.PARENT_SPAN_ID)
    this.#string('trace_state', seen, SpanField.TRACE_STATE)
    this.#attributes(from, to, SpanField.ATTRIBUTES, 1)
    this.#list('events', from, to, SpanField.EVENTS)
    this.#list('links', from, to, SpanField.LINKS)
    const flags = seen.at(SpanField.FLAGS, WireType.fixed32)
    if (flags !== -1) this.#number('flags', this.#bytes.readUInt32LE(flags))
    const dropped = seen.number(SpanField.DROPPED_ATTRIBUTES_COUNT)
    if (dropped > 0) this.#number('dropped_attributes_count', dropped)
  }

  #status(from: number, to: number): void {
    if (from === -1) return
    const seen = this.#lastOf(from, to)
    this.#open('status')
    this.#ascii('code', STATUS_CODES[seen.number(StatusField.CODE)] ?? STATUS_CODES[0])
    this.#string('message', seen, StatusField.MESSAGE)
    this.#close()
  }

  /** Events, or links. */
  #list(name: string, from: number, to: number, field: number): void {
    const reader = this.#readers[0]!
    reader.begin(this.#bytes, from, to)
    let count = 0
    while (reader.next()) {
      if (reader.field !== field || reader.type !== WireType.bytes) continue
      if (count++ === 0) {
        this.#key(name)
        this.#out.raw('[{')
      } else this.#out.raw(',{')
      this.#started = false
      const seen = this.#lastOf(reader.from, reader.to)
      if (field === SpanField.EVENTS) {
        const time = seen.at(EventField.TIME, WireType.fixed64)
        if (this.#isTime(time)) this.#time('timestamp', time)
        this.#string('name', seen, EventField.NAME)
        this.#attributes(reader.from, reader.to, EventField.ATTRIBUTES, 1)
      } else {
        this.#id('trace_id', seen, LinkField.TRACE_ID)
        this.#id('span_id', seen, LinkField.SPAN_ID)
        this.#string('trace_state', seen, LinkField.TRACE_STATE)
        this.#attributes(reader.from, reader.to, LinkField.ATTRIBUTES, 1)
      }
      this.#out.raw('}')
    }
    if (count === 0) return
    this.#out.raw(']')
    this.#started = true
  }

  #resource(head: Bytes | undefined): void {
    if (head === undefined || !findLast(head, 0, head.length, HeadField.INNER, range)) return
    const { from, to } = range
    if (from === to) return
    this.#bytes = head
    this.#open('resource')
    this.#attributes(from, to, ResourceField.ATTRIBUTES, 1)
    this.#close()
  }

  #scope(head: Bytes | undefined): void {
    if (head === undefined || !findLast(head, 0, head.length, HeadField.INNER, range)) return
    const { from, to } = range
    if (from === to) return
    this.#bytes = head
    const seen = this.#lastOf(from, to)
    this.#open('scope')
    this.#string('name', seen, ScopeField.NAME)
    this.#string('version', seen, ScopeField.VERSION)
    this.#attributes(from, to, ScopeField.ATTRIBUTES, 1)
    this.#close()
  }

  #attributes(from: number, to: number, field: number, depth: number): void {
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    let count = 0
    while (reader.next()) {
      if (reader.field !== field || reader.type !== WireType.bytes) continue
      if (count++ === 0) this.#open('attributes')
      this.#keyValue(reader.from, reader.to, depth + 1, 1)
    }
    if (count > 0) this.#close()
  }

  #keyValue(from: number, to: number, depth: number, nesting: number): void {
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    let keyFrom = from
    let keyTo = from
    let valueFrom = to
    let valueTo = to
    while (reader.next()) {
      if (reader.type !== WireType.bytes) continue
      if (reader.field === KeyValueField.KEY) {
        keyFrom = reader.from
        keyTo = reader.to
      } else if (reader.field === KeyValueField.VALUE) {
        valueFrom = reader.from
        valueTo = reader.to
      }
    }
    const out = this.#out
    if (this.#started) out.raw(',')
    out.string(this.#bytes, keyFrom, keyTo)
    out.raw(':')
    this.#value(valueFrom, valueTo, depth + 1, nesting)
    this.#started = true
  }

  #value(from: number, to: number, depth: number, nesting: number): void {
    const out = this.#out
    const bytes = this.#bytes
    const value = noValue()
    readValue(bytes, from, to, value)
    switch (value.field) {
      case ValueField.STRING:
        out.string(bytes, value.from, value.to)
        break
      case ValueField.BOOL:
        out.raw(varintAt(bytes, value.from, value.to) === 0 ? 'false' : 'true')
        break
      case ValueField.INT:
        out.raw(int64At(bytes, value.from, value.to))
        break
      case ValueField.DOUBLE:
        this.#double(value)
        break
      case ValueField.BYTES:
        out.raw(`"${bytes.toString('base64', value.from, value.to)}"`)
        break
      case ValueField.ARRAY:
      case ValueField.LIST:
        if (nesting > NESTING_MAX) out.raw('null')
        else this.#elements(value, depth, nesting + 1)
        break
      default:
        out.raw('null')
    }
  }

  #double({ from, to }: Value): void {
    const number = to - from === 8 ? this.#bytes.readDoubleLE(from) : Number.NaN
    if (Number.isFinite(number)) this.#out.number(number)
    else this.#out.raw(`"${number}"`)
  }

  #elements({ field, from, to }: Value, depth: number, nesting: number): void {
    const isList = field === ValueField.LIST
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    this.#out.raw(isList ? '{' : '[')
    this.#started = false
    while (reader.next()) {
      if (reader.field !== ELEMENTS || reader.type !== WireType.bytes) continue
      if (isList) this.#keyValue(reader.from, reader.to, depth + 1, nesting)
      else {
        if (this.#started) this.#out.raw(',')
        this.#value(reader.from, reader.to, depth + 1, nesting)
        this.#started = true
      }
    }
    this.#out.raw(isList ? '}' : ']')
    this.#started = true
  }

  /** Where the last of each field of the message stands; for those inside a record, good until the next call. */
  #lastOf(from: number, to: number, into = this.#inner): LastFields {
    into.read(this.#bytes, from, to)
    return into
  }

  #isTime(at: number): boolean {
    return at !== -1 && !isZero(this.#bytes, at)
  }

  #key(name: string): void {
    this.#out.raw(this.#started ? `,"${name}":` : `"${name}":`)
    this.#started = true
  }

  #open(name: string): void {
    this.#key(name)
    this.#out.raw('{')
    this.#started = false
  }

  #close(): void {
    this.#out.raw('}')
    this.#started = true
  }

  #ascii(name: string, text: string): void {
    this.#key(name)
    this.#out.raw(`"${text}"`)
  }

  #number(name: string, value: number): void {
    this.#key(name)
    this.#out.number(value)
  }

  #time(name: string, at: number): void {
    this.#ascii(name, isoTimeAt(this.#bytes, at))
  }

  /** False: the message has none, or it is empty. */
  #string(name: string, seen: LastFields, field: number): boolean {
    const from = seen.at(field, WireType.bytes)
    const to = seen.end(field)
    if (from === -1 || from === to) return false
    this.#key(name)
    this.#out.string(this.#bytes, from, to)
    return true
  }

  #id(name: string, seen: LastFields, field: number): void {
    const from = seen.at(field, WireType.bytes)
    const to = seen.end(field)
    if (from === -1 || from === to) return
    this.#key(name)
    this.#out.hex(this.#bytes, from, to)
  }
}

const FIELDS_MAX = 17

class LastFields {
  readonly #from = new Int32Array(FIELDS_MAX)
  readonly #to = new Int32Array(FIELDS_MAX)
  readonly #types = new Int8Array(FIELDS_MAX)
  readonly #reader = new FieldReader()
  #bytes!: Bytes

  read(bytes: Bytes, from: number, to: number): void {
    const reader = this.#reader
    this.#bytes = bytes
    this.#types.fill(-1)
    reader.begin(bytes, from, to)
    while (reader.next()) {
      const { field } = reader
      if (field >= FIELDS_MAX) continue
      this.#from[field] = reader.from
      this.#to[field] = reader.to
      this.#types[field] = reader.type
    }
  }

  /** Where the value begins, or -1 when there is none of that wire type. */
  at(field: number, type: number): number {
    return this.#types[field] === type ? this.#from[field]! : -1
  }

  end(field: number): number {
    return this.#to[field]!
  }

  /** A varint, or 0. */
  number(field: number): number {
    return this.at(field, WireType.varint) === -1 ? 0 : varintAt(this.#bytes, this.#from[field]!, this.#to[field]!)
  }
}

const range = { from: 0, to: 0 }

function noValue(): Value {
  return { field: 0, from: 0, to: 0 }
}
