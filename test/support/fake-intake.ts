/**
 * An intake that keeps what it is given, for tests of sources: it can be full, and it splits its entries into records
 * in the plainest way, as an oracle for what engines do.
 */
import type { HttpListeners } from '#component/exchange.ts'
import type { Intake, IntakeEntry, RejectReason, SourceContext } from '#component/source.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { type Logger, silentLogger } from '#observe/log.ts'
import { type Clock, systemClock } from '#std/clock.ts'

export interface StoredEntry {
  origin: number
  framing: string
  truncated: boolean
  bytes: Buffer
}

export class FakeIntake implements Intake {
  readonly entryBytesMax: number
  readonly entries: StoredEntry[] = []
  /** Counts all the same when entries are not kept. */
  bytes = 0
  puts = 0
  /** Entries larger than the limit: must stay 0. */
  oversized = 0
  /** False: only counts, for tests that send more than memory should hold. */
  keep = true
  #room = Number.POSITIVE_INFINITY
  #waiting: (() => void)[] = []
  #watchers: (() => void)[] = []

  constructor(entryBytesMax = 2 * 1024 * 1024 - 1) {
    this.entryBytesMax = entryBytesMax
  }

  put(entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
    const headLength = head?.length ?? 0
    if (headLength + to - from > this.entryBytesMax || from > to || to > body.length) this.oversized++
    if (this.#room === 0) return false
    this.#room--
    this.puts++
    this.bytes += headLength + to - from
    if (this.keep) {
      const bytes = Buffer.concat([head ?? new Uint8Array(0), body.subarray(from, to)])
      this.entries.push({ origin: entry.origin, framing: entry.framing, truncated: entry.truncated === true, bytes })
    }
    for (const watcher of this.#watchers.splice(0)) watcher()
    return true
  }

  onRoom(callback: () => void): void {
    this.#waiting.push(callback)
  }

  /** What `safe` says of everything; a promise of it keeps whoever asks waiting. */
  isSafe: boolean | Promise<boolean> = true

  follow() {
    return { safe: async () => await this.isSafe }
  }

  /** From now on there is room for this many entries. Whoever waits for room is told so, if there is any. */
  setRoom(entries: number): void {
    this.#room = entries
    if (entries > 0) for (const callback of this.#waiting.splice(0)) callback()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** The records of all entries as UTF-8 text, in order. */
  records(): string[] {
    return this.entries.flatMap((entry) => recordsOf(entry).map((record) => record.toString('utf8')))
  }

  /** Resolves when `condition` holds; it is asked after each put. Rejects when that takes too long. */
  until(condition: () => boolean, deadlineMs = 15_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the intake never got what the test waits for')), deadlineMs)
      const ask = () => {
        if (!condition()) {
          this.#watchers.push(ask)
          return
        }
        clearTimeout(timer)
        resolve()
      }
      ask()
    })
  }
}

export function recordsOf(entry: { framing: string; bytes: Buffer }): Buffer[] {
  if (entry.framing === 'record') return [entry.bytes]
  if (entry.framing === 'json_array') {
    const elements: unknown[] = JSON.parse(entry.bytes.toString('utf8'))
    return elements.map((element) => Buffer.from(JSON.stringify(element)))
  }
  const lines: Buffer[] = []
  let start = 0
  while (start < entry.bytes.length) {
    const newline = entry.bytes.indexOf(0x0a, start)
    let end = newline === -1 ? entry.bytes.length : newline
    const next = end + 1
    if (end > start && entry.bytes[end - 1] === 0x0d) end--
    lines.push(entry.bytes.subarray(start, end))
    start = next
  }
  return lines
}

/** A context around a fake intake, which remembers what was refused at the door. */
export class FakeSourceContext implements SourceContext {
  readonly id = 'under_test'
  readonly intake: FakeIntake
  readonly clock: Clock
  readonly log: Logger
  readonly logged: string[] = []
  durable = false
  readonly listeners: HttpListeners
  readonly rejected: { reason: RejectReason; records: number; bytes: number }[] = []
  connections = 0

  /** Without `listeners`, it has its own. */
  constructor(intake = new FakeIntake(), clock: Clock = systemClock, listeners?: HttpListeners) {
    this.intake = intake
    this.clock = clock
    const note = (_: object, message: string) => void this.logged.push(message)
    this.log = { ...silentLogger, info: note, warn: note, error: note }
    this.listeners = listeners ?? new SharedHttpListeners(clock, this.log)
  }
  reject(reason: RejectReason, records: number, bytes: number): void {
    this.rejected.push({ reason, records, bytes })
  }
  carries(): boolean {
    return true
  }
  lines = 0
  series = 0
  gauge(name: 'connections' | 'lines' | 'series', value: number): void {
    this[name] = value
  }
  reasons(): RejectReason[] {
    return this.rejected.map((each) => each.reason)
  }
}
