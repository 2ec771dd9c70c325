/** The last manifest that worked, on disk: what a node starts from when nobody answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#observe/log.ts'
import { writeWhole } from './whole-file.ts'

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

/** Whole or not at all. A disk that refuses is logged, and nothing else suffers. */
export function writeLastGood(dataDir: string, manifest: string, log: Logger): void {
  const file = join(dataDir, FILE)
  try {
    writeWhole(file, manifest)
  } catch (error) {
    log.warn({ file, reason: String(error) }, 'the last good manifest cannot be kept')
  }
}
