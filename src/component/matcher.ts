/** Conditions, checked and compiled: which records of a block does a `when` hold for? */
import { z } from 'zod'
import { decode } from '#codecs/json/field.ts'
import { StreamgateError } from '#contract/error.ts'
import { fromLatin1 } from '#std/bytes.ts'
import { compilePattern, type Pattern, PatternError, type PatternOptions } from '#std/pattern/pattern.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue } from '#telemetry/format.ts'
import { WordSearch } from '#telemetry/search.ts'
import type { Condition, FieldTest } from './condition.ts'
import { asBytes, Field } from './fields.ts'

/** Fills `mask` with 1 for each selected record for which the condition holds. `mask` comes in as zeros. */
export interface Matcher {
  match(block: Block, mask: Uint8Array): void
}

const CONDITION_DEPTH_MAX = 16
const CONDITION_PARTS_MAX = 256
const TESTS = ['equals', 'contains', 'regex', 'exists'] as const

const fieldTest = z
  .strictObject({
    field: z.string().min(1).max(512).describe('A well-known name such as service or level, or a path a/b/c.'),
    equals: z.union([z.string(), z.number(), z.boolean()]).optional().describe('The field is this.'),
    contains: z.string().min(1).optional().describe('The field has this in it.'),
    regex: z.string().min(1).optional().describe('The field matches this pattern.'),
    exists: z.boolean().optional().describe('The field is there, or is not.'),
  })
  .refine((test) => TESTS.filter((name) => test[name] !== undefined).length === 1, {
    error: 'needs exactly one of equals, contains, regex, exists',
  })

const parts = z
  .array(z.lazy((): z.ZodType => anyCondition))
  .min(1)
  .max(CONDITION_PARTS_MAX)

const anyCondition: z.ZodType<Condition> = z
  .unknown()
  .superRefine((value, context) => {
    const schema = branchOf(value)
    if (schema === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'must be a condition: { all: […] }, { any: […] }, { not: … } or { field: …, equals: … }',
      })
      return
    }
    const result = schema.safeParse(value)
    for (const issue of result.success ? [] : result.error.issues) {
      context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] })
    }
  })
  .transform((value) => value as Condition)

function branchOf(value: unknown): z.ZodType | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if ('all' in value) return z.strictObject({ all: parts })
  if ('any' in value) return z.strictObject({ any: parts })
  if ('not' in value) return z.strictObject({ not: anyCondition })
  return 'field' in value ? fieldTest : undefined
}

/** The depth comes first: checking the rest calls itself, and what came over the network may be nested without end. */
export const conditionSchema: z.ZodType<Condition> = z
  .unknown()
  .refine((value) => !isDeeperThan(value, CONDITION_DEPTH_MAX), {
    error: `must not be nested deeper than ${CONDITION_DEPTH_MAX}`,
  })
  .pipe(anyCondition)

/** The same as JSON Schema, but for the depth; refers to itself as `#/$defs/condition`. */
export function conditionJsonSchema(): Record<string, unknown> {
  const { $schema: _, ...test } = z.toJSONSchema(fieldTest, { io: 'input' })
  const self = { $ref: '#/$defs/condition' }
  const combined = { type: 'array', items: self, minItems: 1, maxItems: CONDITION_PARTS_MAX }
  const branch = (name: string, schema: object, description: string) => ({
    type: 'object',
    properties: { [name]: { ...schema, description } },
    required: [name],
    additionalProperties: false,
  })
  return {
    oneOf: [
      { ...test, oneOf: TESTS.map((name) => ({ required: [name] })) },
      branch('all', combined, 'All of these hold.'),
      branch('any', combined, 'One of these holds, or more.'),
      branch('not', self, 'This does not hold.'),
    ],
  }
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth === 0) return true
  const parts = [
    'all' in value ? value.all : [],
    'any' in value ? value.any : [],
    'not' in value ? [value.not] : [],
  ].flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
  return parts.some((part) => isDeeperThan(part, depth - 1))
}

/** `path` is where the condition stands, for messages. Throws `StreamgateError` when a pattern is refused. */
export function compileMatcher(condition: Condition, path: string): Matcher {
  if ('all' in condition)
    return new Combined(
      condition.all.map((part, i) => compileMatcher(part, `${path}/all/${i}`)),
      true,
    )
  if ('any' in condition)
    return new Combined(
      condition.any.map((part, i) => compileMatcher(part, `${path}/any/${i}`)),
      false,
    )
  if ('not' in condition) return new Negated(compileMatcher(condition.not, `${path}/not`))
  return new FieldMatcher(condition, `${path}/regex`)
}

class Combined implements Matcher {
  readonly #parts: readonly Matcher[]
  readonly #all: boolean
  #scratch = new Uint8Array(0)

