/**
 * What stands between the engines and one output: it takes over encoded records, forms batches by count, bytes and age,
 * keeps a bounded queue of them in memory and, where it has one, on disk, and keeps the output's books. Each output has its
 * own, so a dead vendor delays no other.
 *
 *   accept ─▶ open batch ─▶ queue ─▶ sender ─▶ output
 *     │                       ▲
 *     └──▶ backlog (disk) ────┘   when memory is full (`when_full: spool`), or always, when a durable source feeds it
 *
 * While records wait on disk, new ones go behind them, so the order stays.
 */
import type { OutputShape, VendorLimits } from '#component/output.ts'
import type { BatchLimits, SpoolFull, WhenFull } from '#component/plan.ts'
import { StreamgateError } from '#contract/error.ts'
import type { OutputBooks } from '#contract/stats.ts'
import type { Backlog, Part, Reading } from '#spool/backlog.ts'
import { diskCode } from '#spool/disk.ts'
import type { Bytes } from '#std/bytes.ts'
import { pause, type Timer } from '#std/clock.ts'
import { type Encoded, type OpenBatch, startOf } from './batch.ts'
import { Batcher } from './batcher.ts'
import { Sender, type SenderParts } from './sender.ts'

/** What is appended to the spool at once. */
const FRAME_BYTES = 1024 * 1024
/** How long an output may take to let go of a batch when it is stopped. */
const STOP_MS_MAX = 5_000
/** How often to look whether draining is of use. */
const DRAIN_LOOK_MS = 20
/** Before what could not be opened on disk is tried again. */
const ADOPT_RETRY_MS = 5_000
/** Before the disk is asked again for what it could not read. */
const READ_RETRY_MS = 1_000

export interface DeliveryOptions {
  shape: OutputShape
  limits: BatchLimits
  vendor: VendorLimits
  weigh: ((bytes: Bytes, from: number, to: number) => number) | undefined
  queueBytesMax: number
  whenFull: WhenFull
  /** When there is no more room on disk. */
  spoolFull: SpoolFull
  spoolBytesMax: number
  spoolAgeMsMax: number
  /** Everything is written to the spool, and what is written is never given up for lack of room. */
  durable: boolean
  concurrency: number
}

/** What a reload may change while the delivery goes on. */
export type Changeable = Pick<DeliveryOptions, 'limits' | 'durable' | 'spoolFull'>

/** Where records come from: a pipeline, or a replay of what was kept. */
export type Account = 'forwarded' | 'replayed'

export class Delivery {
  /** What makes it the same delivery after a reload. */
  readonly identity: string
  readonly id: string
  readonly #parts: SenderParts
  readonly #sender: Sender
  readonly #backlog: Backlog | undefined
  readonly #batcher: Batcher
  #options: DeliveryOptions
  /** Of the call of `accept` under way. */
  #account: Account = 'forwarded'
  #timer: Timer | null = null
  /** Bytes taken over into memory and not settled: open, queued and being sent. */
  #held = 0
  #sending = 0
  #draining = false
  #stopped = false
  #stopping: Promise<void> | undefined
  #leaving = false
  /** Records wait on disk, or are to: new ones go there. */
  #overflowing = false
  #refilling = false
  #adopting: Promise<void> | undefined
  #adoptTimer: Timer | undefined
  #roomCallbacks: (() => void)[] = []
  #idleCallbacks: (() => void)[] = []
  /** Of batches that were left half sent: what had ended. It stays on disk and will be sent again. */
  readonly #endedEarly = { records: 0, bytes: 0 }
  #syncCallbacks: { from: number; callback: (safe: boolean) => void }[] = []

