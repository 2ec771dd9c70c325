/**
 * A sketch as bytes, for `MetricField.DISTRIBUTION` of kind `sketch`: the fields of Datadog's Dogsketch
 * (DataDog/agent-payload: proto/metrics/agent_payload.proto) without its time:
 *
 *   int64 cnt = 2; double min = 3; double max = 4; double avg = 5; double sum = 6;
 *   repeated sint32 k = 7 [packed]; repeated uint32 n = 8 [packed]
 *
 * Bin i has key k[i], ascending (see `mapping.ts`), and n[i] values, at most 2^32 - 1.
 */
import { fieldsOf, tagOf, varintBytes, type WireField, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { KEY_INFINITE } from './mapping.ts'
import { BINS_MAX, Sketch } from './sketch.ts'

const BIN_COUNT_MAX = 0xffff_ffff
const COUNT_MAX = Number.MAX_SAFE_INTEGER
/** Count, four doubles, and what stands before the lists. */
const FIXED_BYTES_MAX = 11 + 4 * 9 + 2 * 6
const KEY_BYTES_MAX = 3
const COUNT_BYTES_MAX = 5

/** Most that `writeSketch` takes. */
export function sketchBytesMax(sketch: Sketch): number {
  return FIXED_BYTES_MAX + sketch.bins * (KEY_BYTES_MAX + COUNT_BYTES_MAX)
}

export function sketchBytes(sketch: Sketch): Bytes {
  const bytes = allocate(sketchBytesMax(sketch))
  return bytes.subarray(0, writeSketch(sketch, bytes, 0))
}

/** Writes at `at` of `target`, which has room for `sketchBytesMax`. Returns the position behind it. */
export function writeSketch(sketch: Sketch, target: Bytes, at: number): number {
  const { count, min, max, sum, keys, counts, bins } = sketch
  let write = at
  target[write++] = tagOf(2, WireType.varint)
  write = writeVarint(target, Math.min(count, COUNT_MAX), write)
  for (const [field, value] of [
    [3, count === 0 ? 0 : min],
    [4, count === 0 ? 0 : max],
    [5, count === 0 ? 0 : sum / count],
    [6, sum],
  ] as const) {
    target[write++] = tagOf(field, WireType.fixed64)
    write = target.writeDoubleLE(value, write)
  }
  let keyBytes = 0
  let countBytes = 0
  for (let i = 0; i < bins; i++) {
    keyBytes += varintBytes(zigzag(keys[i]!))
    countBytes += varintBytes(Math.min(counts[i]!, BIN_COUNT_MAX))
  }
  target[write++] = tagOf(7, WireType.bytes)
  write = writeVarint(target, keyBytes, write)
  for (let i = 0; i < bins; i++) write = writeVarint(target, zigzag(keys[i]!), write)
  target[write++] = tagOf(8, WireType.bytes)
  write = writeVarint(target, countBytes, write)
  for (let i = 0; i < bins; i++) write = writeVarint(target, Math.min(counts[i]!, BIN_COUNT_MAX), write)
  return write
}

/**
 * Reads what `writeSketch` wrote. Of what nobody wrote it takes what it can: keys that are none and lists beyond
 * `BINS_MAX` end it.
 */
export function readSketch(bytes: Bytes, from: number, to: number): Sketch {
  let keys: readonly number[] = []
  let counts: readonly number[] = []
  const sketch = new Sketch()
  for (const part of fieldsOf(bytes, from, to)) {
    const { field, type } = part
    if (field === 2 && type === WireType.varint) sketch.count = part.value
    else if (field === 3) sketch.min = double(bytes, part)
    else if (field === 4) sketch.max = double(bytes, part)
    else if (field === 6) sketch.sum = double(bytes, part)
    else if (field === 7 && type === WireType.bytes) keys = varints(bytes, part.from, part.to)
    else if (field === 8 && type === WireType.bytes) counts = varints(bytes, part.from, part.to)
  }
  for (let i = 0; i < Math.min(keys.length, counts.length); i++) {
    const coded = keys[i]!
    const key = coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
    if (Math.abs(key) > KEY_INFINITE) break
    if (counts[i]! > 0) sketch.addBin(key, counts[i]!)
  }
  return sketch
}

function zigzag(key: number): number {
  return key < 0 ? -2 * key - 1 : 2 * key
}

function double(bytes: Bytes, { type, from }: WireField): number {
  return type === WireType.fixed64 ? bytes.readDoubleLE(from) : 0
}

function varints(bytes: Bytes, from: number, to: number): number[] {
  const values: number[] = []
  let value = 0
  let scale = 1
  for (let at = from; at < to && values.length < 2 * BINS_MAX; at++) {
    const byte = bytes[at]!
    value += (byte & 0x7f) * scale
    scale *= 0x80
    if (byte >= 0x80 && scale < 2 ** 35) continue
    values.push(value)
    value = 0
    scale = 1
  }
  return values
}
