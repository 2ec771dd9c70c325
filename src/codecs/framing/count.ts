/** Counts by decoding: for decoders whose records are not what the entry holds, so that only they know how large they become. */
import { textFormat } from '#codecs/text/format.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { Decoder, Encoded } from '#telemetry/decoder.ts'

/** See `Decoder.count`. What is counted is what records of the entry would be, from position `at` on. */
export function countDecoded(
  decoder: Pick<Decoder, 'decode'>,
  entry: Encoded,
  at: number,
): { records: number; bytes: number } {
  const counted = { records: 0, bytes: 0 }
  const block = new Block()
  for (let position = at, done = false; !done; ) {
    block.fill(entry.bytes, position, position, { source: '', arrivalMs: 0, truncated: false, format: textFormat })
    const decoded = decoder.decode(entry, position, block, BLOCK_RECORDS_MAX)
    counted.records += block.count + decoded.malformedRecords
    counted.bytes += block.selectedBytes + decoded.malformedBytes
    position = decoded.end
    done = decoded.done
  }
  return counted
}
