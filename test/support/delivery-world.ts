/**
 * A delivery in a world that a seed decides: its vendor, its disk, its process and the time. Every step does one thing; at
 * the end the world is healed, and the accounts are compared with what really happened.
 */
import assert from 'node:assert/strict'
import type { Batch, Output, SendResult } from '#component/output.ts'
import { spoolFullPolicies, whenFullPolicies } from '#component/plan.ts'
import type { Encoded } from '#engine/batch.ts'
import { noDeadLetters } from '#engine/dead-letter-box.ts'
import { Delivery } from '#engine/delivery.ts'
import { OutputLedger } from '#observe/books.ts'
import { silentLogger } from '#observe/log.ts'
import { Backlog } from '#spool/backlog.ts'
import { fromText } from '#std/bytes.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { Breaker } from '#upstreams/breaker.ts'
import { breakerDefaults } from '#upstreams/plan.ts'
import { FakeDisk } from './fake-disk.ts'

const vendorModes = ['ok', 'ok', 'ok', 'busy', 'stores_then_fails', 'partly', 'small', 'refuses', 'hangs'] as const
/** What the breaker counts as a failure. */
const FAILING: ReadonlySet<string> = new Set(['busy', 'stores_then_fails', 'hangs'])
/** An output lets go of a request by itself. */
const REQUEST_TIMEOUT_MS = 5_000
const diskModes = ['ok', 'ok', 'ok', 'full', 'broken', 'unreadable'] as const

export class DeliveryWorld {
  readonly #random: () => number
  readonly #clock = new ManualClock()
  readonly #disk: FakeDisk
  readonly #durable: boolean
  readonly #whenFull: (typeof whenFullPolicies)[number]
  readonly #spoolFull: (typeof spoolFullPolicies)[number]
  readonly #concurrency: number
  readonly #queueBytesMax: number
  readonly #spoolBytesMax: number
  readonly #maxRecords: number
  readonly #corrupts: boolean
  #vendorMode: (typeof vendorModes)[number] = 'ok'
  #diskMode: (typeof diskModes)[number] = 'ok'
  #life = 0
  #claimed = new Set<string>()
  #ledger = new OutputLedger()
  #delivery!: Delivery
  /** Of the upstream: it survives a reload, and no process. */
  #breaker: Breaker
  #reloads = 0
  #next = 0
  /** Ids that the delivery has been given, and those of which it has said that they are safe. */
  readonly #given = new Set<number>()
  readonly #safe = new Set<number>()
  readonly stored = new Map<number, number>()
  readonly #refused = new Set<number>()
  /** Something happened after which repeats are to be expected. */
  #repeatsAllowed = false
  /** Something happened that may cost what nobody had promised. */
  #lossAllowed = false
  /** What earlier lives did. */
  readonly log: string[] = []

  constructor(seed: number) {
    const random = randomFrom(seed)
    this.#random = random
    this.#disk = new FakeDisk(random)
    this.#breaker = this.#newBreaker()
    this.#disk.delay = () => this.#wait(random() < 0.5 ? 0 : Math.floor(random() * 4))
    this.#durable = random() < 0.5
    this.#whenFull = this.#durable ? 'spool' : this.#pick(whenFullPolicies)
    this.#spoolFull = this.#durable ? 'block' : this.#pick(spoolFullPolicies)
    this.#concurrency = 1 + Math.floor(random() * 3)
    this.#queueBytesMax = this.#pick([200, 1000, 5000])
    this.#spoolBytesMax = this.#pick([3000, 20_000, 1_000_000])
    this.#maxRecords = this.#pick([1, 4, 20])
    this.#corrupts = random() < 0.2 && !this.#durable
    this.#disk.fault = (operation) => {
      if (this.#diskMode === 'broken' && (operation === 'write' || operation === 'sync')) return 'EIO'
      if (this.#diskMode === 'unreadable' && operation === 'read') return 'EIO'
      return undefined
    }
  }

  async run(steps: number): Promise<void> {
    await this.#begin()
    for (let i = 0; i < steps; i++) {
      await this.#step()
      this.#check()
    }
    await this.#heal()
    this.#compare()
  }

  async #step(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.4) this.#give()
    else if (dice < 0.75) await this.#advance(Math.floor(this.#random() * 200))
    else if (dice < 0.87) this.#setVendor(this.#pick(vendorModes))
    else if (dice < 0.92) this.#setDisk(this.#pick(diskModes))
    else if (dice < 0.95) await this.#crash(this.#random() < 0.4)
    else if (dice < 0.97) await this.#restart()
    else await this.#reload()
  }

