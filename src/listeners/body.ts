/** Reads one request body into memory, decompressed, within limits that hold while it is still coming in. */
import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { BodyLimits, Budget, ReceivedBody } from '#component/exchange.ts'
import { allocate, type Bytes, viewOf } from '#std/bytes.ts'
import { borrowMemory, returnMemory } from './spare-memory.ts'

/** What becomes of the bytes: the failures that only reading can show. */
export type ReadResult =
  | { ok: true; body: Body; wireBytes: number }
  | { ok: false; failure: ReadFailure; detail: string; wireBytes: number }
export type ReadFailure = 'body_too_large' | 'malformed' | 'overload' | 'aborted'

export const contentEncodings = ['identity', 'gzip', 'x-gzip', 'deflate', 'zstd'] as const
export type ContentEncoding = (typeof contentEncodings)[number]

const DECODED_CHUNK_BYTES = 64 * 1024
/** RFC 9659: the window of zstd as a content coding is at most 8 MiB; a frame that asks for more is refused. */
const ZSTD_WINDOW_LOG_MAX = 23
/** After an early answer the rest of a body is read and thrown away, so that the answer is not lost; up to here. */
export const DISCARDED_BYTES_MAX = 64 * 1024 * 1024

const decoders: Record<Exclude<ContentEncoding, 'identity'>, () => Transform> = {
  gzip: () => createGunzip({ chunkSize: DECODED_CHUNK_BYTES }),
  'x-gzip': () => createGunzip({ chunkSize: DECODED_CHUNK_BYTES }),
  deflate: () => createInflate({ chunkSize: DECODED_CHUNK_BYTES }),
  zstd: () =>
    createZstdDecompress({
      chunkSize: DECODED_CHUNK_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    }),
}

/**
 * Never rejects. After a failure the rest of the request is discarded, and its connection destroyed if that is too
 * much.
 */
export function readBody(
  request: IncomingMessage,
  encoding: ContentEncoding,
  limits: BodyLimits,
  asSent?: (chunk: Uint8Array) => void,
): Promise<ReadResult> {
  return new Promise((resolve) => {
    const body = new Body(limits.budget)
    const decoder = encoding === 'identity' ? null : decoders[encoding]()
    const declared = Number(request.headers['content-length'] ?? 0)
    const growsTo = decoder === null && declared > 0 ? declared : limits.decompressedBytesMax
    let wireBytes = 0
    let settled = false

    const fail = (failure: ReadFailure, detail: string) => {
      if (settled) return
      settled = true
      body.release()
      decoder?.destroy()
      request.resume()
      resolve({ ok: false, failure, detail, wireBytes })
    }
    const succeed = () => {
      if (settled) return
      settled = true
      resolve({ ok: true, body, wireBytes })
    }
    const keep = (chunk: Uint8Array) => {
      if (settled) return
      if (body.length + chunk.length > limits.decompressedBytesMax) {
        fail('body_too_large', `The body has more than ${limits.decompressedBytesMax} bytes when decompressed.`)
      } else if (!body.append(chunk, growsTo)) {
        fail('overload', 'Too many bodies are being received at once.')
      }
    }

    request.on('data', (chunk: Uint8Array) => {
      wireBytes += chunk.length
      if (!settled) asSent?.(chunk)
      if (settled) {
        if (wireBytes > limits.bodyBytesMax + DISCARDED_BYTES_MAX) request.destroy()
      } else if (wireBytes > limits.bodyBytesMax) {
        fail('body_too_large', `The body has more than ${limits.bodyBytesMax} bytes.`)
      } else if (decoder === null) {
        keep(chunk)
      } else if (!decoder.write(chunk)) {
        request.pause()
        decoder.once('drain', () => request.resume())
      }
    })
    request.on('end', () => (decoder === null ? succeed() : decoder.end()))
    request.on('error', () => fail('aborted', 'The connection broke.'))
    request.on(
      'close',
      () => request.complete || fail('aborted', 'The connection closed before the body was complete.'),
    )
    decoder?.on('data', keep)
    decoder?.on('end', succeed)
    decoder?.on('error', (error) => fail('malformed', `The body is not valid ${encoding}: ${error.message}.`))
  })
}

/**
 * Bytes that grow as they come in, out of a shared budget. The first chunk is used as it is, so a body of one chunk is
 * never copied; later ones are copied behind it, so a body of a million tiny chunks takes no more than its bytes.
 */
export class Body implements ReceivedBody {
  readonly #budget: Budget
  #memory: Bytes
  /** What `#memory` is the beginning of, where it was borrowed. */
  #borrowed: Bytes | undefined
  #length: number
  /** `memory`: what it holds already, taken from the budget by the caller. */
  constructor(budget: Budget, memory: Bytes = NOTHING) {
    this.#budget = budget
    this.#memory = memory
    this.#length = memory.length
  }

  get length(): number {
    return this.#length
  }

  /** A view; it is the body's and ends with `release`. */
  get bytes(): Bytes {
    return this.#memory.subarray(0, this.#length)
  }

  /** `growsTo`: what it will have at most, as far as is known; no more is set aside. False: the budget is used up. */
  append(chunk: Uint8Array, growsTo: number): boolean {
    const needed = this.#length + chunk.length
    const size = this.#memory.length
    if (needed > size) {
      const grown = size === 0 ? needed : Math.max(needed, Math.min(4 * size, growsTo))
      if (!this.#budget.take(grown - size)) return false
      if (size === 0) this.#memory = viewOf(chunk)
      else this.#grow(grown)
    }
    if (size > 0) this.#memory.set(chunk, this.#length)
    this.#length = needed
    return true
  }

  /** Safe to call twice. */
  release(): void {
    this.#budget.giveBack(this.#memory.length)
    if (this.#borrowed !== undefined) returnMemory(this.#borrowed)
    this.#borrowed = undefined
    this.#memory = NOTHING
    this.#length = 0
  }

  #grow(bytes: number): void {
    const borrowed = borrowMemory(bytes)
    this.#memory.copy(borrowed, 0, 0, this.#length)
    if (this.#borrowed !== undefined) returnMemory(this.#borrowed)
    this.#borrowed = borrowed
    this.#memory = borrowed.subarray(0, bytes)
  }
}

const NOTHING: Bytes = allocate(0)
