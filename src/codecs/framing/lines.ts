/** Divides bytes into lines. This is on the hottest path of all. */
import { type Bytes, CARRIAGE_RETURN, countByte, indexOfByte, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'

/**
 * Adds the lines of [from, to) to `block`, until its end or until the block is full. Returns the position at which the
 * next call goes on. A line ends before `\n` or `\r\n`; the last may be unterminated; empty lines are records.
 */
export function splitLines(block: Block, bytes: Bytes, from: number, to: number): number {
  const { starts, ends } = block
  const first = block.count
  let count = first
  let at = from
  while (at < to && count < BLOCK_RECORDS_MAX) {
    let end = bytes.indexOf(NEWLINE, at)
    if (end === -1 || end > to) end = to
    starts[count] = at
    ends[count] = end
    count++
    at = end + 1
  }
  at = Math.min(at, to)
  // Looked for once for all lines: most senders use `\n` alone.
  if (indexOfByte(bytes, CARRIAGE_RETURN, from, at) !== -1) {
    for (let i = first; i < count; i++) {
      if (ends[i]! > starts[i]! && bytes[ends[i]! - 1] === CARRIAGE_RETURN) ends[i]!--
    }
  }
  block.added(first, count)
  return at
}

/** How many records `splitLines` would find. */
export function countLines(bytes: Bytes, from: number, to: number): number {
  if (from === to) return 0
  return countByte(bytes, NEWLINE, from, to) + (bytes[to - 1] === NEWLINE ? 0 : 1)
}
