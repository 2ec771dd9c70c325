/**
 * Reads many accepted sockets into one buffer.
 *
 * A socket's `data` events allocate 64 KiB for every read. The `onread` option of `net.Socket` reads into memory of
 * ours instead; reads are synchronous, so one buffer serves all connections. It is an option of the constructor only,
 * and `net.createServer` does not pass it on, so the handle of the accepted socket goes into a new one, as
 * `node:cluster` does with handles from another process. 480 MB over four connections, Node 24: 115 ms CPU against 265
 * to 400, and 53 MB RSS against 140. A runtime whose handles cannot do that is served by `data` events.
 */
import { Socket } from 'node:net'
import type { Bytes } from '#std/bytes.ts'

/** Gets `length` bytes at the start of `buffer`, its own only until it returns. False pauses the socket. */
export type OnBytes = (length: number, buffer: Uint8Array) => boolean

/**
 * Takes the place of `accepted`, which must not be used any more, came paused, and stays half open when its peer ends.
 */
export function readInto(accepted: Socket, buffer: Bytes, onBytes: OnBytes): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return readData(accepted, onBytes)
  Reflect.set(accepted, '_handle', null)
  // Only the shell: its server stops counting it, and its handle lives on.
  accepted.destroy()
  return Reflect.construct(Socket, [{ handle, allowHalfOpen: true, onread: { buffer, callback: onBytes } }])
}

/** The same by `data` events. */
export function readData(accepted: Socket, onBytes: OnBytes): Socket {
  accepted.on('data', (chunk: Uint8Array) => {
    if (!onBytes(chunk.length, chunk)) accepted.pause()
  })
  return accepted.resume()
}
