/** What a spool needs of a file system. Passed in, so that a test decides what breaks and when. */
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import type { Bytes } from '#std/bytes.ts'

/** Every call rejects with an error that has the system's `code` (`ENOSPC`, `EACCES`, …). */
export interface Disk {
  /** Makes the directory and those above it, readable by us alone. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory; none when it is not there. */
  list(path: string): Promise<string[]>
  /** `write`: a new file, or an old one emptied. `update`: an old one as it is, or a new one. */
  open(path: string, mode: 'read' | 'write' | 'update'): Promise<DiskFile>
  /** A file, or a directory with all that is in it. Nothing happens when it is not there. */
  remove(path: string): Promise<void>
  /** Makes the names in a directory survive a power cut. */
  syncDirectory(path: string): Promise<void>
}

export interface DiskFile {
  /** Writes all of `bytes` at `position`, or rejects with some of them written. */
  write(bytes: Bytes, position: number): Promise<void>
  /** Fills `target` from `position` on. Returns the number of bytes read: fewer only at the end of the file. */
  read(target: Bytes, position: number): Promise<number>
  size(): Promise<number>
  /** Resolves when what was written would survive a power cut. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

const OURS_ALONE = 0o700
const FILE_OURS_ALONE = 0o600
const FLAGS = { read: 'r', write: 'w', update: 'a' } as const

export const realDisk: Disk = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: OURS_ALONE })
  },
  async list(path) {
    try {
      return await readdir(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  },
  async open(path, mode) {
    // Appending would ignore positions, so an old file is made to exist first and then opened for both.
    if (mode === 'update') await (await open(path, FLAGS.update, FILE_OURS_ALONE)).close()
    const handle = await open(path, mode === 'update' ? 'r+' : FLAGS[mode], FILE_OURS_ALONE)
    return {
      async write(bytes, position) {
        let done = 0
        while (done < bytes.length) {
          done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
        }
      },
      async read(target, position) {
        let done = 0
        while (done < target.length) {
          const { bytesRead } = await handle.read(target, done, target.length - done, position + done)
          if (bytesRead === 0) break
          done += bytesRead
        }
        return done
      },
      size: async () => (await handle.stat()).size,
      sync: () => handle.datasync(),
      truncate: (size) => handle.truncate(size),
      close: () => handle.close(),
    }
  },
  async remove(path) {
    await rm(path, { recursive: true, force: true })
  },
  async syncDirectory(path) {
    const handle = await open(path, 'r')
    await handle.sync().finally(() => handle.close())
  },
}

/** The system's code of an error, in lower case and fit for a label: `enospc`. */
export function diskCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' ? code.toLowerCase() : 'io'
}
