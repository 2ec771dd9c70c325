/** One field of records, by name, whatever their format. */
import { fromText, latin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue, Lookup, RecordFormat } from '#telemetry/format.ts'

export class Field {
  readonly name: string
  readonly #lookups = new Map<RecordFormat, Lookup>()
  #format: RecordFormat | undefined
  #lookup: Lookup | undefined

  /** Where it is looked for: `pathsOf` of `codecs/event`. */
  constructor(name: string) {
    this.name = name
  }

  /** The field of record `i`; undefined when it has none. Objects and arrays are no values. */
  find(block: Block, i: number): FieldValue | undefined {
    const { format } = block.context
    if (this.#format !== format) this.#turnTo(format)
    return this.#lookup!.find(block, i)
  }

  #turnTo(format: RecordFormat): void {
    const lookup = this.#lookups.get(format) ?? format.lookup(this.name)
    this.#lookups.set(format, lookup)
    this.#format = format
    this.#lookup = lookup
  }
}

/** Text as it looks where each byte of its UTF-8 is one character. */
export function asBytes(text: string): string {
  const bytes = fromText(text)
  return latin1(bytes, 0, bytes.length)
}
