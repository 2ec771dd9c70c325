/**
 * `partitioned`: each record with the name of where it goes (see `codecs/grouped`), made from a template, and with a
 * stamp that no other record has, so that one that is sent again can be recognised:
 *
 *   u16 length of the name, name, u48 Unix milliseconds of its arrival, u32 random, u32 count, record, `\n`
 *
 * The encoder's own random number and its count (which begins at random) keep apart the records of all nodes. The
 * record is written as `ndjson` or `text` write it. All numbers are little-endian.
 */
import { severityOf } from '#codecs/event/level.ts'
import { EventReader, Slot } from '#codecs/event/reader.ts'
import { groupHeaderBytes, setGroupKeyLength } from '#codecs/grouped/grouped.ts'
import { findValue, type JsonValue } from '#codecs/json/field.ts'
import { ndjson } from '#codecs/ndjson/ndjson.ts'
import { text } from '#codecs/text/text.ts'
import { type Bytes, copyBytes, fromText } from '#std/bytes.ts'
import { randomHex } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'
import { type Part, type PartitionUse, parseTemplate, SAFE, VALUE_BYTES_MAX, writeSafe } from './template.ts'

export interface PartitionedOptions {
  /** `templateProblem` has found nothing wrong with it. */
  template: string
  use: PartitionUse
  /** Stands for a value that a record does not have. */
  missing: string
  /** Whose time the parts of the time are: the record's own, or that of its arrival. */
  time: 'event' | 'arrival'
  format: 'ndjson' | 'text'
}

export const partitioned = defineEncoder<PartitionedOptions>('partitioned', (options) => new Partitioned(options))

/** Bytes of the stamp, which stand before the record. */
export const STAMP_BYTES = 14
/** The name's length and the stamp: the least that stands before each record. */
export const PARTITION_HEADER_BYTES = groupHeaderBytes(0) + STAMP_BYTES

/** A source's id has at most 128 characters, a severity's name at most 5. */
const SOURCE_BYTES_MAX = 128
const LEVEL_BYTES_MAX = 5
/** No level that we know is longer. */
const LEVEL_TEXT_BYTES_MAX = 64

class Partitioned implements Encoder {
  readonly name = 'partitioned'
  readonly verbatim = false
  readonly #parts: Part[]
  readonly #inner: Encoder
  readonly #reader: EventReader | undefined
  readonly #byEventTime: boolean
  readonly #safe: Uint8Array
  readonly #missing: Bytes
  /** Bytes before a record beside what is copied from the record itself, and how many values may be. */
  readonly #fixedBytes: number
  readonly #copies: number
  readonly #ends = new Int32Array(BLOCK_RECORDS_MAX)
  readonly #random = randomWord()
  #count = randomWord()
  /** `yyyyMMddHHmm` of `#minute`, which is Unix time in minutes. */
  #clock: Bytes = fromText('197001010000')
  #minute = 0

  constructor({ template, use, missing, time, format }: PartitionedOptions) {
    this.#parts = parseTemplate(template)
    this.#inner = (format === 'text' ? text : ndjson).create({})
    this.#byEventTime = time === 'event' && this.#parts.some(({ kind }) => kind === 'time')
    const reads = this.#parts.some(({ kind }) => kind === 'level' || kind === 'well_known' || kind === 'field')
    this.#reader = reads || this.#byEventTime ? new EventReader() : undefined
    this.#safe = SAFE[use]
    this.#missing = fromText(missing)
    this.#fixedBytes = this.#parts.reduce((sum, part) => sum + this.#fixedBytesOf(part), PARTITION_HEADER_BYTES)
    this.#copies = this.#parts.filter(({ kind }) => kind === 'well_known' || kind === 'field').length
  }

  #fixedBytesOf(part: Part): number {
    if (part.kind === 'literal') return part.bytes.length
    if (part.kind === 'time') return part.to - part.from
    const value = part.kind === 'source' ? SOURCE_BYTES_MAX : part.kind === 'level' ? LEVEL_BYTES_MAX : 0
    return Math.max(value, this.#missing.length)
  }

  sizeMax(block: Block): number {
    return this.#inner.sizeMax(block) + this.#headersMax(block)
  }

