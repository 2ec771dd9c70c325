/**
 * A log of frames on disk: appended at its end, read from its front, and deleted by whole segments once everything in them
 * is settled. What is appended is written in groups, each synced as a whole, so that many wait for one sync.
 *
 *   directory/  0000000000000000-0000000000000000.seg   named after the ordinal of its first record and first byte
 *               0000000000012000-0000000001048576.seg
 *               acknowledged                            everything before this position is settled
 *
 * A log that was found on disk is only read: whoever goes on writes a log of its own. So no torn end is ever written behind.
 *
 * Nothing here rejects because of the disk, but for `open`: a group that cannot be written is tried again until it can, and
 * what waits for that is bounded.
 */
import { allocate, type Bytes } from '#std/bytes.ts'
import { type Clock, pause } from '#std/clock.ts'
import { Checkpoint } from './checkpoint.ts'
import { type Disk, type DiskFile, diskCode } from './disk.ts'
import { type Frame, frameBytes, type Position, type Slice } from './frame.ts'
import { Pending } from './pending.ts'
import { SegmentReader } from './segment-reader.ts'

export interface LogOptions {
  directory: string
  segmentBytesMax: number
  /** What may wait in memory to be written. */
  pendingBytesMax: number
}

/** A frame, how many of its first records were settled before, and what was missing before it. */
export interface Read {
  frame: Frame
  skip: number
  lost: Position
}

interface Segment {
  path: string
  first: Position
  /** Position behind its last record: where the next segment begins. Undefined while it is being written. */
  end: Position | undefined
  bytes: number
}

const SUFFIX = '.seg'
const CHECKPOINT = 'acknowledged'
const DIGITS = 16
/** Between attempts to write what could not be written. */
const RETRY_MS = [50, 200, 1000]
const NOTHING = allocate(0)

export class SegmentLog {
  readonly directory: string
  readonly #options: LogOptions
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #segments: Segment[] = []
  #tail: Position = { records: 0, bytes: 0 }
  #written: Position = { records: 0, bytes: 0 }
  #acked: Position = { records: 0, bytes: 0 }
  #read: Position = { records: 0, bytes: 0 }
  readonly #pending = new Pending()
  #writing: Promise<void> | undefined
  #writingBytes = 0
  /** The disk failed while we were closing: nothing more is written. */
  #gaveUp = false
  #file: DiskFile | undefined
  #made = false
  #reader: { segment: Segment; reader: SegmentReader } | undefined
  #reading = false
  readonly #checkpoint: Checkpoint
  #deleting: Promise<void> = Promise.resolve()
  /** Aborts when nothing more is waited for. */
  readonly #closing = new AbortController()
  /** Code of the last failure of the disk while it lasts; for the books. */
  failure: { code: string; message: string } | undefined
  #failures = 0
  /** Bytes found that belong to no sound frame. */
  brokenBytes = 0
  /** Called when more is synced, or when writing fails for the first time. */
  onProgress: () => void = () => undefined

  private constructor(options: LogOptions, disk: Disk, clock: Clock) {
    this.directory = options.directory
    this.#options = options
    this.#disk = disk
    this.#clock = clock
    this.#checkpoint = new Checkpoint(`${this.directory}/${CHECKPOINT}`, disk)
  }

  /** A new log. The directory is made with the first write. */
  static create(options: LogOptions, disk: Disk, clock: Clock): SegmentLog {
    return new SegmentLog(options, disk, clock)
  }

  /** A log that an earlier process has left. Rejects with the system's error when it cannot be read. */
  static async open(options: LogOptions, disk: Disk, clock: Clock): Promise<SegmentLog> {
    const log = new SegmentLog(options, disk, clock)
    await log.#load()
    return log
  }

