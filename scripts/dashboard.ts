/**
 * `node scripts/dashboard.ts`: builds the dashboard into `ui/dist` if it is not there or older than what goes into it. Builders do not
 * get in each other's way: one builds, the others wait for it. The folder appears when it is whole.
 */
import { globSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFresh } from '#std/build-stamp.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'ui/dist')
const LOCK = join(ROOT, 'ui/.build.lock')
const LOOK_MS = 100

/** Returns where the dashboard lies. Rejects with what is wrong in words for people. */
export async function buildDashboard(): Promise<string> {
  while (!(await isFresh(FOLDER, ROOT))) {
    if (takeLock()) {
      try {
        await build()
      } finally {
        rmSync(LOCK, { force: true })
      }
    } else await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return FOLDER
}

async function build(): Promise<void> {
  const vite = await import('vite').catch((error: unknown) => {
    throw new Error(
      `the dashboard is built with Vite, which is not installed here: run npm ci without --omit=dev (${String(error)})`,
    )
  })
  for (const left of globSync('ui/.build-*', { cwd: ROOT })) rmSync(join(ROOT, left), { recursive: true, force: true })
  const fresh = join(ROOT, `ui/.build-${process.pid}`)
  const old = `${fresh}-old`
  try {
    await vite.build({
      configFile: join(ROOT, 'ui/vite.config.ts'),
      build: { outDir: fresh },
      logLevel: 'error',
    })
    // Browsers that have the page open get what they loaded; what they load later they find in the new folder, or reload.
    rename(FOLDER, old)
    renameSync(fresh, FOLDER)
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A lock of a process that is gone is nobody's. */
function takeLock(): boolean {
  try {
    writeSync(openSync(LOCK, 'wx'), String(process.pid))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (!isAlive(holderOf(LOCK))) rmSync(LOCK, { force: true })
  return false
}

/** Undefined: it has just gone, or is just being written. */
function holderOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDashboard().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  })
}
