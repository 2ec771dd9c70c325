/** Replaces matches of a pattern. */
import type { Processor } from '#component/processor.ts'
import { StreamgateError } from '#contract/error.ts'
import { type Bytes, fromText, latin1ToBytes } from '#std/bytes.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import type { Block } from '#telemetry/block.ts'
import { candidatesOf, eachMatch } from '#telemetry/search.ts'
import { ShapeSearch } from '#telemetry/shape-search.ts'
import type { Candidates } from '#telemetry/strings.ts'
import { parseTemplate, type Template } from './template.ts'

export class PatternRedactor implements Processor {
  readonly #pattern: Pattern
  readonly #template: Template
  /** The replacement when it has no groups in it. */
  readonly #constant: Bytes | undefined
  readonly #shape: ShapeSearch | undefined

  /** Throws `StreamgateError` when the replacement names a group that the pattern has not. */
  constructor(pattern: Pattern, replacement: string) {
    this.#pattern = pattern
    this.#template = parseTemplate(replacement)
    for (const group of this.#template.groups) checkGroup(pattern, group)
    this.#constant = this.#template.constant === undefined ? undefined : fromText(this.#template.constant)
    this.#shape =
      pattern.shape === undefined || this.#constant === undefined ? undefined : ShapeSearch.of(pattern.shape)
  }

  /** Undefined: there may be matches anywhere. A shape looks at nothing around it, so it is found in a record's bytes as in its texts. */
  get candidates(): Candidates | undefined {
    const shape = this.#shape
    return shape === undefined ? candidatesOf(this.#pattern) : (block, found) => shape.eachMatch(block, found)
  }

  process(block: Block): void {
    if (this.#shape !== undefined && this.#constant !== undefined) {
      const { length } = this.#shape
      const constant = this.#constant
      this.#shape.eachMatch(block, (_record, from) => block.edit(from, from + length, constant))
    } else {
      eachMatch(this.#pattern, block, (_record, from, to, match, bytewise) => {
        block.edit(from, to, this.#constant ?? this.#filledIn(match, bytewise))
      })
    }
    block.commitEdits()
  }

  #filledIn(match: RegExpExecArray, bytewise: boolean): Bytes {
    return bytewise ? latin1ToBytes(this.#template.bytewise(match)) : fromText(this.#template.text(match))
  }
}

function checkGroup(pattern: Pattern, group: string): void {
  if (/^\d+$/.test(group) ? Number(group) <= pattern.groups : pattern.groupNames.includes(group)) return
  throw new StreamgateError(
    'SG_CONFIG_INVALID',
    `the replacement names group ${group}, which the pattern does not have; a dollar sign is written $$`,
    { path: 'replacement' },
  )
}
