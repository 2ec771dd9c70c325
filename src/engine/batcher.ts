/**
 * Forms the batches of one output: by count, by bytes as the other side counts them, and by age. Holds the one that is
 * being filled, those that wait, and memory that serves again.
 */
import type { OutputShape, VendorLimits } from '#component/output.ts'
import type { BatchLimits } from '#component/plan.ts'
import type { Part } from '#spool/backlog.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { type Encoded, OpenBatch, startOf } from './batch.ts'

/** A stream's batches are cut at this size; its limits only say when to send. */
const STREAM_BATCH_BYTES = 256 * 1024
const FIRST_ALLOCATION_BYTES = 16 * 1024

export interface BatcherOptions {
  shape: OutputShape
  limits: BatchLimits
  vendor: VendorLimits
  weigh: ((bytes: Bytes, from: number, to: number) => number) | undefined
  /** Batches remember where each record ends. */
  withEnds: boolean
  /** Most memory that is kept for batches to come. */
  spareBytesMax: number
}

export class Batcher {
  limits: BatchLimits
  readonly #options: BatcherOptions
  readonly #queue: OpenBatch[] = []
  #open: OpenBatch | null = null
  readonly #spares: Bytes[] = []
  #spareBytes = 0

  constructor(options: BatcherOptions) {
    this.#options = options
    this.limits = options.limits
  }

  /** When the batch that is being filled must go, on the monotonic clock; undefined when there is none. */
  get dueAt(): number | undefined {
    return this.#open?.dueAt
  }

  /** Index of the first record from `first` on that the other side would never take, or the number of records. */
  nextTooLarge(encoded: Encoded, first: number): number {
    const { vendor, weigh } = this.#options
    const { records } = encoded
    const sizeMax = vendor.recordBytes
    if (sizeMax === undefined || first === records) return records
    if (weigh === undefined && startOf(encoded, records) - startOf(encoded, first) <= sizeMax) return records
    for (let i = first; i < records; i++) if (this.#weigh(encoded, i, i + 1) > sizeMax) return i
    return records
  }

  /** Index behind the last record that goes into the open batch along with record `first`; opens a new one if need be. */
  fitting(encoded: Encoded, first: number): number {
    const { limits } = this
    if (this.#options.shape === 'stream') {
      const bytes = startOf(encoded, encoded.records) - startOf(encoded, first)
      if (this.#open !== null && this.#open.bytes + bytes > STREAM_BATCH_BYTES) this.close()
      return encoded.records
    }
    if (this.#open !== null && (this.#open.records >= limits.maxRecords || this.#open.weight >= limits.maxBytes))
      this.close()
    let until = this.#lastWithin(encoded, first)
    if (until === first) {
      if (this.#open !== null) this.close()
      // A record larger than a whole batch travels alone.
      until = Math.max(this.#lastWithin(encoded, first), first + 1)
    }
    return until
  }

  /** Copies records [first, until), which `fitting` gave, into the open batch. `part`: where they stand on disk. */
  append(encoded: Encoded, first: number, until: number, part: Part | undefined, now: number): void {
    // A batch is on disk as a whole or not at all.
    if (this.#open !== null && this.#open.parts.length > 0 !== (part !== undefined)) this.close()
    this.#open ??= new OpenBatch(this.#memory(), now, now + this.limits.maxWaitMs, this.#options.withEnds)
    this.#open.append(encoded, first, until, this.#weigh(encoded, first, until), part)
  }

  /** Nothing more goes into the batch that is being filled. */
  close(): void {
    if (this.#open === null) return
    this.#queue.push(this.#open)
    this.#open = null
  }

  /** The oldest batch that is to go now. `all`: the one that is being filled too, whatever it has. */
  next(now: number, all: boolean): OpenBatch | undefined {
    return this.#queue.shift() ?? this.#takeOpenIfDue(now, all)
  }

  /** The oldest batch that is not being filled. */
  takeOldest(): OpenBatch | undefined {
    return this.#queue.shift()
  }

  /** The batch is done with: its memory may serve again. */
  recycle({ memory }: OpenBatch): void {
    if (this.#spareBytes + memory.length > this.#options.spareBytesMax) return
    this.#spares.push(memory)
    this.#spareBytes += memory.length
  }

  #takeOpenIfDue(now: number, all: boolean): OpenBatch | undefined {
    const open = this.#open
    if (open === null) return undefined
    const { maxRecords, maxBytes } = this.limits
    if (!all && open.records < maxRecords && open.weight < maxBytes && now < open.dueAt) return undefined
    this.close()
    return this.#queue.shift()
  }

  #lastWithin(encoded: Encoded, first: number): number {
    const { limits } = this
    const most = Math.min(encoded.records, first + limits.maxRecords - (this.#open?.records ?? 0))
    const room = limits.maxBytes - (this.#open?.weight ?? 0)
    if (this.#options.weigh !== undefined) {
      let weight = 0
      for (let i = first; i < most; i++) {
        weight += this.#weigh(encoded, i, i + 1)
        if (weight > room) return i
      }
      return most
    }
    const end = startOf(encoded, first) + room
    if (startOf(encoded, most) <= end) return most
    let low = first
    let high = most
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (startOf(encoded, middle) <= end) low = middle
      else high = middle - 1
    }
    return low
  }

  #weigh(encoded: Encoded, first: number, until: number): number {
    const { weigh } = this.#options
    if (weigh === undefined) return startOf(encoded, until) - startOf(encoded, first)
    let weight = 0
    for (let i = first; i < until; i++) weight += weigh(encoded.memory, startOf(encoded, i), startOf(encoded, i + 1))
    return weight
  }

  #memory(): Bytes {
    const spare = this.#spares.pop()
    if (spare === undefined)
      return allocate(this.#options.shape === 'stream' ? STREAM_BATCH_BYTES : FIRST_ALLOCATION_BYTES)
    this.#spareBytes -= spare.length
    return spare
  }
}
