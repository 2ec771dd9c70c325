/**
 * `otlp`: records as log records of OpenTelemetry (opentelemetry-proto: logs/v1/logs.proto), grouped by the resource
 * they are of:
 *
 *   header of codecs/grouped, key: see `group.ts` | 0x12 length LogRecord, a field of ScopeLogs
 *
 * What `codecs/event` recognises becomes a field of its own: time, severity, body, trace and span id; service and host
 * go to the resource as `service.name` and `host.name`. All other members of a JSON object become attributes, those of
 * its `attributes` beside them, and those of its `resource` (or `resource.attributes`) join the resource.
 *
 * Records that came as OTLP stay what they are, with their resource and scope.
 */
import { severityOf } from '#codecs/event/level.ts'
import { EventReader, eventFields, Slot } from '#codecs/event/reader.ts'
import { groupHeaderBytes, writeGroupHeader } from '#codecs/grouped/grouped.ts'
import { closeLength, writeNanoseconds, writeVarint } from '#codecs/protobuf/wire.ts'
import {
  allocate,
  type Bytes,
  concat,
  copyBytes,
  fromText,
  isUtf8,
  latin1,
  utf8,
  utf8Length,
  writeUtf8,
} from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'
import { AnyValueWriter, VALUE_GROWTH_MAX, VALUE_OVERHEAD_MAX, writeText } from './any-value.ts'
import { groupKey } from './group.ts'
import { OwnRecords } from './own-records.ts'

export interface OtlpOptions {
  /** Attributes of each resource that has none of that name: together at most `RESOURCE_OPTIONS_BYTES_MAX`. */
  resource_attributes: Readonly<Record<string, string>>
}

export const otlp: EncoderDefinition = {
  name: 'otlp',
  create: (options) => new OtlpEncoder({ resource_attributes: {}, ...options }),
}

/** Spans as they came; records of other formats never come to it. */
export const otlpSpans: EncoderDefinition = {
  name: 'otlp_spans',
  create: (options) => new OtlpSpanEncoder({ resource_attributes: {}, ...options }),
}

class OtlpSpanEncoder implements Encoder {
  readonly name = 'otlp_spans'
  readonly verbatim = false
  readonly formats = ['otlp_span'] as const
  readonly #own: OwnRecords

  constructor({ resource_attributes: attributes }: OtlpOptions) {
    this.#own = new OwnRecords(attributes)
  }

  sizeMax(block: Block): number {
    return this.#own.sizeMax(block)
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    return this.#own.encode(block, target, at, ends, firstEnd)
  }
}

/** Names and values of the configured attributes, in UTF-8. */
export const RESOURCE_OPTIONS_BYTES_MAX = 8 * 1024

/** A resource whose JSON is longer stays an attribute: it would be the key of a group. */
const RESOURCE_BYTES_MAX = 8 * 1024
/** A service or a host that is longer stays an attribute. */
const NAME_BYTES_MAX = 1024
const LEVEL_BYTES_MAX = 256
/** Resources that are kept written. */
const KEYS_KEPT_MAX = 1024
/** Most that a record takes beside its key and its values. */
const RECORD_BYTES_MAX = 128
/** What a key takes beside its attributes: the resource's tag and length, and that of both. */
const KEY_BYTES = 12
/** Up to here a bound may be as coarse as it likes. */
const COARSE_BYTES_MAX = 1024 * 1024

const LOG_RECORD_TAG = 0x12
const TIME_TAG = 0x09
const SEVERITY_NUMBER_TAG = 0x10
const SEVERITY_TEXT_TAG = 0x1a
const BODY_TAG = 0x2a
const ATTRIBUTE_TAG = 0x32
const TRACE_ID_TAG = 0x4a
const SPAN_ID_TAG = 0x52
const OBSERVED_TIME_TAG = 0x59
const RESOURCE_TAG = 0x0a
const RESOURCE_ATTRIBUTE_TAG = 0x0a
const STRING_TAG = 0x0a
const VALUE_TAG = 0x12

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b

const TRACE_ID_DIGITS = 32
const SPAN_ID_DIGITS = 16

const OWN_NAMES = ['resource', 'attributes', 'body'] as const
const [RESOURCE, ATTRIBUTES, BODY] = [0, 1, 2] as const
/** Behind the slots of the well-known fields. */
const BODY_TAKEN = eventFields.length
const RESOURCE_TAKEN = BODY_TAKEN + 1

