/**
 * A frame is what is written at once and read at once: some encoded records and what must be known of them.
 *
 *   u32  magic
 *   u32  length of all that follows the checksum
 *   u32  CRC-32C of all that follows it
 *   f64  ordinal of the first record in its log, and
 *   f64  of its first byte: together they say how much is lost where frames are missing
 *   f64  when it was written, Unix milliseconds
 *   u32  records
 *   one u32 end offset for each record, then the records' bytes
 *
 * Little-endian. A frame that is cut short, or whose checksum is wrong, is no frame; the next one is found by its magic.
 */
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { crc32c } from '#std/crc32c.ts'

const MAGIC = 0x4753_5302
const CHECKED_FROM = 12
const HEADER_BYTES = CHECKED_FROM + 8 + 8 + 8 + 4

/** Ordinals count from the beginning of a log. */
export interface Position {
  records: number
  bytes: number
}

/** Records to write: record i ends at `from + ends[firstEnd + i]`, the first begins at `from`. */
export interface Slice {
  memory: Bytes
  from: number
  records: number
  ends: Int32Array
  firstEnd: number
}

export interface Frame extends Slice {
  first: Position
  bytes: number
  atMs: number
}

export function frameBytes(records: number, bytes: number): number {
  return HEADER_BYTES + 4 * records + bytes
}

/** Writes a frame of the first `records` of a slice, whose bytes begin at `begin`. Returns the position behind it. */
export function writeFrame(
  target: Bytes,
  at: number,
  first: Position,
  atMs: number,
  slice: Slice,
  skip: number,
  records: number,
): number {
  const { memory, from, ends, firstEnd } = slice
  const start = skip === 0 ? 0 : ends[firstEnd + skip - 1]!
  const bytes = ends[firstEnd + skip + records - 1]! - start
  let write = at + CHECKED_FROM
  write = target.writeDoubleLE(first.records, write)
  write = target.writeDoubleLE(first.bytes, write)
  write = target.writeDoubleLE(atMs, write)
  write = target.writeUInt32LE(records, write)
  for (let i = 0; i < records; i++) write = target.writeUInt32LE(ends[firstEnd + skip + i]! - start, write)
  copyBytes(memory, from + start, from + start + bytes, target, write)
  write += bytes
  target.writeUInt32LE(MAGIC, at)
  target.writeUInt32LE(write - at - CHECKED_FROM, at + 4)
  target.writeUInt32LE(crc32c(target, at + CHECKED_FROM, write), at + 8)
  return write
}

/**
 * The length of the frame at `at`, header included, as its header says; 0 when no frame begins there. More than what there is
 * up to `limit` means that it is cut short.
 */
export function frameLengthAt(bytes: Bytes, at: number, limit: number): number {
  if (limit - at < HEADER_BYTES || bytes.readUInt32LE(at) !== MAGIC) return 0
  return bytes.readUInt32LE(at + 4) + CHECKED_FROM
}

/** The frame at `at`, a view of `bytes`; undefined when none that is whole and sound begins there. */
export function readFrame(bytes: Bytes, at: number, limit: number): Frame | undefined {
  const length = frameLengthAt(bytes, at, limit)
  if (length < HEADER_BYTES || at + length > limit) return undefined
  if (crc32c(bytes, at + CHECKED_FROM, at + length) !== bytes.readUInt32LE(at + 8)) return undefined
  const records = bytes.readUInt32LE(at + 36)
  const endsFrom = at + HEADER_BYTES
  const from = endsFrom + 4 * records
  if (from > at + length) return undefined
  const ends = new Int32Array(records)
  for (let i = 0; i < records; i++) ends[i] = bytes.readUInt32LE(endsFrom + 4 * i)
  return {
    first: { records: bytes.readDoubleLE(at + 12), bytes: bytes.readDoubleLE(at + 20) },
    atMs: bytes.readDoubleLE(at + 28),
    memory: bytes,
    from,
    records,
    bytes: at + length - from,
    ends,
    firstEnd: 0,
  }
}

/** Position of the next magic behind `at`, or -1. */
export function nextMagic(bytes: Bytes, at: number, limit: number): number {
  const found = bytes.subarray(0, limit).indexOf(MAGIC_BYTES, at + 1)
  return found
}

const MAGIC_BYTES = allocate(4)
MAGIC_BYTES.writeUInt32LE(MAGIC)
