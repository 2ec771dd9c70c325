/**
 * Divides a JSON array into its elements without understanding them: strings, escapes and nesting are respected, values
 * are not parsed. Elements keep their bytes.
 */
import { type Bytes, copyBytes, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'

const OPEN = 0x5b
const CLOSE = 0x5d
const COMMA = 0x2c
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** With this bit, a bracket looks like the brace that faces the same way. */
const BRACE_BIT = 0x20
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export interface Unpacked {
  /** Position in the array's text at which the next call goes on; it has no meaning when `done`. */
  end: number
  done: boolean
  /** Bytes from the first fault on: what is not an array any more. Elements before it are records. */
  malformedBytes: number
}

/**
 * Copies elements of the array in [from, to) to the beginning of `target`, with newlines between and behind them, and adds
 * them to `block`, which has been filled with `target` and has no records. Stops after `recordsMax` elements, or when the
 * block is full; a later call with `from` set to `end` goes on. `target` has room for `to - from` bytes: behind each element
 * stands a comma or a bracket in its array, so the newlines take no more.
 */
export function unpackArray(
  block: Block,
  bytes: Bytes,
  from: number,
  to: number,
  target: Bytes,
  recordsMax = BLOCK_RECORDS_MAX,
): Unpacked {
  const cut = cutElements(bytes.subarray(0, to), from, block, Math.min(recordsMax, BLOCK_RECORDS_MAX))
  const { count } = cut
  const { starts, ends } = block
  if (count > 0) {
    const first = starts[0]!
    const last = ends[count - 1]!
    copyBytes(bytes, first, last, target, 0)
    block.multiline = anyHolds(NEWLINE, bytes, block, count)
    for (let i = 0; i < count; i++) {
      starts[i]! -= first
      ends[i]! -= first
      // What stands between two elements are a comma and perhaps white space.
      if (i > 0) target.fill(NEWLINE, ends[i - 1]!, starts[i]!)
    }
    target[last - first] = NEWLINE
    block.to = last - first + 1
    block.added(0, count)
  }
  return { end: cut.end, done: cut.done, malformedBytes: cut.malformedBytes }
}

/** Elements of an array, and their bytes; what is malformed counts as one record. */
export function countElements(bytes: Bytes, from: number, to: number): { records: number; bytes: number } {
  const counted = { records: 0, bytes: 0 }
  const view = bytes.subarray(0, to)
  for (let at = from, done = false; !done; ) {
    const cut = cutElements(view, at, COUNTING, BLOCK_RECORDS_MAX)
    counted.records += cut.count + (cut.malformedBytes > 0 ? 1 : 0)
    counted.bytes += cut.malformedBytes
    for (let i = 0; i < cut.count; i++) counted.bytes += COUNTING.ends[i]! - COUNTING.starts[i]!
    at = cut.end
    done = cut.done
  }
  return counted
}

interface Offsets {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** Read only within one call. */
const COUNTING: Offsets = { starts: new Int32Array(BLOCK_RECORDS_MAX), ends: new Int32Array(BLOCK_RECORDS_MAX) }

/**
 * Writes where each element begins and ends, at most `most` of them. `view` ends with the array's text, so that what is
 * read behind it is undefined and equals nothing. `from` is the array's bracket, or the comma at which a call before stopped.
 */
function cutElements(view: Bytes, from: number, { starts, ends }: Offsets, most: number): Unpacked & { count: number } {
  const to = view.length
  let count = 0
  let at = skipSpace(view, from)
  const isBeginning = view[at] === OPEN
  if (!isBeginning && view[at] !== COMMA) return { count, end: to, done: true, malformedBytes: Math.max(1, to - at) }
  at = skipSpace(view, at + 1)
  let isClosed = isBeginning && view[at] === CLOSE
  while (!isClosed) {
    const end = elementEnd(view, at)
    if (end === -1) return { count, end: to, done: true, malformedBytes: Math.max(1, to - at) }
    starts[count] = at
    ends[count] = end
    count++
    at = skipSpace(view, end)
    isClosed = view[at] === CLOSE
    if (isClosed) break
    if (view[at] !== COMMA) return { count, end: to, done: true, malformedBytes: Math.max(1, to - at) }
    if (count === most) return { count, end: at, done: false, malformedBytes: 0 }
    at = skipSpace(view, at + 1)
  }
  // The array is closed: nothing but white space may follow.
  return { count, end: to, done: true, malformedBytes: to - skipSpace(view, at + 1) }
}

/** Whether the byte stands inside one of the elements; between them it may. */
function anyHolds(byte: number, bytes: Bytes, { starts, ends }: Offsets, count: number): boolean {
  const view = bytes.subarray(0, ends[count - 1]!)
  let i = 0
  for (let at = view.indexOf(byte, starts[0]); at !== -1; at = view.indexOf(byte, starts[i])) {
    while (ends[i]! <= at) i++
    if (starts[i]! <= at) return true
  }
  return false
}

function skipSpace(view: Bytes, from: number): number {
  let at = from
  while (at < view.length && isSpace(view[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Position behind the value that begins at `from`, or -1 when it is empty or does not end. */
function elementEnd(view: Bytes, from: number): number {
  const to = view.length
  const first = view[from]!
  if (first === QUOTE) return stringEnd(view, from) + 1 || -1
  if ((first | BRACE_BIT) === OPEN_BRACE) return nestedEnd(view, from)
  for (let at = from; at < to; at++) {
    const byte = view[at]!
    if (byte === COMMA || byte === CLOSE || isSpace(byte)) return at > from ? at : -1
    if (byte === QUOTE || (byte | BRACE_BIT) === OPEN_BRACE || byte === CLOSE_BRACE) return -1
  }
  return -1
}

/** Position behind the object or array that begins at `from`, or -1. */
function nestedEnd(view: Bytes, from: number): number {
  const to = view.length
  let depth = 0
  for (let at = from; at < to; at++) {
    const byte = view[at]!
    if (byte === QUOTE) {
      at = stringEnd(view, at)
      if (at === -1) return -1
    } else if ((byte | BRACE_BIT) === OPEN_BRACE) depth++
    else if ((byte | BRACE_BIT) === CLOSE_BRACE && --depth === 0) return at + 1
  }
  return -1
}

/** Position of the quote that ends the string which begins at `from`, or -1. */
function stringEnd(view: Bytes, from: number): number {
  const to = view.length
  for (let at = from + 1; at < to; at++) {
    const byte = view[at]!
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) at++
  }
  return -1
}