  #give(): void {
    const count = 1 + Math.floor(this.#random() * 30)
    const first = this.#next
    const records = Array.from(
      { length: count },
      (_, i) => `${first + i}:${'x'.repeat(Math.floor(this.#random() * 60))};`,
    )
    const encoded = encodedOf(records)
    const taken = this.#delivery.accept(encoded, 0)
    for (let i = 0; i < taken; i++) this.#given.add(first + i)
    this.#next += taken
    const life = this.#life
    this.#delivery.onSynced((safe) => {
      if (!safe || !this.#durable || life !== this.#life) return
      for (let i = 0; i < taken; i++) this.#safe.add(first + i)
    })
    this.#delivery.flush()
  }

  #setVendor(mode: (typeof vendorModes)[number]): void {
    this.#vendorMode = mode
    this.log.push(`vendor ${mode}`)
  }

  #setDisk(mode: (typeof diskModes)[number]): void {
    this.#diskMode = mode
    // How far we had come could not be noted.
    if (mode !== 'ok') this.#repeatsAllowed = true
    this.#disk.capacity = mode === 'full' ? this.#disk.bytes + 50 : Number.POSITIVE_INFINITY
    this.log.push(`disk ${mode}`)
  }

  /** The process ends without warning, perhaps with the machine. */
  async #crash(power: boolean): Promise<void> {
    this.log.push(power ? 'power cut' : 'crash')
    this.#repeatsAllowed = true
    this.#lossAllowed = true
    this.#life++
    this.#disk.crash(power)
    this.#setDisk('ok')
    if (this.#corrupts) this.#corrupt()
    this.#ledger = new OutputLedger()
    this.#claimed = new Set()
    this.#breaker = this.#newBreaker()
    await this.#begin()
  }

  #newBreaker(): Breaker {
    return new Breaker({ ...breakerDefaults, openMs: 500, openMaxMs: 3_000 }, this.#clock, this.#random)
  }

  #corrupt(): void {
    const segments = [...this.#disk.files].filter(([path, { data }]) => path.endsWith('.seg') && data.length > 0)
    if (segments.length === 0) return
    const [path, { data }] = this.#pick(segments)
    this.#disk.corrupt(path, Math.floor(this.#random() * data.length))
  }

  /** An orderly end, and a new process. */
  async #restart(): Promise<void> {
    this.log.push('restart')
    const before = this.#ledger.kept.records
    await this.#stop(this.#delivery)
    this.#check()
    const { records, bytes } = this.#ledger.inFlight()
    assert.deepEqual([records, bytes], [0, 0], 'nothing is in flight after a stop')
    const kept = this.#ledger.kept.records - before
    this.#noteLosses()
    this.#life++
    this.#claimed = new Set()
    this.#ledger = new OutputLedger()
    this.#breaker = this.#newBreaker()
    await this.#begin()
    if (this.#diskMode !== 'ok') return
    const found = this.#ledger.replayed.records
    assert.ok(found >= kept, `${kept} were kept and ${found} found`)
  }

  /** Another delivery takes the place of this one, in the same process. */
  async #reload(): Promise<void> {
    this.log.push('reload')
    const old = this.#delivery
    await this.#begin()
    await this.#stop(old)
    await this.#finish(this.#delivery.adopt())
  }

  async #stop(delivery: Delivery): Promise<void> {
    if (!['ok', 'small'].includes(this.#vendorMode)) this.#repeatsAllowed = true
    if (this.#whenFull !== 'spool' || this.#diskMode !== 'ok') this.#lossAllowed = true
    const deadline = new AbortController()
    this.#clock.after(300, () => deadline.abort())
    await this.#finish(delivery.drain(deadline.signal))
    await this.#finish(delivery.stop())
  }

  async #begin(): Promise<void> {
    const life = this.#life
    const backlog =
      this.#whenFull === 'spool'
        ? new Backlog(
            { directory: '/spool/out', bytesMax: this.#spoolBytesMax, pendingBytesMax: this.#spoolBytesMax / 4 },
            this.#disk.mount(),
            this.#clock,
            this.#claimed,
          )
        : undefined
    this.#delivery = new Delivery(
      `identity ${this.#reloads++}`,
      {
        id: 'out',
        kind: 'fake.text',
        output: this.#vendor(life),
        ledger: this.#ledger,
        deadLetters: noDeadLetters,
        retry: { maxAttempts: 1e9, maxAgeMs: 1e12, baseMs: 10, capMs: 500 },
        clock: this.#clock,
        log: silentLogger,
        random: this.#random,
      },
      {
        shape: 'request',
        limits: { maxRecords: this.#maxRecords, maxBytes: 500, maxWaitMs: 50 },
        vendor: { recordBytes: 1000 },
        weigh: undefined,
        queueBytesMax: this.#queueBytesMax,
        whenFull: this.#whenFull,
        spoolFull: this.#spoolFull,
        spoolBytesMax: this.#spoolBytesMax,
        spoolAgeMsMax: 1e12,
        durable: this.#durable,
        concurrency: this.#concurrency,
      },
      backlog,
    )
    await this.#finish(this.#delivery.start())
  }

  #vendor(life: number): Output {
    return {
      start: async () => undefined,
      stop: async () => undefined,
      send: async (batch, signal) => {
        if (life !== this.#life) await new Promise(() => undefined)
        const breaker = this.#breaker
        const ticket = breaker.admit()
        if (ticket === undefined)
          return {
            ok: false,
            retryable: true,
            code: 'breaker_open',
            message: 'rests',
            retryAfterMs: breaker.refusedForMs,
          }
        const mode = this.#vendorMode
        const aborted = new Promise<'aborted'>((resolve) => {
          if (signal.aborted) resolve('aborted')
          signal.addEventListener('abort', () => resolve('aborted'), { once: true })
        })
        const waited = this.#wait(mode === 'hangs' ? REQUEST_TIMEOUT_MS : Math.floor(this.#random() * 20))
        const end = await Promise.race([waited, aborted])
        if (life !== this.#life) await new Promise(() => undefined)
        if (end === 'aborted') {
          breaker.done(ticket, 'none')
          // Nobody knows whether it arrived.
          this.#repeatsAllowed = true
          if (this.#random() < 0.5) this.#store(idsOf(batch))
          return { ok: false, retryable: true, code: 'aborted', message: 'stopped' }
        }
        breaker.done(ticket, FAILING.has(mode) ? 'failure' : 'success')
        return this.#answer(mode, idsOf(batch))
      },
    }
  }

  #answer(mode: (typeof vendorModes)[number], ids: number[]): SendResult {
    switch (mode) {
      case 'hangs':
        return { ok: false, retryable: true, code: 'timeout', message: 'the server took too long' }
      case 'busy':
        return { ok: false, retryable: true, code: 'http_503', message: 'busy', retryAfterMs: 20 }
      case 'stores_then_fails':
        this.#repeatsAllowed = true
        this.#store(ids)
        return { ok: false, retryable: true, code: 'econnreset', message: 'reset' }
      case 'partly': {
        const fates = ids.map(() => Math.floor(this.#random() * 3))
        this.#store(ids.filter((_, i) => fates[i] === 0))
        for (const [i, id] of ids.entries()) if (fates[i] === 1) this.#refused.add(id)
        const refused = ids.flatMap((_, record) =>
          fates[record] === 1 ? [{ record, code: 'bad', message: 'no' }] : [],
        )
        const retry = ids.flatMap((_, record) => (fates[record] === 2 ? [record] : []))
        return { ok: 'partly', retry, refused, code: 'http_429', message: 'some' }
      }
      case 'small':
        if (ids.length > 2) return { ok: false, retryable: false, tooLarge: true, code: 'http_413', message: 'large' }
        break
      case 'refuses':
        for (const id of ids) this.#refused.add(id)
        return { ok: false, retryable: false, code: 'http_400', message: 'no' }
      default:
    }
    this.#store(ids)
    return { ok: true }
  }

  #store(ids: number[]): void {
    for (const id of ids) this.stored.set(id, (this.stored.get(id) ?? 0) + 1)
  }

  /** Everything works from now on, for long enough. */
  async #heal(): Promise<void> {
    this.#setVendor('ok')
    this.#setDisk('ok')
    // Long enough for everything that is tried again.
    await this.#advance(20_000)
    for (let i = 0; i < 400 && this.#ledger.inFlight().records > 0; i++) await this.#advance(1000)
    this.#check()
    assert.equal(this.#ledger.inFlight().records, 0, 'everything has ended')
    const kept = this.#ledger.kept.records
    await this.#stop(this.#delivery)
    assert.equal(this.#ledger.kept.records, kept, 'nothing is left on disk')
  }

  #noteLosses(): void {
    const { overwritten, expired, lost } = this.#ledger
    if (overwritten.records + expired.records + lost.records > 0) this.#lossAllowed = true
  }

  #check(): void {
    const { records, bytes } = this.#ledger.inFlight()
    assert.ok(records >= 0 && bytes >= 0, `in flight: ${records} records, ${bytes} bytes`)
    assert.equal(records === 0, bytes === 0, `in flight: ${records} records, ${bytes} bytes`)
  }

  #compare(): void {
    for (const id of this.stored.keys()) assert.ok(this.#given.has(id), `${id} was stored and never given`)
    const missing = (ids: Set<number>) => [...ids].filter((id) => !this.stored.has(id) && !this.#refused.has(id))
    assert.deepEqual(missing(this.#safe), [], 'what was safe is there')
    const repeated = [...this.stored].filter(([, times]) => times > 1)
    if (!this.#repeatsAllowed) assert.deepEqual(repeated, [], 'nothing came twice')
    this.#noteLosses()
    if (!this.#lossAllowed) assert.deepEqual(missing(this.#given), [], 'nothing that was given is missing')
  }

  async #advance(ms: number): Promise<void> {
    const until = this.#clock.now() + ms
    while (this.#clock.now() < until) {
      await turn()
      const next = Math.min(until, this.#clock.nextAt ?? until)
      this.#clock.advance(Math.max(0, next - this.#clock.now()))
      if (next === until) break
    }
    await turn()
  }

  /** Lets time pass until the promise settles. */
  async #finish<Value>(promise: Promise<Value>): Promise<Value> {
    let done = false
    const settled = promise.finally(() => {
      done = true
    })
    for (let i = 0; i < 20_000 && !done; i++) {
      await turn()
      if (!done) this.#clock.advance(1)
    }
    assert.ok(done, 'it ends')
    return await settled
  }

  #wait(ms: number): Promise<void> {
    return ms === 0 ? Promise.resolve() : new Promise((resolve) => this.#clock.after(ms, resolve))
  }

  #pick<Value>(from: readonly Value[]): Value {
    return from[Math.floor(this.#random() * from.length)]!
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function encodedOf(records: string[]): Encoded {
  let end = 0
  const ends = Int32Array.from(records, (record) => (end += record.length))
  return { memory: fromText(records.join('')), from: 0, records: records.length, ends, firstEnd: 0 }
}

function idsOf({ bytes, records, ends }: Batch): number[] {
  return Array.from({ length: records }, (_, i) => {
    const record = bytes.toString('latin1', i === 0 ? 0 : ends[i - 1]!, ends[i]!)
    assert.match(record, /^\d+:x*;$/)
    return Number(record.slice(0, record.indexOf(':')))
  })
}
