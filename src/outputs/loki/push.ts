/** Push requests made of encoded entries: grouped by stream, each stream in the order of time. */

import { type Group, groupsOf } from '#codecs/grouped/grouped.ts'
import { ENTRY_TIME_BYTES } from '#codecs/loki/loki.ts'
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import type { Batch } from '#component/output.ts'
import { allocate, type Bytes, copyBytes, latin1ToBytes, writeLatin1 } from '#std/bytes.ts'

const STREAMS_TAG = 0x0a
const LABELS_TAG = 0x0a

/** One stream of a batch: `key` is its label set, one character per byte; entries come in the order of time. */
export type Stream = Group

/** The streams of a batch. `from` and `to` are those of the entries, behind their times; see `timeOf`. */
export function streamsOf(batch: Batch): Stream[] {
  return groupsOf(batch).map(({ key, records, from, to }) => {
    const order = timeOrder(batch.bytes, from)
    return {
      key,
      records: order.map((i) => records[i]!),
      from: order.map((i) => from[i]! + ENTRY_TIME_BYTES),
      to: order.map((i) => to[i]!),
    }
  })
}

/** Unix nanoseconds of the entry that begins at `from`. */
export function timeOf(bytes: Bytes, from: number): bigint {
  return bytes.readBigUInt64LE(from - ENTRY_TIME_BYTES)
}

/** Indices in the order of time; equal times keep their order. Most batches are in order already. */
function timeOrder(bytes: Bytes, from: readonly number[]): number[] {
  const order = from.map((_, i) => i)
  const compare = (a: number, b: number) =>
    bytes.readUInt32LE(from[a]! + 4) - bytes.readUInt32LE(from[b]! + 4) ||
    bytes.readUInt32LE(from[a]!) - bytes.readUInt32LE(from[b]!)
  return order.every((i) => i === 0 || compare(i - 1, i) <= 0) ? order : order.sort(compare)
}

/** A `PushRequest`. */
export function protobufOf(bytes: Bytes, streams: readonly Stream[]): Bytes {
  const sizes = streams.map(({ key, from, to }) => {
    let size = 1 + varintBytes(key.length) + key.length
    for (let i = 0; i < from.length; i++) size += to[i]! - from[i]!
    return size
  })
  const target = allocate(sizes.reduce((sum, size) => sum + 1 + varintBytes(size) + size, 0))
  let write = 0
  for (const [s, { key, from, to }] of streams.entries()) {
    target[write++] = STREAMS_TAG
    write = writeVarint(target, sizes[s]!, write)
    target[write++] = LABELS_TAG
    write = writeVarint(target, key.length, write)
    write += writeLatin1(target, key, write)
    write = copyAll(bytes, from, to, target, write)
  }
  return target
}

const OPEN = '{"streams":['
const CLOSE = ']}'
const STREAM = '{"stream":'
const VALUES = ',"values":['

/** The same as JSON; the comma that each entry ends in is left out at the end of its stream. */
export function jsonOf(bytes: Bytes, streams: readonly Stream[]): Bytes {
  let size = OPEN.length + CLOSE.length
  for (const { key, from, to } of streams) {
    size += STREAM.length + key.length + VALUES.length + CLOSE.length + 1
    for (let i = 0; i < from.length; i++) size += to[i]! - from[i]!
  }
  const target = allocate(size)
  let write = writeLatin1(target, OPEN, 0)
  for (const [s, { key, from, to }] of streams.entries()) {
    write += writeLatin1(target, `${s === 0 ? '' : ','}${STREAM}${key}${VALUES}`, write)
    write = copyAll(bytes, from, to, target, write) - 1
    write += writeLatin1(target, CLOSE, write)
  }
  write += writeLatin1(target, CLOSE, write)
  return target.subarray(0, write)
}

function copyAll(bytes: Bytes, from: readonly number[], to: readonly number[], target: Bytes, at: number): number {
  let write = at
  for (let i = 0; i < from.length; i++) {
    copyBytes(bytes, from[i]!, to[i]!, target, write)
    write += to[i]! - from[i]!
  }
  return write
}

/** The label set of a stream as text. */
export function labelsTextOf({ key }: Stream): string {
  return latin1ToBytes(key).toString('utf8')
}
