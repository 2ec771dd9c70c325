/**
 * The block format of Snappy, as Prometheus and Loki senders use it. A block says first how long its content is (a
 * varint of at most 32 bits); nothing is allocated before that has been found possible and allowed.
 * https://github.com/google/snappy/blob/main/format_description.txt
 */
import { viewOf } from '#std/bytes.ts'

/** Three bytes, a copy, stand for 64 at most: a block that promises more than this per byte is none. */
const EXPANSION_MAX = 22

/** Length of the content that a block declares; undefined when it is no block. */
export function declaredSnappyLength(block: Uint8Array): number | undefined {
  let length = 0
  for (let i = 0; i < 5 && i < block.length; i++) {
    const byte = block[i]!
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length < 2 ** 32 && length <= block.length * EXPANSION_MAX ? length : undefined
  }
  return undefined
}

let snappy: typeof import('snappy') | undefined

/** So much takes less than a millisecond here, and less than handing it to another thread and waiting for it to come back. */
const HERE_BYTES_MAX = 1024 * 1024

/**
 * Off this thread where it is large. Undefined when `block` is none. It must not change meanwhile. What is made here is copied into memory of
 * ours: memory of native code stays until a collection, and brings collections about.
 */
export async function unsnappy(block: Uint8Array): Promise<Uint8Array | undefined> {
  snappy ??= await import('snappy')
  const { uncompress, uncompressSync } = snappy
  try {
    if ((declaredSnappyLength(block) ?? 0) <= HERE_BYTES_MAX) {
      const content = uncompressSync(viewOf(block, 0, block.length), { asBuffer: true, copyOutputData: true })
      return typeof content === 'string' ? undefined : content
    }
    const content = await uncompress(viewOf(block, 0, block.length), { asBuffer: true, copyOutputData: true })
    return typeof content === 'string' ? undefined : content
  } catch {
    return undefined
  }
}
