/**
 * Records without rules: how the wire thread itself sends, counts or gives up what the engines have not done. No rule and
 * no pattern runs here, only framing and encoding.
 */
import { textFormat } from '#codecs/text/format.ts'
import type { DroppedRecords } from '#spool/dropped.ts'
import { allocate, type Bytes, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { Decoders } from './decoders.ts'
import type { Account } from './delivery.ts'
import type { PipelineRuntime } from './generation.ts'
import type { PendingEntry } from './intake-writer.ts'
import { Readable } from './readable.ts'

/** What stands for a source where records come from what was kept. */
const REPLAY = 'replay'

/** Sends entries past the rules. */
export class Bypass {
  readonly #block = new Block()
  readonly #readable = new Readable()
  readonly #decoders: Decoders
  #encoded: Bytes = allocate(0)
  readonly #ends = new Int32Array(BLOCK_RECORDS_MAX)

  constructor(decoders: Decoders) {
    this.#decoders = decoders
  }

  /** Hands the records of `entry`, as they came, to every output of `pipeline`, and counts them as bypassed. */
  send(entry: PendingEntry, source: string, pipeline: PipelineRuntime): void {
    const { format } = this.#decoders.definition(entry.framing)
    const context = { source, arrivalMs: entry.arrivalMs, truncated: entry.truncated, format }
    const decoder = this.#decoders.decoder(entry.framing)
    const block = this.#block
    for (let at = entry.at, done = false; !done; ) {
      block.fill(entry.bytes, at, at, context)
      const part = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
      pipeline.ledger.in.add(part.malformedRecords, part.malformedBytes)
      pipeline.ledger.outcomes.rejected.add(part.malformedRecords, part.malformedBytes)
      this.#countBlock(pipeline)
      this.#sendBlock(pipeline, 'forwarded')
      at = part.end
      done = part.done
    }
  }

  /** Hands over what a rule dropped before. It is counted at the outputs alone, as replayed. */
  replay({ bytes, ends, records, at }: DroppedRecords, pipeline: PipelineRuntime): void {
    const block = this.#block
    block.fill(bytes, 0, bytes.length, { source: REPLAY, arrivalMs: at, truncated: false, format: textFormat })
    for (let i = 0; i < records; i++) {
      const from = i === 0 ? 0 : ends[i - 1]!
      const to = ends[i]! - 1
      block.addRecord(from, to)
      block.multiline ||= bytes.subarray(from, to).includes(NEWLINE)
    }
    this.#sendBlock(pipeline, 'replayed')
  }

  #countBlock({ ledger }: PipelineRuntime): void {
    const { selected, selectedBytes } = this.#block
    ledger.in.add(selected, selectedBytes)
    ledger.bypassed.add(selected, selectedBytes)
    ledger.outcomes.forwarded.add(selected, selectedBytes)
  }

  #sendBlock(pipeline: PipelineRuntime, account: Account): void {
    const block = this.#block
    if (block.selected === 0) return
    this.#readable.begin()
    for (let e = 0; e < pipeline.encoders.length; e++) {
      const encoder = pipeline.encoders[e]!
      const readable = this.#readable.for(encoder, block)
      const room = encoder.sizeMax(readable)
      if (this.#encoded.length < room) this.#encoded = allocate(room)
      encoder.encode(readable, this.#encoded, 0, this.#ends, 0)
      const encoded = { memory: this.#encoded, from: 0, records: block.selected, ends: this.#ends, firstEnd: 0 }
      for (const delivery of pipeline.routes[e]!) delivery.accept(encoded, 0, true, account)
    }
  }
}
