/**
 * What senders of 1.0 say about metric families, in requests of their own and once a minute: kept until the samples
 * come.
 *
 *   MetricMetadata { MetricType type = 1; string metric_family_name = 2; string help = 4; string unit = 5 }
 */
import { type Bytes, concat, latin1 } from '#std/bytes.ts'
import { FieldCursor } from './fields.ts'
import { type Meaning, meaningOf, UNKNOWN } from './meaning.ts'

/** Families beyond these are not kept: their samples have no type. */
export const FAMILIES_MAX = 20_000
/** Names of series that are known by heart. */
const NAMES_MAX = 4 * FAMILIES_MAX
export const NAME_BYTES_MAX = 512
/** Longer help is left out. */
export const HELP_BYTES_MAX = 1024
const SUFFIXES = ['_total', '_bucket', '_sum', '_count', '_created', '_info', '_gsum', '_gcount']

interface Family {
  type: number
  unit: Bytes
  help: Bytes
}

export class Families {
  readonly #families = new Map<string, Family>()
  readonly #meanings = new Map<string, Meaning>()
  readonly #fields = new FieldCursor()

  get isEmpty(): boolean {
    return this.#families.size === 0
  }

  /** Takes in a MetricMetadata. What is not well-formed says nothing. */
  learn(bytes: Bytes, from: number, to: number): void {
    const fields = this.#fields
    let [type, name, unit, help] = [0, '', NO_BYTES, NO_BYTES]
    fields.begin(bytes, from, to)
    while (fields.next()) {
      const { tag } = fields
      const length = fields.to - fields.from
      if (tag === 0x08) type = fields.value
      else if (tag === 0x12 && length <= NAME_BYTES_MAX) name = latin1(bytes, fields.from, fields.to)
      else if (tag === 0x22 && length <= HELP_BYTES_MAX) help = copyOf(bytes, fields.from, fields.to)
      else if (tag === 0x2a && length <= HELP_BYTES_MAX) unit = copyOf(bytes, fields.from, fields.to)
    }
    if (fields.isBroken || name === '') return
    const known = this.#families.get(name)
    if (known !== undefined && known.type === type && known.unit.equals(unit) && known.help.equals(help)) return
    if (known === undefined && this.#families.size === FAMILIES_MAX) return
    this.#families.set(name, { type, unit, help })
    this.#meanings.clear()
  }

  /** Of the series with the name in [from, to). */
  meaningOf(bytes: Bytes, from: number, to: number): Meaning {
    if (to - from > NAME_BYTES_MAX) return UNKNOWN
    const name = latin1(bytes, from, to)
    let meaning = this.#meanings.get(name)
    if (meaning !== undefined) return meaning
    const family = this.#families.get(name) ?? this.#familyOf(name)
    meaning = family === undefined ? UNKNOWN : meaningOf(family.type, name, family.unit, family.help)
    if (this.#meanings.size === NAMES_MAX) this.#meanings.clear()
    this.#meanings.set(name, meaning)
    return meaning
  }

  #familyOf(name: string): Family | undefined {
    for (const suffix of SUFFIXES) {
      if (!name.endsWith(suffix)) continue
      const family = this.#families.get(name.slice(0, -suffix.length))
      if (family !== undefined) return family
    }
    return undefined
  }
}

const NO_BYTES = concat([])

function copyOf(bytes: Bytes, from: number, to: number): Bytes {
  return concat([bytes.subarray(from, to)])
}
