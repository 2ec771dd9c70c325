/**
 * `PushRequest` of Loki (grafana/loki: pkg/push/push.proto).
 *
 *   PushRequest     { repeated StreamAdapter streams = 1 }
 *   StreamAdapter   { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3 }
 *   EntryAdapter    { Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; … }
 *   Timestamp       { int64 seconds = 1; int32 nanos = 2 }
 *   LabelPair       { string name = 1; string value = 2 }
 */
import { VARINT_BYTES_MAX, WireType } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { PushWalker } from './push.ts'

/** Reads fields of a message one after the other. */
class FieldReader {
  #bytes: Bytes = allocate(0)
  #to = 0
  /** Behind the field that was read last. */
  at = 0
  field = 0
  /** Its content has a length, and stands in [from, to). */
  isSized = false
  /** Of a varint; negative ones are not understood. */
  value = 0
  from = 0
  to = 0
  broken = false

  begin(bytes: Bytes, from: number, to: number): void {
    this.#bytes = bytes
    this.at = from
    this.#to = to
    this.broken = false
  }

  next(): boolean {
    if (this.at >= this.#to || this.broken) return false
    const tag = this.#varint()
    this.field = Math.floor(tag / 8)
    this.isSized = false
    this.value = 0
    switch (tag % 8) {
      case WireType.varint:
        this.value = this.#varint()
        break
      case WireType.bytes: {
        const length = this.#varint()
        this.isSized = true
        this.from = this.at
        this.to = this.at + length
        this.at = this.to
        break
      }
      case WireType.fixed64:
        this.at += 8
        break
      case WireType.fixed32:
        this.at += 4
        break
      default:
        this.broken = true
    }
    this.broken ||= this.field === 0 || this.at > this.#to
    return !this.broken
  }

  /** It is this field, with a length as it has to have. */
  is(field: number): boolean {
    return this.field === field && this.isSized
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < VARINT_BYTES_MAX && this.at < this.#to; i++) {
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    this.broken = true
    return 0
  }
}

export class ProtobufPush implements PushWalker {
  readonly #streams = new FieldReader()
  readonly #entries = new FieldReader()
  readonly #fields = new FieldReader()
  readonly #pairs = new FieldReader()
  #bytes: Bytes = allocate(0)
  broken = false
  labelsFrom = 0
  labelsTo = 0
  /** The field with the stream, and its content. */
  streamFrom = 0
  #contentFrom = 0
  #contentTo = 0
  entryFrom = 0
  entryEnd = 0
  seconds = Number.NaN
  nanos = 0
  lineFrom = 0
  lineTo = 0
  nameFrom = 0
  nameTo = 0
  valueFrom = 0
  valueTo = 0

  begin(bytes: Bytes, from: number, to: number): boolean {
    this.#bytes = bytes
    this.broken = false
    this.#streams.begin(bytes, from, to)
    return true
  }

  nextStream(at: number): boolean {
    const streams = this.#streams
    for (let from = streams.at; streams.next(); from = streams.at) {
      if (!streams.is(1) || streams.to <= at) continue
      this.streamFrom = from
      this.#contentFrom = streams.from
      this.#contentTo = streams.to
      return this.#readLabels()
    }
    this.broken ||= streams.broken
    return false
  }

  streamEnd(): number {
    return this.#contentTo
  }

  nextEntry(at: number): boolean {
    const entries = this.#entries
    // What was done already is not looked into.
    if (at > entries.at) entries.begin(this.#bytes, at, this.#contentTo)
    for (let from = entries.at; entries.next(); from = entries.at) {
      if (!entries.is(2)) continue
      this.entryFrom = from
      this.entryEnd = entries.at
      return this.#readEntry(entries.from, entries.to)
    }
    this.broken ||= entries.broken
    return false
  }

  nextMetadata(): boolean {
    const fields = this.#fields
    while (fields.next()) {
      if (!fields.is(3)) continue
      this.#readPair(fields.from, fields.to)
      return !this.broken
    }
    return false
  }

  /** They stand first, if the sender does as all do. */
  #readLabels(): boolean {
    const entries = this.#entries
    entries.begin(this.#bytes, this.#contentFrom, this.#contentTo)
    this.labelsFrom = 0
    this.labelsTo = 0
    while (entries.next()) {
      if (!entries.is(1)) continue
      this.labelsFrom = entries.from
      this.labelsTo = entries.to
      break
    }
    this.broken ||= entries.broken
    entries.begin(this.#bytes, this.#contentFrom, this.#contentTo)
    return !this.broken
  }

  #readEntry(from: number, to: number): boolean {
    const fields = this.#fields
    fields.begin(this.#bytes, from, to)
    this.seconds = 0
    this.nanos = 0
    this.lineFrom = 0
    this.lineTo = 0
    while (fields.next()) {
      if (fields.is(1)) this.#readTime(fields.from, fields.to)
      else if (fields.is(2)) {
        this.lineFrom = fields.from
        this.lineTo = fields.to
      }
    }
    this.broken ||= fields.broken
    fields.begin(this.#bytes, from, to)
    return !this.broken
  }

  #readTime(from: number, to: number): void {
    const pairs = this.#pairs
    pairs.begin(this.#bytes, from, to)
    while (pairs.next()) {
      if (pairs.field === 1) this.seconds = pairs.value
      else if (pairs.field === 2) this.nanos = pairs.value
    }
    this.broken ||= pairs.broken
  }

  #readPair(from: number, to: number): void {
    const pairs = this.#pairs
    pairs.begin(this.#bytes, from, to)
    this.nameFrom = this.nameTo = this.valueFrom = this.valueTo = from
    while (pairs.next()) {
      if (pairs.is(1)) {
        this.nameFrom = pairs.from
        this.nameTo = pairs.to
      } else if (pairs.is(2)) {
        this.valueFrom = pairs.from
        this.valueTo = pairs.to
      }
    }
    this.broken ||= pairs.broken
  }
}
