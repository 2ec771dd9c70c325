/** Writes one batch to a socket and says how that went. */
import type { Socket } from 'node:net'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'

/**
 * Settles when the kernel has taken all bytes, when the socket breaks, when it takes nothing for `timeoutMs` (0: however
 * long), or when the signal aborts. After a failure the socket is destroyed: how much went through is not known.
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
      if (!result.ok) socket.destroy()
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

export function failed(code: string, message: string): SendResult {
  return { ok: false, retryable: true, code, message }
}
