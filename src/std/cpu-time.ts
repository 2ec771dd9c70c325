/** Microseconds of CPU time that this thread has used; only differences mean something. A browser build replaces this file. */
export function cpuMicros(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
