/**
 * The directory in which a node keeps what must outlive it. One process at a time: it holds a lock that the system takes
 * back when the process ends, however it ends.
 */
import type { DatabaseSync } from 'node:sqlite'
import { type Clock, pause } from '#std/clock.ts'
import { Backlog } from './backlog.ts'
import { type Disk, diskCode } from './disk.ts'

const LOCK_FILE = 'lock.db'
const CLAIM_POLL_MS = 100
/** Most that waits in memory to be written, for one output. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024

/** Why the directory cannot be had. `taken`: another process has it. */
export interface ClaimFailure {
  code: string
  message: string
}

export class DataDirectory {
  readonly path: string
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #claimedLogs = new Set<string>()
  #lock: DatabaseSync | undefined

  constructor(path: string, disk: Disk, clock: Clock) {
    this.path = path
    this.#disk = disk
    this.#clock = clock
  }

  get claimed(): boolean {
    return this.#lock !== undefined
  }

  /** Takes the lock, waiting up to `waitMs` for another process to end. Undefined: it is ours. */
  async claim(waitMs: number): Promise<ClaimFailure | undefined> {
    const deadline = this.#clock.now() + waitMs
    for (;;) {
      const failure = await this.#tryClaim()
      if (failure?.code !== 'taken' || this.#clock.now() >= deadline) return failure
      await pause(this.#clock, CLAIM_POLL_MS, NEVER)
    }
  }

  release(): void {
    this.#lock?.close()
    this.#lock = undefined
  }

  /** What an output has on disk. `name` may hold what a file name may. */
  backlog(name: string, bytesMax: number): Backlog {
    const pendingBytesMax = Math.min(PENDING_BYTES_MAX, Math.floor(bytesMax / 4))
    const directory = `${this.path}/spool/${name}`
    return new Backlog({ directory, bytesMax, pendingBytesMax }, this.#disk, this.#clock, this.#claimedLogs)
  }

  /** A lock on a database file is a lock of the system's on that file: held by the process, never left behind. */
  async #tryClaim(): Promise<ClaimFailure | undefined> {
    if (this.#lock !== undefined) return undefined
    let lock: DatabaseSync | undefined
    try {
      await this.#disk.makeDirectory(this.path)
      // A database takes its file as it finds it.
      await (await this.#disk.open(`${this.path}/${LOCK_FILE}`, 'update')).close()
      const { DatabaseSync } = await import('node:sqlite')
      lock = new DatabaseSync(`${this.path}/${LOCK_FILE}`)
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      this.#lock = lock
      return undefined
    } catch (error) {
      lock?.close()
      const message = String((error as Error).message ?? error)
      if (message.includes('locked'))
        return { code: 'taken', message: `another process uses the data directory ${this.path}` }
      return { code: diskCode(error), message: `the data directory ${this.path} cannot be used: ${message}` }
    }
  }
}

const NEVER = new AbortController().signal
