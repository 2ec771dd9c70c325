/**
 * What one output has on disk: the log that this process writes, and those that earlier ones have left, oldest first.
 *
 *   directory/  1767225600000/   left by an earlier process: read, and removed once it is settled
 *               1767229200000/   this process's own, named after when it was begun
 */
import type { Clock } from '#std/clock.ts'
import { type Disk, diskCode } from './disk.ts'
import { type Frame, frameBytes, type Position, type Slice } from './frame.ts'
import { SegmentLog } from './segment-log.ts'
import { Settlement } from './settlement.ts'

export interface BacklogOptions {
  directory: string
  /** Bytes on disk, those of earlier processes included. */
  bytesMax: number
  /** What may wait in memory to be written. */
  pendingBytesMax: number
}

/** A part of a log: settled as a whole, when all that is in it has gone its way. */
export interface Part {
  chapter: Chapter
  from: Position
  to: Position
}

interface Chapter {
  log: SegmentLog
  settlement: Settlement
  number: number
}

/** Records from disk: those of `frame` from `skip` on. `lost` were there and could not be read; they are settled. */
export interface Reading {
  frame: Frame
  skip: number
  part: Part
  lost: Position
}

const SEGMENTS_PER_LOG = 16
const SEGMENT_BYTES_MIN = 256 * 1024
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024

export class Backlog {
  readonly #options: BacklogOptions
  readonly #disk: Disk
  readonly #clock: Clock
  /** Directories that this process writes to. */
  readonly #claimed: Set<string>
  readonly #left: Chapter[] = []
  #highest = 0
  #own: Chapter | undefined
  /** Failures of logs that are gone. */
  #failures = 0
  #brokenBytes = 0
  #adoptFailure: { code: string; message: string } | undefined
  onProgress: () => void = () => undefined

  constructor(options: BacklogOptions, disk: Disk, clock: Clock, claimed: Set<string>) {
    this.#options = options
    this.#disk = disk
    this.#clock = clock
    this.#claimed = claimed
  }

  get directory(): string {
    return this.#options.directory
  }

