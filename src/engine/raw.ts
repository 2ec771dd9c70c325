/**
 * Records without rules: how the wire thread itself sends, counts or gives up what the engines have not done. No rule and
 * no pattern runs here, only framing and encoding.
 */
import { countElements, unpackArray } from '#codecs/framing/array.ts'
import { countLines, splitLines } from '#codecs/framing/lines.ts'
import { framings } from '#component/source.ts'
import type { DroppedRecords } from '#spool/dropped.ts'
import { allocate, type Bytes, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { Account } from './delivery.ts'
import type { PipelineRuntime } from './generation.ts'
import type { PendingEntry } from './intake-writer.ts'

/** What stands for a source where records come from what was kept. */
const REPLAY = 'replay'
const LINES = framings.indexOf('lines')
const ARRAY = framings.indexOf('json_array')

/** Records of an entry, and their bytes without separators (for lines ended by `\r\n`, the `\r` counts). */
export function countEntry(entry: PendingEntry): { records: number; bytes: number } {
  if (entry.framing === LINES) {
    const records = countLines(entry.bytes, entry.from, entry.to)
    return { records, bytes: entry.to - entry.from - records }
  }
  if (entry.framing === ARRAY) return countElements(entry.bytes, entry.from, entry.to)
  return { records: 1, bytes: entry.to - entry.from - 1 }
}

/** Sends entries past the rules. */
export class Bypass {
  readonly #block = new Block()
  #unpacked: Bytes = allocate(0)
  #encoded: Bytes = allocate(0)
  readonly #ends = new Int32Array(BLOCK_RECORDS_MAX)

  /** Hands the records of `entry`, as they came, to every output of `pipeline`, and counts them as bypassed. */
  send(entry: PendingEntry, source: string, pipeline: PipelineRuntime): void {
    const context = { source, arrivalMs: entry.arrivalMs, truncated: entry.truncated }
    const block = this.#block
    let at = entry.from
    while (at < entry.to) {
      if (entry.framing === LINES) {
        block.fill(entry.bytes, at, entry.to, context)
        at = splitLines(block, entry.bytes, at, entry.to)
        block.to = at
      } else if (entry.framing === ARRAY) {
        if (this.#unpacked.length < entry.to - entry.from) this.#unpacked = allocate(entry.to - entry.from)
        block.fill(this.#unpacked, 0, 0, context)
        const part = unpackArray(block, entry.bytes, at, entry.to, this.#unpacked, BLOCK_RECORDS_MAX)
        this.#countMalformed(pipeline, part.malformedBytes)
        at = part.done ? entry.to : part.end
      } else {
        block.fill(entry.bytes, entry.from, entry.to, context)
        block.addRecord(entry.from, entry.to - 1)
        block.multiline = entry.bytes.subarray(entry.from, entry.to - 1).includes(NEWLINE)
        at = entry.to
      }
      this.#countBlock(pipeline)
      this.#sendBlock(pipeline, 'forwarded')
    }
  }

  /** Hands over what a rule dropped before. It is counted at the outputs alone, as replayed. */
  replay({ bytes, ends, records, at }: DroppedRecords, pipeline: PipelineRuntime): void {
    const block = this.#block
    block.fill(bytes, 0, bytes.length, { source: REPLAY, arrivalMs: at, truncated: false })
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
    for (let e = 0; e < pipeline.encoders.length; e++) {
      const encoder = pipeline.encoders[e]!
      const room = encoder.sizeMax(block)
      if (this.#encoded.length < room) this.#encoded = allocate(room)
      encoder.encode(block, this.#encoded, 0, this.#ends, 0)
      const encoded = { memory: this.#encoded, from: 0, records: block.selected, ends: this.#ends, firstEnd: 0 }
      for (const delivery of pipeline.routes[e]!) delivery.accept(encoded, 0, true, account)
    }
  }

  #countMalformed(pipeline: PipelineRuntime, bytes: number): void {
    if (bytes === 0) return
    pipeline.ledger.in.add(1, bytes)
    pipeline.ledger.outcomes.rejected.add(1, bytes)
  }
}
