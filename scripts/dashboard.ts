/**
 * `node scripts/dashboard.ts`: builds the dashboard into `ui/dist` if it is not there or older than what goes into it. Builders do not
 * get in each other's way: one builds, the others wait for it. The folder appears when it is whole.
 */
import { globSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFresh } from '#std/build-stamp.ts'
import { oneAtATime } from './one-at-a-time.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'ui/dist')
const LOCK = join(ROOT, 'ui/.build.lock')

/** Returns where the dashboard lies. Rejects with what is wrong in words for people. */
export async function buildDashboard(): Promise<string> {
  await oneAtATime(LOCK, () => isFresh(FOLDER, ROOT), build)
  return FOLDER
}

async function build(): Promise<void> {
  const { build } = await import('vite').catch((error: unknown) => {
    throw new Error(
      `the dashboard is built with Vite, which is not installed here: run npm ci without --omit=dev (${String(error)})`,
    )
  })
  for (const left of globSync('ui/.build-*', { cwd: ROOT })) rmSync(join(ROOT, left), { recursive: true, force: true })
  const fresh = join(ROOT, `ui/.build-${process.pid}`)
  const old = `${fresh}-old`
  try {
    await build({ configFile: join(ROOT, 'ui/vite.config.ts'), build: { outDir: fresh }, logLevel: 'error' })
    // Browsers that have the page open get what they loaded; what they load later they find in the new folder, or reload.
    rename(FOLDER, old)
    renameSync(fresh, FOLDER)
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}

/** What is not there needs no other name. */
function rename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDashboard().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  })
}
