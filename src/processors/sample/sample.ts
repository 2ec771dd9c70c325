/**
 * `sample` keeps a fixed share of records, and writes on those it keeps how many they stand for.
 *
 * With a key the choice hangs on the key alone: all records of a trace, say, are kept or dropped together, by every
 * node alike, and what is kept at 10 % is also kept at 50 %.
 *
 * Spans are sampled by their trace, as all others sample them that follow OpenTelemetry: see `trace-state.ts`.
 */
import { z } from 'zod'
import { decode } from '#codecs/json/field.ts'
import { Field } from '#component/fields.ts'
import { defineProcessor, type Processor, type ProcessorContext } from '#component/processor.ts'
import { numeric } from '#component/schema.ts'
import { fromLatin1, fromText, latin1ToBytes } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue } from '#telemetry/format.ts'
import { SpanSampler } from './span-sampler.ts'

const config = z.strictObject({
  keep_ratio: numeric(z.number().min(0).max(1)).describe('Share of records to keep, 0 to 1.'),
  key: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Field that decides, such as trace_id; without it the trace decides for spans, chance for all else.'),
  missing_key: z
    .enum(['random', 'keep', 'drop'])
    .default('random')
    .describe('What happens to records without the key.'),
  sample_rate_field: z
    .string()
    .max(128)
    .default('sample_rate')
    .describe('Field of JSON records, or attribute, that gets 1 / keep_ratio; empty for none.'),
})

export const sample = defineProcessor({
  name: 'sample',
  summary: 'Keeps a fixed share of records.',
  config,
  signals: ['logs', 'traces'],
  outcome: 'sampled',
  mutates: true,
  create: (options, context) => new Sampler(options, context),
})

const RANGE = 0x1_0000_0000

class Sampler implements Processor {
  readonly #threshold: number
  readonly #key: Field | undefined
  readonly #missing: 'random' | 'keep' | 'drop'
  readonly #rateName: string
  /** How many records each of those that are kept stands for; 1 where nobody wants to know. */
  readonly #rate: number
  readonly #random: () => number
  /** For spans, unless another field decides. */
  readonly #spans: SpanSampler | undefined

  constructor(options: z.output<typeof config>, context: ProcessorContext) {
    this.#threshold = options.keep_ratio * RANGE
    this.#key = options.key === undefined ? undefined : new Field(options.key)
    this.#missing = options.missing_key
    this.#rateName = options.sample_rate_field
    const writes = options.sample_rate_field !== '' && options.keep_ratio > 0
    this.#rate = writes ? Number((1 / options.keep_ratio).toPrecision(6)) : 1
    this.#random = context.random
    this.#spans =
      options.key === undefined || options.key === 'trace_id'
        ? new SpanSampler({
            ratio: options.keep_ratio,
            keepsMissing: () => this.#keepsMissing(),
            rateName: options.sample_rate_field,
          })
        : undefined
  }

  process(block: Block): void {
    const { selection, count } = block
    const { format } = block.context
    if (format.name === 'otlp_span' && this.#spans !== undefined) {
      this.#spans.process(block)
      return
    }
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      if (!this.#keeps(block, i)) block.drop(i)
      else if (this.#rate > 1) format.annotate(block, i, this.#rateName, this.#rate)
    }
    block.commitEdits()
  }

  #keeps(block: Block, i: number): boolean {
    if (this.#key !== undefined) {
      const value = this.#key.find(block, i)
      if (value !== undefined && value.kind !== 'null') {
        return hashOf(value) < this.#threshold
      }
      return this.#keepsMissing()
    }
    return this.#random() * RANGE < this.#threshold
  }

  #keepsMissing(): boolean {
    return this.#missing === 'random' ? this.#random() * RANGE < this.#threshold : this.#missing === 'keep'
  }
}

/** The same for the same content, whatever format it stands in. */
function hashOf({ kind, text, from, to }: FieldValue): number {
  const content = text.slice(from, to)
  const isEscaped = kind === 'string' && content.includes('\\')
  const bytes = isEscaped ? fromText(unescaped(fromLatin1(content))) : latin1ToBytes(content)
  return hash32(bytes, 0, bytes.length)
}

function unescaped(text: string): string {
  return decode(text, 0, text.length)
}
