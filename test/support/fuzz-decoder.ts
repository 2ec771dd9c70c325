/** How decoders of headed entries are given arbitrary bytes. */
import type { Scan } from '#codecs/headed/pieces.ts'
import { type Bytes, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/**
 * Decodes all of an entry, and looks for a field in each record. Returns how many there are, and what was malformed.
 */
export function decodeAll(definition: DecoderDefinition, input: Uint8Array): { records: number; malformed: number } {
  const bytes: Bytes = viewOf(new SharedArrayBuffer(input.length + 1))
  bytes.set(input)
  bytes[input.length] = 0x0a
  const entry = { bytes, from: 0, to: input.length }
  const decoder = definition.create()
  const lookup = definition.format.lookup('message')
  const block = new Block()
  const decodedAll = { records: 0, malformed: 0 }
  for (let at = 0, done = false; !done; ) {
    block.fill(bytes, at, at, { source: 'fuzz', arrivalMs: 0, truncated: false, format: definition.format })
    const decoded = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
    for (let i = 0; i < block.count; i++) lookup.find(block, i)
    if (!decoded.done && decoded.end <= at) throw new Error(`the decoder stays at ${at}`)
    decodedAll.records += block.count
    decodedAll.malformed += decoded.malformedRecords
    at = decoded.end
    done = decoded.done
  }
  return decodedAll
}

/**
 * A body as its source sees it: what the scan lets through, cut into small pieces, is what the decoder finds in them.
 */
export function scanAll(
  definition: DecoderDefinition,
  input: Uint8Array,
  scanOf: (body: Bytes, pieceBytesMax: number) => Scan,
): void {
  const body = viewOf(Uint8Array.from(input))
  const scan = scanOf(body, PIECE_BYTES_MAX)
  for (let at = -1; scan.next(); at = scan.at) if (scan.at < at) throw new Error('the scan goes back')
  let records = 0
  for (const { from, to } of scan.pieces.ranges) {
    if (to - from > PIECE_BYTES_MAX) throw new Error(`a piece of ${to - from} bytes`)
    const decoded = decodeAll(definition, Buffer.concat([HEAD, body.subarray(from, to)]))
    if (decoded.malformed > 0) throw new Error('the scan lets through what the decoder cannot read')
    records += decoded.records
  }
  if (records !== scan.pieces.records) throw new Error(`the scan counts ${scan.pieces.records}, there are ${records}`)
}

const PIECE_BYTES_MAX = 200
const HEAD = Buffer.from('{}\n')
