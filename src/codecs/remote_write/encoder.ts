/**
 * `remote_write_series`: each record as the fields of a WriteRequest that it becomes, TimeSeries behind TimeSeries. A
 * request is made by
 * putting records one behind the other, once what needs a word from the output has been seen to:
 *
 *   0x0a  TimeSeries: as it is sent
 *   0x7a  TimeSeries whose value is what came since the point before: the output adds it up, and sends it as 0x0a
 *   0x72  no TimeSeries: two bytes, 1 and the index of why (`refusals`). The output refuses the record
 *
 * For version 2 a TimeSeries has a field of ours, which says what family it is of: Family family = 15
 * { uint32 type = 1; string help = 3; string unit = 4 }, and samples have their start as there. The output makes
 * symbols of the text.
 */
import { Flag, Kind, MetricField, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { assert } from '#std/assert.ts'
import { allocate, type Bytes, copyBytes, writeLatin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'
import type { PromExemplar } from './exemplar.ts'
import { type Expanded, Expander, type ExpandOptions, type Point, type RefusalCode, refusals } from './expand.ts'
import { familyTypes } from './meaning.ts'
import { explicitMessage, exponentialMessage } from './native-histogram-writer.ts'
import { writeStaleNan } from './stale.ts'

export const PLAIN_TAG = 0x0a
export const DELTA_TAG = 0x7a
export const REFUSED_TAG = 0x72
export const FAMILY_TAG = 0x7a

export interface SeriesOptions extends ExpandOptions {
  version: 1 | 2
}

export const remoteWriteSeries = defineEncoder(
  'remote_write_series',
  (options: SeriesOptions) => new SeriesEncoder(options),
)

/** What one record may become. */
const EXPANDED_BYTES_MAX = 4 * 1024 * 1024
/** Around the labels of a series: tags, lengths, a sample, a label of its own, and what a name may gain. */
const SERIES_BYTES = 256

class SeriesEncoder implements Encoder {
  readonly name = 'remote_write_series'
  readonly verbatim = false
  readonly formats = ['metric'] as const
  readonly #expander: Expander
  readonly #isPlain: boolean
  readonly #addsSuffixes: boolean
  readonly #utf8: boolean
  readonly #version: 1 | 2
  readonly #externalBytes: number
  readonly #reader = new MetricReader()
  readonly #series = new SeriesWriter()

  constructor(options: SeriesOptions) {
    this.#expander = new Expander(options)
    this.#version = options.version
    this.#addsSuffixes = options.add_suffixes
    this.#utf8 = options.utf8_names
    this.#isPlain = options.version === 1 && Object.keys(options.external_labels).length === 0
    this.#externalBytes = 16 + 4 * JSON.stringify(options.external_labels).length
  }

  sizeMax(block: Block): number {
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      const length = block.ends[i]! - block.starts[i]!
      const kind = block.bytes[block.starts[i]!]!
      size += kind <= Kind.sum ? 2 * length + this.#externalBytes + SERIES_BYTES : this.#expandedMax(block, i, length)
    }
    return size
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const reader = this.#reader
    let write = at
    let e = firstEnd
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      const isRecord = reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      assert(isRecord, 'only metric records are in a block of them')
      write = this.#record(reader, block, i, target, write)
      ends[e++] = write - at
    }
    return write
  }

  #record(reader: MetricReader, block: Block, i: number, target: Bytes, at: number): number {
    if (this.#isPlain && this.#goesAsItIs(reader)) return writePlain(reader, block.context.arrivalMs, target, at)
    if (reader.kind > Kind.sum && this.#isTooLarge(block, i)) return writeRefusal('too_large', target, at)
    const expanded = this.#expander.expand(reader)
    if (typeof expanded === 'string') return writeRefusal(expanded, target, at)
    expanded.timeMs ||= block.context.arrivalMs
    return this.#series.write(expanded, this.#version, target, at)
  }

  /** One number, whose labels Prometheus would have as they are, and of which nothing else is known. */
  #goesAsItIs(reader: MetricReader): boolean {
    const { kind, temporality, flags, labelsTo, to } = reader
    if (kind > Kind.sum || temporality === Temporality.DELTA || (flags & Flag.INTEGER) !== 0) return false
    if (labelsTo === reader.labelsFrom) return false
    // Type, unit and help have no place in 1.0; exemplars have.
    if ((flags & Flag.PROMETHEUS) !== 0) return labelsTo === to || reader.field(MetricField.EXEMPLAR) === undefined
    if (labelsTo !== to || (kind === Kind.sum && this.#addsSuffixes)) return false
    return hasValidNames(reader, this.#utf8)
  }

  #expandedMax(block: Block, i: number, length: number): number {
    return Math.min(EXPANDED_BYTES_MAX, this.#expandedBytes(block, i, length))
  }

  #isTooLarge(block: Block, i: number): boolean {
    return this.#expandedBytes(block, i, block.ends[i]! - block.starts[i]!) > EXPANDED_BYTES_MAX
  }

  /**
   * An upper bound: every bucket takes a byte at least, and becomes a series with all labels, and all else that is
   * told.
   */
  #expandedBytes(block: Block, i: number, length: number): number {
    const labels = block.bytes.readUInt32LE(block.starts[i]! + 4)
    const rest = length - labels
    const buckets = block.bytes[block.starts[i]!] === Kind.histogram ? rest / 8 : rest
    return (buckets + 4) * (2 * length + this.#externalBytes + SERIES_BYTES)
  }
}

function hasValidNames(reader: MetricReader, utf8: boolean): boolean {
  const { bytes } = reader
  const labels = reader.beginLabels()
  let isNamed = false
  while (labels.next()) {
    if (labels.type !== 0) return false
    const { nameFrom, nameTo } = labels
    const isName = nameTo - nameFrom === 8 && bytes[nameFrom] === UNDERSCORE && isMetricLabel(bytes, nameFrom)
    isNamed ||= isName
    if (utf8) continue
    if (!isValid(bytes, nameFrom, nameTo, LABEL_CHARACTERS)) return false
    if (isName && !isValid(bytes, labels.valueFrom, labels.valueTo, METRIC_CHARACTERS)) return false
  }
  return isNamed
}

function isMetricLabel(bytes: Bytes, from: number): boolean {
  for (let i = 0; i < NAME.length; i++) if (bytes[from + i] !== NAME.charCodeAt(i)) return false
  return true
}

const NAME = '__name__'
const UNDERSCORE = 0x5f
const LABEL_CHARACTERS = tableOf(/[a-zA-Z0-9_]/)
const METRIC_CHARACTERS = tableOf(/[a-zA-Z0-9_:]/)

function tableOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (pattern.test(String.fromCharCode(byte)) ? 1 : 0))
}

