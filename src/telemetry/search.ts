/**
 * Finds patterns and words in the records of a block. What is found is what a search of each record's own text would
 * find; it is found by searching many records at once wherever that comes to the same.
 */
import { fromText, isAscii, isUtf8, latin1, utf8, utf8Length } from '#std/bytes.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import type { Block } from './block.ts'
import type { Candidates } from './strings.ts'

/** Called for each selected record that has what was looked for, in ascending order. */
export type OnRecord = (record: number) => void

/**
 * Called for each match in a selected record, in ascending order, with byte offsets into the block. `groups` is the match
 * as `RegExp.exec` gives it, its text being one character per byte if `bytewise`.
 */
export type OnMatch = (record: number, from: number, to: number, groups: RegExpExecArray, bytewise: boolean) => void

/** Words, searched for as the bytes of their UTF-8. */
export class WordSearch {
  readonly #needles: readonly string[]
  readonly #single: string | undefined
  readonly #many: RegExp | undefined

  /** At least one word, none empty. */
  constructor(words: readonly string[]) {
    this.#needles = words.map((word) => latin1(fromText(word), 0, utf8Length(word)))
    this.#single = words.length === 1 ? this.#needles[0] : undefined
    // One alternation of many words runs at over 1 GB/s: faster than any other way to look for several.
    this.#many = this.#single === undefined ? new RegExp(this.#needles.map(escapeRegex).join('|'), 'g') : undefined
  }

  eachRecord(block: Block, found: OnRecord): void {
    const text = block.text()
    const { from, ends, starts, selection, count } = block
    let record = 0
    for (let at = this.#next(text, 0); at !== -1; ) {
      record = block.recordAt(at + from, record)
      if (record === count) return
      const start = starts[record]! - from
      const end = ends[record]! - from
      if (at < start) {
        at = this.#next(text, start)
        continue
      }
      // A word with a line end in it may begin in one record and end behind it; a shorter one may still lie inside.
      const inside = at + this.#length <= end || this.#standsIn(text.slice(start, end))
      if (inside && selection[record] === 1) found(record)
      at = this.#next(text, end)
    }
  }

  #standsIn(text: string): boolean {
    return this.#needles.some((needle) => text.includes(needle))
  }

  /** Of what `#next` found. */
  #length = 0

  #next(text: string, from: number): number {
    if (this.#single !== undefined) {
      this.#length = this.#single.length
      return text.indexOf(this.#single, from)
    }
    const many = this.#many!
    many.lastIndex = from
    const match = many.exec(text)
    if (match === null) return -1
    this.#length = match[0].length
    return match.index
  }
}

/** Calls `found` once for each selected record in which the pattern matches. */
export function eachRecordMatching(pattern: Pattern, block: Block, found: OnRecord): void {
  search({ pattern, block, once: true, found })
}

/** Calls `found` for each match that is not empty. */
export function eachMatch(pattern: Pattern, block: Block, found: OnMatch): void {
  search({ pattern, block, once: false, found })
}

/** Records that may match, by the text that every match has in it; undefined when there is none. */
export function candidatesOf(pattern: Pattern): Candidates | undefined {
  if (pattern.literal.length < 2 || !/^[ -~]+$/.test(pattern.literal)) return undefined
  const word = new WordSearch([pattern.literal])
  return (block, found) => word.eachRecord(block, found)
}

interface Job {
  readonly pattern: Pattern
  readonly block: Block
  /** Only the first match of each record; it may be empty. */
  readonly once: boolean
  readonly found: OnMatch
}

/**
 * What one run of an expression sees, unless a line is longer. V8 counts backtracks per run: over a whole block a harmless
 * pattern such as `(\w+)=(\d+)` reaches the limit and goes on at a tenth of its speed.
 */
const STRETCH_CHARACTERS = 8192
/** Where the required text stands thicker than this, lines are not picked one by one. */
const NEAR_CHARACTERS = 512

function search(job: Job): void {
  const { pattern, block } = job
  const text = block.text()
  if (pattern.literal !== '' && !text.includes(pattern.literal)) return
  const lineRegex = block.multiline || edgesUnclear(pattern, block) ? undefined : pattern.lineRegex
  if (lineRegex === undefined) searchAlone(job, 0, block.to)
  else searchStretches(job, text, lineRegex)
}