/** `truncated: true` as a `KeyValue` in its field. */
const TRUNCATED = concat([
  Uint8Array.of(ATTRIBUTE_TAG, 15, 0x0a, 9),
  fromText('truncated'),
  Uint8Array.of(0x12, 2, 0x10, 1),
])

class OtlpEncoder implements Encoder {
  readonly name = 'otlp'
  readonly verbatim = false
  readonly formats = ['otlp_log'] as const
  readonly #own: OwnRecords
  readonly #attributes: readonly [name: string, value: string][]
  readonly #attributesBytes: number
  readonly #reader = new EventReader(OWN_NAMES)
  readonly #values = new AnyValueWriter()
  readonly #keys = new Map<string, Bytes>()
  /** Where the values of the record at hand stand that are not attributes; -1 for none. */
  readonly #taken = new Int32Array(RESOURCE_TAKEN + 1)

  constructor({ resource_attributes: attributes }: OtlpOptions) {
    this.#own = new OwnRecords(attributes)
    this.#attributes = Object.entries(attributes)
    this.#attributesBytes = this.#attributes.reduce((sum, [name, value]) => sum + utf8Length(name + value) + 24, 0)
  }

  sizeMax(block: Block): number {
    if (block.context.format.name === 'otlp_log') return this.#own.sizeMax(block)
    const { starts, ends, selection, count } = block
    const fixed = groupHeaderBytes(this.#attributesBytes) + KEY_BYTES + RECORD_BYTES_MAX
    let size = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const length = ends[i]! - starts[i]!
      size += fixed + 2 * Math.min(length, NAME_BYTES_MAX) + Math.min(length, LEVEL_BYTES_MAX)
    }
    const coarse = VALUE_GROWTH_MAX * block.selectedBytes
    return size + (coarse <= COARSE_BYTES_MAX ? coarse : valuesBytesMax(block))
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    if (block.context.format.name === 'otlp_log') return this.#own.encode(block, target, at, ends, firstEnd)
    const { selection, count } = block
    const reader = this.#reader
    reader.begin(block)
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      reader.read(i)
      write = writeGroupHeader(this.#key(), target, write)
      target[write] = LOG_RECORD_TAG
      const start = write + 2
      write = closeLength(target, start, this.#writeRecord(block, target, start))
      ends[e++] = write - at
    }
    return write
  }

  /** The resource of the record at hand. */
  #key(): Bytes {
    const { bytes } = this.#reader
    const resource = this.#resourceAt()
    let name = ''
    for (const slot of [Slot.service, Slot.host]) {
      const from = this.#reader.starts[slot]!
      const to = this.#reader.ends[slot]!
      name += this.#isName(slot) ? `${to - from}${this.#reader.quoted[slot]}:${latin1(bytes, from, to)}` : '-'
    }
    if (resource !== -1) name += latin1(bytes, resource, this.#reader.ownEnds[RESOURCE]!)
    let key = this.#keys.get(name)
    if (key === undefined) {
      if (this.#keys.size >= KEYS_KEPT_MAX) this.#keys.clear()
      key = this.#makeKey(resource)
      this.#keys.set(name, key)
    }
    return key
  }

  /**
   * Attributes that the resource names come first, then service and host, then those that are configured; no name
   * twice.
   */
  #makeKey(resource: number): Bytes {
    const reader = this.#reader
    const json = resource === -1 ? 0 : reader.ownEnds[RESOURCE]! - resource
    const target = allocate(VALUE_GROWTH_MAX * json + 2 * (NAME_BYTES_MAX + 32) + this.#attributesBytes + KEY_BYTES)
    const written = new Set<string>()
    const start = 2
    let write = start
    if (resource !== -1) {
      const attributes = attributesOf(reader.bytes, resource)
      const values = this.#values
      values.begin(reader.bytes, attributes + 1, target, write)
      while (values.nextMember()) {
        const from = values.read
        const name = nameAt(reader.bytes, from)
        if (written.has(name)) values.skipMember()
        else values.member(RESOURCE_ATTRIBUTE_TAG, 1)
        written.add(name)
      }
      write = values.write
    }
    const named = [
      ['service.name', this.#isName(Slot.service) ? reader.string(Slot.service) : undefined],
      ['host.name', this.#isName(Slot.host) ? reader.string(Slot.host) : undefined],
      ...this.#attributes,
    ] as const
    for (const [name, value] of named) {
      if (value === undefined || written.has(name)) continue
      write = writeAttribute(name, value.toWellFormed(), target, write)
      written.add(name)
    }
    target[start - 2] = RESOURCE_TAG
    const end = closeLength(target, start, write)
    return groupKey(target.subarray(start - 2, end), NOTHING)
  }

  /** Where the object `resource` of the record at hand begins, or -1 when it has none that goes into the key. */
  #resourceAt(): number {
    const { isObject, has, ownStarts, ownEnds, bytes } = this.#reader
    const at = ownStarts[RESOURCE]!
    const isResource =
      isObject && has[RESOURCE] === 1 && bytes[at] === OPEN_BRACE && ownEnds[RESOURCE]! - at <= RESOURCE_BYTES_MAX
    return isResource ? at : -1
  }

  #isName(slot: number): boolean {
    const length = this.#reader.ends[slot]! - this.#reader.starts[slot]!
    return this.#reader.starts[slot] !== -1 && length > 0 && length <= NAME_BYTES_MAX
  }

  #writeRecord(block: Block, target: Bytes, at: number): number {
    const reader = this.#reader
    const { bytes, time } = reader
    let write = at
    if (reader.timed) {
      target[write++] = TIME_TAG
      write = writeNanoseconds(target, time.ms, time.nanos, write)
    }
    write = this.#writeSeverity(target, write)
    this.#noteTaken()
    write = this.#writeBody(target, write)
    if (reader.isObject) write = this.#writeAttributes(target, write)
    else if (block.context.truncated) {
      copyBytes(TRUNCATED, 0, TRUNCATED.length, target, write)
      write += TRUNCATED.length
    }
    write = writeId(bytes, this.#idAt(Slot.trace_id, TRACE_ID_DIGITS), TRACE_ID_DIGITS, TRACE_ID_TAG, target, write)
    write = writeId(bytes, this.#idAt(Slot.span_id, SPAN_ID_DIGITS), SPAN_ID_DIGITS, SPAN_ID_TAG, target, write)
    target[write++] = OBSERVED_TIME_TAG
    return writeNanoseconds(target, block.context.arrivalMs, 0, write)
  }

  #writeSeverity(target: Bytes, at: number): number {
    const reader = this.#reader
    const from = reader.starts[Slot.level]!
    const length = reader.ends[Slot.level]! - from
    if (from === -1 || length === 0 || length > LEVEL_BYTES_MAX) return at
    let write = at
    const severity = severityOf(reader.string(Slot.level)!)
    if (severity > 0) {
      target[write++] = SEVERITY_NUMBER_TAG
      target[write++] = severity
    }
    target[write++] = SEVERITY_TEXT_TAG
    return writeText(reader.bytes, from, from + length, target, write)
  }

  /** A message, or else a structured `body`. */
  #writeBody(target: Bytes, at: number): number {
    const { bytes, starts, ends, quoted, isObject, has, ownStarts } = this.#reader
    const from = starts[Slot.message]!
    target[at] = BODY_TAG
    const start = at + 2
    if (!isObject) {
      target[start] = STRING_TAG
      let write = writeVarint(target, ends[Slot.message]! - from, start + 1)
      copyBytes(bytes, from, ends[Slot.message]!, target, write)
      write += ends[Slot.message]! - from
      return closeLength(target, start, write)
    }
    const value = from !== -1 ? from - quoted[Slot.message]! : has[BODY] === 1 ? ownStarts[BODY]! : -1
    if (value === -1) return at
    this.#values.begin(bytes, value, target, start)
    this.#values.value(1)
    return closeLength(target, start, this.#values.write)
  }

  /** What has become a field of the log record or its resource is no attribute beside it. */
  #noteTaken(): void {
    const { timed, starts, ends, has, ownStarts } = this.#reader
    this.#taken.fill(-1)
    if (timed) this.#take(Slot.timestamp)
    if (ends[Slot.level]! - starts[Slot.level]! <= LEVEL_BYTES_MAX) this.#take(Slot.level)
    if (this.#isName(Slot.service)) this.#take(Slot.service)
    if (this.#isName(Slot.host)) this.#take(Slot.host)
    if (this.#idAt(Slot.trace_id, TRACE_ID_DIGITS) !== -1) this.#take(Slot.trace_id)
    if (this.#idAt(Slot.span_id, SPAN_ID_DIGITS) !== -1) this.#take(Slot.span_id)
    this.#take(Slot.message)
    if (starts[Slot.message] === -1 && has[BODY] === 1) this.#taken[BODY_TAKEN] = ownStarts[BODY]!
    this.#taken[RESOURCE_TAKEN] = this.#resourceAt()
  }

  #take(slot: number): void {
    const { starts, quoted } = this.#reader
    if (starts[slot] !== -1) this.#taken[slot] = starts[slot]! - quoted[slot]!
  }

  #writeAttributes(target: Bytes, at: number): number {
    const { bytes, from, has, ownStarts } = this.#reader
    const values = this.#values
    const inner = has[ATTRIBUTES] === 1 && bytes[ownStarts[ATTRIBUTES]!] === OPEN_BRACE ? ownStarts[ATTRIBUTES]! : -1
    values.begin(bytes, bytes.indexOf(OPEN_BRACE, from) + 1, target, at)
    this.#writeMembers(inner)
    if (inner === -1) return values.write
    values.begin(bytes, inner + 1, target, values.write)
    this.#writeMembers(-1)
    return values.write
  }

  #writeMembers(except: number): void {
    const values = this.#values
    while (values.nextMember()) {
      const value = values.valueOfMember
      if (value === except || this.#taken.includes(value)) values.skipMember()
      else values.member(ATTRIBUTE_TAG, 1)
    }
  }

  /** Where the id's digits begin, or -1 when it is none: not of that length, not hexadecimal, or only zeros. */
  #idAt(slot: number, digits: number): number {
    const { bytes, starts, ends, quoted } = this.#reader
    const from = starts[slot]!
    if (from === -1 || quoted[slot] === 0 || ends[slot]! - from !== digits) return -1
    let any = 0
    for (let at = from; at < from + digits; at++) {
      const digit = digitOf(bytes[at]!)
      if (digit === -1) return -1
      any |= digit
    }
    return any === 0 ? -1 : from
  }
}

/** Where the attributes of the resource at `at` begin: its own member `attributes`, or itself. */
function attributesOf(bytes: Bytes, at: number): number {
  const values = new AnyValueWriter()
  values.begin(bytes, at + 1, NOTHING, 0)
  while (values.nextMember()) {
    const name = nameAt(bytes, values.read)
    const value = values.skipMember()
    if (name === 'attributes' && bytes[value] === OPEN_BRACE) return value
  }
  return at
}

const NOTHING = allocate(0)

/** The key that begins at `at`. */
function nameAt(bytes: Bytes, at: number): string {
  let end = at + 1
  while (bytes[end] !== QUOTE) end += bytes[end] === 0x5c ? 2 : 1
  return JSON.parse(utf8(bytes, at, end + 1)) as string
}

function writeAttribute(name: string, value: string, target: Bytes, at: number): number {
  target[at] = RESOURCE_ATTRIBUTE_TAG
  const start = at + 2
  target[start] = STRING_TAG
  let write = writeVarint(target, utf8Length(name), start + 1)
  write += writeUtf8(target, name, write)
  target[write] = VALUE_TAG
  const inner = write + 2
  target[inner] = STRING_TAG
  write = writeVarint(target, utf8Length(value), inner + 1)
  write += writeUtf8(target, value, write)
  return closeLength(target, start, closeLength(target, inner, write))
}

/** Writes an id of hexadecimal digits as bytes; nothing when `from` is -1. */
function writeId(bytes: Bytes, from: number, digits: number, tag: number, target: Bytes, at: number): number {
  if (from === -1) return at
  let write = at
  target[write++] = tag
  target[write++] = digits / 2
  for (let read = from; read < from + digits; read += 2) {
    target[write++] = (digitOf(bytes[read]!) << 4) | digitOf(bytes[read + 1]!)
  }
  return write
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/**
 * Bytes that the values of the selected records may take, for much text. Each value has a comma, a brace or a bracket
 * before it; a message from inside an object is written twice.
 */
function valuesBytesMax(block: Block): number {
  const { bytes, starts, ends, selection, count } = block
  let size = 0
  for (let i = 0; i < count; i++) {
    if (selection[i] === 0) continue
    const from = starts[i]!
    const to = ends[i]!
    let values = 1
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte === COMMA || byte === OPEN_BRACE || byte === OPEN_BRACKET) values++
    }
    const repaired = isUtf8(bytes, from, to) ? to - from : utf8Length(utf8(bytes, from, to))
    size += Math.min(VALUE_GROWTH_MAX * repaired, 2 * repaired + VALUE_OVERHEAD_MAX * values)
  }
  return size
}
