/**
 * `attribute_filter` drops, or keeps, records by one of their fields. Plain text has none, and passes.
 */
import { z } from 'zod'
import { isObjectText } from '#codecs/json/field.ts'
import { FieldMatcher } from '#component/matcher.ts'
import { defineProcessor, type Processor } from '#component/processor.ts'
import { truth } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'

const config = z.strictObject({
  attribute: z.string().min(1).max(512).optional().describe('Name of the field, found wherever such fields live.'),
  path: z.string().min(1).max(512).optional().describe('The exact place instead, as a/b/c.'),
  equals: z.union([z.string(), z.number(), z.boolean()]).optional().describe('The field is this.'),
  contains: z.string().min(1).optional().describe('The field has this in it.'),
  regex: z.string().min(1).optional().describe('The field matches this pattern.'),
  mode: z.enum(['drop', 'keep']).default('drop').describe('What happens to records for which that holds.'),
  unsafe: truth(z.boolean().default(false)).describe('Take a pattern that cannot be matched in linear time.'),
})

export const attributeFilter = defineProcessor({
  name: 'attribute_filter',
  summary: 'Drops, or keeps, records by one of their fields.',
  config,
  signals: ['logs', 'traces'],
  mutates: false,
  create: (options) => new AttributeFilter(options),
})

class AttributeFilter implements Processor {
  readonly #matcher: FieldMatcher
  readonly #keep: boolean
  readonly #mask = new Uint8Array(BLOCK_RECORDS_MAX)

  constructor(options: z.output<typeof config>) {
    const { attribute, path, equals, contains, regex, unsafe } = options
    if ((attribute === undefined) === (path === undefined)) {
      throw new StreamgateError('SG_CONFIG_INVALID', 'needs attribute or path, and not both', { path: 'attribute' })
    }
    const tests = [equals, contains, regex].filter((test) => test !== undefined)
    if (tests.length !== 1) {
      throw new StreamgateError('SG_CONFIG_INVALID', 'needs exactly one of equals, contains, regex', { path: 'equals' })
    }
    const field = path === undefined ? attribute! : path.includes('/') ? path : `${path}/`
    this.#matcher = new FieldMatcher(
      {
        field,
        ...(equals === undefined ? {} : { equals }),
        ...(contains === undefined ? {} : { contains }),
        ...(regex === undefined ? {} : { regex }),
      },
      'regex',
      { unsafe },
    )
    this.#keep = options.mode === 'keep'
  }

  process(block: Block): void {
    const mask = this.#mask
    mask.fill(0, 0, block.count)
    this.#matcher.match(block, mask)
    const isPlain = block.context.format.name === 'text'
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0 || (mask[i] === 1) === this.#keep) continue
      if (!isPlain || isObjectText(block.text(), block.starts[i]! - block.from, block.ends[i]! - block.from))
        block.drop(i)
    }
  }
}
