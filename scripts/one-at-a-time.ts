/** Lets one of several processes do what all of them need, while the others wait for it. */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'

const LOOK_MS = 100
/** A holder writes its id at once. */
const NAMELESS_MS_MAX = 5_000
/** Nothing that is done under a lock takes this long; the id may be another process's by now. */
const HELD_MS_MAX = 5 * 60_000

/** Resolves when it is done, by whomever. `lock` is a file that is there only meanwhile. */
export async function oneAtATime(
  lock: string,
  isDone: () => Promise<boolean>,
  work: () => Promise<void>,
): Promise<void> {
  while (!(await isDone())) {
    if (!take(lock)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      continue
    }
    try {
      // Somebody may have finished between the look and the lock.
      if (!(await isDone())) await work()
    } finally {
      rmSync(lock, { force: true })
    }
    return
  }
}

function take(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx')
    writeSync(file, String(process.pid))
    closeSync(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (isAbandoned(lock)) rmSync(lock, { force: true })
  return false
}

function isAbandoned(lock: string): boolean {
  const found = statSync(lock, { throwIfNoEntry: false })
  if (found === undefined) return false
  const age = Date.now() - found.mtimeMs
  const holder = Number(holderIn(lock))
  if (!(holder > 0)) return age > NAMELESS_MS_MAX
  return age > HELD_MS_MAX || !isAlive(holder)
}

/** Empty where it has just gone. */
function holderIn(lock: string): string {
  try {
    return readFileSync(lock, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
