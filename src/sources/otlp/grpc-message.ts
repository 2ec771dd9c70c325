/**
 * One message of a gRPC call, read within limits that hold while it is still coming in.
 *
 *   Length-Prefixed-Message: compressed flag (1 byte, 0 or 1), length (4 bytes, big-endian), message
 *   (grpc/grpc: doc/PROTOCOL-HTTP2.md)
 *
 * A unary call has one; what comes behind it is an error.
 */
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { BodyLimits, ReceivedBody } from '#component/exchange.ts'
import { Body } from '#listeners/body.ts'
import { viewOf } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'

export type MessageFailure = 'too_large' | 'malformed' | 'compressed' | 'overload' | 'timeout' | 'aborted'

export type MessageResult =
  | { ok: true; body: ReceivedBody }
  | { ok: false; failure: MessageFailure; message: string; wireBytes: number }

const PREFIX_BYTES = 5
const DECODED_CHUNK_BYTES = 64 * 1024

interface Around {
  limits: BodyLimits
  clock: Clock
  /** For the message to arrive whole. */
  timeoutMs: number
  /** What `grpc-encoding` names. */
  gzip: boolean
}

/** Never rejects. Who gets a body calls its `release`. After a failure nothing more is read: close the stream. */
export async function readMessage(stream: Readable, around: Around): Promise<MessageResult> {
  const read = await readPlain(stream, around)
  if (!read.ok || !read.isCompressed) return read
  if (!around.gzip) {
    read.body.release()
    return fail('compressed', 'The message is compressed, and grpc-encoding does not say how.', read.body.length)
  }
  return await expand(read.body, around.limits)
}

type Plain = { ok: true; body: Body; isCompressed: boolean } | (MessageResult & { ok: false })

function readPlain(stream: Readable, { limits, clock, timeoutMs }: Around): Promise<Plain> {
  return new Promise((resolve) => {
    const { decompressedBytesMax: bytesMax } = limits
    const prefix = new Uint8Array(PREFIX_BYTES)
    const body = new Body(limits.budget)
    let wireBytes = 0
    let length = 0

    const settle = (result: Plain) => {
      timer.cancel()
      stream.removeListener('data', take).removeListener('end', end).removeListener('close', onClose)
      if (!result.ok) body.release()
      resolve(result)
    }
    const stop = (failure: MessageFailure, message: string) => settle(fail(failure, message, wireBytes))
    const take = (chunk: Uint8Array) => {
      let from = 0
      while (wireBytes < PREFIX_BYTES && from < chunk.length) prefix[wireBytes++] = chunk[from++]!
      if (wireBytes < PREFIX_BYTES) return
      if (wireBytes === PREFIX_BYTES && from > 0) {
        length = new DataView(prefix.buffer).getUint32(1)
        if (prefix[0]! > 1) return stop('malformed', 'The message has no valid prefix.')
        if (length > bytesMax) return stop('too_large', `The message is larger than ${bytesMax} bytes.`)
      }
      wireBytes += chunk.length - from
      if (wireBytes - PREFIX_BYTES > length) return stop('malformed', 'There is more than one message.')
      if (from < chunk.length && !body.append(from === 0 ? chunk : chunk.subarray(from), length)) {
        stop('overload', 'Too many requests are being received at once.')
      }
    }
    const end = () => {
      if (wireBytes < PREFIX_BYTES || body.length < length) stop('malformed', 'The message breaks off.')
      else settle({ ok: true, body, isCompressed: prefix[0] === 1 })
    }
    const onClose = () => stop('aborted', 'The call was cancelled.')
    const timer = clock.after(timeoutMs, () => stop('timeout', 'The message did not arrive in time.'))
    stream.on('data', take).on('end', end).on('close', onClose)
  })
}

/** Decompresses in steps, so that no more is set aside than there is and may be. */
function expand(compressed: Body, { budget, decompressedBytesMax: bytesMax }: BodyLimits): Promise<MessageResult> {
  return new Promise((resolve) => {
    const wireBytes = compressed.length
    const body = new Body(budget)
    const gunzip = createGunzip({ chunkSize: DECODED_CHUNK_BYTES })
    const settle = (result: MessageResult) => {
      gunzip.removeAllListeners().on('error', () => undefined)
      gunzip.destroy()
      compressed.release()
      if (!result.ok) body.release()
      resolve(result)
    }
    gunzip.on('data', (chunk: Uint8Array) => {
      if (body.length + chunk.length > bytesMax) {
        settle(fail('too_large', `The message is larger than ${bytesMax} bytes when decompressed.`, wireBytes))
      } else if (!body.append(chunk, bytesMax)) {
        settle(fail('overload', 'Too many requests are being received at once.', wireBytes))
      }
    })
    gunzip.on('end', () => settle({ ok: true, body }))
    gunzip.on('error', () => settle(fail('malformed', 'The message is not valid gzip.', wireBytes)))
    gunzip.end(viewOf(compressed.bytes))
  })
}

function fail(failure: MessageFailure, message: string, wireBytes: number): MessageResult & { ok: false } {
  return { ok: false, failure, message, wireBytes }
}
