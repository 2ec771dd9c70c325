/** What tests of decoders need: all records of an entry, with the decoder's promises checked on the way. */
import assert from 'node:assert/strict'
import { textFormat } from '#codecs/text/format.ts'
import { NEWLINE, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

const GUARD = Buffer.from('"}]{"guard":1}\n')

export interface DecodedEntry {
  /** As UTF-8 text. */
  records: string[]
  malformed: number
  blocks: number
}

/**
 * Decodes an entry that stands between other bytes, as in the intake, with the newline that the intake puts behind it.
 */
export function decodeEntry(
  definition: DecoderDefinition,
  entry: string | Uint8Array,
  recordsMax = BLOCK_RECORDS_MAX,
): DecodedEntry {
  const bytes = viewOf(new SharedArrayBuffer(2 * GUARD.length + Buffer.byteLength(entry) + 1))
  bytes.set(GUARD)
  const content = Buffer.from(entry)
  bytes.set(content, GUARD.length)
  bytes[GUARD.length + content.length] = NEWLINE
  bytes.set(GUARD, GUARD.length + content.length + 1)
  // Of lines, the newline that is missing at the end is part of the entry.
  const isUnended = definition.linewise === true && content.at(-1) !== NEWLINE
  const encoded = { bytes, from: GUARD.length, to: GUARD.length + content.length + (isUnended ? 1 : 0) }
  const decoder = definition.create()
  const decoded: DecodedEntry = { records: [], malformed: 0, blocks: 0 }
  const block = new Block()
  let size = 0
  for (let at = encoded.from, done = false; !done; ) {
    block.fill(bytes, at, at, { source: 'test', arrivalMs: 0, truncated: false, format: definition.format })
    const part = decoder.decode(encoded, at, block, recordsMax)
    assert.ok(part.done || part.end > at, 'it gets on')
    assert.ok(block.count <= recordsMax)
    if (definition.format === textFormat) assertSeparated(block)
    for (let i = 0; i < block.count; i++) decoded.records.push(block.recordText(i))
    decoded.malformed += part.malformedRecords
    size += block.selectedBytes + part.malformedBytes
    decoded.blocks++
    at = part.end
    done = part.done
  }
  const counted = decoder.count(encoded, encoded.from)
  assert.equal(counted.records, decoded.records.length + decoded.malformed)
  // Of lines, a carriage return counts before it is known to belong to the line's end.
  assert.ok(definition.linewise === true ? counted.bytes >= size : counted.bytes === size)
  assert.equal(bytes.compare(GUARD, 0, GUARD.length, 0, GUARD.length), 0)
  return decoded
}

/** Between and behind records stands a newline, and none inside unless the block says so. */
function assertSeparated(block: Block): void {
  for (let i = 0; i < block.count; i++) {
    const next = i + 1 < block.count ? block.starts[i + 1]! : block.to
    assert.ok(block.bytes.subarray(block.ends[i]!, next).includes(NEWLINE), 'a newline behind each record')
    assert.ok(block.multiline || !block.recordBytes(i).includes(NEWLINE), 'multiline is told')
  }
}
