/**
 * What stands between the engines and one output: it takes over encoded records, forms batches by count, bytes and age,
 * keeps a bounded queue of them, sends with retries, and keeps the output's books. Each output has its own, so a dead
 * vendor delays no other.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output, OutputShape } from '#component/output.ts'
import type { BatchLimits, RetryPlan, WhenFull } from '#component/plan.ts'
import type { OutputLedger } from '#observe/books.ts'
import type { Logger } from '#observe/log.ts'
import { Backoff } from '#std/backoff.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'

/** A stream's batches are cut at this size; its limits only say when to send. */
const STREAM_BATCH_BYTES = 256 * 1024
const FIRST_ALLOCATION_BYTES = 16 * 1024

export interface DeliveryOptions {
  id: string
  shape: OutputShape
  limits: BatchLimits
  queueBytesMax: number
  whenFull: WhenFull
  retry: RetryPlan
  concurrency: number
}

/** A batch that is being filled or waits to be sent. `memory` may be larger than what is used of it. */
interface OpenBatch {
  memory: Bytes
  bytes: number
  records: number
  /** When it must go, on the monotonic clock. */
  dueAt: number
}

/** Encoded records, one after the other: record i ends at `from + ends[firstEnd + i]`. Read only during the call. */
export interface Encoded {
  memory: Bytes
  from: number
  records: number
  ends: Int32Array
  firstEnd: number
}

export class Delivery {
  /** What makes it the same delivery after a reload. */
  readonly identity: string
  readonly id: string
  readonly output: Output
  readonly ledger: OutputLedger
  readonly #options: DeliveryOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #queue: OpenBatch[] = []
  /** Memory of sent batches, kept for the next ones: together no more than the queue may hold. */
  readonly #spares: Bytes[] = []
  #spareBytes = 0
  readonly #abort = new AbortController()
  #open: OpenBatch | null = null
  #timer: NodeJS.Timeout | null = null
  /** Bytes taken over and not settled: open, queued and being sent. */
  #held = 0
  #sending = 0
  #draining = false
  #failing = false
  #roomCallbacks: (() => void)[] = []
  #idleCallbacks: (() => void)[] = []

  constructor(
    identity: string,
    output: Output,
    options: DeliveryOptions,
    ledger: OutputLedger,
    clock: Clock,
    log: Logger,
  ) {
    this.identity = identity
    this.id = options.id
    this.output = output
    this.ledger = ledger
    this.#options = options
    this.#clock = clock
    this.#log = log
  }

