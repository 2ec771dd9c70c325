/** Writes to a file descriptor without ever holding up the thread: through libuv's pool, however slow the other side is. */
import { write } from 'node:fs'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'

/** How long to wait before asking a full non-blocking pipe again. */
const FULL_PIPE_WAIT_MS = 10

/** Errors that may pass: no room now, too many files, an input/output error. */
const PASSING = new Set([
  'EAGAIN',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'ENFILE',
  'EMFILE',
  'EBUSY',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
])

/**
 * Writes all of `bytes`, in as many pieces as it takes. An aborted signal ends it between two pieces: a piece that is under
 * way reads from `bytes`, so the result waits for it.
 */
export async function writeAll(fd: number, bytes: Bytes, signal: AbortSignal): Promise<SendResult> {
  let at = 0
  while (at < bytes.length) {
    if (signal.aborted) return { ok: false, retryable: true, code: 'aborted', message: 'stopped while writing' }
    const result = await writeOnce(fd, bytes, at)
    if (typeof result === 'number') at += result
    else if (result.code === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_WAIT_MS))
    else return failure(result)
  }
  return { ok: true }
}

export function failure(error: NodeJS.ErrnoException): SendResult {
  const code = error.code ?? 'unknown'
  return { ok: false, retryable: PASSING.has(code), code: code.toLowerCase(), message: error.message }
}

function writeOnce(fd: number, bytes: Bytes, at: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    write(fd, bytes, at, bytes.length - at, null, (error, written) => resolve(error ?? written))
  })
}
