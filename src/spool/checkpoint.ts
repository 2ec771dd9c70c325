/**
 * How far a log is settled, in a file of its own: two doubles and a CRC-32C. It is not synced: after a power cut something may
 * be sent again, never lost.
 */
import { allocate } from '#std/bytes.ts'
import { crc32c } from '#std/crc32c.ts'
import { type Disk, type DiskFile, diskCode } from './disk.ts'
import type { Position } from './frame.ts'

const BYTES = 20
const CHECKED_BYTES = BYTES - 4

export class Checkpoint {
  readonly #path: string
  readonly #disk: Disk
  #file: DiskFile | undefined
  #wanted: Position = { records: 0, bytes: 0 }
  #noted = 0
  #writing: Promise<void> | undefined
  failures = 0

  constructor(path: string, disk: Disk) {
    this.#path = path
    this.#disk = disk
  }

  /** What stands in the file; undefined where there is none that is sound. Rejects when it cannot be read now. */
  async load(): Promise<Position | undefined> {
    try {
      const file = await this.#disk.open(this.#path, 'read')
      const content = allocate(BYTES)
      const read = await file.read(content, 0).finally(() => file.close())
      if (read < BYTES || crc32c(content, 0, CHECKED_BYTES) !== content.readUInt32LE(CHECKED_BYTES)) return undefined
      return { records: content.readDoubleLE(0), bytes: content.readDoubleLE(8) }
    } catch (error) {
      if (diskCode(error) !== 'enoent') throw error
      return undefined
    }
  }

  /** Writes it soon; of several, the last. When that fails, the next is tried. */
  note(position: Position): void {
    this.#wanted = position
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  /** Resolves when what was noted is written, or could not be. */
  async close(): Promise<void> {
    await this.#writing
    await this.#write()
    await this.#file?.close().catch(() => undefined)
    this.#file = undefined
  }

  async #write(): Promise<void> {
    while (this.#noted < this.#wanted.records) {
      const { records, bytes } = this.#wanted
      const content = allocate(BYTES)
      content.writeDoubleLE(records, 0)
      content.writeDoubleLE(bytes, 8)
      content.writeUInt32LE(crc32c(content, 0, CHECKED_BYTES), CHECKED_BYTES)
      try {
        this.#file ??= await this.#disk.open(this.#path, 'update')
        await this.#file.write(content, 0)
      } catch {
        this.failures++
        return
      }
      this.#noted = records
    }
  }
}
