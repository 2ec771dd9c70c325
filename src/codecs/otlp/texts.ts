/**
 * All text that records hold: strings as values, at any depth, and names of spans, events and scopes. Keys are no text
 * of a record, nor are bytes, ids, schema URLs and the state of a trace.
 */
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Strings } from '#telemetry/strings.ts'
import {
  ELEMENTS,
  EventField,
  HeadField,
  KeyValueField,
  LinkField,
  LogField,
  ResourceField,
  ScopeField,
  SpanField,
  StatusField,
  ValueField,
} from './field-numbers.ts'
import { NESTING_MAX } from './messages.ts'

/** Of a message: by field number, what takes the text out of such a field. */
type Takers = readonly (Taker | undefined)[]
type Taker = 'text' | 'value' | 'key value' | Takers

function takers(entries: Readonly<Record<number, Taker>>): Takers {
  const list: (Taker | undefined)[] = []
  for (const [field, taker] of Object.entries(entries)) list[Number(field)] = taker
  return Array.from(list)
}

const LOG = takers({
  [LogField.SEVERITY_TEXT]: 'text',
  [LogField.BODY]: 'value',
  [LogField.ATTRIBUTES]: 'key value',
  [LogField.EVENT_NAME]: 'text',
})
const SPAN = takers({
  [SpanField.NAME]: 'text',
  [SpanField.ATTRIBUTES]: 'key value',
  [SpanField.EVENTS]: takers({ [EventField.NAME]: 'text', [EventField.ATTRIBUTES]: 'key value' }),
  [SpanField.LINKS]: takers({ [LinkField.ATTRIBUTES]: 'key value' }),
  [SpanField.STATUS]: takers({ [StatusField.MESSAGE]: 'text' }),
})
const RESOURCE = takers({ [HeadField.INNER]: takers({ [ResourceField.ATTRIBUTES]: 'key value' }) })
const SCOPE = takers({
  [HeadField.INNER]: takers({
    [ScopeField.NAME]: 'text',
    [ScopeField.VERSION]: 'text',
    [ScopeField.ATTRIBUTES]: 'key value',
  }),
})

const KEY_TAG = 0x0a
const VALUE_TAG = 0x12
const STRING_TAG = 0x0a

export class Texts {
  readonly #record: Takers
  readonly #readers = Array.from({ length: 3 * NESTING_MAX + 8 }, () => new FieldReader())
  #into!: Strings
  #bytes!: Bytes
  #owner = 0

  constructor(kind: 'log' | 'span') {
    this.#record = kind === 'log' ? LOG : SPAN
  }

  /** Of all records that are wanted, hidden or not: those that a rule hides now are shown to the next, when nobody asks again. */
  read(block: Block, into: Strings): void {
    const { shared, starts, ends, count } = block
    this.#into = into
    for (let part = 0; part < shared.length; part++) {
      this.#bytes = shared[part]!
      this.#owner = -1 - part
      this.#message(0, this.#bytes.length, part % 2 === 0 ? RESOURCE : SCOPE, 0)
    }
    this.#bytes = block.bytes
    for (let i = 0; i < count; i++) {
      if (!into.wants(i)) continue
      this.#owner = i
      this.#message(starts[i]!, ends[i]!, this.#record, 0)
    }
  }

  #message(from: number, to: number, fields: Takers, depth: number): void {
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    while (reader.next()) {
      if (reader.type !== WireType.bytes) continue
      const taker = fields[reader.field]
      if (taker === undefined) continue
      if (taker === 'text') this.#text(reader.from, reader.to)
      else if (taker === 'key value') this.#keyValue(reader.from, reader.to, depth + 1, 1)
      else if (taker === 'value') this.#value(reader.from, reader.to, depth + 1, 1)
      else this.#message(reader.from, reader.to, taker, depth + 1)
    }
  }

  /**
   * Most attributes are a short key and a short text, written the usual way, which is read without a reader:
   *
   *   0a k key 12 v 0a t text
   */
  #keyValue(from: number, to: number, depth: number, nesting: number): void {
    const bytes = this.#bytes
    const value = from + 2 + bytes[from + 1]!
    const text = value + 4
    if (
      bytes[from] === KEY_TAG &&
      bytes[from + 1]! < 0x80 &&
      text <= to &&
      bytes[value] === VALUE_TAG &&
      bytes[value + 1] === to - value - 2 &&
      bytes[value + 2] === STRING_TAG &&
      bytes[value + 3] === to - text &&
      to - value < 0x80
    ) {
      this.#text(text, to)
      return
    }
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    while (reader.next()) {
      if (reader.field === KeyValueField.VALUE && reader.type === WireType.bytes)
        this.#value(reader.from, reader.to, depth + 1, nesting)
    }
  }

  /** Requests whose values are nested deeper have been refused. */
  #value(from: number, to: number, depth: number, nesting: number): void {
    if (nesting > NESTING_MAX) return
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    while (reader.next()) {
      if (reader.type !== WireType.bytes) continue
      if (reader.field === ValueField.STRING) this.#text(reader.from, reader.to)
      else if (reader.field === ValueField.ARRAY || reader.field === ValueField.LIST)
        this.#elements(reader.from, reader.to, reader.field, depth + 1, nesting + 1)
    }
  }

  #elements(from: number, to: number, field: number, depth: number, nesting: number): void {
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    while (reader.next()) {
      if (reader.field !== ELEMENTS || reader.type !== WireType.bytes) continue
      if (field === ValueField.ARRAY) this.#value(reader.from, reader.to, depth + 1, nesting)
      else this.#keyValue(reader.from, reader.to, depth + 1, nesting)
    }
  }

  #text(from: number, to: number): void {
    if (to > from) this.#into.add(this.#owner, this.#bytes, from, to)
  }
}
