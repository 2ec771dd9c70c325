/** A browser tells nobody's CPU time, so this is the time on the wall: never less than what the thread has used. */
export function cpuMicros(): number {
  return performance.now() * 1000
}
