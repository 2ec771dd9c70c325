/**
 * Names of fields, and where they live in a record. A plain text record has one field, `message`: the record itself.
 */
import { type Path, pathsOf } from '#codecs/event/well-known.ts'
import { findValue, isObjectText, type JsonValue } from '#codecs/json/field.ts'
import { fromText, latin1 } from '#std/bytes.ts'

/** As a JSON value; `text` is the whole of a record that is not JSON, in which a backslash is a backslash. */
export interface FieldValue {
  kind: JsonValue['kind'] | 'text'
  from: number
  to: number
}

/** Reads one field of records. */
export class Field {
  readonly name: string
  readonly #paths: readonly Path[]
  readonly #isMessage: boolean

  /** Where it is looked for: `pathsOf`. */
  constructor(name: string) {
    this.name = name
    this.#isMessage = name === 'message'
    this.#paths = pathsOf(name)
  }

  /** The field of the record in [start, end) of a block's text; undefined when it has none. Objects and arrays are no values. */
  find(text: string, start: number, end: number): FieldValue | undefined {
    if (!isObjectText(text, start, end)) return this.#isMessage ? { kind: 'text', from: start, to: end } : undefined
    for (const path of this.#paths) {
      const value = findValue(text, start, end, path)
      if (value !== undefined && value.kind !== 'object' && value.kind !== 'array') return value
    }
    return undefined
  }
}

/** Text as it looks where each byte of its UTF-8 is one character. */
export function asBytes(text: string): string {
  const bytes = fromText(text)
  return latin1(bytes, 0, bytes.length)
}
