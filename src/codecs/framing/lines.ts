/** Divides bytes into lines. This is on the hottest path of all. */
import { type Bytes, CARRIAGE_RETURN, countByte, indexOfByte, NEWLINE } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'

/**
 * Each search in bytes is a call out of JavaScript, each search in text is not; but the text has to be made first. That pays
 * where a rule wants the text anyway, and for lines shorter than this (`framing.bench.ts` has the numbers).
 */
const SHORT_LINE_BYTES = 64
/** So many lines are looked at to guess how long the others are. */
const PROBE_LINES = 16
/** V8 gives longer strings fresh pages each time. */
const TEXT_BYTES_MAX = 120 * 1024

/**
 * Adds the lines of [from, to) to `block`, until its end or until the block is full. Returns the position at which the
 * next call goes on. A line ends before `\n` or `\r\n`; the last may be unterminated; empty lines are records.
 */
export function splitLines(block: Block, bytes: Bytes, from: number, to: number): number {
  const first = block.count
  const view = bytes.subarray(0, to)
  const isWhole = from === block.from && to === block.to
  let usesText = isWhole && to - from <= TEXT_BYTES_MAX
  let at = from
  if (usesText && !block.textExpected) {
    at = cutBytes(block, view, at, Math.min(first + PROBE_LINES, BLOCK_RECORDS_MAX))
    usesText = at - from < PROBE_LINES * SHORT_LINE_BYTES
  }
  at = usesText ? cutText(block, at) : cutBytes(block, view, at, BLOCK_RECORDS_MAX)
  at = Math.min(at, to)
  // Looked for once for all lines: most senders use `\n` alone.
  if (isWhole ? block.hasCarriageReturn() : indexOfByte(bytes, CARRIAGE_RETURN, from, at) !== -1) {
    const { starts, ends, count } = block
    for (let i = first; i < count; i++) {
      if (ends[i]! > starts[i]! && bytes[ends[i]! - 1] === CARRIAGE_RETURN) ends[i]!--
    }
  }
  block.added(first, block.count)
  return at
}

/** Writes offsets of lines until the end of `view` or until the block has `most` records. */
function cutBytes(block: Block, view: Bytes, from: number, most: number): number {
  const { starts, ends } = block
  const to = view.length
  let { count } = block
  let at = from
  while (at < to && count < most) {
    const newline = view.indexOf(NEWLINE, at)
    const end = newline === -1 ? to : newline
    starts[count] = at
    ends[count] = end
    count++
    at = end + 1
  }
  block.count = count
  return at
}

/** The same, over what is left of the block's range. */
function cutText(block: Block, position: number): number {
  const { starts, ends, from } = block
  const text = block.textForFraming()
  const to = text.length
  let { count } = block
  let at = position - from
  while (at < to && count < BLOCK_RECORDS_MAX) {
    const newline = text.indexOf('\n', at)
    const end = newline === -1 ? to : newline
    starts[count] = from + at
    ends[count] = from + end
    count++
    at = end + 1
  }
  block.count = count
  return from + at
}

/** How many records `splitLines` would find. */
export function countLines(bytes: Bytes, from: number, to: number): number {
  if (from === to) return 0
  return countByte(bytes, NEWLINE, from, to) + (bytes[to - 1] === NEWLINE ? 0 : 1)
}
