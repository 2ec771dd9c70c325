/**
 * What to point out in records that rules were tried on. In those that go on: where they changed. In those that a rule ended:
 * what it looks for, found with the engine's own searches, or the field that it looks at.
 */

import { textFormat } from '#codecs/text/format.ts'
import { Field } from '#component/fields.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import type { RecordText } from '#contract/observation.ts'
import type { ReplayedRecord, ReplayInput } from '#engine/replay.ts'
import { fromText, utf8 } from '#std/bytes.ts'
import { compilePattern, type Pattern } from '#std/pattern/pattern.ts'
import { Block } from '#telemetry/block.ts'
import { eachMatch, escapeRegex } from '#telemetry/search.ts'
import type { TriedRecord } from './messages.ts'
import { changedSpans, joinedSpans, type Span, type Spans } from './spans.ts'

/** In longer records nothing is pointed out: nobody reads them whole. */
const CHARACTERS_MAX = 16 * 1024
const SPANS_MAX = 100

export function marked(
  processors: readonly ProcessorPlan[],
  inputs: readonly ReplayInput[],
  records: readonly ReplayedRecord[],
): TriedRecord[] {
  const finders = new Map(processors.map((plan) => [plan.id, lazily(() => finderOf(plan))]))
  return records.map((record, i) => {
    const before = shownText(inputs[i]!)
    return { ...record, spans: before === undefined ? NONE : spansOf(record, before, finders) }
  })
}

const NONE: Spans = { before: [], after: [] }

/** Where in one record a rule finds something. */
type Finder = (block: Block) => Span[]

function spansOf(record: ReplayedRecord, before: string, finders: Map<string, () => Finder | undefined>): Spans {
  if (record.after !== null) {
    const after = record.edited_by.length === 0 ? undefined : shownText(record.after)
    return after === undefined ? NONE : changedSpans(before, after)
  }
  const find = record.rule === null ? undefined : finders.get(record.rule)?.()
  if (find === undefined) return NONE
  const block = blockOf(before)
  return { before: characterSpans(block, find(block)), after: [] }
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

function textFinder(options: Record<string, unknown>): Finder {
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

/** Positions in bytes as positions in text. */
function characterSpans({ bytes }: Block, spans: readonly Span[]): Span[] {
  const at = (position: number) => utf8(bytes, 0, position).length
  return joinedSpans(spans).map(([from, to]) => [at(from), at(to)])
}

function blockOf(text: string): Block {
  const bytes = fromText(`${text}\n`)
  BLOCK.fill(bytes, 0, bytes.length, { source: 'marks', arrivalMs: 0, truncated: false, format: textFormat })
  BLOCK.addRecord(0, bytes.length - 1)
  BLOCK.multiline = text.includes('\n')
  return BLOCK
}

const BLOCK = new Block()

function shownText({ text }: RecordText): string | undefined {
  return text === undefined || text.length > CHARACTERS_MAX ? undefined : text
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
