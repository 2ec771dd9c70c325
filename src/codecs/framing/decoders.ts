/** The decoders of entries that are text: lines, one record, a JSON array. */
import { textFormat } from '#codecs/text/format.ts'
import { allocate, type Bytes, indexOfByte, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { countElements, unpackArray } from './array.ts'
import { countLines, splitLines } from './lines.ts'

/** Complete lines, each but the last ended by `\n` or `\r\n`. */
export const lines: DecoderDefinition = {
  name: 'lines',
  format: textFormat,
  linewise: true,
  create: () => linesDecoder,
}

/** One record, which may hold newlines. */
export const record: DecoderDefinition = { name: 'record', format: textFormat, create: () => recordDecoder }

/** One JSON array, each element a record. */
export const jsonArray: DecoderDefinition = {
  name: 'json_array',
  format: textFormat,
  create: () => new ArrayDecoder(),
}

/** Also for lines of another format. */
export const linesDecoder: Decoder = {
  decode({ bytes, to }, at, block, recordsMax) {
    const stop = recordsMax < BLOCK_RECORDS_MAX ? behindLines(bytes, at, to, recordsMax) : stretch(bytes, at, to)
    block.refill(bytes, at, stop)
    const end = splitLines(block, bytes, at, stop)
    block.to = end
    return { end, done: end >= to, malformedRecords: 0, malformedBytes: 0 }
  },
  count({ bytes, to }, at) {
    const records = countLines(bytes, at, to)
    return { records, bytes: to - at - records }
  },
}

/** The end of the first line that ends behind what a block aims at. */
function stretch(bytes: Bytes, at: number, to: number): number {
  if (to - at <= 1.5 * BLOCK_BYTES_TARGET) return to
  const newline = indexOfByte(bytes, NEWLINE, at + BLOCK_BYTES_TARGET, to)
  return newline === -1 ? to : newline + 1
}

/** The position behind `count` more lines, or the end. */
function behindLines(bytes: Bytes, from: number, to: number, count: number): number {
  let at = from
  for (let n = 0; n < count && at < to; n++) {
    const newline = indexOfByte(bytes, NEWLINE, at, to)
    at = newline === -1 ? to : newline + 1
  }
  return at
}

/** Also for one record of another format. */
export const recordDecoder: Decoder = {
  decode({ bytes, from, to }, _at, block) {
    block.refill(bytes, from, to + 1)
    block.addRecord(from, to)
    block.multiline = indexOfByte(bytes, NEWLINE, from, to) !== -1
    return { end: to, done: true, malformedRecords: 0, malformedBytes: 0 }
  },
  count: ({ from, to }) => ({ records: 1, bytes: to - from }),
}

class ArrayDecoder implements Decoder {
  #unpacked: Bytes = allocate(0)

  decode({ bytes, from, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    // Each element is followed by a comma, a bracket or white space, so the newline behind it takes no more room.
    if (this.#unpacked.length < to - from) this.#unpacked = allocate(to - from)
    block.refill(this.#unpacked, 0, 0)
    const { end, done, malformedBytes } = unpackArray(block, bytes, at, to, this.#unpacked, recordsMax)
    return { end, done, malformedRecords: malformedBytes > 0 ? 1 : 0, malformedBytes }
  }

  count({ bytes, to }: Encoded, at: number): { records: number; bytes: number } {
    return countElements(bytes, at, to)
  }
}