  constructor(parts: readonly Matcher[], all: boolean) {
    this.#parts = parts
    this.#all = all
  }

  match(block: Block, mask: Uint8Array): void {
    const { count } = block
    if (this.#scratch.length < count) this.#scratch = new Uint8Array(count)
    const scratch = this.#scratch
    this.#parts.forEach((part, p) => {
      scratch.fill(0, 0, count)
      part.match(block, scratch)
      for (let i = 0; i < count; i++) {
        if (p === 0) mask[i] = scratch[i]!
        else mask[i] = this.#all ? mask[i]! & scratch[i]! : mask[i]! | scratch[i]!
      }
    })
  }
}

class Negated implements Matcher {
  readonly #part: Matcher
  constructor(part: Matcher) {
    this.#part = part
  }
  match(block: Block, mask: Uint8Array): void {
    this.#part.match(block, mask)
    for (let i = 0; i < block.count; i++) mask[i] = block.selection[i] === 1 && mask[i] === 0 ? 1 : 0
  }
}

/** A test of one field. Also what `attribute_filter` is made of. */
export class FieldMatcher implements Matcher {
  readonly #field: Field
  readonly #holds: Predicate
  /** What must stand somewhere in a record for the test to hold; undefined when nothing is sure to. */
  readonly #needle: WordSearch | undefined
  readonly #escapes = new WordSearch(['\\'])

  /** `regexPath` is where the pattern stands, for messages. */
  constructor(test: FieldTest, regexPath: string, options: PatternOptions = {}) {
    this.#field = new Field(test.field)
    this.#holds = predicate(test, regexPath, options)
    const text = test.contains ?? (test.equals === undefined ? undefined : String(test.equals))
    this.#needle =
      text === undefined || text === '' || needsEscapes(text) || isLooseNumber(test)
        ? undefined
        : new WordSearch([text])
  }

  match(block: Block, mask: Uint8Array): void {
    const { count, selection } = block
    const check = (i: number) => {
      mask[i] = this.#holds(this.#field.find(block, i)) ? 1 : 0
    }
    if (this.#needle === undefined || !block.context.format.isLiteral) {
      for (let i = 0; i < count; i++) if (selection[i] === 1) check(i)
      return
    }
    this.#needle.eachRecord(block, check)
    // An escape can hide any letter: such records are looked at as well.
    if (block.text().includes('\\')) this.#escapes.eachRecord(block, check)
  }
}

type Predicate = (value: FieldValue | undefined) => boolean

function predicate(test: FieldTest, regexPath: string, options: PatternOptions): Predicate {
  if (test.exists !== undefined) return (value) => (value !== undefined && value.kind !== 'null') === test.exists
  if (test.equals !== undefined) return equalTo(test.equals)
  if (test.contains !== undefined) {
    const part = asBytes(test.contains)
    return (value) =>
      value !== undefined && (contentOf(value).includes(part) || unicodeOf(value).includes(test.contains!))
  }
  const pattern = patternOf(test.regex ?? '', regexPath, options)
  return (value) => {
    if (value === undefined) return false
    pattern.regex.lastIndex = 0
    return pattern.regex.test(unicodeOf(value))
  }
}

/** A number equals a value that is the same number, however written; anything equals what has the same text. */
function equalTo(wanted: string | number | boolean): Predicate {
  const plain = String(wanted)
  const bytes = asBytes(plain)
  return (value) => {
    if (value === undefined) return false
    const { kind, text, from, to } = value
    if (to - from === bytes.length && text.startsWith(bytes, from)) return true
    if (typeof wanted === 'number' && kind === 'number') return Number(text.slice(from, to)) === wanted
    return kind === 'string' && text.slice(from, to).includes('\\') && unicodeOf(value) === plain
  }
}

/** Content of a value, one character per byte where nothing was escaped. */
function contentOf({ kind, text, from, to }: FieldValue): string {
  return kind === 'string' ? decode(text, from, to) : text.slice(from, to)
}

/** Content of a value as the text that it stands for. */
function unicodeOf({ kind, text, from, to }: FieldValue): string {
  const unicode = fromLatin1(text.slice(from, to))
  return kind === 'string' ? decode(unicode, 0, unicode.length) : unicode
}

/** Characters that JSON writes with a backslash: looking for them as they are would miss them. */
function needsEscapes(text: string): boolean {
  return /["\\\u0000-\u001f]/.test(text)
}

/** `1` may be written `1.0` or `1e0`. */
function isLooseNumber(test: FieldTest): boolean {
  return typeof test.equals === 'number'
}

/** As `compilePattern`, with the place of the pattern in the error. */
export function patternOf(source: string, path: string, options: PatternOptions = {}): Pattern {
  try {
    return compilePattern(source, options)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new StreamgateError(error.code, error.message, { path, cause: error })
  }
}
