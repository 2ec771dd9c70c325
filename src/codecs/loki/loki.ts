/**
 * `loki`: records as entries of Loki streams (`PushRequest` of pkg/push/push.proto, or its JSON). The key of the group
 * is the label set; before the entry stands its time, so that the wire orders a stream without reading entries:
 *
 *   header of codecs/grouped | u64 Unix nanoseconds, little-endian | entry
 *
 *   protobuf: 0x12 length EntryAdapter { timestamp = 1, line = 2, structuredMetadata = 3 }, a field of StreamAdapter
 *   json:     ["<nanoseconds>","<line>",{"<name>":"<value>"}],
 */
import { type EventField, EventReader, eventFields, Slot } from '#codecs/event/reader.ts'
import { type Path, pathsOf } from '#codecs/event/well-known.ts'
import { jsonStringsBytesMax, writeString } from '#codecs/event_json/event_json.ts'
import { GROUP_KEY_BYTES_MAX, groupHeaderBytes, writeGroupHeader } from '#codecs/grouped/grouped.ts'
import { varintBytes, writeNanoseconds, writeVarint } from '#codecs/protobuf/wire.ts'
import { type Bytes, copyBytes, fromText, isUtf8, utf8, utf8Length, writeLatin1, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'
import { formatJsonLabels, formatLabels, LABEL_VALUE_BYTES_MAX } from './labels.ts'

export const lokiFormats = ['protobuf', 'json'] as const
export type LokiFormat = (typeof lokiFormats)[number]

/** Names of labels and of metadata are checked by the output: letters, digits and underscores. */
export interface LokiOptions {
  format: LokiFormat
  /** Values that records have alike, and what a record gets that has no field for the label. */
  labels: Readonly<Record<string, string>>
  /** Name of the label by the field that it is read from. */
  label_fields: Readonly<Record<string, string>>
  /** Name in the structured metadata by the field that it is read from. */
  structured_metadata: Readonly<Record<string, string>>
}

export const loki: EncoderDefinition = {
  name: 'loki',
  create: (options) => new LokiEncoder({ ...NO_OPTIONS, ...options } as LokiOptions),
}

/** Bytes between the header of the group and the entry. */
export const ENTRY_TIME_BYTES = 8
/** Most that an entry takes beside its line, its metadata and the header of its group. */
export const ENTRY_FIXED_BYTES_MAX = 64

/** A label set that is too long for a group's key has values of at most this many bytes. */
const SHORT_VALUE_BYTES_MAX = 256
/** Label sets that are kept written. */
const KEYS_KEPT_MAX = 1024
/** Up to here a bound may be as coarse as it likes. */
const COARSE_BYTES_MAX = 1024 * 1024

/** What a byte that is not UTF-8 becomes (U+FFFD), and a control character in JSON or in a label. */
const REPAIRED_BYTES = 3
const ESCAPED_BYTES = 6

const NO_OPTIONS: LokiOptions = { format: 'protobuf', labels: {}, label_fields: {}, structured_metadata: {} }

const TIMESTAMP_TAG = 0x0a
const LINE_TAG = 0x12
const METADATA_TAG = 0x1a
const ENTRY_TAG = 0x12
const FIRST_STRING_TAG = 0x0a
const SECOND_STRING_TAG = 0x12
const SECONDS_TAG = 0x08
const NANOS_TAG = 0x10
const COMMA = 0x2c
const CLOSE_BRACKET = 0x5d

/** Reads one field of a record as text. */
interface Reading {
  name: string
  slot: number
  paths: readonly Path[]
  otherwise: string
}

class LokiEncoder implements Encoder {
  readonly name = 'loki'
  readonly verbatim = false
  readonly #isJson: boolean
  readonly #labels: Reading[]
  readonly #metadata: Reading[]
  readonly #reader = new EventReader()
  readonly #keys = new Map<string, Bytes>()
  /** Bytes of a key without what is read from the record. */
  readonly #staticKeyBytes: number
  /** By index of `#metadata`, of the record at hand; undefined where it has none. */
  readonly #values: (string | undefined)[]

  constructor({ format, labels, label_fields: labelFields, structured_metadata: metadata }: LokiOptions) {
    this.#isJson = format === 'json'
    const names = [...new Set([...Object.keys(labels), ...Object.keys(labelFields)])].sort()
    this.#labels = names.map((name) => reading(name, labelFields[name], cut(labels[name] ?? '', LABEL_VALUE_BYTES_MAX)))
    this.#metadata = Object.entries(metadata).map(([name, field]) => reading(name, field, ''))
    this.#values = this.#metadata.map(() => undefined)
    this.#staticKeyBytes =
      2 + this.#labels.reduce((sum, { name, otherwise }) => sum + name.length + 6 + jsonBytes(otherwise), 0)
  }

  sizeMax(block: Block): number {
    const { starts, ends, selection, count } = block
    const metadataNames = this.#metadata.reduce((sum, { name }) => sum + name.length + 16, 0)
    const fixed = groupHeaderBytes(this.#staticKeyBytes) + ENTRY_TIME_BYTES + ENTRY_FIXED_BYTES_MAX + metadataNames
    const growth = isUtf8(block.bytes, block.from, block.to) ? 1 : REPAIRED_BYTES
    let size = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const length = ends[i]! - starts[i]!
      const labels = valuesBytesMax(this.#labels, length, growth)
      size += fixed + Math.min(labels, GROUP_KEY_BYTES_MAX) + valuesBytesMax(this.#metadata, length, growth)
    }
    return (
      size + (this.#isJson ? jsonStringsBytesMax(block) : growth === 1 ? block.selectedBytes : textsBytesMax(block))
    )
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { selection, count } = block
    const reader = this.#reader
    reader.begin(block)
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      reader.read(i)
      const { ms, nanos } = reader.time
      write = writeGroupHeader(this.#key(), target, write)
      write = writeNanoseconds(target, ms, nanos, write)
      write = this.#isJson ? this.#writeJson(target, write) : this.#writeProtobuf(target, write)
      ends[e++] = write - at
    }
    return write
  }

  /** The label set of the record at hand. */
  #key(): Bytes {
    let values = ''
    for (const label of this.#labels) {
      if (label.slot === -1 && label.paths.length === 0) continue
      const value = textOf(label, this.#reader)
      values += value === undefined ? '-' : `${value.length}:${value}`
    }
    let key = this.#keys.get(values)
    if (key === undefined) {
      if (this.#keys.size >= KEYS_KEPT_MAX) this.#keys.clear()
      key = this.#makeKey()
      this.#keys.set(values, key)
    }
    return key
  }

  #makeKey(): Bytes {
    const write = this.#isJson ? formatJsonLabels : formatLabels
    const make = (bytesMax: number) =>
      fromText(
        write(this.#labels.map((label) => [label.name, cut(textOf(label, this.#reader) ?? label.otherwise, bytesMax)])),
      )
    const key = make(LABEL_VALUE_BYTES_MAX)
    return key.length <= GROUP_KEY_BYTES_MAX ? key : make(SHORT_VALUE_BYTES_MAX)
  }

  #readMetadata(): void {
    for (const [m, metadata] of this.#metadata.entries()) {
      const value = textOf(metadata, this.#reader)
      this.#values[m] = value === undefined || value === '' ? undefined : cut(value, LABEL_VALUE_BYTES_MAX)
    }
  }

  #writeProtobuf(target: Bytes, at: number): number {
    const { bytes, from, to, time } = this.#reader
    const seconds = Math.floor(time.ms / 1000)
    const nanos = (time.ms % 1000) * 1_000_000 + time.nanos
    const timeBytes = 2 + varintBytes(seconds) + varintBytes(nanos)
    const lineBytes = to - from
    this.#readMetadata()
    let metadataBytes = 0
    for (const [m, { name }] of this.#metadata.entries()) {
      const value = this.#values[m]
      if (value !== undefined) metadataBytes += fieldBytes(pairBytes(name, utf8Length(value)))
    }
    let write = at
    target[write++] = ENTRY_TAG
    write = writeVarint(target, fieldBytes(timeBytes) + fieldBytes(lineBytes) + metadataBytes, write)
    target[write++] = TIMESTAMP_TAG
    target[write++] = timeBytes
    target[write++] = SECONDS_TAG
    write = writeVarint(target, seconds, write)
    target[write++] = NANOS_TAG
    write = writeVarint(target, nanos, write)
    target[write++] = LINE_TAG
    write = writeVarint(target, lineBytes, write)
    copyBytes(bytes, from, to, target, write)
    write += lineBytes
    for (const [m, { name }] of this.#metadata.entries()) {
      const value = this.#values[m]
      if (value === undefined) continue
      const valueBytes = utf8Length(value)
      target[write++] = METADATA_TAG
      write = writeVarint(target, pairBytes(name, valueBytes), write)
      target[write++] = FIRST_STRING_TAG
      write = writeVarint(target, name.length, write)
      write += writeLatin1(target, name, write)
      target[write++] = SECOND_STRING_TAG
      write = writeVarint(target, valueBytes, write)
      write += writeUtf8(target, value, write)
    }
    return write
  }

  #writeJson(target: Bytes, at: number): number {
    const { bytes, from, to, time } = this.#reader
    let write = at + writeLatin1(target, `["${decimal(time.ms, time.nanos)}",`, at)
    write = writeString(bytes, from, to, target, write)
    this.#readMetadata()
    let before = ',{'
    for (const [m, { name }] of this.#metadata.entries()) {
      const value = this.#values[m]
      if (value === undefined) continue
      write += writeUtf8(target, `${before}"${name}":${JSON.stringify(value)}`, write)
      before = ','
    }
    if (before === ',') write += writeLatin1(target, '}', write)
    target[write++] = CLOSE_BRACKET
    target[write++] = COMMA
    return write
  }
}

function reading(name: string, field: string | undefined, otherwise: string): Reading {
  if (field === undefined) return { name, slot: -1, paths: [], otherwise }
  const isWellKnown = (eventFields as readonly string[]).includes(field)
  return isWellKnown
    ? { name, slot: Slot[field as EventField], paths: [], otherwise }
    : { name, slot: -1, paths: pathsOf(field), otherwise }
}

/** What the record at hand says; undefined where it says nothing. */
function textOf({ slot, paths }: Reading, reader: EventReader): string | undefined {
  const value = slot === -1 ? reader.stringAt(paths) : reader.string(slot)
  return value === '' ? undefined : value?.toWellFormed()
}

/** At most `bytesMax` bytes of text, whole characters only. */
function cut(value: string, bytesMax: number): string {
  if (3 * value.length <= bytesMax || utf8Length(value) <= bytesMax) return value
  const bytes = fromText(value)
  let end = bytesMax
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return utf8(bytes, 0, end)
}

function jsonBytes(text: string): number {
  return utf8Length(JSON.stringify(text))
}

/** A length-delimited field: its tag, its length and itself. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

function pairBytes(name: string, valueBytes: number): number {
  return fieldBytes(name.length) + fieldBytes(valueBytes)
}

/** Unix nanoseconds: more digits than a double has. */
function decimal(ms: number, nanos: number): string {
  return ms === 0 ? String(nanos) : `${ms}${String(nanos).padStart(6, '0')}`
}

/**
 * Bytes that the values of the fields may take, escaped, from a record of `length` bytes that become up to `growth` as
 * many. What is escaped had to be so in JSON; only a message can be text, in which a control character is one byte.
 */
function valuesBytesMax(readings: readonly Reading[], length: number, growth: number): number {
  let size = 0
  for (const { slot, paths } of readings) {
    if (slot === -1 && paths.length === 0) continue
    const most = (slot === Slot.message ? ESCAPED_BYTES : growth) * length
    size += Math.min(most, ESCAPED_BYTES * LABEL_VALUE_BYTES_MAX)
  }
  return size
}

/** Bytes of the selected records as UTF-8. */
function textsBytesMax(block: Block): number {
  if (REPAIRED_BYTES * block.selectedBytes <= COARSE_BYTES_MAX) return REPAIRED_BYTES * block.selectedBytes
  const { bytes, starts, ends, selection, count } = block
  let size = 0
  for (let i = 0; i < count; i++) {
    if (selection[i] === 0) continue
    const repaired = isUtf8(bytes, starts[i]!, ends[i]!) ? 0 : utf8Length(utf8(bytes, starts[i]!, ends[i]!))
    size += Math.max(repaired, ends[i]! - starts[i]!)
  }
  return size
}
