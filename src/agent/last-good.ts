/** The last configuration that was given and worked, on disk: what a node starts from when nobody answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#observe/log.ts'
import { writeWhole } from './whole-file.ts'

const FILE = 'last-good.json'
/** Its name before there was anything but manifests. */
const OLD_FILE = 'last-good-manifest.json'

/** Undefined when there is none, or it cannot be read. */
export function readLastGood(dataDir: string, log: Logger): string | undefined {
  for (const file of [join(dataDir, FILE), join(dataDir, OLD_FILE)]) {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      log.warn({ file, reason: String(error) }, 'the last good configuration cannot be read')
      return undefined
    }
  }
  return undefined
}

/** Whole or not at all. A disk that refuses is logged, and nothing else suffers. */
export function writeLastGood(dataDir: string, configuration: string, log: Logger): void {
  const file = join(dataDir, FILE)
  try {
    writeWhole(file, configuration)
  } catch (error) {
    log.warn({ file, reason: String(error) }, 'the last good configuration cannot be kept')
  }
}
