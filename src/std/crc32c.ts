/** CRC-32C (Castagnoli; RFC 3720, section 12.1), eight bytes at a time (Kounavis and Berry, "slicing by 8", 2005). */

const POLYNOMIAL = 0x82f6_3b78

const tables = Array.from({ length: 8 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  tables[0]![byte] = crc
}
for (let byte = 0; byte < 256; byte++) {
  for (let t = 1; t < 8; t++) {
    const before = tables[t - 1]![byte]!
    tables[t]![byte] = (before >>> 8) ^ tables[0]![before & 0xff]!
  }
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/** Of [from, to) of `bytes`, as an unsigned 32-bit number. `seed` is the result for what stands before. */
export function crc32c(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  let crc = ~seed
  let at = from
  const bulk = to - 7
  while (at < bulk) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
    at += 8
  }
  while (at < to) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at++]!) & 0xff]!
  return ~crc >>> 0
}
