/**
 * What a TimeSeries of 2.0 says of its family: Metadata { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4
 * }, its field 5.
 */
import { type Bytes, concat, latin1 } from '#std/bytes.ts'
import { HELP_BYTES_MAX } from './families.ts'
import { FieldCursor } from './fields.ts'
import type { SeriesLabels } from './labels.ts'
import { type Meaning, meaningOf, UNKNOWN } from './meaning.ts'
import type { Symbols } from './symbols.ts'

const METADATA_TAG = 0x2a

export class SeriesMetadata {
  readonly #symbols: Symbols
  readonly #fields = new FieldCursor()
  readonly #inner = new FieldCursor()
  /** The last one, which is that of the next series too as long as name and metadata are the same. */
  #name = ''
  #type = 0
  #help = 0
  #unit = 0
  #meaning: Meaning = UNKNOWN

  constructor(symbols: Symbols) {
    this.#symbols = symbols
  }

  /** The symbols are others from now on. */
  begin(): void {
    this.#name = ''
    this.#meaning = UNKNOWN
  }

  meaningOf(bytes: Bytes, from: number, to: number, labels: SeriesLabels): Meaning {
    const fields = this.#fields
    const inner = this.#inner
    let [type, help, unit] = [0, 0, 0]
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag !== METADATA_TAG) continue
      inner.begin(bytes, fields.from, fields.to)
      while (inner.next()) {
        if (inner.tag === 0x08) type = inner.value
        else if (inner.tag === 0x18) help = inner.value
        else if (inner.tag === 0x20) unit = inner.value
      }
    }
    if (type === 0 && help === 0 && unit === 0) return UNKNOWN
    const name = latin1(labels.bytes, labels.nameFrom, labels.nameTo)
    if (name === this.#name && type === this.#type && help === this.#help && unit === this.#unit) return this.#meaning
    this.#name = name
    this.#type = type
    this.#help = help
    this.#unit = unit
    this.#meaning = meaningOf(type, name, this.#text(unit), this.#text(help))
    return this.#meaning
  }

  #text(reference: number): Bytes {
    const symbols = this.#symbols
    if (!(reference < symbols.count) || symbols.lengthOf(reference) > HELP_BYTES_MAX) return NOTHING
    return symbols.bytes.subarray(symbols.startOf(reference), symbols.endOf(reference))
  }
}

const NOTHING = concat([])
