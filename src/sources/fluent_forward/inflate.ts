/** Compressed events, decompressed off this thread, within a bound and a budget that all connections share. */
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import type { ByteBudget } from '#listeners/byte-budget.ts'
import { type Bytes, concat } from '#std/bytes.ts'
import type { Compression } from './message.ts'

/** Window of zstd: as HTTP allows it (RFC 9659). */
const WINDOW_LOG_MAX = 23
const CHUNK_BYTES = 64 * 1024

export type Inflated = { ok: true; bytes: Bytes } | { ok: false; why: 'malformed' | 'too_large' | 'overload' }

/**
 * Several gzip members, or zstd frames, count as one. What it gives is taken from `budget`; who gets it gives
 * `bytes.length` back. Never rejects. `bytes` must not change meanwhile.
 */
export function inflate(
  bytes: Uint8Array,
  compression: Compression,
  bytesMax: number,
  budget: ByteBudget,
): Promise<Inflated> {
  return new Promise((resolve) => {
    const stream =
      compression === 'gzip'
        ? createGunzip({ chunkSize: CHUNK_BYTES })
        : createZstdDecompress({
            chunkSize: CHUNK_BYTES,
            params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
          })
    const chunks: Uint8Array[] = []
    let length = 0
    let taken = 0
    const fail = (why: 'malformed' | 'too_large' | 'overload') => {
      budget.giveBack(taken)
      taken = 0
      stream.removeAllListeners('data')
      stream.destroy()
      resolve({ ok: false, why })
    }
    stream.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length > bytesMax) return fail('too_large')
      if (!budget.take(chunk.length)) return fail('overload')
      taken += chunk.length
      chunks.push(chunk)
    })
    stream.on('error', () => fail('malformed'))
    stream.on('end', () => resolve({ ok: true, bytes: concat(chunks) }))
    stream.end(bytes)
  })
}