  /** Position behind all that was appended, that can be read, and that would survive a power cut. */
  get tail(): Position {
    return this.#tail
  }
  get synced(): Position {
    return this.#written
  }
  get acknowledged(): Position {
    return this.#acked
  }
  /** Where the next `read` goes on. */
  get readPosition(): Position {
    return this.#read
  }
  /** Bytes on disk and on their way there. */
  get bytesInUse(): number {
    let bytes = this.#waitingBytes
    for (const segment of this.#segments) bytes += segment.bytes
    return bytes
  }
  get failures(): number {
    return this.#failures + this.#checkpoint.failures
  }
  get unread(): number {
    return this.#tail.records - this.#read.records
  }

  /** Whether a frame of that size may be appended now. An empty log takes a frame of any size. */
  hasRoom(records: number, bytes: number): boolean {
    const waiting = this.#waitingBytes
    return waiting === 0 || waiting + frameBytes(records, bytes) <= this.#options.pendingBytesMax
  }

  /** Appends `records` of a slice from record `skip` on, as one frame. Copies. Ask `hasRoom` before. */
  append(slice: Slice, skip: number, records: number): void {
    this.#tail = this.#pending.append(this.#tail, this.#clock.wall(), slice, skip, records)
  }

  /** Sees to it that what was appended is written soon. Many appends may come before. */
  flush(): void {
    if (this.#pending.bytes === 0 || this.#writing !== undefined || this.#gaveUp) return
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      this.flush()
    })
  }

