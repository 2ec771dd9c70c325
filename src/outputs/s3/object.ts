/** What becomes of the records of one key: the object's name and its body. */
import { promisify } from 'node:util'
import { zstdCompress as nodeZstd } from 'node:zlib'
import type { Group } from '#codecs/grouped/grouped.ts'
import { arrivalMsAt, STAMP_BYTES } from '#codecs/partitioned/partitioned.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { gzip } from '../endpoint.ts'

export const compressions = ['none', 'gzip', 'zstd'] as const
export type Compression = (typeof compressions)[number]
export const objectFormats = ['ndjson', 'text'] as const
export type ObjectFormat = (typeof objectFormats)[number]

/** Characters of the digest in a name: 80 bits. */
const DIGEST_CHARACTERS = 20
/** `/20260102T030405Z-0123456789abcdef0123.ndjson.zst` */
export const NAME_BYTES_MAX = 1 + 16 + 1 + DIGEST_CHARACTERS + '.ndjson.zst'.length

const zstd: (bytes: Uint8Array) => Promise<Bytes> = promisify(nodeZstd)

export interface S3Object {
  key: string
  body: Bytes
  /** SHA-256 of the body as it is sent. */
  digest: Bytes
}

/**
 * The name says when the first record arrived, and ends in a digest of the stamps of all records: the same records
 * always make the same object, and no others do.
 */
export async function objectOf(
  group: Group,
  bytes: Bytes,
  format: ObjectFormat,
  compression: Compression,
): Promise<S3Object> {
  const { stamps, text } = gather(group, bytes)
  const identity = await sha256(stamps)
  const arrival = new Date(arrivalMsAt(stamps, 0)).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const ending = `${format === 'ndjson' ? 'ndjson' : 'log'}${ENDINGS[compression]}`
  const body = compression === 'gzip' ? await gzip(text) : compression === 'zstd' ? await zstd(text) : text
  return {
    key: `${group.key}/${arrival}-${identity.toString('hex').slice(0, DIGEST_CHARACTERS)}.${ending}`,
    body,
    digest: await sha256(body),
  }
}

const ENDINGS: Readonly<Record<Compression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

/** Stamps and records apart, each one after the other. */
function gather({ from, to }: Group, bytes: Bytes): { stamps: Bytes; text: Bytes } {
  const count = from.length
  let length = 0
  for (let i = 0; i < count; i++) length += to[i]! - from[i]! - STAMP_BYTES
  const stamps = allocate(count * STAMP_BYTES)
  const text = allocate(length)
  let write = 0
  for (let i = 0; i < count; i++) {
    const at = from[i]!
    copyBytes(bytes, at, at + STAMP_BYTES, stamps, i * STAMP_BYTES)
    copyBytes(bytes, at + STAMP_BYTES, to[i]!, text, write)
    write += to[i]! - at - STAMP_BYTES
  }
  return { stamps, text }
}

/** Off this thread, which has sockets to serve. */
async function sha256(bytes: Bytes): Promise<Bytes> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}
