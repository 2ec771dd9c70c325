/**
 * What to point out in records that rules were tried on. In those that go on: where they changed. In those that a rule ended:
 * what it looks for, found with the engine's own searches, or the field that it looks at.
 */

import { textFormat } from '#codecs/text/format.ts'
import { Field } from '#component/fields.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import type { ExplainedStep } from '#engine/explain.ts'
import type { ReplayedRecord, ReplayInput } from '#engine/replay.ts'
import { fromText, utf8 } from '#std/bytes.ts'
import { compilePattern, type Pattern } from '#std/pattern/pattern.ts'
import { Block } from '#telemetry/block.ts'
import { eachMatch, escapeRegex } from '#telemetry/search.ts'
import type { TriedRecord, TriedStep } from './messages.ts'
import { changedSpans, joinedSpans, type Span, type Spans } from './spans.ts'

/** In longer records nothing is pointed out: nobody reads them whole. */
const CHARACTERS_MAX = 16 * 1024
/** Of a rule with more words neither: looking for them again, one by one, takes longer than the rule itself. */
const WORDS_MAX = 200
const SPANS_MAX = 100

export function markedRecords(
  processors: readonly ProcessorPlan[],
  inputs: readonly ReplayInput[],
  records: readonly ReplayedRecord[],
): TriedRecord[] {
  const marks = new Marks(processors)
  return records.map((record, i) => {
    const { rule, after, edited_by } = record
    const isLeftAlone = after !== null && edited_by.length === 0
    return {
      ...record,
      spans: isLeftAlone ? NONE : marks.of(inputs[i]!.text, after === null ? null : after.text, rule),
    }
  })
}

export function markedSteps(processors: readonly ProcessorPlan[], steps: readonly ExplainedStep[]): TriedStep[] {
  const marks = new Marks(processors)
  return steps.map((step) => ({ ...step, spans: marks.of(step.before, step.after, step.id) }))
}

const NONE: Spans = { before: [], after: [] }

/** Where in one record a rule finds something. */
type Finder = (block: Block) => Span[]

class Marks {
  readonly #plans: readonly ProcessorPlan[]
  readonly #finders = new Map<string, Finder | undefined>()
  readonly #block = new Block()

  constructor(plans: readonly ProcessorPlan[]) {
    this.#plans = plans
  }

  /** Undefined: what has no text. `after` is null for a record that `rule` ended. */
  of(before: string | undefined, after: string | null | undefined, rule: string | null): Spans {
    if (!isShown(before)) return NONE
    if (after !== null) return isShown(after) ? changedSpans(before, after) : NONE
    const find = rule === null ? undefined : this.#finderOf(rule)
    return find === undefined ? NONE : { before: this.#found(before, find), after: [] }
  }

  /** Made when a rule has ended the first record. */
  #finderOf(rule: string): Finder | undefined {
    if (!this.#finders.has(rule)) {
      const plan = this.#plans.find(({ id }) => id === rule)
      this.#finders.set(rule, plan === undefined ? undefined : finderOf(plan))
    }
    return this.#finders.get(rule)
  }

  #found(text: string, find: Finder): Span[] {
    const bytes = fromText(`${text}\n`)
    const block = this.#block
    block.fill(bytes, 0, bytes.length, { source: 'marks', arrivalMs: 0, truncated: false, format: textFormat })
    block.addRecord(0, bytes.length - 1)
    block.multiline = text.includes('\n')
    const at = (position: number) => utf8(bytes, 0, position).length
    return joinedSpans(find(block)).map(([from, to]) => [at(from), at(to)])
  }
}

function finderOf({ type, options }: ProcessorPlan): Finder | undefined {
  // What `keep` ends is what nothing was found in.
  if (options['mode'] === 'keep') return undefined
  if (type === 'attribute_filter') return fieldFinder(String(options['attribute'] ?? options['path']))
  return type === 'filter' ? textFinder(options) : undefined
}

function fieldFinder(name: string): Finder {
  const field = new Field(name)
  return (block) => {
    const value = field.find(block, 0)
    return value === undefined || value.text !== block.text() ? [] : [[value.from, value.to]]
  }
}

function textFinder(options: Record<string, unknown>): Finder | undefined {
  const {
    value,
    values,
    pattern,
    ignore_case: ignoreCase,
    unsafe,
  } = options as {
    value?: string
    values?: string[]
    pattern?: string
    ignore_case: boolean
    unsafe: boolean
  }
  const words = [...(value === undefined ? [] : [value]), ...(values ?? [])]
  if (words.length > WORDS_MAX) return undefined
  const patterns: Pattern[] = pattern === undefined ? [] : [compilePattern(pattern, { ignoreCase, unsafe })]
  if (words.length > 0) {
    patterns.push(compilePattern(words.map(escapeRegex).join('|'), { ignoreCase, charactersMax: Infinity }))
  }
  return (block) => {
    const spans: Span[] = []
    for (const part of patterns) {
      eachMatch(part, block, (_record, from, to) => {
        if (spans.length < SPANS_MAX) spans.push([from, to])
      })
    }
    return spans
  }
}

function isShown(text: string | undefined): text is string {
  return text !== undefined && text.length <= CHARACTERS_MAX
}
