/** MD5 (RFC 1321), for who must agree with others that use it. Not for secrets. */
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)

/** The sixteen bytes of the digest. */
export function md5(message: Bytes): Bytes {
  const blocks = ((message.length + 8) >> 6) + 1
  const padded = allocate(blocks * 64).fill(0)
  copyBytes(message, 0, message.length, padded, 0)
  padded[message.length] = 0x80
  padded.writeUInt32LE((message.length * 8) >>> 0, padded.length - 8)
  padded.writeUInt32LE(Math.floor(message.length / 0x2000_0000), padded.length - 4)
  const state = Int32Array.of(0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476)
  for (let at = 0; at < padded.length; at += 64) compress(state, padded, at)
  const digest = allocate(16)
  for (let i = 0; i < 4; i++) digest.writeInt32LE(state[i]!, 4 * i)
  return digest
}

function compress(state: Int32Array, bytes: Bytes, at: number): void {
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  for (let i = 0; i < 64; i++) {
    const round = i >> 4
    const mixed =
      round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d)
    const word = round === 0 ? i : round === 1 ? (5 * i + 1) & 15 : round === 2 ? (3 * i + 5) & 15 : (7 * i) & 15
    const sum = (a + mixed + SINES[i]! + bytes.readInt32LE(at + 4 * word)) | 0
    const shift = SHIFTS[round]![i & 3]!
    a = d
    d = c
    c = b
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
}
