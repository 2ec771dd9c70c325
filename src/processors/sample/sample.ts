/**
 * `sample` keeps a fixed share of records, and writes on those it keeps how many they stand for.
 *
 * With a key the choice hangs on the key alone: all records of a trace, say, are kept or dropped together, by every node
 * alike, and what is kept at 10 % is also kept at 50 %.
 */
import { z } from 'zod'
import { isObjectText } from '#codecs/json/field.ts'
import { insertMember } from '#codecs/json/insert.ts'
import { asBytes, Field } from '#component/fields.ts'
import { defineProcessor, type Processor, type ProcessorContext } from '#component/processor.ts'
import { numeric } from '#component/schema.ts'
import { type Bytes, fromText } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import type { Block } from '#telemetry/block.ts'

const config = z.strictObject({
  keep_ratio: numeric(z.number().min(0).max(1)).describe('Share of records to keep, 0 to 1.'),
  key: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Field that decides, such as trace_id; without it chance decides.'),
  missing_key: z
    .enum(['random', 'keep', 'drop'])
    .default('random')
    .describe('What happens to records without the key.'),
  sample_rate_field: z
    .string()
    .max(128)
    .default('sample_rate')
    .describe('Field of JSON records that gets 1 / keep_ratio; empty for none.'),
})

export const sample = defineProcessor({
  name: 'sample',
  summary: 'Keeps a fixed share of records.',
  config,
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
  readonly #rateMember: Bytes | undefined
  readonly #random: () => number

  constructor(options: z.output<typeof config>, context: ProcessorContext) {
    this.#threshold = options.keep_ratio * RANGE
    this.#key = options.key === undefined ? undefined : new Field(options.key)
    this.#missing = options.missing_key
    this.#rateName = asBytes(options.sample_rate_field)
    const rate = Number((1 / options.keep_ratio).toPrecision(6))
    const writes = options.sample_rate_field !== '' && options.keep_ratio > 0 && options.keep_ratio < 1
    this.#rateMember = writes ? fromText(`${JSON.stringify(options.sample_rate_field)}:${rate}`) : undefined
    this.#random = context.random
  }

  process(block: Block): void {
    const text = block.text()
    const { starts, ends, selection, count, from } = block
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const start = starts[i]! - from
      const end = ends[i]! - from
      if (!this.#keeps(block, text, start, end)) block.drop(i)
      else if (this.#rateMember !== undefined && isObjectText(text, start, end)) {
        insertMember(block, i, this.#rateName, this.#rateMember)
      }
    }
    block.commitEdits()
  }

  #keeps(block: Block, text: string, start: number, end: number): boolean {
    if (this.#key !== undefined) {
      const value = this.#key.find(text, start, end)
      if (value !== undefined && value.kind !== 'null') {
        return hash32(block.bytes, value.from + block.from, value.to + block.from) < this.#threshold
      }
      if (this.#missing !== 'random') return this.#missing === 'keep'
    }
    return this.#random() * RANGE < this.#threshold
  }
}