  constructor(identity: string, parts: SenderParts, options: DeliveryOptions, backlog: Backlog | undefined) {
    this.identity = identity
    this.id = parts.id
    this.#parts = parts
    this.#sender = new Sender(parts)
    this.#options = options
    this.#backlog = backlog
    this.#batcher = new Batcher({
      ...options,
      withEnds: options.shape === 'request' || backlog !== undefined,
      spareBytesMax: options.queueBytesMax,
    })
    if (backlog !== undefined) backlog.onProgress = () => this.#diskProgressed()
  }

  /**
   * Gets the output ready, and takes over what an earlier process has left on disk. Rejects with what the output says
   * against it, and with the output's name: not each tells which one it is whose file is not there.
   */
  async start(): Promise<void> {
    try {
      await this.#parts.output.start()
    } catch (error) {
      if (!(error instanceof StreamgateError) || error.message.includes(`"${this.id}"`)) throw error
      const option = error.path === undefined ? '' : `${error.path}: `
      throw new StreamgateError(error.code, `output "${this.id}": ${option}${error.message}`, { cause: error })
    }
    await this.adopt()
  }

  /** Takes over what is on disk and belongs to nobody; tries again later when the disk does not let it. */
  adopt(): Promise<void> {
    this.#adopting ??= this.#adopt().finally(() => {
      this.#adopting = undefined
    })
    return this.#adopting
  }

  async #adopt(): Promise<void> {
    if (this.#backlog === undefined || this.#stopped) return
    this.#adoptTimer?.cancel()
    const found = await this.#backlog.adopt()
    this.#noteDisk()
    if (this.#backlog.leftUnopened && !this.#stopped) {
      this.#adoptTimer = this.#parts.clock.after(ADOPT_RETRY_MS, () => void this.adopt())
    }
    if (found.records === 0) return
    this.#parts.ledger.replayed.add(found.records, found.bytes)
    this.#parts.log.info(
      { output: this.id, records: found.records, bytes: found.bytes },
      `output ${this.id} goes on with ${found.records} records from the spool`,
    )
    this.#batcher.close()
    this.#overflowing = true
    this.flush()
  }

  /**
   * Takes over the records from index `first` on. Returns the index of the first that it did not take: `records` when
   * all are taken (or counted as overwritten), less when there is no room and its policy is `block`; then `onRoom`
   * tells when to come again. `force` takes over all the same: for a caller that has asked `blocked` before. Under
   * `account` the books say where they come from.
   */
  accept(encoded: Encoded, first: number, force = this.#leaving, account: Account = 'forwarded'): number {
    this.#account = account
    const { records } = encoded
    let next = first
    let tooLarge = this.#batcher.nextTooLarge(encoded, first)
    while (next < records) {
      if (next === tooLarge) {
        this.#refuseLarge(encoded, next++)
        tooLarge = this.#batcher.nextTooLarge(encoded, next)
        continue
      }
      const taken =
        this.#backlog !== undefined && (this.#options.durable || this.#overflowing)
          ? this.#acceptOnDisk(this.#backlog, encoded, next, tooLarge, force)
          : this.#acceptInMemory(encoded, next, tooLarge, force)
      if (taken === -1) return next
      next = taken
    }
    return next
  }

  /** Whether its policy is to wait for room, and there is none. */
  get blocked(): boolean {
    if (this.#leaving) return false
    const { durable, whenFull, spoolFull, queueBytesMax } = this.#options
    if (this.#backlog !== undefined && (durable || this.#overflowing))
      return spoolFull === 'block' && this.#backlog.room(1, 0) !== 'yes'
    return whenFull === 'block' && this.#held >= queueBytesMax
  }

  /** What a configuration that is being prepared will change; `takeNext` puts it to work. */
  next: Changeable | null = null
  takeNext(): void {
    if (this.next !== null) this.#options = { ...this.#options, ...this.next }
    this.#batcher.limits = this.#options.limits
    this.next = null
    this.#leaving = false
  }

  /**
   * No configuration has it any more: it takes over what was committed for it before, room or not, so that those who come after
   * need not wait for a vendor that is gone. That is at most what stands in the outtakes.
   */
  leave(): void {
    this.#leaving = true
    this.#offerRoom()
  }

  /** Sends what is due. Called once after several `accept`, so that a stream sends in large pieces. */
  flush(): void {
    this.#backlog?.flush()
    this.#sendDue()
    if (this.#overflowing && !this.#refilling && !this.#draining && !this.#stopped) void this.#refill()
  }

  /** Calls back once, when there may be room. */
  onRoom(callback: () => void): void {
    this.#roomCallbacks.push(callback)
  }

  /**
   * Calls back once what was accepted until now is on disk, as far as it goes there, or has gone its way; at once if that is so.
   * False: we have stopped before, and it is not.
   */
  onSynced(callback: (safe: boolean) => void): void {
    const backlog = this.#backlog
    if (backlog === undefined || backlog.safe >= backlog.appended) {
      callback(true)
      return
    }
    this.#syncCallbacks.push({ from: backlog.appended, callback })
    backlog.flush()
  }

  /**
   * Sends all that is held in memory and waits for it, at most until the signal aborts, or until sending fails where what is held
   * can wait on disk. What is on disk stays there. False: something is left in memory that `stop` will have to give up.
   */
  async drain(signal: AbortSignal): Promise<boolean> {
    this.#draining = true
    this.flush()
    if (this.#isIdle()) return true
    const idle = new Promise<void>((resolve) => this.#idleCallbacks.push(resolve))
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([idle, aborted, this.#keptInstead(signal)])
    return this.#isIdle() || (this.#backlog !== undefined && this.#backlog.failure === undefined)
  }

  /** Resolves when the other side fails and what is held can wait on disk: then there is no use in waiting here. */
  async #keptInstead(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!(this.#backlog !== undefined && this.#sender.failing) && !signal.aborted && !this.#isIdle()) {
      await pause(clock, DRAIN_LOOK_MS, signal)
    }
  }

  /** Ends it. What is still held goes to disk, to be sent by the next start, or else counts as expired. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#stopped = true
    this.#sender.abort()
    this.#batcher.close()
    this.#adoptTimer?.cancel()
    this.#timer?.cancel()
    await this.#sendsEnded()
    for (let batch = this.#batcher.takeOldest(); batch !== undefined; batch = this.#batcher.takeOldest())
      this.#leave(batch, [batch.view()])
    await this.#parts.output.stop()
    if (this.#backlog === undefined) return
    const { ledger } = this.#parts
    await this.#adopting
    const { unwritten, kept } = await this.#backlog.close()
    for (const { callback } of this.#syncCallbacks.splice(0)) callback(false)
    ledger.expired.add(unwritten.records, unwritten.bytes)
    ledger.kept.add(kept.records - this.#endedEarly.records, kept.bytes - this.#endedEarly.bytes)
  }

  /** Type of the output and name of its encoder. */
  get kind(): string {
    return this.#parts.kind
  }

  get heldBytes(): number {
    return this.#held
  }

  books(type: string): OutputBooks {
    const { queueBytesMax, spoolBytesMax } = this.#options
    const backlog = this.#backlog
    return this.#parts.ledger.snapshot(
      this.id,
      type,
      { bytes: this.#held, bytes_max: queueBytesMax },
      backlog === undefined
        ? null
        : {
            bytes: backlog.bytesInUse,
            bytes_max: spoolBytesMax,
            failures: backlog.failures,
            broken_bytes: backlog.brokenBytes,
            failure: backlog.failure ?? null,
          },
    )
  }

  /** Outputs let go when the signal aborts; one that does not must not keep us. */
  async #sendsEnded(): Promise<void> {
    let late = false
    const timer = this.#parts.clock.after(STOP_MS_MAX, () => {
      late = true
      for (const callback of this.#idleCallbacks.splice(0)) callback()
    })
    while ((this.#sending > 0 || this.#refilling) && !late)
      await new Promise<void>((resolve) => this.#idleCallbacks.push(resolve))
    timer.cancel()
  }

  readonly #onTimer = () => {
    this.#timer = null
    this.flush()
  }

  #sendDue(): void {
    while (this.#sending < this.#options.concurrency && !this.#stopped) {
      const batch = this.#batcher.next(this.#parts.clock.now(), this.#draining)
      if (batch === undefined) break
      void this.#send(batch)
    }
    this.#setTimer()
  }

  /** For the batch that is being filled: one timer, which looks again when another has taken its place. */
  #setTimer(): void {
    const { dueAt } = this.#batcher
    if (dueAt === undefined) {
      this.#timer?.cancel()
      this.#timer = null
    }
    if (dueAt === undefined || this.#timer !== null || this.#sending >= this.#options.concurrency) return
    const { clock } = this.#parts
    this.#timer = clock.after(Math.max(1, Math.ceil(dueAt - clock.now())), this.#onTimer)
  }

  /** Takes records up to before `end`. Returns the index behind the records it took, or -1 when there is no room. */
  #acceptInMemory(encoded: Encoded, first: number, end: number, force: boolean): number {
    const until = Math.min(end, this.#batcher.fitting(encoded, first))
    const bytes = startOf(encoded, until) - startOf(encoded, first)
    const { whenFull, queueBytesMax } = this.#options
    // Who waits for room finds it when nothing is held, or never.
    const patient = whenFull === 'block' && this.#held === 0
    if (!force && !patient && this.#held + bytes > queueBytesMax && !this.#makeRoom(bytes)) {
      if (whenFull === 'spool' && this.#backlog !== undefined) {
        this.#overflowing = true
        return this.#acceptOnDisk(this.#backlog, encoded, first, end, force)
      }
      if (whenFull === 'block') return -1
      this.#parts.ledger[this.#account].add(until - first, bytes)
      this.#parts.ledger.overwritten.add(until - first, bytes)
    } else {
      this.#parts.ledger[this.#account].add(until - first, bytes)
      this.#append(encoded, first, until, undefined)
    }
    return until
  }

  #acceptOnDisk(backlog: Backlog, encoded: Encoded, first: number, end: number, force: boolean): number {
    const until = frameEnd(encoded, first, end)
    const begin = startOf(encoded, first)
    const bytes = startOf(encoded, until) - begin
    const { ledger } = this.#parts
    if (!force && !this.#makeRoomOnDisk(backlog, until - first, bytes)) {
      if (this.#options.spoolFull === 'block') return -1
      ledger[this.#account].add(until - first, bytes)
      ledger.overwritten.add(until - first, bytes)
      return until
    }
    const part = backlog.append(encoded, first, until - first)
    ledger[this.#account].add(until - first, bytes)
    if (this.#overflowing) return until
    if (this.#held + bytes > this.#options.queueBytesMax) {
      this.#overflowing = true
      return until
    }
    backlog.appendedIsHeld()
    this.#appendPart(encoded, first, until, part)
    return until
  }

  #makeRoomOnDisk(backlog: Backlog, records: number, bytes: number): boolean {
    let room = backlog.room(records, bytes)
    while (room === 'disk' && this.#options.spoolFull === 'drop_oldest') {
      const { records: given, bytes: givenBytes } = backlog.giveUpOldest()
      if (given === 0) break
      this.#parts.ledger.overwritten.add(given, givenBytes)
      room = backlog.room(records, bytes)
    }
    if (room !== 'yes') backlog.flush()
    return room === 'yes'
  }

  /** Records that stand in `part` on disk, into as many batches as they need. */
  #appendPart(encoded: Encoded, first: number, until: number, part: Part): void {
    const { chapter, from } = part
    const begin = startOf(encoded, first)
    const positionOf = (i: number) => ({
      records: from.records + i - first,
      bytes: from.bytes + startOf(encoded, i) - begin,
    })
    for (let next = first; next < until; ) {
      const end = Math.min(until, this.#batcher.fitting(encoded, next))
      this.#append(encoded, next, end, { chapter, from: positionOf(next), to: positionOf(end) })
      next = end
    }
  }

  /** Lets the oldest batches go that nobody is sending, if the policy says so. True: now `bytes` fit. */
  #makeRoom(bytes: number): boolean {
    if (this.#options.whenFull !== 'drop_oldest') return false
    while (this.#held + bytes > this.#options.queueBytesMax) {
      const oldest = this.#batcher.takeOldest()
      if (oldest === undefined) return false
      this.#parts.ledger.overwritten.add(oldest.records, oldest.bytes)
      this.#settle(oldest, true)
    }
    return true
  }

  #append(encoded: Encoded, first: number, until: number, part: Part | undefined): void {
    this.#batcher.append(encoded, first, until, part, this.#parts.clock.now())
    this.#held += startOf(encoded, until) - startOf(encoded, first)
  }

  async #send(batch: OpenBatch): Promise<void> {
    this.#sending++
    const rest = await this.#sender.send(batch.view(), batch.openedAt)
    this.#sending--
    if (rest.length > 0) this.#leave(batch, rest)
    else this.#settle(batch, true)
    this.flush()
  }

  /** We are stopping, and `rest` of the batch was not sent. */
  #leave(batch: OpenBatch, rest: { bytes: Bytes; records: number; ends: Int32Array }[]): void {
    const backlog = batch.parts.length === 0 && this.#options.whenFull === 'spool' ? this.#backlog : undefined
    this.#endedEarly.records += batch.parts.length > 0 ? batch.records : 0
    this.#endedEarly.bytes += batch.parts.length > 0 ? batch.bytes : 0
    for (const { bytes, records, ends } of rest) {
      if (batch.parts.length > 0) {
        this.#endedEarly.records -= records
        this.#endedEarly.bytes -= bytes.length
      } else if (backlog !== undefined && ends.length === records && backlog.room(records, bytes.length) === 'yes')
        backlog.append({ memory: bytes, from: 0, records, ends, firstEnd: 0 }, 0, records)
      else this.#parts.ledger.expired.add(records, bytes.length)
    }
    this.#settle(batch, false)
  }

  /** The batch is no longer ours: its memory may serve again, and there is room. */
  #settle(batch: OpenBatch, ended: boolean): void {
    if (ended) for (const part of batch.parts) this.#backlog?.settle(part)
    this.#tellSafe()
    this.#held -= batch.bytes
    this.#batcher.recycle(batch)
    this.#offerRoom()
    if (this.#isIdle() || this.#stopped) for (const callback of this.#idleCallbacks.splice(0)) callback()
  }

  #offerRoom(): void {
    for (const callback of this.#roomCallbacks.splice(0)) queueMicrotask(callback)
  }

  #isIdle(): boolean {
    return this.#held === 0 && this.#sending === 0
  }

  /** Reads what waits on disk, as far as memory has room. */
  async #refill(): Promise<void> {
    const backlog = this.#backlog!
    this.#refilling = true
    const readable = await this.#readAhead(backlog)
    this.#refilling = false
    // More may have been written while the last read found nothing.
    if (readable && backlog.readable && this.#hasRoomAhead()) this.flush()
    if (this.#stopped) for (const callback of this.#idleCallbacks.splice(0)) callback()
  }

  #hasRoomAhead(): boolean {
    return this.#held < this.#options.queueBytesMax / 2 && !this.#draining && !this.#stopped
  }

  /** False: the disk fails, and will be asked again. */
  async #readAhead(backlog: Backlog): Promise<boolean> {
    try {
      while (this.#hasRoomAhead()) {
        const reading = await backlog.read()
        if (reading === undefined) break
        this.#takeReading(reading)
      }
    } catch (error) {
      this.#sender.note(`spool_${diskCode(error)}`, `the spool cannot be read: ${String((error as Error).message)}`)
      this.#parts.clock.after(READ_RETRY_MS, () => this.flush())
      return false
    }
    if (!backlog.unread) {
      this.#overflowing = false
      this.#offerRoom()
    }
    this.#sendDue()
    return true
  }

  #takeReading({ frame, skip, part, lost }: Reading): void {
    const { ledger, clock } = this.#parts
    ledger.lost.add(lost.records, lost.bytes)
    if (frame.records === 0) return
    const records = frame.records - skip
    const bytes = startOf(frame, frame.records) - startOf(frame, skip)
    if (clock.wall() - frame.atMs > this.#options.spoolAgeMsMax) {
      ledger.expired.add(records, bytes)
      this.#backlog!.settle(part)
      return
    }
    this.#appendPart(frame, skip, frame.records, part)
  }

  /** Tells those who wait for what is safe now. */
  #tellSafe(): void {
    if (this.#syncCallbacks.length === 0) return
    const { safe } = this.#backlog!
    const told = this.#syncCallbacks.filter(({ from }) => from <= safe)
    this.#syncCallbacks = this.#syncCallbacks.filter(({ from }) => from > safe)
    for (const { callback } of told) callback(true)
  }

  #diskProgressed(): void {
    this.#noteDisk()
    this.#tellSafe()
    this.#offerRoom()
    this.flush()
  }

  #noteDisk(): void {
    const failure = this.#backlog?.failure
    if (failure !== undefined)
      this.#sender.note(`spool_${failure.code}`, `the spool cannot be used: ${failure.message}`)
  }

  #refuseLarge(encoded: Encoded, i: number): void {
    const { ledger, deadLetters } = this.#parts
    const begin = startOf(encoded, i)
    const bytes = encoded.memory.subarray(begin, startOf(encoded, i + 1))
    const message = `the record has ${bytes.length} bytes, more than the ${this.#options.vendor.recordBytes} that are taken`
    ledger[this.#account].add(1, bytes.length)
    ledger.rejected.add(1, bytes.length)
    deadLetters.add({ bytes, records: 1, ends: Int32Array.of(bytes.length) }, 0, 'record_too_large', message)
    this.#sender.note('record_too_large', message)
  }
}

/** Index behind the last record that goes into one frame with `first`, at most `end`. */
function frameEnd(encoded: Encoded, first: number, end: number): number {
  const begin = startOf(encoded, first)
  let until = first + 1
  while (until < end && startOf(encoded, until + 1) - begin <= FRAME_BYTES) until++
  return until
}
