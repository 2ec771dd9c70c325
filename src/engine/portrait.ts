/** Records as text, for people: as they came in and as they go on, one at a time, cut to a bounded length. */
import type { RecordText } from '#contract/observation.ts'
import { allocate, type Bytes, copyBytes, isUtf8, NEWLINE, toBase64, utf8 } from '#std/bytes.ts'
import { Block, type BlockContext } from '#telemetry/block.ts'
import type { Protection } from './protection.ts'
import type { Trail } from './trail.ts'

/** Bytes of a record's text that are shown; the rest is cut off. */
export const RECORD_TEXT_BYTES_MAX = 16 * 1024
/**
 * Of a record with more bytes nothing is shown but that it was there. It cannot be cut first: what must not leave is found in
 * whole records only.
 */
export const SHOWN_RECORD_BYTES_MAX = 256 * 1024

const TOO_LARGE: RecordText = { text: '' }

export class Portrait {
  readonly #block = new Block()
  readonly #json = new Block()
  #memory: Bytes = allocate(0)

  /** Record `i` as it came in; undefined where protection fails. Without `protection` as it is. */
  before(
    { bytes, starts, ends, shared, partOf, context }: Trail,
    i: number,
    protection?: Protection,
  ): RecordText | undefined {
    const fits = this.#load(bytes!, starts[i]!, ends[i]!, shared, partOf[i]!, context!)
    if (!fits) return TOO_LARGE
    if (protection?.apply(this.#block) === false) return undefined
    return this.#text()
  }

  /** Record `i` as it stands in `block`. */
  after({ bytes, starts, ends, shared, partOf, context }: Block, i: number): RecordText {
    const fits = this.#load(bytes, starts[i]!, ends[i]!, shared, partOf[i]!, context)
    return fits ? this.#text() : TOO_LARGE
  }

  /** Copies one record. False: it is too large. */
  #load(bytes: Bytes, from: number, to: number, shared: Bytes[], part: number, context: BlockContext): boolean {
    const length = to - from
    const parts = shared.length === 0 ? shared : [shared[2 * part]!, shared[2 * part + 1]!]
    if (parts.reduce((sum, each) => sum + each.length, length) > SHOWN_RECORD_BYTES_MAX) return false
    if (this.#memory.length <= length) this.#memory = allocate(Math.min(2 * length, SHOWN_RECORD_BYTES_MAX) + 1)
    const memory = this.#memory
    copyBytes(bytes, from, to, memory, 0)
    memory[length] = NEWLINE
    const block = this.#block
    block.fill(memory, 0, length + 1, context)
    block.addRecord(0, length)
    block.multiline = memory.indexOf(NEWLINE) < length
    block.shared = parts
    block.partOf[0] = 0
    return true
  }

  #text(): RecordText {
    const block = this.#block
    const { format } = block.context
    if (format.name === 'text') return recordText(block.bytes, block.starts[0]!, block.ends[0]!)
    const json = this.#json
    format.toJson(block, json)
    return json.count === 0 ? TOO_LARGE : recordText(json.bytes, json.starts[0]!, json.ends[0]!)
  }
}

/** [from, to) of `bytes`, at most `bytesMax` of them, as text where that is what they are. */
export function recordText(bytes: Bytes, from: number, to: number, bytesMax = RECORD_TEXT_BYTES_MAX): RecordText {
  const end = to - from <= bytesMax ? to : characterBefore(bytes, from, from + bytesMax)
  return isUtf8(bytes, from, end) ? { text: utf8(bytes, from, end) } : { base64: toBase64(bytes, from, end) }
}

/** Characters of a text, whichever way it is written. */
export function lengthOf({ text, base64 }: RecordText): number {
  return text?.length ?? base64?.length ?? 0
}

/** The last position at or before `end` at which a character of UTF-8 may begin. */
function characterBefore(bytes: Bytes, from: number, end: number): number {
  let at = end
  while (at > from && at > end - 3 && (bytes[at]! & 0xc0) === 0x80) at--
  return at
}
