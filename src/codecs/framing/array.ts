/**
 * Divides a JSON array into its elements without understanding them: strings, escapes and nesting are respected, values
 * are not parsed. Elements keep their bytes.
 */
import { type Bytes, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'

const OPEN = 0x5b
const CLOSE = 0x5d
const COMMA = 0x2c
const QUOTE = 0x22
const BACKSLASH = 0x5c
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
 * Copies elements of the array in [from, to) to `target`, each followed by `\n`, and adds them to `block`, which has been
 * filled with `target`. Stops after `recordsMax` elements, or when the block is full; a later call with `from` set to `end`
 * goes on. `target` has room for `to - from` bytes: each element is followed by a comma or a bracket in its array, so the
 * newline takes no more.
 */
export function unpackArray(
  block: Block,
  bytes: Bytes,
  from: number,
  to: number,
  target: Bytes,
  recordsMax = BLOCK_RECORDS_MAX,
): Unpacked {
  const most = Math.min(recordsMax, BLOCK_RECORDS_MAX)
  let write = 0
  let at = skipSpace(bytes, from, to)
  if (bytes[at] === OPEN) {
    at = skipSpace(bytes, at + 1, to)
    if (bytes[at] === CLOSE) return finish(block, bytes, at, to, write)
  } else if (bytes[at] === COMMA) {
    at = skipSpace(bytes, at + 1, to)
  } else {
    return broken(block, at, to, write)
  }
  while (block.count < most) {
    const end = elementEnd(bytes, at, to)
    if (end === -1) return broken(block, at, to, write)
    const start = write
    write += bytes.copy(target, write, at, end)
    block.addRecord(start, write)
    if (target.subarray(start, write).includes(NEWLINE)) block.multiline = true
    target[write++] = NEWLINE
    at = skipSpace(bytes, end, to)
    if (bytes[at] === CLOSE) return finish(block, bytes, at, to, write)
    if (at >= to || bytes[at] !== COMMA) return broken(block, at, to, write)
    if (block.count === most) break
    at = skipSpace(bytes, at + 1, to)
  }
  block.to = write
  return { end: at, done: false, malformedBytes: 0 }
}

/** Elements of an array, and their bytes; what is malformed counts as one record. */
export function countElements(bytes: Bytes, from: number, to: number): { records: number; bytes: number } {
  const counted = { records: 0, bytes: 0 }
  let at = skipSpace(bytes, from, to)
  if (bytes[at] !== OPEN && bytes[at] !== COMMA) return { records: 1, bytes: to - at }
  at = skipSpace(bytes, at + 1, to)
  while (at < to && bytes[at] !== CLOSE) {
    const end = elementEnd(bytes, at, to)
    counted.records++
    if (end === -1) {
      counted.bytes += to - at
      return counted
    }
    counted.bytes += end - at
    at = skipSpace(bytes, end, to)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, to)
    else if (bytes[at] !== CLOSE) {
      return { records: counted.records + 1, bytes: counted.bytes + to - at }
    }
  }
  return counted
}

/** The array is closed: nothing but white space may follow. */
function finish(block: Block, bytes: Bytes, close: number, to: number, write: number): Unpacked {
  block.to = write
  const rest = skipSpace(bytes, close + 1, to)
  return { end: to, done: true, malformedBytes: to - rest }
}

function broken(block: Block, at: number, to: number, write: number): Unpacked {
  block.to = write
  return { end: to, done: true, malformedBytes: Math.max(1, to - at) }
}

function skipSpace(bytes: Bytes, from: number, to: number): number {
  let at = from
  while (at < to && isSpace(bytes[at]!)) at++
  return at
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Position behind the value that begins at `from`, or -1 when it is empty or does not end. */
function elementEnd(bytes: Bytes, from: number, to: number): number {
  let depth = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = stringEnd(bytes, at, to)
      if (at === -1) return -1
      if (depth === 0) return at + 1
    } else if (byte === OPEN_BRACE || byte === OPEN) {
      depth++
    } else if (byte === CLOSE_BRACE || byte === CLOSE) {
      if (depth === 0) return at > from && byte === CLOSE ? at : -1
      depth--
      if (depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) {
      return at > from ? at : -1
    }
  }
  return -1
}

/** Position of the quote that ends the string which begins at `from`, or -1. */
function stringEnd(bytes: Bytes, from: number, to: number): number {
  let at = bytes.indexOf(QUOTE, from + 1)
  while (at !== -1 && at < to) {
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
    at = bytes.indexOf(QUOTE, at + 1)
  }
  return -1
}
