/**
 * `dedupe` lets the first of several equal records pass and drops the repeats for a while. The next one after that says how
 * many there were.
 *
 * What has been seen stands in memory that all engines share, so it is right for the node and survives a reload and an
 * engine's replacement. Time is the time of arrival.
 */
import { z } from 'zod'
import { isObjectText } from '#codecs/json/field.ts'
import { Field } from '#component/fields.ts'
import { defineProcessor, type Processor, type ProcessorContext } from '#component/processor.ts'
import { list, numeric } from '#component/schema.ts'
import { type Bytes, fromText, latin1ToBytes } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import { SharedTable, sharedTableBytes } from '#std/shared-table.ts'
import type { Block } from '#telemetry/block.ts'

const config = z.strictObject({
  window_ms: numeric(z.int().min(1).max(86_400_000).default(10_000)).describe('How long repeats are dropped.'),
  fields: list(z.array(z.string().min(1).max(512)).min(1).max(16).optional()).describe(
    'Fields that must be equal; without them the whole record. Records with none of them pass.',
  ),
  max_keys: numeric(z.int().min(64).max(4_194_304).default(65_536)).describe('Different records that are remembered.'),
  count_field: z
    .string()
    .min(1)
    .max(128)
    .default('dedupe_count')
    .describe('Field of JSON records for the number of repeats.'),
})

export const dedupe = defineProcessor({
  name: 'dedupe',
  summary: 'Drops repeats of a record for a while, and says how many there were.',
  config,
  outcome: 'deduplicated',
  mutates: true,
  stateBytes: ({ max_keys: keys }) => sharedTableBytes(keys),
  create: (options, context) => new Dedupe(options, context),
})

const SEEDS = [0x2545_f491, 0x27d4_eb2f] as const

class Dedupe implements Processor {
  readonly #table: SharedTable
  readonly #windowMs: number
  readonly #fields: readonly Field[]
  readonly #countField: string
  /** Fingerprint of the record at hand. */
  #low = 0
  #high = 0

  constructor(options: z.output<typeof config>, context: ProcessorContext) {
    this.#table = new SharedTable(context.state, options.max_keys)
    this.#windowMs = options.window_ms
    this.#fields = (options.fields ?? []).map((name) => new Field(name))
    this.#countField = options.count_field
  }

  process(block: Block): void {
    const { selection, count } = block
    const now = block.context.arrivalMs | 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0 || !this.#fingerprint(block, i)) continue
      const { first, repeats } = this.#table.see(this.#low, this.#high, now, this.#windowMs, block.identity(i))
      if (!first) block.drop(i)
      else if (repeats > 0) this.#tell(block, i, repeats)
    }
    block.commitEdits()
  }

  /** Sets `#low` and `#high`. False: the record has none of the fields, so it is equal to no other. */
  #fingerprint(block: Block, i: number): boolean {
    this.#low = SEEDS[0]
    this.#high = SEEDS[1]
    if (this.#fields.length === 0) {
      this.#mix(block.bytes, block.starts[i]!, block.ends[i]!)
      return true
    }
    let found = false
    for (const field of this.#fields) {
      const value = field.find(block, i)
      if (value !== undefined) {
        this.#mix(latin1ToBytes(value.text.slice(value.from, value.to)), 0, value.to - value.from)
        found = true
      } else {
        this.#low = ~this.#low
        this.#high = ~this.#high
      }
    }
    return found
  }

  #mix(bytes: Bytes, from: number, to: number): void {
    this.#low = hash32(bytes, from, to, this.#low)
    this.#high = hash32(bytes, from, to, this.#high)
  }

  #tell(block: Block, i: number, repeats: number): void {
    const { format } = block.context
    const isObject = () => isObjectText(block.text(), block.starts[i]! - block.from, block.ends[i]! - block.from)
    if (format.name === 'syslog' || (format.name === 'text' && !isObject())) {
      block.edit(block.ends[i]!, block.ends[i]!, fromText(` (repeated ${repeats} times)`))
    } else format.annotate(block, i, this.#countField, repeats)
  }
}
