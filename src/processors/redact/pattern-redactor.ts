/** Replaces matches of a pattern. */
import type { Processor } from '#component/processor.ts'
import { type Bytes, fromText, latin1ToBytes } from '#std/bytes.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import type { Block } from '#telemetry/block.ts'
import { eachMatch, textOf } from '#telemetry/search.ts'
import { ShapeSearch } from '#telemetry/shape-search.ts'
import { parseTemplate, type Template } from './template.ts'

export class PatternRedactor implements Processor {
  readonly #pattern: Pattern
  readonly #template: Template
  /** The replacement when it has no groups in it. */
  readonly #constant: Bytes | undefined
  readonly #shape: ShapeSearch | undefined

  constructor(pattern: Pattern, replacement: string) {
    this.#pattern = pattern
    this.#template = parseTemplate(replacement)
    this.#constant = this.#template.constant === undefined ? undefined : fromText(this.#template.constant)
    this.#shape =
      pattern.shape === undefined || this.#constant === undefined ? undefined : ShapeSearch.of(pattern.shape)
  }

  process(block: Block): void {
    if (this.#shape !== undefined && this.#constant !== undefined) {
      const { length } = this.#shape
      const constant = this.#constant
      this.#shape.eachMatch(block, (_record, from) => block.edit(from, from + length, constant))
    } else {
      eachMatch(
        this.#pattern,
        block,
        (_record, from, to, groups) =>
          block.edit(from, to, this.#constant ?? latin1ToBytes(this.#template.bytewise(groups))),
        (record) => this.#rewrite(block, record),
      )
    }
    block.commitEdits()
  }

  /** A record whose text is not one character per byte is searched and written as text. */
  #rewrite(block: Block, record: number): void {
    const { regex } = this.#pattern
    const { text, isUtf8 } = textOf(block, record)
    regex.lastIndex = 0
    let out = ''
    let at = 0
    for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
      out += text.slice(at, match.index) + (isUtf8 ? this.#template.text(match) : this.#template.bytewise(match))
      at = match.index + match[0].length
      if (match[0].length === 0) regex.lastIndex++
    }
    const rewritten = out + text.slice(at)
    block.replaceRecord(record, isUtf8 ? fromText(rewritten) : latin1ToBytes(rewritten))
  }
}
