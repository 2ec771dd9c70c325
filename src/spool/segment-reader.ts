/** Reads the frames of one segment file in order, a stretch at a time, past whatever is broken in it. */
import { allocate, type Bytes } from '#std/bytes.ts'
import type { DiskFile } from './disk.ts'
import { type Frame, frameLengthAt, nextMagic, readFrame } from './frame.ts'

const READ_BYTES = 256 * 1024

export class SegmentReader {
  readonly #file: DiskFile
  #size: number
  #buffer: Bytes = allocate(0)
  /** The buffer holds [#base, #base + #filled) of the file; what is before #at has been read. */
  #base = 0
  #filled = 0
  #at = 0
  /** Bytes that belonged to no sound frame. */
  brokenBytes = 0

  private constructor(file: DiskFile, size: number) {
    this.#file = file
    this.#size = size
  }

  static async open(file: DiskFile): Promise<SegmentReader> {
    return new SegmentReader(file, await file.size())
  }

  /** More may have been written since. Bytes behind `size` are not read. */
  grow(size: number): void {
    this.#size = size
  }

  /** Position in the file behind the last frame that was read. */
  get offset(): number {
    return this.#base + this.#at
  }

  /** The next sound frame, a view that holds until the next call; undefined at the end. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      if (!(await this.#fill(1))) return undefined
      await this.#fill(READ_BYTES / 2)
      const frame = await this.#frameHere()
      if (frame !== undefined) return frame
      const next = nextMagic(this.#buffer, this.#at, this.#filled)
      // A magic may lie across the end of what is here.
      const until = next === -1 ? Math.max(this.#at + 1, this.#filled - 3) : next
      this.brokenBytes += until - this.#at
      this.#at = until
    }
  }

  async #frameHere(): Promise<Frame | undefined> {
    const length = frameLengthAt(this.#buffer, this.#at, this.#filled)
    if (length === 0 || !(await this.#fill(length))) return undefined
    const frame = readFrame(this.#buffer, this.#at, this.#filled)
    if (frame !== undefined) this.#at += length
    return frame
  }

  /** Sees to it that at least `wanted` bytes from #at on are in the buffer. False: the file has not so many. */
  async #fill(wanted: number): Promise<boolean> {
    if (this.#filled - this.#at >= wanted) return true
    const position = this.#base + this.#at
    const there = this.#size - position
    if (there <= this.#filled - this.#at) return false
    if (wanted > there && wanted > READ_BYTES) return false
    const length = Math.min(there, Math.max(wanted, READ_BYTES))
    const kept = this.#filled - this.#at
    // The same memory again: a frame that is a view of it holds no longer. New memory for each read would cost more than reading.
    const buffer = this.#buffer.length >= length ? this.#buffer : allocate(Math.max(length, READ_BYTES))
    this.#buffer.copy(buffer, 0, this.#at, this.#filled)
    this.#buffer = buffer
    this.#base = position
    this.#at = 0
    this.#filled = kept
    const read = await this.#file.read(buffer.subarray(kept, length), position + kept)
    this.#filled += read
    if (kept + read < length) this.#size = position + kept + read
    return this.#filled >= wanted
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
