/** Encoded records on their way to an output: how they come, how they wait, and how they are sent. */
import type { Batch } from '#component/output.ts'
import type { Part } from '#spool/backlog.ts'
import type { Slice } from '#spool/frame.ts'
import { allocate, type Bytes } from '#std/bytes.ts'

/** Encoded records, one after the other: record i ends at `from + ends[firstEnd + i]`. Read only during the call. */
export type Encoded = Slice

/** Where record `i` begins, which is where the one before it ends. */
export function startOf(encoded: Encoded, i: number): number {
  return i === 0 ? encoded.from : encoded.from + encoded.ends[encoded.firstEnd + i - 1]!
}

const FIRST_ENDS = 128

/** A batch that is being filled or waits to be sent. `memory` may be larger than what is used of it. */
export class OpenBatch {
  memory: Bytes
  bytes = 0
  records = 0
  /** Bytes as the other side counts them. */
  weight = 0
  /** When it must go, and when it was begun, on the monotonic clock. */
  readonly dueAt: number
  readonly openedAt: number
  /** What of it is on disk: none of it, or all of it, in order. */
  readonly parts: Part[] = []
  /** End of each record; stays empty when nobody needs to know. */
  #ends: Int32Array

  constructor(memory: Bytes, openedAt: number, dueAt: number, withEnds: boolean) {
    this.memory = memory
    this.openedAt = openedAt
    this.dueAt = dueAt
    this.#ends = withEnds ? new Int32Array(FIRST_ENDS) : NO_ENDS
  }

  /** Copies records [first, until) of `encoded`. */
  append(encoded: Encoded, first: number, until: number, weight: number, part: Part | undefined): void {
    const begin = startOf(encoded, first)
    const end = startOf(encoded, until)
    this.#reserve(end - begin)
    encoded.memory.copy(this.memory, this.bytes, begin, end)
    if (this.#ends !== NO_ENDS) {
      this.#reserveEnds(until - first)
      const shift = this.bytes + encoded.from - begin
      for (let i = first; i < until; i++) {
        this.#ends[this.records + i - first] = encoded.ends[encoded.firstEnd + i]! + shift
      }
    }
    this.bytes += end - begin
    this.records += until - first
    this.weight += weight
    if (part !== undefined) this.#addPart(part)
  }

  /** A view, for the output. */
  view(): Batch {
    return {
      bytes: this.memory.subarray(0, this.bytes),
      records: this.records,
      ends: this.#ends === NO_ENDS ? NO_ENDS : this.#ends.subarray(0, this.records),
    }
  }

  #addPart(part: Part): void {
    const last = this.parts.at(-1)
    if (last?.chapter === part.chapter && last.to.records === part.from.records) last.to = part.to
    else this.parts.push({ ...part })
  }

  #reserve(bytes: number): void {
    if (this.memory.length >= this.bytes + bytes) return
    const larger = allocate(Math.max(this.bytes + bytes, 2 * this.memory.length))
    this.memory.copy(larger, 0, 0, this.bytes)
    this.memory = larger
  }

  #reserveEnds(records: number): void {
    if (this.#ends.length >= this.records + records) return
    const larger = new Int32Array(Math.max(this.records + records, 2 * this.#ends.length))
    larger.set(this.#ends.subarray(0, this.records))
    this.#ends = larger
  }
}

const NO_ENDS = new Int32Array(0)

/** Where record `i` of a batch begins. */
export function beginOf({ ends }: Batch, i: number): number {
  return i === 0 ? 0 : ends[i - 1]!
}

/** A batch of some records of another, copied. */
export function pick(batch: Batch, records: readonly number[]): Batch {
  let length = 0
  for (const i of records) length += batch.ends[i]! - beginOf(batch, i)
  const bytes = allocate(length)
  let at = 0
  const ends = Int32Array.from(records, (i) => {
    at += batch.bytes.copy(bytes, at, beginOf(batch, i), batch.ends[i]!)
    return at
  })
  return { bytes, records: records.length, ends }
}

/** Records [from, to) of a batch, as a view. */
export function cut(batch: Batch, from: number, to: number): Batch {
  const begin = beginOf(batch, from)
  return {
    bytes: batch.bytes.subarray(begin, batch.ends[to - 1]!),
    records: to - from,
    ends: batch.ends.slice(from, to).map((end) => end - begin),
  }
}
