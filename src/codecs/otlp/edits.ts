/**
 * Texts that rules have edited, put back into their records and shared parts: the messages around a text get their new
 * lengths, all else stays byte for byte.
 */
import { FieldReader } from '#codecs/protobuf/reader.ts'
import {
  closeLength,
  LENGTH_BYTES_MAX,
  tagOf,
  VARINT_BYTES_MAX,
  varintBytes,
  WireType,
  writeVarint,
  writeVarint64,
} from '#codecs/protobuf/wire.ts'
import { assert } from '#std/assert.ts'
import { allocate, type Bytes, copyBytes, utf8Length, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Strings } from '#telemetry/strings.ts'
import { NESTING_MAX } from './messages.ts'

/**
 * What the lengths of the messages around a text may grow by, when it grows: three messages a level, and those on top.
 */
const LENGTHS_GROWTH_MAX = 4 * (3 * NESTING_MAX + 8)

export function giveBack(block: Block, strings: Strings): void {
  const texts = [...new Set(strings.lines.changed)].sort((a, b) => a - b)
  const pairs = new Map<number, number>()
  for (let first = 0; first < texts.length; ) {
    const owner = strings.owners[texts[first]!]!
    let last = first
    while (last < texts.length && strings.owners[texts[last]!] === owner) last++
    if (owner >= 0) {
      const rebuilt = rebuild(block.bytes, block.starts[owner]!, block.ends[owner]!, strings, texts.slice(first, last))
      block.replaceRecord(owner, rebuilt)
    } else {
      const index = -1 - owner
      const part = block.shared[index]!
      const pair = pairs.get(index >> 1) ?? ownPair(block, index >> 1)
      pairs.set(index >> 1, pair)
      block.replaceShared(2 * pair + (index & 1), rebuild(part, 0, part.length, strings, texts.slice(first, last)))
    }
    first = last
  }
  block.commitEdits()
}

/**
 * A rule edits what is shared for the records that it sees. Where some record of the same pair is hidden from it, the
 * others get a pair of their own, once. Returns which pair they have.
 */
function ownPair(block: Block, pair: number): number {
  const { count, selection, partOf, shared } = block
  let hidden = false
  for (let i = 0; i < count && !hidden; i++) hidden = partOf[i] === pair && selection[i] === 0
  if (!hidden) return pair
  const own = shared.length >> 1
  block.shared = [...shared, shared[2 * pair]!, shared[2 * pair + 1]!]
  for (let i = 0; i < count; i++) if (partOf[i] === pair && selection[i] === 1) partOf[i] = own
  return own
}

/** The message in [from, to) with the `texts`, ascending, in place of what stands where they came from. */
function rebuild(bytes: Bytes, from: number, to: number, strings: Strings, texts: readonly number[]): Bytes {
  const { lines, lengths } = strings
  let added = 0
  let grows = 0
  for (const text of texts) {
    const more = lines.ends[text]! - lines.starts[text]! - lengths[text]!
    added += Math.max(0, more)
    if (more > 0) grows++
  }
  const target = allocate(to - from + added + Math.min(grows * LENGTHS_GROWTH_MAX, 2 * (to - from)))
  builder.begin(bytes, strings, texts, target)
  builder.message(from, to, 0)
  assert(builder.isDone, 'each text stands where it was found')
  return target.subarray(0, builder.write)
}

class Builder {
  write = 0
  readonly #readers = Array.from({ length: 3 * NESTING_MAX + 8 }, () => new FieldReader())
  #bytes!: Bytes
  #target!: Bytes
  #strings!: Strings
  #texts: readonly number[] = []
  #next = 0

  begin(bytes: Bytes, strings: Strings, texts: readonly number[], target: Bytes): void {
    this.#bytes = bytes
    this.#target = target
    this.#strings = strings
    this.#texts = texts
    this.#next = 0
    this.write = 0
  }

  get isDone(): boolean {
    return this.#next === this.#texts.length
  }

  /** Copies the message in [from, to); a text that is to be put into it stands in one of its fields, or of theirs. */
  message(from: number, to: number, depth: number): void {
    const reader = this.#readers[depth]!
    reader.begin(this.#bytes, from, to)
    let copied = from
    for (let origin = this.#origin; origin < to && reader.next(); ) {
      if (reader.type !== WireType.bytes || origin >= reader.to || origin < reader.from) continue
      const { field, from: start, to: end } = reader
      this.#copy(copied, reader.start)
      this.#field(field, start, end, depth)
      copied = end
      origin = this.#origin
    }
    this.#copy(copied, to)
  }

  #field(field: number, from: number, to: number, depth: number): void {
    this.write = writeVarint(this.#target, field * 8 + WireType.bytes, this.write)
    const text = this.#texts[this.#next]!
    const { origins, lengths, lines } = this.#strings
    if (origins[text] === from && lengths[text] === to - from) {
      const [start, end] = [lines.starts[text]!, lines.ends[text]!]
      this.write = writeVarint(this.#target, end - start, this.write)
      copyBytes(lines.bytes, start, end, this.#target, this.write)
      this.write += end - start
      this.#next++
      return
    }
    // Most lengths take as many bytes as before; only else what was written moves.
    const room = varintBytes(to - from)
    const start = this.write + room
    this.write = start
    this.message(from, to, depth + 1)
    const length = this.write - start
    const shift = varintBytes(length) - room
    if (shift !== 0) this.#target.copyWithin(start + shift, start, this.write)
    writeVarint(this.#target, length, start - room)
    this.write += shift
  }

  #copy(from: number, to: number): void {
    copyBytes(this.#bytes, from, to, this.#target, this.write)
    this.write += to - from
  }

  /** Where the next text came from. */
  get #origin(): number {
    return this.isDone ? Number.POSITIVE_INFINITY : this.#strings.origins[this.#texts[this.#next]!]!
  }
}

const builder = new Builder()

const KEY_TAG = 0x0a
const VALUE_TAG = 0x12
const INT_TAG = 0x18
const DOUBLE_TAG = 0x21

/** `name` and a number as a KeyValue in its field, which has a tag of one byte. */
export function numberAttribute(field: number, name: string, value: number): Bytes {
  const key = utf8Length(name)
  const target = allocate(key + 4 * LENGTH_BYTES_MAX + VARINT_BYTES_MAX + 4)
  const start = 2
  target[start] = KEY_TAG
  let write = writeVarint(target, key, start + 1)
  write += writeUtf8(target, name, write)
  target[write] = VALUE_TAG
  const inner = write + 2
  if (Number.isSafeInteger(value)) {
    target[inner] = INT_TAG
    write = writeVarint64(target, BigInt(value), inner + 1)
  } else {
    target[inner] = DOUBLE_TAG
    write = target.writeDoubleLE(value, inner + 1)
  }
  write = closeLength(target, inner, write)
  target[0] = tagOf(field, WireType.bytes)
  return target.subarray(0, closeLength(target, start, write))
}
