/** What Linux says about a process and its children: CPU time and memory, from /proc. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

interface Stat {
  pid: number
  parent: number
  cpuSeconds: number
}

function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, parent: Number(fields[1]), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }
  } catch {
    return undefined
  }
}

/** `root` and all processes below it. */
function tree(root: number): Stat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (stat(Number(name)) ?? []) : []))
  const found = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const { pid, parent } of all) {
      if (!found.has(pid) && found.has(parent)) {
        found.add(pid)
        grown = true
      }
    }
  }
  return all.filter(({ pid }) => found.has(pid))
}

/** User and system seconds of the whole tree so far. */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

export type Memory = 'VmRSS' | 'VmHWM'

/** Resident megabytes of the whole tree: now, or at its peak. */
export function residentMb(root: number, which: Memory): number {
  return tree(root).reduce((sum, { pid }) => {
    const match = new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return sum + Number(match?.[1] ?? 0) / 1024
  }, 0)
}