/** Cuts the text into stretches that end with lines; with a required text, only around where that stands. */
function searchStretches(job: Job, text: string, lineRegex: RegExp): void {
  const { pattern, block } = job
  const exact = pattern.byteSafe || block.ascii()
  // One letter or digit stands nearly everywhere.
  const literal = pattern.literal.length > 1 || /[^\w ]/.test(pattern.literal) ? pattern.literal : ''
  let span = literal === '' ? STRETCH_CHARACTERS : 0
  let record = 0
  for (let at = 0; at < text.length && record < block.count; ) {
    let hit = at
    if (literal !== '') {
      hit = text.indexOf(literal, at)
      if (hit === -1) return
      span = hit - at < NEAR_CHARACTERS ? Math.min(2 * span + NEAR_CHARACTERS, STRETCH_CHARACTERS) : 0
      at = Math.max(at, text.lastIndexOf('\n', hit) + 1)
    }
    const newline = text.indexOf('\n', Math.max(hit, at + span))
    const end = newline === -1 ? text.length : newline + 1
    const from = block.from + at
    while (record < block.count && block.ends[record]! < from) record++
    record =
      exact || isAscii(block.bytes, from, block.from + end)
        ? searchLines(job, text.slice(at, end), lineRegex, from, record)
        : searchAlone(job, record, block.from + end)
    at = end
  }
}

/** Searches whole lines, whose text stands at `base` of the block's bytes, from record `first` on. Returns where it came to. */
function searchLines(job: Job, text: string, lineRegex: RegExp, base: number, first: number): number {
  const { block, once, found } = job
  const { starts, ends, selection, count } = block
  let record = first
  lineRegex.lastIndex = 0
  for (let match = lineRegex.exec(text); match !== null; match = lineRegex.exec(text)) {
    const from = base + match.index
    const to = from + match[0].length
    while (record < count && ends[record]! < from) record++
    if (record === count) break
    if (from < starts[record]!) {
      lineRegex.lastIndex = starts[record]! - base
      continue
    }
    const selected = selection[record] === 1
    if (selected && to <= ends[record]! && !once) {
      if (to > from) found(record, from, to, match, true)
      else lineRegex.lastIndex++
      continue
    }
    // A match that takes the `\r` between two records is not what the record alone would give.
    if (selected && to > ends[record]!) searchRecord(job, record, from)
    else if (selected) found(record, from, to, match, true)
    record++
    if (record === count) break
    lineRegex.lastIndex = starts[record]! - base
  }
  return record
}

/** Searches the selected records that start before `to`, each alone. Returns the first record behind them. */
function searchAlone(job: Job, first: number, to: number): number {
  const { starts, selection, count } = job.block
  let record = first
  for (; record < count && starts[record]! < to; record++) {
    if (selection[record] === 1) searchRecord(job, record, starts[record]!)
  }
  return record
}

/** Searches one record, from the byte `from` on, which is its start wherever a character may have several bytes. */
function searchRecord(job: Job, record: number, from: number): void {
  const { pattern, block, once, found } = job
  const start = block.starts[record]!
  const end = block.ends[record]!
  const bytewise =
    pattern.byteSafe || block.ascii() || isAscii(block.bytes, start, end) || !isUtf8(block.bytes, start, end)
  const text = bytewise ? block.text().slice(start - block.from, end - block.from) : utf8(block.bytes, start, end)
  const { regex } = pattern
  let character = 0
  let byte = start
  const byteAt = (index: number): number => {
    byte += bytewise ? index - character : utf8Length(text.slice(character, index))
    character = index
    return byte
  }
  regex.lastIndex = from - start
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    const { index } = match
    const behind = index + match[0].length
    if (once) {
      found(record, start, end, match, bytewise)
      return
    }
    if (index === behind) {
      regex.lastIndex++
      continue
    }
    // Half of a character above U+FFFF stands for the whole of it: bytes have no halves.
    const first = byteAt(Math.max(character, splitsPair(text, index) ? index - 1 : index))
    const last = byteAt(splitsPair(text, behind) ? behind + 1 : behind)
    if (last > first) found(record, first, last, match, bytewise)
  }
}

function splitsPair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800
}

/** Whether `^` and `$` would hold inside a record: at a `\r` that ends none. */
function edgesUnclear(pattern: Pattern, block: Block): boolean {
  if (!pattern.anchored || !block.hasCarriageReturn()) return false
  const { starts, ends, count, from } = block
  const text = block.text()
  let record = 0
  for (let at = text.indexOf('\r'); at !== -1; at = text.indexOf('\r', at + 1)) {
    record = block.recordAt(at + from, record)
    if (record < count && starts[record]! <= at + from && at + from < ends[record]!) return true
  }
  return false
}

export function escapeRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9_ ]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
