/**
 * Finds patterns and words in the records of a block. What is found is what a search of each record's own text would
 * find; it is found by searching many records at once wherever that comes to the same.
 */
import { fromText, isUtf8, latin1, utf8, utf8Length } from '#std/bytes.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import type { Block } from './block.ts'

/** Called for each selected record that has what was looked for, in ascending order. */
export type OnRecord = (record: number) => void

/**
 * Called for each match in a selected record, in ascending order, with byte offsets into the block. `groups` is the match
 * as `RegExp.exec` gives it, its text being one character per byte if `bytewise`.
 */
export type OnMatch = (record: number, from: number, to: number, groups: RegExpExecArray, bytewise: boolean) => void

/** Words, searched for as the bytes of their UTF-8. */
export class WordSearch {
  readonly #single: string | undefined
  readonly #many: RegExp | undefined

  /** At least one word, none empty. */
  constructor(words: readonly string[]) {
    const needles = words.map((word) => latin1(fromText(word), 0, utf8Length(word)))
    this.#single = needles.length === 1 ? needles[0] : undefined
    // One alternation of many words runs at over 1 GB/s: faster than any other way to look for several.
    this.#many = this.#single === undefined ? new RegExp(needles.map(escapeRegex).join('|'), 'g') : undefined
  }

  eachRecord(block: Block, found: OnRecord): void {
    const text = block.text()
    const { from, ends, starts, selection, count } = block
    let record = 0
    let at = this.#next(text, 0)
    while (at !== -1) {
      record = block.recordAt(at + from, record)
      if (record === count) return
      // A word with a newline in it may begin in one record, or between two, and end in the next.
      if (at + from < starts[record]! || at + from + this.#length > ends[record]!) {
        at = this.#next(text, at + 1)
        continue
      }
      if (selection[record] === 1) found(record)
      at = this.#next(text, ends[record]! - from)
    }
  }

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
  if (!canSearchWhole(pattern, block)) {
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      pattern.regex.lastIndex = 0
      if (pattern.regex.test(textOf(block, i).text)) found(i)
    }
    return
  }
  const text = block.text()
  if (pattern.literal !== '' && !text.includes(pattern.literal)) return
  const regex = pattern.lineRegex!
  const { from, ends, selection, count } = block
  regex.lastIndex = 0
  let record = 0
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    record = block.recordAt(match.index + from, record)
    if (record === count) return
    if (selection[record] === 1) found(record)
    regex.lastIndex = ends[record]! - from
  }
}

/**
 * Calls `found` for each match. Records whose text is not ASCII, searched with a pattern that minds, are given whole to
 * `foundInText` instead, for positions in text are not positions in bytes.
 */
export function eachMatch(pattern: Pattern, block: Block, found: OnMatch, foundInText: OnRecord): void {
  if (!canSearchWhole(pattern, block)) {
    eachMatchByRecord(pattern, block, found, foundInText)
    return
  }
  const text = block.text()
  if (pattern.literal !== '' && !text.includes(pattern.literal)) return
  const regex = pattern.lineRegex!
  const { from, selection, count } = block
  regex.lastIndex = 0
  let record = 0
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    record = block.recordAt(match.index + from, record)
    if (record === count) return
    if (selection[record] === 1) found(record, match.index + from, match.index + from + match[0].length, match, true)
  }
}

function eachMatchByRecord(pattern: Pattern, block: Block, found: OnMatch, foundInText: OnRecord): void {
  const { regex } = pattern
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 0) continue
    const start = block.starts[i]!
    const text = latin1(block.bytes, start, block.ends[i]!)
    if (!pattern.byteSafe && !isPlain(text)) {
      regex.lastIndex = 0
      if (regex.test(textOf(block, i).text)) foundInText(i)
      continue
    }
    regex.lastIndex = 0
    for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
      found(i, start + match.index, start + match.index + match[0].length, match, true)
      if (match[0].length === 0) regex.lastIndex++
    }
  }
}

/** A record's text. Where its bytes are not UTF-8, one character per byte, so that nothing is lost by writing it back. */
export function textOf(block: Block, i: number): { text: string; isUtf8: boolean } {
  const [start, end] = [block.starts[i]!, block.ends[i]!]
  return isUtf8(block.bytes, start, end)
    ? { text: utf8(block.bytes, start, end), isUtf8: true }
    : { text: latin1(block.bytes, start, end), isUtf8: false }
}

/** Whether one search over the whole block finds what a search of each record would. */
function canSearchWhole(pattern: Pattern, block: Block): boolean {
  return pattern.lineRegex !== undefined && !pattern.canBeEmpty && block.linewise && (pattern.byteSafe || block.ascii())
}

function isPlain(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text)
}

export function escapeRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9_ ]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
