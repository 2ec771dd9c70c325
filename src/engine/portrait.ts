/** Records as text, for people: as they came in and as they go on, one at a time, cut to a bounded length. */
import type { RecordText } from '#contract/observation.ts'
import { allocate, type Bytes, copyBytes, isUtf8, NEWLINE, toBase64, utf8 } from '#std/bytes.ts'
import { Block, type BlockContext } from '#telemetry/block.ts'
import type { Side } from './capture.ts'
import type { Protection } from './protection.ts'

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

  /** As text, nothing for undefined, when `protection` has taken out what must not leave; undefined where that fails. */
  of(side: Side | undefined, context: BlockContext, protection?: Protection): RecordText | undefined {
    if (side === undefined || isTooLarge(side.from, side.to, side.shared)) return TOO_LARGE
    const { bytes, from, to, shared } = side
    this.#load(bytes, from, to, shared, context)
    if (protection?.apply(this.#block) === false) return undefined
    return this.#text()
  }

  /** Copies one record. */
  #load(bytes: Bytes, from: number, to: number, shared: readonly Bytes[], context: BlockContext): void {
    const length = to - from
    if (this.#memory.length <= length) this.#memory = allocate(Math.min(2 * length, SHOWN_RECORD_BYTES_MAX) + 1)
    const memory = this.#memory
    copyBytes(bytes, from, to, memory, 0)
    memory[length] = NEWLINE
    const block = this.#block
    block.fill(memory, 0, length + 1, context)
    block.addRecord(0, length)
    block.multiline = memory.indexOf(NEWLINE) < length
    block.shared = shared as Bytes[]
    block.partOf[0] = 0
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

/** Nothing is shown of a record like this. */
export function isTooLarge(from: number, to: number, shared: readonly Bytes[]): boolean {
  let length = to - from
  for (const part of shared) length += part.length
  return length > SHOWN_RECORD_BYTES_MAX
}

/** The two parts that record `i` shares with others, if any. */
export function sharedOf(shared: Bytes[], partOf: Int32Array, i: number): Bytes[] {
  return shared.length === 0 ? shared : [shared[2 * partOf[i]!]!, shared[2 * partOf[i]! + 1]!]
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