  /**
   * Takes over what earlier processes have left. Returns how much that is: records and bytes that are not settled. What cannot
   * be opened is left where it is, and told in `failure`. One call at a time.
   */
  async adopt(): Promise<Position> {
    const found = { records: 0, bytes: 0 }
    this.#adoptFailure = undefined
    let names: string[]
    try {
      names = await this.#disk.list(this.#options.directory)
    } catch (error) {
      this.#note(error)
      return found
    }
    const numbers = names.filter((name) => /^\d{1,15}$/.test(name)).map(Number)
    for (const number of numbers.sort((a, b) => a - b)) {
      const directory = `${this.#options.directory}/${number}`
      if (this.#claimed.has(directory)) continue
      this.#claimed.add(directory)
      try {
        const log = await SegmentLog.open(this.#logOptions(directory), this.#disk, this.#clock)
        add(found, {
          records: log.tail.records - log.acknowledged.records,
          bytes: log.tail.bytes - log.acknowledged.bytes,
        })
        const chapter = { log, settlement: new Settlement(log.acknowledged), number }
        if (log.unread === 0) this.#finish(chapter)
        else this.#left.push(chapter)
      } catch (error) {
        this.#claimed.delete(directory)
        this.#note(error)
      }
    }
    this.#left.sort((a, b) => a.number - b.number)
    this.#highest = Math.max(this.#highest, ...numbers)
    return found
  }

  /** Something that earlier processes have left could not be opened. */
  get leftUnopened(): boolean {
    return this.#adoptFailure !== undefined
  }

  /** Whether records wait on disk that nobody has read. */
  get unread(): boolean {
    return (this.#own?.log.unread ?? 0) > 0 || this.#left.some(({ log }) => log.unread > 0)
  }

  /** Whether some of them can be read now. */
  get readable(): boolean {
    const isReadable = ({ log }: Chapter) => log.readPosition.records < log.synced.records
    return (this.#own !== undefined && isReadable(this.#own)) || this.#left.some(isReadable)
  }

  get bytesInUse(): number {
    let bytes = this.#own?.log.bytesInUse ?? 0
    for (const { log } of this.#left) bytes += log.bytesInUse
    return bytes
  }

  /** The last failure of the disk, while it lasts. */
  get failure(): { code: string; message: string } | undefined {
    return this.#own?.log.failure ?? this.#adoptFailure ?? this.#left.find(({ log }) => log.failure)?.log.failure
  }

  get failures(): number {
    return this.#sum((log) => log.failures) + this.#failures
  }

  get brokenBytes(): number {
    return this.#sum((log) => log.brokenBytes) + this.#brokenBytes
  }

  /** How many records were appended, and how many of them would survive a power cut. */
  get appended(): number {
    return this.#own?.log.tail.records ?? 0
  }
  get synced(): number {
    return this.#own?.log.synced.records ?? 0
  }
  /** How many of them would, or need not, because they have gone their way. */
  get safe(): number {
    return Math.max(this.synced, this.#own?.log.acknowledged.records ?? 0)
  }

  /** Whether a frame of that size may be appended. `memory`: not before more is written. `disk`: not before more is settled. */
  room(records: number, bytes: number): 'yes' | 'memory' | 'disk' {
    if (this.#own !== undefined && !this.#own.log.hasRoom(records, bytes)) return 'memory'
    return this.bytesInUse + frameBytes(records, bytes) <= this.#options.bytesMax ? 'yes' : 'disk'
  }

  /** Appends. Copies. Ask `room` before. */
  append(slice: Slice, skip: number, records: number): Part {
    const chapter = this.#chapter()
    const from = chapter.log.tail
    chapter.log.append(slice, skip, records)
    return { chapter, from, to: chapter.log.tail }
  }

  /** What was just appended is in memory as well, and need not be read from disk. Only when nothing is unread. */
  appendedIsHeld(): void {
    this.#own?.log.skipToTail()
  }

  flush(): void {
    this.#own?.log.flush()
  }

  /** The next records in order; undefined when there are none to be read now. Rejects when the disk fails. One call at a time. */
  async read(): Promise<Reading | undefined> {
    for (const chapter of [...this.#left, ...(this.#own === undefined ? [] : [this.#own])]) {
      const before = chapter.log.readPosition
      const read = await chapter.log.read()
      if (read === undefined) continue
      const { frame, skip, lost } = read
      const from = { records: before.records + lost.records, bytes: before.bytes + lost.bytes }
      if (lost.records > 0) this.settle({ chapter, from: before, to: from })
      return { frame, skip, part: { chapter, from, to: chapter.log.readPosition }, lost }
    }
    return undefined
  }

  /** Everything in the part has gone its way. */
  settle({ chapter, from, to }: Part): void {
    const { log, settlement } = chapter
    settlement.settle(from, to)
    log.acknowledge(settlement.reached)
    if (chapter !== this.#own && settlement.reached.records >= log.tail.records) this.#finish(chapter)
  }

  /** Gives up the oldest records that nobody has read, a segment of them, and returns how much that was. */
  giveUpOldest(): Position {
    for (const chapter of [...this.#left, ...(this.#own === undefined ? [] : [this.#own])]) {
      const from = chapter.log.readPosition
      const lost = chapter.log.giveUpOldest()
      if (lost.records === 0) continue
      this.settle({ chapter, from, to: chapter.log.readPosition })
      return lost
    }
    return { records: 0, bytes: 0 }
  }

  /** Closes all files. Returns what could not be written, and what is left on disk for the next. */
  async close(): Promise<{ unwritten: Position; kept: Position }> {
    const unwritten = { records: 0, bytes: 0 }
    const kept = { records: 0, bytes: 0 }
    for (const { log, settlement } of [...this.#left.splice(0), ...(this.#own === undefined ? [] : [this.#own])]) {
      const left = await log.close()
      const { reached, beyond } = settlement
      add(unwritten, left)
      add(kept, {
        records: log.tail.records - reached.records - beyond.records - left.records,
        bytes: log.tail.bytes - reached.bytes - beyond.bytes - left.bytes,
      })
      this.#claimed.delete(log.directory)
    }
    this.#own = undefined
    return { unwritten, kept }
  }

  #chapter(): Chapter {
    if (this.#own !== undefined) return this.#own
    // The time, so that no number comes twice even when the directory could not be listed.
    let number = Math.max(this.#highest + 1, this.#clock.wall())
    while (this.#claimed.has(`${this.#options.directory}/${number}`)) number++
    const directory = `${this.#options.directory}/${number}`
    this.#claimed.add(directory)
    const log = SegmentLog.create(this.#logOptions(directory), this.#disk, this.#clock)
    log.onProgress = () => this.onProgress()
    this.#own = { log, settlement: new Settlement(log.acknowledged), number }
    return this.#own
  }

  #finish(chapter: Chapter): void {
    const at = this.#left.indexOf(chapter)
    if (at !== -1) this.#left.splice(at, 1)
    const { log } = chapter
    void log.close().then(() => {
      this.#claimed.delete(log.directory)
      this.#failures += log.failures
      this.#brokenBytes += log.brokenBytes
    })
  }

  #logOptions(directory: string) {
    const { bytesMax, pendingBytesMax } = this.#options
    const share = Math.floor(bytesMax / SEGMENTS_PER_LOG)
    const segmentBytesMax = Math.max(SEGMENT_BYTES_MIN, Math.min(SEGMENT_BYTES_MAX, share))
    return { directory, segmentBytesMax, pendingBytesMax }
  }

  #note(error: unknown): void {
    this.#failures++
    this.#adoptFailure = { code: diskCode(error), message: String((error as Error).message ?? error) }
  }

  #sum(count: (log: SegmentLog) => number): number {
    let sum = this.#own === undefined ? 0 : count(this.#own.log)
    for (const { log } of this.#left) sum += count(log)
    return sum
  }
}

function add(sum: Position, more: Position): void {
  sum.records += more.records
  sum.bytes += more.bytes
}
