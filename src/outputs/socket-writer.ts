/** Writes one batch to a socket and says how that went. */
import type { Socket } from 'node:net'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'

/**
 * Settles when the kernel has taken all bytes, when the socket breaks, when it takes nothing for `timeoutMs` (0: however
 * long), or when the signal aborts. After a failure nobody knows how much went through, and the socket still reads from
 * `bytes` until it is destroyed: that is up to the caller.
 */
export function writeToSocket(
  socket: Socket,
  bytes: Bytes,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<SendResult> {
  return new Promise((resolve) => {
    const settle = (result: SendResult) => {
      socket.removeListener('close', closed)
      socket.setTimeout(0, timedOut)
      signal.removeEventListener('abort', aborted)
      resolve(result)
    }
    const closed = () => settle(failed('closed', 'the connection broke while sending'))
    const aborted = () => settle(failed('aborted', 'stopped while sending'))
    const timedOut = () => settle(failed('timeout', `no byte was taken for ${timeoutMs} ms`))
    if (signal.aborted) return aborted()
    socket.once('close', closed)
    if (timeoutMs > 0) socket.setTimeout(timeoutMs, timedOut)
    signal.addEventListener('abort', aborted, { once: true })
    socket.write(bytes, (error) => settle(error ? failed('closed', error.message) : { ok: true }))
  })
}

/** A failure that may pass. */
export function failed(code: string, message: string): SendResult {
  return { ok: false, retryable: true, code, message }
}

/** What a `send` says before `start` and after `stop`. */
export const notRunning: SendResult = failed('stopped', 'the output is not running')

/** A name with several addresses fails once for each; the whole then has no message of its own. */
export function reasonOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message
  return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ')
}
