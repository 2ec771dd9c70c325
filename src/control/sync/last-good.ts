/** The last manifest that worked, on disk: what a node starts from when nobody answers. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#observe/log.ts'

const FILE = 'last-good-manifest.json'

/** Undefined when there is none, or it cannot be read. */
export function readLastGood(dataDir: string, log: Logger): string | undefined {
  const file = join(dataDir, FILE)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ file, reason: String(error) }, 'the last good manifest cannot be read')
    return undefined
  }
}

/** Whole or not at all: written beside, synced, then renamed. A disk that refuses is logged, and nothing else suffers. */
export function writeLastGood(dataDir: string, manifest: string, log: Logger): void {
  const file = join(dataDir, FILE)
  const fresh = `${file}.${process.pid}.new`
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const fd = openSync(fresh, 'w', 0o600)
    try {
      writeSync(fd, manifest)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, file)
  } catch (error) {
    log.warn({ file, reason: String(error) }, 'the last good manifest cannot be kept')
  }
}
