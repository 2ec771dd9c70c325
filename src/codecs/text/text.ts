/** `text`: each record as it is, followed by `\n`. */
import { type Bytes, NEWLINE } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Encoder, EncoderDefinition } from '#telemetry/encoder.ts'

const encoder: Encoder = {
  name: 'text',
  verbatim: true,
  formats: ['syslog'],
  sizeMax: (block) => block.selectedBytes + block.selected,
  encode(block, target, at, ends, firstEnd) {
    const { starts, ends: stops, selection, count } = block
    let write = at
    let e = firstEnd
    let i = 0
    while (i < count) {
      if (selection[i] === 0) {
        i++
        continue
      }
      // Neighbours that one newline separates already stand as they shall: one copy for the whole run.
      const run = starts[i]!
      const shift = write - at - run
      let stop = stops[i]!
      ends[e++] = stop + 1 + shift
      while (++i < count && selection[i] === 1 && starts[i] === stop + 1 && standsAlone(block, stop)) {
        stop = stops[i]!
        ends[e++] = stop + 1 + shift
      }
      write += copy(block.bytes, run, stop, target, write)
      target[write++] = NEWLINE
    }
    return write
  },
}

export const text: EncoderDefinition = { name: encoder.name, create: () => encoder }

/** One byte between two records can only be the newline: a block has no other separator of that length. */
function standsAlone(block: Block, separator: number): boolean {
  return block.bytes[separator] === NEWLINE
}

/** Below this length a loop is cheaper than a call into the runtime. */
const CALL_PAYS_FROM = 24

function copy(bytes: Bytes, from: number, to: number, target: Bytes, at: number): number {
  if (to - from >= CALL_PAYS_FROM) return bytes.copy(target, at, from, to)
  for (let i = from; i < to; i++) target[at + i - from] = bytes[i]!
  return to - from
}
