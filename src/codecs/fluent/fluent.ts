/**
 * `fluent`: events of the Fluent forward protocol v1, each a record in JSON.
 * (github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1)
 *
 *   entry:  u8 length, name of the field for the tag | u16 length, tag | events, one behind the other
 *   event:  [time, record]  or, as Fluent Bit has it,  [[time, metadata], record]
 *   time:   EventTime, an extension of type 0 with u32 seconds and u32 nanoseconds; or seconds as a number
 *
 * A record keeps its fields. Those that it does not have come to it from around it: `timestamp`, the tag, and metadata
 * that is not empty as `fluent_metadata`.
 */
import { countDecoded } from '#codecs/framing/count.ts'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Examiner, keyText } from '#codecs/msgpack/examine.ts'
import { Head, Kind, readHead } from '#codecs/msgpack/head.ts'
import { JsonOfMsgpack } from '#codecs/msgpack/json.ts'
import { skipValue } from '#codecs/msgpack/scanner.ts'
import { textFormat } from '#codecs/text/format.ts'
import { allocate, type Bytes, copyBytes, fromText, utf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { EventTimes } from './event-time.ts'

export const fluent: DecoderDefinition = { name: 'fluent', format: textFormat, create: () => new FluentDecoder() }

/** What a field for the tag may be called: ASCII, so that its bytes are its characters. */
export const TAG_FIELD_PATTERN = /^[A-Za-z_@][A-Za-z0-9_.@-]{0,127}$/
/** Longer tags are none. */
export const TAG_BYTES_MAX = 4096
const METADATA_FIELD = 'fluent_metadata'
const TIMESTAMP_FIELD = 'timestamp'

/**
 * What stands before the events of an entry. `tag` in UTF-8, at most `TAG_BYTES_MAX`. `isBare`: behind it stand the
 * time and the record of one event without the array around them, as a message in Message mode has them.
 */
export function entryHead(tagField: string, tag: Uint8Array, isBare: boolean): Bytes {
  const field = fromText(tagField)
  const head = allocate(1 + field.length + 2 + tag.length + (isBare ? 1 : 0))
  head[0] = field.length
  copyBytes(field, 0, field.length, head, 1)
  head.writeUInt16BE(tag.length, 1 + field.length)
  copyBytes(tag, 0, tag.length, head, 3 + field.length)
  if (isBare) head[head.length - 1] = ARRAY_OF_TWO
  return head
}

const ARRAY_OF_TWO = 0x92

class FluentDecoder implements Decoder {
  readonly #writer = new JsonLinesWriter()
  readonly #json = new JsonOfMsgpack(this.#writer, allocate(0))
  readonly #examiner = new Examiner()
  readonly #times = new EventTimes()
  readonly #head = new Head()
  #tagField = ''
  #tagMember = ''
  /** Of the record at hand: what it has itself. */
  #hasTimestamp = false
  #hasTag = false
  #hasMetadata = false
  #bytes: Bytes = allocate(0)
  #to = 0
  readonly #seen = (keyAt: number) => this.#note(keyAt)

  decode(entry: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const { bytes, to } = entry
    const writer = this.#writer
    writer.begin(block, block.context)
    this.#bytes = bytes
    this.#to = to
    const first = this.#readHead(entry)
    if (first === -1) return { end: to, done: true, malformedRecords: 1, malformedBytes: to - entry.from }
    let position = Math.max(first, at)
    let malformedRecords = 0
    let malformedBytes = 0
    while (position < to && block.count < recordsMax && writer.length < BLOCK_BYTES_TARGET) {
      const { end, superseded } = this.#examiner.examine(bytes, position, to)
      if (end === -1) {
        // Where the next one would begin, nobody knows.
        return {
          end: to,
          done: true,
          malformedRecords: malformedRecords + 1,
          malformedBytes: malformedBytes + to - position,
        }
      }
      this.#json.begin(bytes, end, superseded)
      if (!this.#event(position, end)) {
        writer.discard()
        malformedRecords++
        malformedBytes += end - position
      }
      position = end
    }
    return { end: position, done: position >= to, malformedRecords, malformedBytes }
  }

  count(entry: Encoded, at: number): { records: number; bytes: number } {
    return countDecoded(this, entry, at)
  }

  /** Position of the first event; -1 when it is no entry of ours. */
  #readHead({ bytes, from, to }: Encoded): number {
    if (from >= to) return -1
    const tagAt = from + 1 + bytes[from]!
    if (tagAt + 2 > to) return -1
    const end = tagAt + 2 + bytes.readUInt16BE(tagAt)
    if (end > to) return -1
    this.#tagField = utf8(bytes, from + 1, tagAt)
    this.#tagMember =
      this.#tagField === '' ? '' : `${asciiJson(this.#tagField)}:${asciiJson(utf8(bytes, tagAt + 2, end))}`
    return end
  }

  /** Writes the event in [at, end), which is one value. False: it is no event. */
  #event(at: number, end: number): boolean {
    const timeAt = this.#arrayOf(2, at, end)
    if (timeAt === -1) return false
    const pairAt = this.#arrayOf(2, timeAt, end)
    const time = this.#times.read(this.#bytes, pairAt === -1 ? timeAt : pairAt, end)
    const metadataAt = pairAt === -1 ? -1 : skipValue(this.#bytes, pairAt, end)
    const recordAt = skipValue(this.#bytes, timeAt, end)
    const membersAt = readHead(this.#bytes, recordAt, end, this.#head)
    if (this.#head.kind !== Kind.map) return false
    this.#record(membersAt, this.#head.values / 2, time, metadataAt, end)
    return true
  }

  /** Position of the first element of an array with `least` elements; -1 when there is none at `at`. */
  #arrayOf(least: number, at: number, end: number): number {
    const next = readHead(this.#bytes, at, end, this.#head)
    return this.#head.kind === Kind.array && this.#head.values >= least ? next : -1
  }

  #record(at: number, members: number, time: string | undefined, metadataAt: number, end: number): void {
    const writer = this.#writer
    this.#hasTimestamp = false
    this.#hasTag = false
    this.#hasMetadata = false
    writer.raw('{')
    this.#json.members(at, members, this.#seen)
    let comma = members > 0 ? ',' : ''
    if (time !== undefined && !this.#hasTimestamp) {
      writer.raw(`${comma}"timestamp":"${time}"`)
      comma = ','
    }
    if (this.#tagMember !== '' && !this.#hasTag) {
      writer.raw(comma + this.#tagMember)
      comma = ','
    }
    if (metadataAt !== -1 && !this.#hasMetadata && this.#isFilledMap(metadataAt, end)) {
      writer.raw(`${comma}"${METADATA_FIELD}":`)
      this.#json.value(metadataAt)
    }
    writer.raw('}')
    writer.endRecord()
  }

  #isFilledMap(at: number, end: number): boolean {
    readHead(this.#bytes, at, end, this.#head)
    return this.#head.kind === Kind.map && this.#head.values > 0
  }

  #note(keyAt: number): void {
    readHead(this.#bytes, keyAt, this.#to, this.#head)
    const { kind, length } = this.#head
    if (kind !== Kind.text && kind !== Kind.binary) return
    if (length !== TIMESTAMP_FIELD.length && length !== this.#tagField.length && length !== METADATA_FIELD.length)
      return
    const key = keyText(this.#bytes, keyAt, this.#to)
    if (key === TIMESTAMP_FIELD) this.#hasTimestamp = true
    else if (key === this.#tagField) this.#hasTag = true
    else if (key === METADATA_FIELD) this.#hasMetadata = true
  }
}

/** As a JSON string in ASCII. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
