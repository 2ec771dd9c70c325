/**
 * `bulk`: documents of Elasticsearch's bulk requests as records.
 *
 *   {"field":"es_index","index":"logs"}\n
 *   {"create":{"_index":"metrics"}}\n
 *   {"message":"a"}\n
 *   {"index":{}}\n
 *   {"message":"b"}\n
 *   -> {"es_index":"metrics","message":"a"}   {"es_index":"logs","message":"b"}
 *
 * Documents keep their members as they stand. The index that is meant, by the action or else by the head, is added
 * under the head's name for it, unless the document has a member of that name or neither names one. Blank lines are
 * passed over: the source blanks what it has refused.
 */
import { HeadedDecoder, type RecordShape } from '#codecs/headed/headed.ts'
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Members, skipSpace } from '#codecs/json/members.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, indexOfByte, latin1, NEWLINE } from '#std/bytes.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/** Actions that bring a document, and what an action may say. */
export const BULK_ACTIONS = ['create', 'index'] as const
const HEAD = ['field', 'index'] as const
const FIELD = 0
const INDEX = 1
const QUOTE = 0x22

export const bulk: DecoderDefinition = {
  name: 'bulk',
  format: textFormat,
  create: () => new HeadedDecoder(new BulkDocument()),
}

class BulkDocument implements RecordShape {
  readonly #head = new Members(HEAD)
  readonly #action = new Members(BULK_ACTIONS)
  readonly #about = new Members(['_index'])
  #own = new Members([''])
  /** The name, with its quotes, under which a document gets its index. */
  #field = ''

  head(bytes: Bytes, from: number, to: number): void {
    this.#head.read(bytes, from, to)
    const field = this.#head.has(FIELD) ? latin1(bytes, this.#head.from[FIELD]!, this.#head.to[FIELD]!) : ''
    if (field === this.#field) return
    this.#field = field
    this.#own = new Members([field.slice(1, -1)])
  }

  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter): number {
    const actionEnd = lineEnd(bytes, at, to)
    const action = skipSpace(bytes, at, actionEnd)
    if (action === actionEnd) return Math.min(actionEnd + 1, to)
    const from = skipSpace(bytes, Math.min(actionEnd + 1, to), to)
    const end = lineEnd(bytes, from, to)
    const close = this.#own.read(bytes, from, end)
    if (this.#action.read(bytes, action, actionEnd) === -1 || close === -1) return -1
    this.#writeDocument(bytes, from, close, out)
    out.endRecord()
    return Math.min(end + 1, to)
  }

  #writeDocument(bytes: Bytes, from: number, to: number, out: JsonLinesWriter): void {
    const about = this.#about
    const i = this.#action.has(0) ? 0 : 1
    about.read(bytes, this.#action.has(i) ? this.#action.from[i]! : 0, this.#action.has(i) ? this.#action.to[i]! : 0)
    const named = about.has(0) && bytes[about.from[0]!] === QUOTE
    if (this.#field === '' || this.#own.has(0) || (!named && !this.#head.has(INDEX))) {
      out.rawBytes(bytes, from, to)
      return
    }
    out.raw('{')
    out.raw(this.#field)
    out.raw(':')
    if (named) out.rawBytes(bytes, about.from[0]!, about.to[0]!)
    else out.rawBytes(bytes, this.#head.from[INDEX]!, this.#head.to[INDEX]!)
    if (this.#own.count > 0) out.raw(',')
    out.rawBytes(bytes, from + 1, to)
  }
}

/** Position of the newline, or `to`. */
function lineEnd(bytes: Bytes, from: number, to: number): number {
  const newline = indexOfByte(bytes, NEWLINE, from, to)
  return newline === -1 ? to : newline
}