  /** Everything before `position` is settled. Segments that lie wholly before it are deleted. */
  acknowledge(position: Position): void {
    if (position.records <= this.#acked.records) return
    this.#acked = position
    if (this.#read.records < position.records) this.#read = position
    if (position.records >= this.#tail.records) this.#startAfresh()
    this.#deleteSettled()
    if (this.#made) this.#checkpoint.note(position)
  }

  /** Everything that was appended so far has been read elsewhere: in memory. */
  skipToTail(): void {
    this.#read = this.#tail
  }

  /** The next frame that is written and not yet read; undefined when there is none now. One call at a time. */
  async read(): Promise<Read | undefined> {
    if (this.#reading || this.#read.records >= this.#written.records) return undefined
    this.#reading = true
    try {
      return await this.#next()
    } finally {
      await this.#letGoOfDeleted()
      this.#reading = false
    }
  }

  /**
   * Gives up the oldest segment that has unread records: they will not be read. Returns what they were; nothing when only what is
   * being written is left.
   */
  giveUpOldest(): Position {
    const segment = this.#segments.find(({ end }) => end !== undefined && end.records > this.#read.records)
    if (segment === undefined) return { records: 0, bytes: 0 }
    const end = segment.end!
    const lost = difference(end, this.#read)
    this.#read = end
    return lost
  }

  /**
   * Writes what is pending, as far as the disk lets it, and closes the files. Returns what could not be written. A log in which
   * everything is settled removes itself.
   */
  async close(): Promise<Position> {
    this.#closing.abort()
    this.flush()
    while (this.#writing !== undefined) await this.#writing
    const safe = this.#acked.records > this.#written.records ? this.#acked : this.#written
    const unwritten = difference(this.#tail, safe)
    if (this.#made && this.#acked.records < this.#written.records) this.#checkpoint.note(this.#acked)
    await this.#checkpoint.close()
    await this.#reader?.reader.close().catch(() => undefined)
    await this.#file?.close().catch(() => undefined)
    await this.#deleting
    this.#reader = undefined
    this.#file = undefined
    if (this.#made && this.#acked.records >= this.#written.records) await this.#remove(this.directory)
    return unwritten
  }

  /** Appended and not yet written. */
  get #waitingBytes(): number {
    return this.#pending.bytes + this.#writingBytes
  }

  /** Writes group after group until nothing is pending. */
  async #write(): Promise<void> {
    for (let group = this.#pending.take(); group !== undefined; group = this.#pending.take()) {
      this.#writingBytes = group.bytes
      const done = await this.#persist(group.memory.subarray(0, group.bytes), group.end)
      this.#writingBytes = 0
      this.#pending.recycle(group)
      if (!done) {
        // What comes behind a gap may not be written either.
        this.#gaveUp = true
        return
      }
    }
  }

  /** False: the disk fails, and we are closing. */
  async #persist(group: Bytes, end: Position): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#put(group)
        this.#written = end
        // Before anybody hears of it: who waits for room asks at once, and would not be told again.
        this.#writingBytes = 0
        this.failure = undefined
        this.onProgress()
        return true
      } catch (error) {
        this.#failures++
        const first = this.failure === undefined
        this.failure = { code: diskCode(error), message: String((error as Error).message ?? error) }
        await this.#cutOff()
        await this.#seal()
        if (first) this.onProgress()
        if (this.#closing.signal.aborted) return false
        if (this.#skipSettled(end)) return true
        await pause(this.#clock, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]!, this.#closing.signal)
      }
    }
  }

  /**
   * While the disk fails, what is settled by now need not be written: a healthy vendor does not wait for a broken disk. After a
   * crash in this state the gap may count as lost, though all of it was delivered.
   */
  #skipSettled(end: Position): boolean {
    if (this.#acked.records < end.records) return false
    this.#written = end
    this.#writingBytes = 0
    this.onProgress()
    return true
  }

  async #put(group: Bytes): Promise<void> {
    let segment = this.#segments.at(-1)
    if (segment === undefined || segment.end !== undefined || this.#file === undefined) {
      segment = await this.#openSegment()
    } else if (segment.bytes > 0 && segment.bytes + group.length > this.#options.segmentBytesMax) {
      await this.#seal()
      segment = await this.#openSegment()
    }
    await this.#file!.write(group, segment.bytes)
    await this.#file!.sync()
    segment.bytes += group.length
  }

  async #openSegment(): Promise<Segment> {
    if (!this.#made) {
      await this.#disk.makeDirectory(this.directory)
      this.#made = true
    }
    const first = this.#written
    const path = `${this.directory}/${nameOf(first)}`
    // A segment that could not even be begun has the same name: it is begun again.
    if (this.#segments.at(-1)?.path === path) this.#segments.pop()
    // One that was begun, given up and settled may be about to be removed, under this very name.
    await this.#deleting
    const file = await this.#disk.open(path, 'write')
    this.#file = file
    await this.#disk.syncDirectory(this.directory)
    const segment: Segment = { path, first, end: undefined, bytes: 0 }
    this.#segments.push(segment)
    return segment
  }

  /** What could not be written whole must not keep the room that others, or its own next attempt, may need. */
  async #cutOff(): Promise<void> {
    const segment = this.#segments.at(-1)
    if (segment?.end === undefined) await this.#file?.truncate(segment?.bytes ?? 0).catch(() => undefined)
  }

  /** Nothing more goes into the newest segment. What stands behind its good end is never read. */
  async #seal(): Promise<void> {
    const file = this.#file
    const segment = this.#segments.at(-1)
    this.#file = undefined
    if (segment !== undefined && segment.end === undefined) segment.end = this.#written
    await file?.close().catch(() => undefined)
    // All in it may have been settled before; then nobody else would come by to delete it.
    this.#deleteSettled()
  }

  async #next(): Promise<Read | undefined> {
    for (;;) {
      const segment = this.#segments.find(({ end }) => end === undefined || end.records > this.#read.records)
      if (segment === undefined) return undefined
      const reach = segment.end ?? this.#written
      const frame = await this.#frameOf(segment)
      if (frame === undefined) {
        // All that was there when we looked has been read: what is missing up to there is gone.
        const lost = difference(reach, this.#read)
        if (segment.end !== undefined) await this.#closeReader()
        if (lost.records > 0) {
          this.#read = reach
          return { frame: EMPTY_FRAME, skip: 0, lost }
        }
        if (segment.end === undefined) return undefined
        continue
      }
      const end = { records: frame.first.records + frame.records, bytes: frame.first.bytes + frame.bytes }
      if (end.records <= this.#read.records) continue
      const skip = Math.max(0, this.#read.records - frame.first.records)
      const lost = skip > 0 ? ZERO : difference(frame.first, this.#read)
      this.#read = end
      return { frame, skip, lost }
    }
  }

  async #frameOf(segment: Segment): Promise<Frame | undefined> {
    try {
      const reader = await this.#readerOf(segment)
      const before = reader.brokenBytes
      const frame = await reader.next()
      this.brokenBytes += reader.brokenBytes - before
      return frame
    } catch (error) {
      this.#failures++
      // What cannot be read now may be read later; if the file is gone, so is what was in it.
      if (diskCode(error) !== 'enoent') throw error
      return undefined
    }
  }

  async #readerOf(segment: Segment): Promise<SegmentReader> {
    if (this.#reader?.segment !== segment) {
      await this.#closeReader()
      const file = await this.#disk.open(segment.path, 'read')
      this.#reader = { segment, reader: await SegmentReader.open(file) }
    }
    // Not what the file holds: behind the good end may stand what could not be written whole.
    this.#reader.reader.grow(segment.bytes)
    return this.#reader.reader
  }

  async #closeReader(): Promise<void> {
    const open = this.#reader
    this.#reader = undefined
    await open?.reader.close().catch(() => undefined)
  }

  /** All is settled: a segment that has grown is sealed, so that it goes even if nothing more comes. */
  #startAfresh(): void {
    const segment = this.#segments.at(-1)
    if (this.#writing !== undefined || this.#pending.bytes > 0 || segment?.end !== undefined) return
    if ((segment?.bytes ?? 0) * 4 < this.#options.segmentBytesMax) return
    this.#writing = this.#seal().then(() => {
      this.#writing = undefined
      this.flush()
    })
  }

  #deleteSettled(): void {
    while (this.#segments.length > 0) {
      const segment = this.#segments[0]!
      if (segment.end === undefined || segment.end.records > this.#acked.records) return
      this.#segments.shift()
      this.#deleting = this.#deleting.then(async () => {
        if (!this.#reading) await this.#letGoOfDeleted()
        await this.#remove(segment.path)
      })
    }
  }

  /** A file that is open keeps its room on disk, deleted or not. */
  async #letGoOfDeleted(): Promise<void> {
    if (this.#reader !== undefined && !this.#segments.includes(this.#reader.segment)) await this.#closeReader()
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#disk.remove(path)
    } catch (error) {
      // It stays until the directory goes; the next start finds it settled.
      this.#failures++
      this.failure = { code: diskCode(error), message: String((error as Error).message ?? error) }
    }
  }

  async #load(): Promise<void> {
    const names = (await this.#disk.list(this.directory)).filter((name) => positionOf(name) !== undefined).sort()
    this.#made = true
    for (const name of names) {
      const path = `${this.directory}/${name}`
      const first = positionOf(name)!
      const before = this.#segments.at(-1)
      if (before !== undefined) before.end = first
      const file = await this.#disk.open(path, 'read')
      const bytes = await file.size().finally(() => file.close())
      this.#segments.push({ path, first, end: undefined, bytes })
    }
    const last = this.#segments.at(-1)
    if (last !== undefined) last.end = await this.#endOf(last)
    const begin = this.#segments[0]?.first ?? ZERO
    const end = last?.end ?? ZERO
    this.#tail = end
    this.#written = end
    // Without one, everything that is there counts as unsettled.
    const checkpoint = (await this.#checkpoint.load()) ?? ZERO
    this.#acked = checkpoint.records > begin.records ? checkpoint : begin
    if (this.#acked.records > end.records) this.#acked = end
    this.#read = this.#acked
    this.#deleteSettled()
  }

  /** Reads a segment to its end: the only way to know what a process that died had written. */
  async #endOf(segment: Segment): Promise<Position> {
    const reader = await SegmentReader.open(await this.#disk.open(segment.path, 'read'))
    let end = segment.first
    try {
      for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) {
        end = { records: frame.first.records + frame.records, bytes: frame.first.bytes + frame.bytes }
      }
    } finally {
      await reader.close().catch(() => undefined)
    }
    this.brokenBytes += reader.brokenBytes
    return end
  }
}

const ZERO: Position = { records: 0, bytes: 0 }
/** Stands where records are missing at the end of a segment. */
const EMPTY_FRAME: Frame = {
  first: ZERO,
  bytes: 0,
  atMs: 0,
  memory: NOTHING,
  from: 0,
  records: 0,
  ends: new Int32Array(0),
  firstEnd: 0,
}

function difference(later: Position, earlier: Position): Position {
  return { records: later.records - earlier.records, bytes: later.bytes - earlier.bytes }
}

function nameOf({ records, bytes }: Position): string {
  return `${String(records).padStart(DIGITS, '0')}-${String(bytes).padStart(DIGITS, '0')}${SUFFIX}`
}

function positionOf(name: string): Position | undefined {
  const match = /^(\d{16})-(\d{16})\.seg$/.exec(name)
  return match === null ? undefined : { records: Number(match[1]), bytes: Number(match[2]) }
}