function isValid(bytes: Bytes, from: number, to: number, table: Uint8Array): boolean {
  if (from === to || (bytes[from]! >= 0x30 && bytes[from]! <= 0x39)) return false
  for (let at = from; at < to; at++) if (table[bytes[at]!] === 0) return false
  return true
}

/** Labels and value as they stand. */
function writePlain(reader: MetricReader, arrivalMs: number, target: Bytes, at: number): number {
  const { bytes, labelsFrom, labelsTo, from } = reader
  const timeMs = reader.timeMs || Math.floor(arrivalMs)
  const sample = 10 + varintBytes(timeMs)
  target[at] = PLAIN_TAG
  let write = writeVarint(target, labelsTo - labelsFrom + 2 + sample, at + 1)
  copyBytes(bytes, labelsFrom, labelsTo, target, write)
  write += labelsTo - labelsFrom
  target[write++] = 0x12
  target[write++] = sample
  target[write++] = 0x09
  for (let i = 0; i < 8; i++) target[write++] = bytes[from + 16 + i]!
  target[write++] = 0x10
  return writeVarint(target, timeMs, write)
}

function writeRefusal(code: RefusalCode, target: Bytes, at: number): number {
  target[at] = REFUSED_TAG
  target[at + 1] = 1
  target[at + 2] = refusals.findIndex(([each]) => each === code)
  return at + 3
}

/** Writes what a record became. Inner messages first go into memory of their own: their lengths stand before them. */
class SeriesWriter {
  #body: Bytes = allocate(64 * 1024)
  #at = 0

