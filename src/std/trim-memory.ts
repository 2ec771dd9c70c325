/**
 * Gives memory back that starting has used. Loading and compiling leaves tens of megabytes of garbage, and the heap that was grown
 * for it; a process that idles afterwards would keep both for hours, because nothing makes V8 look.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Once, before there is traffic: it holds up the thread for some 70 ms. */
export function trimMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
