/** Records as JSON objects: what already is one stays; anything else becomes `{"message":"…"}`. */
import { type Bytes, isUtf8, NEWLINE, utf8, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'

const OPEN = 0x7b
const CLOSE = 0x7d
const SPACE = 0x20
const CARRIAGE_RETURN = 0x0d

/** What wrapping adds at most, beside the record itself at up to six bytes for each of its own (`\u0000`). */
const WRAPPING_BYTES = 64
const ESCAPE_FACTOR = 6

/** An upper bound for `writeObject` over all selected records, with `separator` bytes behind each. */
export function objectsSizeMax(block: Block, separator: number): number {
  return ESCAPE_FACTOR * block.selectedBytes + block.selected * (WRAPPING_BYTES + separator)
}

/** Writes record `i` as one JSON object on one line. Returns the position behind it. */
export function writeObject(block: Block, i: number, target: Bytes, at: number): number {
  const { bytes } = block
  const from = block.starts[i]!
  const to = block.ends[i]!
  const text = utf8(bytes, from, to)
  if (looksLikeObject(bytes, from, to) && isJson(text)) {
    // What is not UTF-8 is not JSON (RFC 8259, section 8.1), so then the repaired text goes out.
    const end = isUtf8(bytes, from, to) ? at + bytes.copy(target, at, from, to) : at + writeUtf8(target, text, at)
    if (block.multiline) flatten(target, at, end)
    return end
  }
  const truncated = block.context.truncated ? ',"truncated":true' : ''
  return at + writeUtf8(target, `{"message":${JSON.stringify(text)}${truncated}}`, at)
}

function looksLikeObject(bytes: Bytes, from: number, to: number): boolean {
  let first = from
  while (first < to && bytes[first]! <= SPACE) first++
  let last = to - 1
  while (last > first && bytes[last]! <= SPACE) last--
  return bytes[first] === OPEN && bytes[last] === CLOSE
}

/** Exact: what a vendor would not parse must not stand in a batch as if it were JSON. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Line ends in valid JSON stand only between tokens, where a space means the same. */
function flatten(target: Bytes, from: number, to: number): void {
  for (let i = from; i < to; i++) if (target[i] === NEWLINE || target[i] === CARRIAGE_RETURN) target[i] = SPACE
}

/** Writes each selected record as an object, followed by `separator`; see `Encoder.encode`. */
export function encodeObjects(
  block: Block,
  target: Bytes,
  at: number,
  ends: Int32Array,
  firstEnd: number,
  separator: number,
): number {
  let write = at
  let e = firstEnd
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 0) continue
    write = writeObject(block, i, target, write)
    target[write++] = separator
    ends[e++] = write - at
  }
  return write
}
