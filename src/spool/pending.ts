/** Frames that wait to be written, in groups that are written and synced as a whole, so that many wait for one sync. */
import { allocate, type Bytes } from '#std/bytes.ts'
import { frameBytes, type Position, type Slice, writeFrame } from './frame.ts'

const FIRST_GROUP_BYTES = 64 * 1024
/** Most that is written at once, but for a larger frame: a disk that is nearly full takes at least some of what waits. */
const GROUP_BYTES_MAX = 1024 * 1024
const NOTHING = allocate(0)

export interface Group {
  memory: Bytes
  bytes: number
  /** Position behind its last record. */
  end: Position
}

export class Pending {
  readonly #groups: Group[] = []
  #groupBytes = 0
  /** The group that still grows. */
  #memory: Bytes = NOTHING
  #memoryBytes = 0
  #end: Position = { records: 0, bytes: 0 }
  /** Of the group before, which serves again. */
  #spare: Bytes = NOTHING

  get bytes(): number {
    return this.#groupBytes + this.#memoryBytes
  }

  /** Appends `records` of a slice from record `skip` on, as one frame that begins at `first`. Copies. Returns where it ends. */
  append(first: Position, atMs: number, slice: Slice, skip: number, records: number): Position {
    const { ends, firstEnd } = slice
    const bytes = ends[firstEnd + skip + records - 1]! - (skip === 0 ? 0 : ends[firstEnd + skip - 1]!)
    const size = frameBytes(records, bytes)
    if (this.#memoryBytes + size > GROUP_BYTES_MAX) this.#closeGroup()
    this.#reserve(size)
    this.#memoryBytes = writeFrame(this.#memory, this.#memoryBytes, first, atMs, slice, skip, records)
    this.#end = { records: first.records + records, bytes: first.bytes + bytes }
    return this.#end
  }

  /** The oldest group; undefined when nothing waits. Its memory comes back with `recycle`. */
  take(): Group | undefined {
    if (this.#groups.length === 0) this.#closeGroup()
    const group = this.#groups.shift()
    this.#groupBytes -= group?.bytes ?? 0
    return group
  }

  /** Large memory is kept from group to group, and let go when nothing follows. */
  recycle({ memory }: Group): void {
    if (this.#memoryBytes > 0 || memory.length <= 2 * GROUP_BYTES_MAX) this.#spare = memory
  }

  #closeGroup(): void {
    if (this.#memoryBytes === 0) return
    this.#groups.push({ memory: this.#memory, bytes: this.#memoryBytes, end: this.#end })
    this.#groupBytes += this.#memoryBytes
    this.#memory = this.#spare
    this.#memoryBytes = 0
    this.#spare = NOTHING
  }

  #reserve(bytes: number): void {
    const wanted = this.#memoryBytes + bytes
    if (this.#memory.length >= wanted) return
    const larger = allocate(Math.max(wanted, 2 * this.#memory.length, FIRST_GROUP_BYTES))
    this.#memory.copy(larger, 0, 0, this.#memoryBytes)
    this.#memory = larger
  }
}
