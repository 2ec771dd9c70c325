/**
 * Decoders of entries that begin with a line of their source's: what the request says of all its records.
 *
 *   {"host":"web-1","index":"main"}\n {"event":"a"}{"event":"b"} …
 *   ^ head, JSON on one line         ^ body: records in the vendor's own shape
 */
import { countDecoded } from '#codecs/framing/count.ts'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { skipSpace } from '#codecs/json/members.ts'
import { type Bytes, indexOfByte, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import { BLOCK_BYTES_TARGET, type Decoded, type Decoder, type Encoded } from '#telemetry/decoder.ts'

/** Takes the records of one vendor apart. */
export interface RecordShape {
  /** [from, to) of `bytes` is the head. It stays where it is until the last record has been written. */
  head(bytes: Bytes, from: number, to: number): void
  /**
   * Writes what begins at `at` as a record, or nothing if it is none, and ends it. Returns the position behind it,
   * above `at`; or -1 where neither it nor anything behind it can be read.
   */
  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter, block: Block): number
}

export class HeadedDecoder implements Decoder {
  readonly #shape: RecordShape
  readonly #out = new JsonLinesWriter()

  constructor(shape: RecordShape) {
    this.#shape = shape
  }

  decode({ bytes, from, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const line = indexOfByte(bytes, NEWLINE, from, to)
    const headEnd = line === -1 ? to : line
    const out = this.#out
    const most = Math.min(recordsMax, BLOCK_RECORDS_MAX)
    this.#shape.head(bytes, from, headEnd)
    out.begin(block, block.context)
    let position = Math.max(at, Math.min(headEnd + 1, to))
    while (position < to && block.count < most && out.length < BLOCK_BYTES_TARGET) {
      const end = this.#shape.record(bytes, position, to, out, block)
      if (end === -1) {
        out.discard()
        return { end: to, done: true, malformedRecords: 1, malformedBytes: to - position }
      }
      position = end
    }
    return { end: position, done: position >= to, malformedRecords: 0, malformedBytes: 0 }
  }

  count(entry: Encoded, at: number): { records: number; bytes: number } {
    return countDecoded(this, entry, at)
  }
}

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * Position of the next object in a row of objects, with commas between them and brackets around them or without; `to`
 * at its end.
 */
export function nextObject(bytes: Bytes, at: number, to: number): number {
  let position = skipSpace(bytes, at, to)
  while (position < to) {
    const byte = bytes[position]!
    if (byte !== COMMA && byte !== OPEN_BRACKET && byte !== CLOSE_BRACKET) return position
    position = skipSpace(bytes, position + 1, to)
  }
  return to
}

/** How far one search for a newline looks ahead. */
const AHEAD_BYTES = 64 * 1024

/** Tells which records hold a newline, with one search for many records that hold none. Asked in ascending order. */
export class Newlines {
  /** There is no newline in [#from, #next). */
  #from = 0
  #next = 0

  begin(): void {
    this.#from = 0
    this.#next = 0
  }

  within(bytes: Bytes, from: number, to: number): boolean {
    if (from < this.#from || this.#next < from) {
      this.#from = from
      this.#next = from
    }
    while (this.#next < to && bytes[this.#next] !== NEWLINE) {
      const stop = Math.min(bytes.length, Math.max(to, this.#next + AHEAD_BYTES))
      const found = indexOfByte(bytes, NEWLINE, this.#next, stop)
      this.#next = found === -1 ? stop : found
    }
    return this.#next < to
  }
}
