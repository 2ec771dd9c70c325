/** `metric_records`: metric records that a source made itself, each after its length: u32 length (little-endian), record. */
import { type Bytes, copyBytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { metricFormat } from './format.ts'
import { MetricReader } from './record.ts'

const LENGTH_BYTES = 4

export const metricRecords: DecoderDefinition = {
  name: 'metric_records',
  format: metricFormat,
  create: () => new MetricRecordsDecoder(),
}

/** Puts a record behind others of an entry, at `at` of `target`. Returns the position behind it. */
export function putMetricRecord(record: Bytes, from: number, to: number, target: Bytes, at: number): number {
  target.writeUInt32LE(to - from, at)
  copyBytes(record, from, to, target, at + LENGTH_BYTES)
  return at + LENGTH_BYTES + to - from
}

class MetricRecordsDecoder implements Decoder {
  readonly #reader = new MetricReader()

  decode({ bytes, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    block.refill(bytes, at, to)
    block.multiline = true
    let read = at
    while (read < to && block.count < recordsMax && read - at < BLOCK_BYTES_TARGET) {
      const start = read + LENGTH_BYTES
      const end = start <= to ? start + bytes.readUInt32LE(read) : to + 1
      if (end > to || !this.#reader.read(bytes, start, end)) {
        return { end: to, done: true, malformedRecords: 1, malformedBytes: to - read }
      }
      block.addRecord(start, end)
      read = end
    }
    block.to = read
    return { end: read, done: read === to, malformedRecords: 0, malformedBytes: 0 }
  }

  count({ bytes, to }: Encoded, at: number): { records: number; bytes: number } {
    let records = 0
    let size = 0
    for (let read = at; read < to; records++) {
      const start = read + LENGTH_BYTES
      const end = start <= to ? start + bytes.readUInt32LE(read) : to + 1
      if (end > to) return { records: records + 1, bytes: size + to - read }
      size += end - start
      read = end
    }
    return { records, bytes: size }
  }
}
