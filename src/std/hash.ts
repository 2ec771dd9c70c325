/**
 * MurmurHash3_x86_32 of Austin Appleby (public domain): spreads neighbouring keys far apart. Not for secrets.
 * Returns an unsigned 32-bit number; two hashes with different seeds make a fingerprint of 64 bits.
 */
export function hash32(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  const words = viewOf(bytes)
  let hash = seed | 0
  let at = from
  for (const last = to - 3; at < last; at += 4) {
    hash ^= scrambled(words.getInt32(at, true))
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0
  }
  let tail = 0
  for (let i = to - 1; i >= at; i--) tail = (tail << 8) | bytes[i]!
  hash ^= scrambled(tail) ^ (to - from)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scrambled(word: number): number {
  const product = Math.imul(word, 0xcc9e_2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b87_3593)
}

let latest: DataView = new DataView(new ArrayBuffer(0))

/** Four bytes at once are four times as fast as one at a time; making the view costs more than hashing, so it is kept. */
function viewOf(bytes: Uint8Array): DataView {
  const { buffer, byteOffset, byteLength } = bytes
  if (latest.buffer !== buffer || latest.byteOffset !== byteOffset || latest.byteLength !== byteLength) {
    latest = new DataView(buffer, byteOffset, byteLength)
  }
  return latest
}
