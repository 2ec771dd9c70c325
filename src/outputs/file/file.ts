/**
 * `file` appends records to a file. When the file is moved away or deleted, as log rotation does, it is opened anew.
 */
import { fdatasync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve as resolvePath } from 'node:path'
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { signals } from '#telemetry/signal.ts'
import { failure, writeAll } from '../file-writer.ts'
import { notRunning } from '../socket-writer.ts'

/** How often to look whether the path still leads to the file that is open. */
const LOOK_INTERVAL_MS = 1_000
const FILE_MODE = 0o640
const DIRECTORY_MODE = 0o750

const config = z.strictObject({
  path: z.string().min(1).describe('The file; a relative path counts from the working folder.'),
  format: z.enum(['text', 'ndjson']).default('text').describe('Records as they are, or one JSON object a line.'),
  create_directories: z.boolean().default(true).describe('Whether missing folders are made.'),
  fsync: z
    .enum(['never', 'batch'])
    .default('never')
    .describe('`batch`: a batch counts as delivered only when it is on the disk.'),
})

export const file = defineOutput({
  name: 'file',
  summary: 'Appends records to a file, and follows log rotation.',
  whenFull: 'drop_oldest',
  shape: 'stream',
  config,
  signals,
  encoder: ({ format }) => ({ name: format }),
  create: (options, context) => new FileOutput(options, context),
})

class FileOutput implements Output {
  readonly #path: string
  readonly #createDirectories: boolean
  readonly #sync: boolean
  readonly #context: OutputContext
  #handle: FileHandle | undefined
  #inode = 0
  #lookedAt = 0
  #stopped = false
  /** What `stop` waits for: a descriptor that is closed under a write may by then be another file's. */
  #sending: Promise<SendResult> | undefined

  constructor(options: z.output<typeof config>, context: OutputContext) {
    this.#path = resolvePath(options.path)
    this.#createDirectories = options.create_directories
    this.#sync = options.fsync === 'batch'
    this.#context = context
  }

  async start(): Promise<void> {}

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (this.#stopped) return notRunning
    this.#sending = this.#append(batch, signal)
    return await this.#sending
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#sending
    await this.#close()
  }

  async #append(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    try {
      const handle = await this.#current()
      const result = await writeAll(handle.fd, batch.bytes, signal)
      if (!result.ok || !this.#sync) return result
      await new Promise<void>((resolve, reject) => {
        fdatasync(handle.fd, (error) => (error === null ? resolve() : reject(error)))
      })
      return result
    } catch (error) {
      return failure(error as NodeJS.ErrnoException)
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** The open file, opened anew if the path leads elsewhere by now. */
  async #current(): Promise<FileHandle> {
    const now = this.#context.clock.now()
    if (this.#handle !== undefined && now - this.#lookedAt < LOOK_INTERVAL_MS) return this.#handle
    this.#lookedAt = now
    const inode = await stat(this.#path).then(
      (found) => found.ino,
      () => -1,
    )
    if (this.#handle !== undefined && inode === this.#inode) return this.#handle
    await this.#close()
    if (this.#createDirectories) await mkdir(dirname(this.#path), { recursive: true, mode: DIRECTORY_MODE })
    const handle = await open(this.#path, 'a', FILE_MODE)
    this.#inode = (await handle.stat()).ino
    this.#handle = handle
    return handle
  }
}
