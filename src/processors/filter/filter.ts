/**
 * `filter` drops records that contain a value or match a pattern, or keeps only those.
 */
import { z } from 'zod'
import { patternOf } from '#component/matcher.ts'
import { defineProcessor, type Processor } from '#component/processor.ts'
import { truth } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Pattern } from '#std/pattern/pattern.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import { candidatesOf, eachRecordMatching, escapeRegex, WordSearch } from '#telemetry/search.ts'
import { type Candidates, stringsOf } from '#telemetry/strings.ts'

const VALUES_MAX = 10_000
/** Without case they are much slower to get ready, and the engine stands still for it. */
const CASELESS_VALUES_MAX = 1000

const config = z.strictObject({
  value: z.string().min(1).optional().describe('Text to look for.'),
  values: z
    .array(z.string().min(1))
    .min(1)
    .max(VALUES_MAX)
    .optional()
    .describe('Several texts; one of them is enough.'),
  pattern: z.string().min(1).optional().describe('A regular expression to look for.'),
  ignore_case: truth(z.boolean().default(false)).describe('Whether upper and lower case are the same.'),
  mode: z.enum(['drop', 'keep']).default('drop').describe('What happens to records in which something is found.'),
  unsafe: truth(z.boolean().default(false)).describe('Take a pattern that cannot be matched in linear time.'),
})

export const filter = defineProcessor({
  name: 'filter',
  summary: 'Drops records that contain a value or match a pattern, or keeps only those.',
  config,
  signals: ['logs', 'traces'],
  mutates: false,
  create: (options) => new Filter(options),
})

class Filter implements Processor {
  readonly #words: WordSearch | undefined
  readonly #patterns: readonly Pattern[]
  readonly #keep: boolean
  readonly #candidates: Candidates | undefined
  readonly #found = new Uint8Array(BLOCK_RECORDS_MAX)

  constructor(options: z.output<typeof config>) {
    const words = [...(options.value === undefined ? [] : [options.value]), ...(options.values ?? [])]
    if (words.length === 0 && options.pattern === undefined) {
      throw new StreamgateError('SG_CONFIG_INVALID', 'needs value, values or pattern', { path: 'value' })
    }
    const { unsafe, ignore_case: ignoreCase } = options
    const patterns =
      options.pattern === undefined ? [] : [patternOf(options.pattern, 'pattern', { unsafe, ignoreCase })]
    if (ignoreCase && words.length > CASELESS_VALUES_MAX) {
      const message = `has ${words.length} values; with ignore_case at most ${CASELESS_VALUES_MAX} can be looked for`
      throw new StreamgateError('SG_CONFIG_INVALID', message, { path: 'values' })
    }
    if (ignoreCase && words.length > 0) {
      patterns.push(patternOf(words.map(escapeRegex).join('|'), 'value', { ignoreCase, charactersMax: Infinity }))
    }
    this.#words = ignoreCase || words.length === 0 ? undefined : new WordSearch(words)
    this.#patterns = patterns
    this.#candidates = this.#candidatesOf()
    this.#keep = options.mode === 'keep'
  }

  /** Undefined: some part may find something anywhere. */
  #candidatesOf(): Candidates | undefined {
    const words = this.#words
    const parts = this.#patterns.map(candidatesOf)
    if (parts.includes(undefined)) return undefined
    return (block, found) => {
      words?.eachRecord(block, found)
      for (const part of parts) part?.(block, found)
    }
  }

  process(block: Block): void {
    if (this.#keep) this.#dropOthers(block)
    else this.#eachFound(block, (record) => block.drop(record))
  }

  #dropOthers(block: Block): void {
    const found = this.#found
    found.fill(0, 0, block.count)
    this.#eachFound(block, (record) => {
      found[record] = 1
    })
    for (let i = 0; i < block.count; i++) if (found[i] === 0) block.drop(i)
  }

  #eachFound(block: Block, found: (record: number) => void): void {
    if (block.context.format.isText) {
      this.#search(block, found)
      return
    }
    const strings = stringsOf(block, this.#candidates)
    this.#search(strings.lines, (text) => strings.eachRecordOf(block, text, found))
  }

  #search(text: Block, found: (record: number) => void): void {
    this.#words?.eachRecord(text, found)
    for (const pattern of this.#patterns) eachRecordMatching(pattern, text, found)
  }
}
