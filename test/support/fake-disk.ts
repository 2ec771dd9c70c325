/**
 * A disk in memory that a test can fill, break, slow down and pull the plug of. What was written and not synced survives the
 * end of a process, but of a power cut only as much as chance will have it.
 */
import type { Disk, DiskFile } from '#spool/disk.ts'
import type { Bytes } from '#std/bytes.ts'

interface File {
  data: Buffer
  /** What would survive a power cut. */
  synced: Buffer
}

export type DiskOperation = 'makeDirectory' | 'list' | 'open' | 'write' | 'read' | 'sync' | 'remove'

export class FakeDisk {
  readonly files = new Map<string, File>()
  /** Bytes that all files together may have. */
  capacity = Number.POSITIVE_INFINITY
  /** Code of the error with which an operation fails, if it is to. */
  fault: (operation: DiskOperation, path: string) => string | undefined = () => undefined
  /** Awaited by every operation. */
  delay: () => Promise<void> = async () => undefined
  readonly #random: () => number
  #life = 0

  constructor(random: () => number = () => 0.5) {
    this.#random = random
  }

  get bytes(): number {
    let bytes = 0
    for (const { data } of this.files.values()) bytes += data.length
    return bytes
  }

  /** The process ends: nothing that it still has under way happens. `power`: the machine goes down with it. */
  crash(power: boolean): void {
    this.#life++
    if (!power) return
    for (const file of this.files.values()) {
      // Some of what was not synced made it: a prefix, and perhaps with a bad end.
      const from = Math.min(file.synced.length, file.data.length)
      const kept = from + Math.floor(this.#random() * (file.data.length - from + 1))
      file.data = Buffer.from(file.data.subarray(0, kept))
      if (kept > from && this.#random() < 0.3) file.data[kept - 1]! ^= 0x55
      file.synced = Buffer.from(file.data)
    }
  }

  /** Turns a bit in the middle of a file. */
  corrupt(path: string, at: number): void {
    this.files.get(path)!.data[at]! ^= 0x10
  }

  /** The disk as one process sees it: after a crash nothing of it ever answers. */
  mount(): Disk {
    const life = this.#life
    const step = async (operation: DiskOperation, path: string) => {
      await this.delay()
      if (life !== this.#life) await new Promise(() => undefined)
      const code = this.fault(operation, path)
      if (code !== undefined) throw failure(code, path)
    }
    return {
      makeDirectory: (path) => step('makeDirectory', path),
      list: async (path) => {
        await step('list', path)
        const names = new Set<string>()
        for (const file of this.files.keys()) {
          if (file.startsWith(`${path}/`)) names.add(file.slice(path.length + 1).split('/')[0]!)
        }
        return [...names]
      },
      open: async (path, mode) => {
        await step('open', path)
        let file = this.files.get(path)
        if (file === undefined && mode === 'read') throw failure('ENOENT', path)
        if (file === undefined || mode === 'write') {
          file = { data: Buffer.alloc(0), synced: Buffer.alloc(0) }
          this.files.set(path, file)
        }
        return this.#handle(path, file, step)
      },
      remove: async (path) => {
        await step('remove', path)
        for (const file of this.files.keys()) if (file === path || file.startsWith(`${path}/`)) this.files.delete(file)
      },
      syncDirectory: (path) => step('sync', path),
    }
  }

  #handle(path: string, file: File, step: (operation: DiskOperation, path: string) => Promise<void>): DiskFile {
    return {
      write: async (bytes, position) => {
        await step('write', path)
        const growth = Math.max(0, position + bytes.length - file.data.length)
        const room = Math.max(0, this.capacity - this.bytes)
        const length = growth > room ? Math.max(0, bytes.length - (growth - room)) : bytes.length
        if (position + length > file.data.length) {
          file.data = Buffer.concat([file.data, Buffer.alloc(position + length - file.data.length)])
        }
        bytes.copy(file.data, position, 0, length)
        if (length < bytes.length) throw failure('ENOSPC', path)
      },
      read: async (target: Bytes, position) => {
        await step('read', path)
        return file.data.copy(target, 0, position, position + target.length)
      },
      size: async () => file.data.length,
      sync: async () => {
        await step('sync', path)
        file.synced = Buffer.from(file.data)
      },
      truncate: async (size) => {
        await step('write', path)
        file.data = Buffer.from(file.data.subarray(0, size))
      },
      close: async () => undefined,
    }
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
