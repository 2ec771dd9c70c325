/** Records that are text: lines, or JSON objects, each told by how it begins and ends. */
import { type Path, pathsOf } from '#codecs/event/well-known.ts'
import { findValue, isObjectText } from '#codecs/json/field.ts'
import { insertMember } from '#codecs/json/insert.ts'
import { assert } from '#std/assert.ts'
import { fromText, latin1, utf8Length } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldValue, Lookup, RecordFormat } from '#telemetry/format.ts'

export const textFormat: RecordFormat = {
  name: 'text',
  signal: 'logs',
  isText: true,
  isLiteral: true,
  lookup: (name) => new TextLookup(name),
  strings: () => assert(false, 'text is its own text'),
  replace: () => assert(false, 'text is edited in place'),
  toJson: () => assert(false, 'every encoder reads text'),
  annotate(block, i, name, value) {
    if (!isObjectText(block.text(), block.starts[i]! - block.from, block.ends[i]! - block.from)) return
    insertMember(block, i, latin1(fromText(name), 0, utf8Length(name)), fromText(`${JSON.stringify(name)}:${value}`))
  },
}

/** A record that is no JSON object has one field, `message`: the record itself. */
class TextLookup implements Lookup {
  readonly #paths: readonly Path[]
  readonly #isMessage: boolean

  constructor(name: string) {
    this.#isMessage = name === 'message'
    this.#paths = pathsOf(name)
  }

  find(block: Block, i: number): FieldValue | undefined {
    const text = block.text()
    const from = block.starts[i]! - block.from
    const to = block.ends[i]! - block.from
    if (!isObjectText(text, from, to)) return this.#isMessage ? { kind: 'text', text, from, to } : undefined
    for (const path of this.#paths) {
      const value = findValue(text, from, to, path)
      if (value !== undefined && value.kind !== 'object' && value.kind !== 'array') {
        return { kind: value.kind, text, from: value.from, to: value.to }
      }
    }
    return undefined
  }
}