  /**
   * Takes over the records from index `first` on. Returns the index of the first that it did not take: `records` when
   * all are taken (or counted as overwritten), less when the queue is full and `when_full` is `block`; then `onRoom`
   * tells when to come again. `force` takes over all the same: for a caller that has asked `blocked` before.
   */
  accept(encoded: Encoded, first: number, force = false): number {
    const { records } = encoded
    let next = first
    while (next < records) {
      const until = this.#fitting(encoded, next)
      const begin = startOf(encoded, next)
      const bytes = startOf(encoded, until) - begin
      if (!force && this.#held + bytes > this.#options.queueBytesMax && !this.#makeRoom(bytes)) {
        if (this.#options.whenFull === 'block' && this.#held > 0) return next
        this.ledger.forwarded.add(until - next, bytes)
        this.ledger.overwritten.add(until - next, bytes)
      } else {
        this.#append(encoded.memory, begin, bytes, until - next)
      }
      next = until
    }
    return next
  }

  /** Whether its policy is to wait for room, and there is none. */
  get blocked(): boolean {
    return this.#options.whenFull === 'block' && this.#held >= this.#options.queueBytesMax
  }

  /** Limits of a configuration that is being prepared; `takeNextLimits` puts them to work. */
  nextLimits: BatchLimits | null = null

  takeNextLimits(): void {
    if (this.nextLimits !== null) this.#options.limits = this.nextLimits
    this.nextLimits = null
  }

  /** Sends what is due. Called once after several `accept`, so that a stream sends in large pieces. */
  flush(): void {
    while (this.#sending < this.#options.concurrency) {
      const batch = this.#queue.shift() ?? this.#takeOpenIfDue()
      if (batch === undefined) break
      void this.#send(batch)
    }
    if (this.#open !== null && this.#timer === null && this.#sending < this.#options.concurrency) {
      this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(this.#open.dueAt - this.#clock.now())))
    }
  }

  /** Calls back once, when something has left the queue. */
  onRoom(callback: () => void): void {
    this.#roomCallbacks.push(callback)
  }

  /** Sends all that is held and waits for it, at most until the signal aborts. Then nothing is held any more. */
  async drain(signal: AbortSignal): Promise<boolean> {
    this.#draining = true
    this.flush()
    if (this.#held === 0 && this.#sending === 0) return true
    const idle = new Promise<void>((resolve) => this.#idleCallbacks.push(resolve))
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([idle, aborted])
    if (this.#held === 0 && this.#sending === 0) return true
    this.#giveUpAll()
    return false
  }

  async stop(): Promise<void> {
    this.#giveUpAll()
    await this.output.stop()
  }

  get heldBytes(): number {
    return this.#held
  }

  readonly #onTimer = () => {
    this.#timer = null
    this.flush()
  }

  /** Index behind the last record that goes into the open batch along with record `first`; opens a new one if need be. */
  #fitting(encoded: Encoded, first: number): number {
    const { limits, shape } = this.#options
    if (shape === 'stream') {
      const bytes = startOf(encoded, encoded.records) - startOf(encoded, first)
      if (this.#open !== null && this.#open.bytes + bytes > STREAM_BATCH_BYTES) this.#close()
      return encoded.records
    }
    if (this.#open !== null && (this.#open.records >= limits.maxRecords || this.#open.bytes >= limits.maxBytes))
      this.#close()
    let until = this.#lastWithin(encoded, first)
    if (until === first) {
      if (this.#open !== null) this.#close()
      // A record larger than a whole batch travels alone.
      until = Math.max(this.#lastWithin(encoded, first), first + 1)
    }
    return until
  }

  #lastWithin(encoded: Encoded, first: number): number {
    const { limits } = this.#options
    const most = Math.min(encoded.records, first + limits.maxRecords - (this.#open?.records ?? 0))
    const room = startOf(encoded, first) + limits.maxBytes - (this.#open?.bytes ?? 0)
    if (startOf(encoded, most) <= room) return most
    let low = first
    let high = most
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (startOf(encoded, middle) <= room) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Lets the oldest batches go that nobody is sending, if the policy says so. True: now `bytes` fit. */
  #makeRoom(bytes: number): boolean {
    if (this.#options.whenFull !== 'drop_oldest') return false
    while (this.#held + bytes > this.#options.queueBytesMax) {
      const oldest = this.#queue.shift()
      if (oldest === undefined) return false
      this.ledger.overwritten.add(oldest.records, oldest.bytes)
      this.#settle(oldest)
    }
    return true
  }

  #append(memory: Bytes, from: number, bytes: number, records: number): void {
    this.#open ??= {
      memory: this.#memory(),
      bytes: 0,
      records: 0,
      dueAt: this.#clock.now() + this.#options.limits.maxWaitMs,
    }
    const open = this.#open
    if (open.memory.length < open.bytes + bytes) {
      const larger = allocate(Math.max(open.bytes + bytes, 2 * open.memory.length))
      open.memory.copy(larger, 0, 0, open.bytes)
      open.memory = larger
    }
    memory.copy(open.memory, open.bytes, from, from + bytes)
    open.bytes += bytes
    open.records += records
    this.#held += bytes
    this.ledger.forwarded.add(records, bytes)
  }

  #memory(): Bytes {
    const spare = this.#spares.pop()
    if (spare === undefined)
      return allocate(this.#options.shape === 'stream' ? STREAM_BATCH_BYTES : FIRST_ALLOCATION_BYTES)
    this.#spareBytes -= spare.length
    return spare
  }

  #close(): void {
    if (this.#open === null) return
    this.#queue.push(this.#open)
    this.#open = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #takeOpenIfDue(): OpenBatch | undefined {
    const open = this.#open
    if (open === null) return undefined
    const { maxRecords, maxBytes } = this.#options.limits
    const due =
      this.#draining || open.records >= maxRecords || open.bytes >= maxBytes || this.#clock.now() >= open.dueAt
    if (!due) return undefined
    this.#close()
    return this.#queue.shift()
  }

  async #send(batch: OpenBatch): Promise<void> {
    this.#sending++
    const { ledger, output } = this
    const backoff = new Backoff(this.#options.retry.baseMs, this.#options.retry.capMs)
    const sent = { bytes: batch.memory.subarray(0, batch.bytes), records: batch.records, ends: NO_ENDS }
    for (;;) {
      const result = await output.send(sent, this.#abort.signal)
      if (result.ok === true) {
        ledger.delivered.add(batch.records, batch.bytes)
        this.#recovered()
        break
      }
      this.#note(result.code, result.message)
      if (result.ok === 'partly' || !result.retryable) {
        ledger.rejected.add(batch.records, batch.bytes)
        break
      }
      const wait = Math.max(backoff.next(), result.retryAfterMs ?? 0)
      if (backoff.attempt >= this.#options.retry.maxAttempts || this.#abort.signal.aborted) {
        ledger.expired.add(batch.records, batch.bytes)
        break
      }
      ledger.retries++
      await sleep(wait, undefined, { signal: this.#abort.signal }).catch(() => undefined)
    }
    this.#sending--
    this.#settle(batch)
    this.flush()
  }

  /** The batch is no longer ours: its memory may serve again, and there is room. */
  #settle(batch: OpenBatch): void {
    this.#held -= batch.bytes
    if (this.#spareBytes + batch.memory.length <= this.#options.queueBytesMax) {
      this.#spares.push(batch.memory)
      this.#spareBytes += batch.memory.length
    }
    const callbacks = this.#roomCallbacks
    if (callbacks.length > 0) {
      this.#roomCallbacks = []
      for (const callback of callbacks) queueMicrotask(callback)
    }
    if (this.#held === 0 && this.#sending === 0) {
      for (const callback of this.#idleCallbacks.splice(0)) callback()
    }
  }

  /** Everything still held ends here, counted as expired. */
  #giveUpAll(): void {
    this.#abort.abort()
    this.#close()
    for (const batch of this.#queue.splice(0)) {
      this.ledger.expired.add(batch.records, batch.bytes)
      this.#settle(batch)
    }
  }

  /** The first failure of a row is worth a line in the log; the rest is in the books. */
  #note(code: string, message: string): void {
    this.ledger.lastError = { code, message, at: this.#clock.wall() }
    if (this.#failing) return
    this.#failing = true
    this.#log.warn({ output: this.id, code }, `output ${this.id} fails: ${message}`)
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    this.ledger.lastError = null
    this.#log.info({ output: this.id }, `output ${this.id} delivers again`)
  }
}

const NO_ENDS = new Int32Array(0)

/** Where record `i` begins, which is where the one before it ends. */
function startOf(encoded: Encoded, i: number): number {
  return i === 0 ? encoded.from : encoded.from + encoded.ends[encoded.firstEnd + i - 1]!
}
