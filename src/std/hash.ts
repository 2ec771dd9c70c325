/**
 * A 32-bit hash of bytes given as characters 0 to 255: FNV-1a (Fowler, Noll, Vo) with the finaliser of MurmurHash3
 * (Appleby), so that neighbouring keys land far apart. Not for secrets.
 */
export function hash32(text: string, from: number, to: number, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
