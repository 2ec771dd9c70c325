/**
 * Encoded records that carry the name of what they belong to (a Loki stream, an OTLP resource, an object key, a subject), so
 * that the wire puts a request together without looking into a record:
 *
 *   u16 length of the key (little-endian), key, payload
 */
import { type Bytes, copyBytes, latin1 } from '#std/bytes.ts'

export const GROUP_KEY_BYTES_MAX = 0xffff
const LENGTH_BYTES = 2

/** Bytes that stand before the payload. */
export function groupHeaderBytes(keyLength: number): number {
  return LENGTH_BYTES + keyLength
}

/** Writes what stands before the payload. Returns the position where the payload goes. */
export function writeGroupHeader(key: Bytes, target: Bytes, at: number): number {
  setGroupKeyLength(key.length, target, at)
  copyBytes(key, 0, key.length, target, at + LENGTH_BYTES)
  return at + LENGTH_BYTES + key.length
}

/** For who writes the key itself, `groupHeaderBytes(0)` behind `at`. */
export function setGroupKeyLength(length: number, target: Bytes, at: number): void {
  target[at] = length & 0xff
  target[at + 1] = length >> 8
}

export interface Group {
  /** One character per byte. */
  key: string
  /** Indices of its records, in order, and where the payload of each stands. */
  records: number[]
  from: number[]
  to: number[]
}

/** The groups of a batch, in the order in which each shows first. */
export function groupsOf({ bytes, ends, records }: { bytes: Bytes; ends: Int32Array; records: number }): Group[] {
  const groups = new Map<string, Group>()
  let last: Group | undefined
  let lastKey = 0
  let lastPayload = 0
  let start = 0
  for (let i = 0; i < records; i++) {
    const length = bytes[start]! | (bytes[start + 1]! << 8)
    const from = start + LENGTH_BYTES
    const payload = from + length
    // Neighbours are mostly of one group: comparing bytes is cheaper than making text of them.
    if (last === undefined || bytes.compare(bytes, lastKey, lastPayload, from, payload) !== 0) {
      const key = latin1(bytes, from, payload)
      lastKey = from
      lastPayload = payload
      last = groups.get(key)
      if (last === undefined) {
        last = { key, records: [], from: [], to: [] }
        groups.set(key, last)
      }
    }
    last.records.push(i)
    last.from.push(payload)
    last.to.push(ends[i]!)
    start = ends[i]!
  }
  return [...groups.values()]
}
