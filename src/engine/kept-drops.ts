/**
 * What the rules of a pipeline drop, kept for undoing it: on the engine's side, as it would have gone out. What a rule drops
 * has not been through the rules behind it, so those of them that are required and edit, such as `redact`, run on it before it
 * is kept; what they fail on is not kept.
 */
import { allocate, type Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import type { Chain, TallySink } from './chain.ts'
import { Readable } from './readable.ts'

/** What one rule dropped of a block. */
export interface KeptDrop {
  rule: number
  bytes: Bytes
  ends: Int32Array
}

const silent: TallySink = { tally: () => undefined }

export class KeptDrops {
  readonly #chain: Chain
  readonly #text: Encoder
  readonly #block = new Block()
  readonly #readable = new Readable()
  readonly #ends = new Int32Array(BLOCK_RECORDS_MAX)
  /** Of the block that is being processed. */
  readonly drops: KeptDrop[] = []

  /** `text`: the encoder that writes records as they are. What is no text is kept as JSON: who sends it again knows no other format. */
  constructor(chain: Chain, text: Encoder) {
    this.#chain = chain
    this.#text = { ...text, formats: [] }
  }

  begin(): void {
    this.drops.length = 0
  }

  /** `rule` has just run over `block`; `before` says which records were there. */
  take(rule: number, block: Block, before: Uint8Array): void {
    const dropped = this.#block
    dropped.copyFrom(block)
    for (let i = 0; i < block.count; i++) {
      if (before[i] === 1 && block.selection[i] === 0) dropped.restore(i)
      else dropped.drop(i)
    }
    this.#chain.protect(dropped, rule + 1, silent)
    if (dropped.selected === 0) return
    this.#readable.begin()
    const readable = this.#readable.for(this.#text, dropped)
    const bytes = allocate(this.#text.sizeMax(readable))
    const length = this.#text.encode(readable, bytes, 0, this.#ends, 0)
    this.drops.push({ rule, bytes: bytes.subarray(0, length), ends: this.#ends.slice(0, dropped.selected) })
  }
}
