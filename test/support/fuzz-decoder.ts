/** How decoders of headed entries are given arbitrary bytes. */
import type { Bytes } from '#std/bytes.ts'
import { viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/** Decodes all of an entry, and looks for a field in each record. */
export function decodeAll(definition: DecoderDefinition, input: Uint8Array): void {
  const bytes: Bytes = viewOf(new SharedArrayBuffer(input.length + 1))
  bytes.set(input)
  bytes[input.length] = 0x0a
  const entry = { bytes, from: 0, to: input.length }
  const decoder = definition.create()
  const lookup = definition.format.lookup('message')
  const block = new Block()
  for (let at = 0, done = false; !done; ) {
    block.fill(bytes, at, at, { source: 'fuzz', arrivalMs: 0, truncated: false, format: definition.format })
    const decoded = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
    for (let i = 0; i < block.count; i++) lookup.find(block, i)
    if (!decoded.done && decoded.end <= at) throw new Error(`the decoder stays at ${at}`)
    at = decoded.end
    done = decoded.done
  }
}