  #headersMax(block: Block): number {
    if (this.#copies === 0) return block.selected * this.#fixedBytes
    const { starts, ends, selection, count } = block
    let size = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      size += this.#fixedBytes + this.#copies * Math.min(ends[i]! - starts[i]!, VALUE_BYTES_MAX)
    }
    return size
  }

  /**
   * The records are written where they stand when every header has its full length, and then each moves down to its own
   * header; none runs into one that has still to move.
   */
  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { selection, count } = block
    const reader = this.#reader
    const records = at + this.#headersMax(block)
    this.#inner.encode(block, target, records, this.#ends, 0)
    reader?.begin(block)
    let write = at
    let from = records
    let k = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      reader?.read(i)
      const header = write
      write = this.#writeName(block, target, header + groupHeaderBytes(0))
      setGroupKeyLength(write - header - groupHeaderBytes(0), target, header)
      write = this.#writeStamp(block, target, write)
      const to = records + this.#ends[k]!
      copyBytes(target, from, to, target, write)
      write += to - from
      from = to
      ends[firstEnd + k++] = write - at
    }
    return write
  }

  #writeName(block: Block, target: Bytes, at: number): number {
    let write = at
    for (let p = 0; p < this.#parts.length; p++) {
      const part = this.#parts[p]!
      if (part.kind === 'literal') write = writeShort(part.bytes, 0, part.bytes.length, target, write)
      else if (part.kind === 'time') write = writeShort(this.#timeOf(block), part.from, part.to, target, write)
      else {
        const end = this.#writeValue(part, block, target, write)
        write = end === write ? writeShort(this.#missing, 0, this.#missing.length, target, write) : end
      }
    }
    return write
  }

  /** Returns `at` where there is no value. */
  #writeValue(part: Exclude<Part, { kind: 'literal' | 'time' }>, block: Block, target: Bytes, at: number): number {
    if (part.kind === 'source') {
      const bytes = fromText(block.context.source)
      return writeSafe(bytes, 0, bytes.length, false, this.#safe, target, at)
    }
    const reader = this.#reader!
    if (part.kind === 'level') {
      if (reader.ends[Slot.level]! - reader.starts[Slot.level]! > LEVEL_TEXT_BYTES_MAX) return at
      const level = reader.string(Slot.level)
      const name = level === undefined ? undefined : LEVELS[(severityOf(level) + 3) >> 2]
      return name === undefined ? at : writeShort(name, 0, name.length, target, at)
    }
    if (part.kind === 'well_known') {
      const slot = Slot[part.field]
      const from = reader.starts[slot]!
      if (from === -1) return at
      return writeSafe(reader.bytes, from, reader.ends[slot]!, reader.quoted[slot] === 1, this.#safe, target, at)
    }
    if (!reader.isObject) return at
    // Positions in the text of a block begin where the block does.
    const shift = reader.bytes === block.bytes ? block.from : 0
    const value = scalarIn(reader.text, reader.from - shift, reader.to - shift, part.paths)
    if (value === undefined) return at
    const { kind, from, to } = value
    return writeSafe(reader.bytes, from + shift, to + shift, kind === 'string', this.#safe, target, at)
  }

  #writeStamp(block: Block, target: Bytes, at: number): number {
    target.writeUIntLE(block.context.arrivalMs, at, 6)
    target.writeUInt32LE(this.#random, at + 6)
    this.#count = (this.#count + 1) >>> 0
    return target.writeUInt32LE(this.#count, at + 10)
  }

  #timeOf(block: Block): Bytes {
    const ms = this.#byEventTime ? this.#reader!.time.ms : block.context.arrivalMs
    const minute = Math.floor(ms / 60_000)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#clock = fromText(new Date(minute * 60_000).toISOString().replace(/[-T:]/g, '').slice(0, 12))
    }
    return this.#clock
  }
}

/** By severity, four to each; none for unknown. */
const LEVELS: readonly (Bytes | undefined)[] = [
  undefined,
  ...['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map(fromText),
]

function scalarIn(
  text: string,
  from: number,
  to: number,
  paths: readonly (readonly string[])[],
): JsonValue | undefined {
  for (const path of paths) {
    const value = findValue(text, from, to, path)
    if (value !== undefined && value.kind !== 'object' && value.kind !== 'array' && value.kind !== 'null') return value
  }
  return undefined
}

/** For a few bytes a loop is cheaper than a call into the runtime. */
function writeShort(source: Bytes, from: number, to: number, target: Bytes, at: number): number {
  for (let read = from; read < to; read++) target[at + read - from] = source[read]!
  return at + to - from
}

function randomWord(): number {
  return Number.parseInt(randomHex(4), 16)
}

/** When the record arrived whose stamp stands at `at`: Unix time in milliseconds. */
export function arrivalMsAt(bytes: Bytes, at: number): number {
  return bytes.readUIntLE(at, 6)
}
