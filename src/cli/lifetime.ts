/** From start to signal: waits for the end of a running command and sees that it is an orderly one. */
import type { Logger } from '#observe/log.ts'

export interface Lifetime {
  log: Logger
  /** How long stopping may take. */
  timeoutMs: number
  /** True: everything that was taken in has been handed on. */
  stop(): Promise<boolean>
  /** Resolves when the process is to end and begin anew, as the same process. */
  restart?: Promise<void>
  /** On SIGHUP. */
  reread?(): Promise<void>
}

/** How much longer than its own timeout a stop may take before the process ends all the same. */
const GRACE_MS = 1_000

/** Whether a process can begin anew in its own place, so that whoever watches over it sees no end. Windows cannot. */
export const canRestart = typeof process.execve === 'function'
const RESTART = 'restart'

/** Does not return. */
function begin(): void {
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env)
}

/** Resolves with the exit code after SIGTERM or SIGINT: 0 when all was drained. A second signal ends the process at once. */
export async function untilStopped({ log, timeoutMs, stop, reread, restart }: Lifetime): Promise<number> {
  const { promise: asked, resolve } = Promise.withResolvers<string>()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals++
      // Not `exit`: that would wait for a thread of libuv's pool which a stalled terminal holds up.
      if (signals > 1) process.kill(process.pid, 'SIGKILL')
      resolve(signal)
    })
  }
  if (reread !== undefined) process.on('SIGHUP', () => void reread())
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ error: error instanceof Error ? error.stack : String(error) }, `${event}: this is a bug; ending`)
      process.exit(1)
    })
  }
  void restart?.then(() => resolve(RESTART))
  const signal = await asked
  log.info({ signal }, 'stopping: no more is accepted, what is here is handed on')
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), timeoutMs + GRACE_MS))
  const drained = await Promise.race([stop(), late])
  if (drained) log.info({}, 'stopped')
  else log.error({ timeout_ms: timeoutMs }, 'stopped with records left behind; the time was up')
  if (signal === RESTART) begin()
  return drained ? 0 : 1
}
