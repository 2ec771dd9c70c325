/** Records as JSON objects: what already is one stays; anything else becomes `{"message":"…"}`. */
import { type Bytes, CARRIAGE_RETURN, copyBytes, isUtf8, NEWLINE, utf8, writeUtf8 } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import { isJsonObject } from './validate.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** What becomes of a record. */
const WRAPPED = 0
const AS_IT_IS = 1
/** It is an object, but not UTF-8, and so not JSON (RFC 8259, section 8.1): its repaired text goes out. */
const REPAIRED = 2

/** Read only within one call. */
const verdicts = new Uint8Array(BLOCK_RECORDS_MAX)

/**
 * Writes each selected record as one JSON object on one line, followed by `separator`; see `Encoder.encode`. Exact: what a
 * vendor would not parse never stands in a batch as if it were JSON.
 */
export function encodeObjects(
  block: Block,
  target: Bytes,
  at: number,
  ends: Int32Array,
  firstEnd: number,
  separator: number,
): number {
  const { bytes, starts, ends: stops, selection, count, multiline } = block
  const isText = judge(block)
  let write = at
  let e = firstEnd
  for (let i = 0; i < count; ) {
    if (selection[i] === 0) {
      i++
      continue
    }
    const from = starts[i]!
    let stop = stops[i]!
    const verdict = verdicts[i++]!
    if (verdict !== AS_IT_IS) {
      const begin = write
      write = verdict === WRAPPED ? writeMessage(block, from, stop, isText, target, write) : write
      if (verdict === REPAIRED) write += writeUtf8(target, utf8(bytes, from, stop), write)
      if (multiline) flatten(target, begin, write)
      target[write++] = separator
      ends[e++] = write - at
      continue
    }
    // Neighbours that one newline separates: one copy for the whole run, and the separators put in afterwards.
    const shift = write - from + 1
    const run = e
    ends[e++] = stop + shift - at
    while (i < count && selection[i] === 1 && verdicts[i] === AS_IT_IS && starts[i] === stop + 1) {
      stop = stops[i++]!
      ends[e++] = stop + shift - at
    }
    copyBytes(bytes, from, stop, target, write)
    if (multiline) flatten(target, write, stop + shift - 1)
    for (let k = run; k < e; k++) target[at + ends[k]! - 1] = separator
    write = stop + shift
  }
  return write
}

/** Gives each selected record its verdict. True: all of the block is UTF-8. */
function judge(block: Block): boolean {
  const { bytes, starts, ends, selection, count } = block
  const isText = isUtf8(bytes, block.from, block.to)
  for (let i = 0; i < count; i++) {
    if (selection[i] === 0) continue
    const from = starts[i]!
    const to = ends[i]!
    if (!isJsonObject(bytes, from, to)) verdicts[i] = WRAPPED
    else verdicts[i] = isText || isUtf8(bytes, from, to) ? AS_IT_IS : REPAIRED
  }
  return isText
}

const HEAD = codesOf('{"message":"')
const TAIL = codesOf('"}')
const TRUNCATED_TAIL = codesOf('","truncated":true}')

/** Writes [from, to) of the block as the message of an object. Returns the position behind it. */
function writeMessage(block: Block, from: number, to: number, isText: boolean, target: Bytes, at: number): number {
  const { bytes } = block
  let write = writeCodes(HEAD, target, at)
  if (isText || isUtf8(bytes, from, to)) {
    for (let read = from; read < to; read++) {
      const byte = bytes[read]!
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) target[write++] = byte
      else write = writeCodes(ESCAPES[byte]!, target, write)
    }
  } else {
    write += writeUtf8(target, JSON.stringify(utf8(bytes, from, to)).slice(1, -1), write)
  }
  return writeCodes(block.context.truncated ? TRUNCATED_TAIL : TAIL, target, write)
}

/** How an ASCII character is written inside a string: as `JSON.stringify` does. */
const ESCAPES: readonly (readonly number[])[] = Array.from({ length: 0x80 }, (_, code) =>
  codesOf(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
)

function codesOf(ascii: string): readonly number[] {
  return Array.from(ascii, (letter) => letter.charCodeAt(0))
}

function writeCodes(codes: readonly number[], target: Bytes, at: number): number {
  for (let i = 0; i < codes.length; i++) target[at + i] = codes[i]!
  return at + codes.length
}

/** Line ends in valid JSON stand only between tokens, where a space means the same. */
function flatten(target: Bytes, from: number, to: number): void {
  for (let i = from; i < to; i++) if (target[i] === NEWLINE || target[i] === CARRIAGE_RETURN) target[i] = SPACE
}

/** What wrapping adds at most, beside the record itself at up to six bytes for each of its own (`\u0000`), and its separator. */
const WRAPPING_BYTES = HEAD.length + TRUNCATED_TAIL.length + 1
const GROWTH_MAX = 6
/** Up to here the bound may be as coarse as it likes. */
const COARSE_BYTES_MAX = 1024 * 1024

/** An upper bound for `encodeObjects`. */
export function objectsSizeMax(block: Block): number {
  const wrapping = block.selected * WRAPPING_BYTES
  const coarse = GROWTH_MAX * block.selectedBytes + wrapping
  return coarse <= COARSE_BYTES_MAX ? coarse : grown(block) + wrapping
}

/** Bytes of the selected records if each were written as a message: a large record must not ask for six times its room. */
function grown(block: Block): number {
  const { bytes, starts, ends, selection, count } = block
  // What is not UTF-8 becomes U+FFFD, which takes three bytes.
  const highGrowth = isUtf8(bytes, block.from, block.to) ? 0 : 2
  let size = block.selectedBytes
  for (let i = 0; i < count; i++) {
    if (selection[i] === 0) continue
    for (let at = starts[i]!; at < ends[i]!; at++) {
      const byte = bytes[at]!
      size += byte >= 0x80 ? highGrowth : ESCAPES[byte]!.length - 1
    }
  }
  return size
}