  write(expanded: Expanded, version: 1 | 2, target: Bytes, at: number): number {
    let write = at
    for (const point of expanded.points) {
      this.#at = 0
      this.#labels(expanded, point)
      if (expanded.native === undefined) this.#sample(expanded, point, version)
      else this.#native(expanded, version)
      for (const exemplar of point.exemplars) this.#exemplar(exemplar)
      if (version === 2) this.#family(expanded)
      target[write] = expanded.isDelta ? DELTA_TAG : PLAIN_TAG
      write = writeVarint(target, this.#at, write + 1)
      copyBytes(this.#body, 0, this.#at, target, write)
      write += this.#at
    }
    return write
  }

  #labels({ labels }: Expanded, { name, label }: Point): void {
    const extra = label === undefined ? [] : [label]
    const own = [[NAME, name] as const, ...extra].sort(([a], [b]) => (a < b ? -1 : 1))
    let o = 0
    for (const [each, value] of labels) {
      if (own.some(([taken]) => taken === each)) continue
      while (o < own.length && own[o]![0] < each) this.#label(...own[o++]!)
      this.#label(each, value)
    }
    while (o < own.length) this.#label(...own[o++]!)
  }

  #label(name: string, value: string): void {
    const size = 2 + varintBytes(name.length) + name.length + varintBytes(value.length) + value.length
    this.#room(size + 8)
    const body = this.#body
    body[this.#at++] = 0x0a
    this.#at = writeVarint(body, size, this.#at)
    this.#text(0x0a, name)
    this.#text(0x12, value)
  }

  #text(tag: number, text: string): void {
    this.#room(text.length + 8)
    const body = this.#body
    body[this.#at++] = tag
    this.#at = writeVarint(body, text.length, this.#at)
    this.#at += writeLatin1(body, text, this.#at)
  }

  #sample({ timeMs, startMs, isStale, isDelta }: Expanded, { value }: Point, version: 1 | 2): void {
    this.#room(64)
    const time = Math.floor(timeMs)
    const start = version === 2 && startMs > 0 && !isDelta ? 1 + varintBytes(startMs) : 0
    const body = this.#body
    body[this.#at++] = 0x12
    body[this.#at++] = 10 + varintBytes(time) + start
    body[this.#at++] = 0x09
    if (isStale) writeStaleNan(body, this.#at)
    else body.writeDoubleLE(value, this.#at)
    this.#at += 8
    body[this.#at++] = 0x10
    this.#at = writeVarint(body, time, this.#at)
    if (start > 0) {
      body[this.#at++] = 0x18
      this.#at = writeVarint(body, startMs, this.#at)
    }
  }

  #native({ native, timeMs, startMs, isStale }: Expanded, version: 1 | 2): void {
    const { exponential, explicit, isGauge } = native!
    const point = { timeMs: Math.floor(timeMs), startMs: version === 2 ? startMs : 0, isGauge, isStale }
    const message =
      exponential === undefined ? explicitMessage(explicit!, point) : exponentialMessage(exponential, point)
    assert(message !== undefined, 'the scale has been looked at')
    this.#message(0x22, message)
  }

  #message(tag: number, message: Bytes): void {
    this.#room(message.length + 8)
    this.#body[this.#at++] = tag
    this.#at = writeVarint(this.#body, message.length, this.#at)
    copyBytes(message, 0, message.length, this.#body, this.#at)
    this.#at += message.length
  }

  #exemplar({ labels, value, timeMs }: PromExemplar): void {
    // Its length stands before it and is known behind it: it is moved.
    const start = this.#at
    for (const [name, text] of labels) this.#label(name, text)
    this.#room(32)
    this.#body[this.#at++] = 0x11
    this.#at = this.#body.writeDoubleLE(value, this.#at)
    if (timeMs > 0) {
      this.#body[this.#at++] = 0x18
      this.#at = writeVarint(this.#body, timeMs, this.#at)
    }
    const length = this.#at - start
    const head = 1 + varintBytes(length)
    this.#body.copyWithin(start + head, start, this.#at)
    this.#body[start] = 0x1a
    writeVarint(this.#body, length, start + 1)
    this.#at += head
  }

  #family({ type, help, unit }: Expanded): void {
    const number = familyTypes.indexOf(type)
    if (number <= 0 && help === '' && unit === '') return
    const size =
      2 +
      (help === '' ? 0 : 1 + varintBytes(help.length) + help.length) +
      (unit === '' ? 0 : 1 + varintBytes(unit.length) + unit.length)
    this.#room(size + 8)
    this.#body[this.#at++] = FAMILY_TAG
    this.#at = writeVarint(this.#body, size, this.#at)
    this.#body[this.#at++] = 0x08
    this.#body[this.#at++] = number
    if (help !== '') this.#text(0x1a, help)
    if (unit !== '') this.#text(0x22, unit)
  }

  #room(length: number): void {
    if (this.#at + length <= this.#body.length) return
    const body = allocate(2 * (this.#at + length))
    copyBytes(this.#body, 0, this.#at, body, 0)
    this.#body = body
  }
}
