/**
 * `elasticsearch_bulk`: each record as the two lines of a bulk request, an action and a document.
 *
 *   {"create":{"_id":"6f1c…000000000042"}}\n
 *   {"@timestamp":"2026-01-31T08:15:30.000Z", the record's members}\n
 *
 * The id is written here and not by the server, so whoever sends the record again, now or from disk, sends the same
 * one, and the
 * server has it once.
 */
import type { EventReader } from '#codecs/event/reader.ts'
import { EventJson, type RecordHead } from '#codecs/event_json/event_json.ts'
import { type Bytes, copyBytes, fromText, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder } from '#telemetry/encoder.ts'
import { DatedName } from './dated-name.ts'

export interface BulkOptions {
  action: 'create' | 'index'
  /** With `%Y`, `%m`, `%d`, `%H`: each record names its index. Undefined: the request's URL does. */
  index?: string
}

export const elasticsearchBulk = defineEncoder<BulkOptions>(
  'elasticsearch_bulk',
  (options) => new ElasticsearchBulk(options),
)

class ElasticsearchBulk extends EventJson {
  override readonly name = 'elasticsearch_bulk'

  constructor(options: BulkOptions) {
    const document = {
      after: '\n',
      members: [{ key: '@timestamp', value: 'rfc3339' as const }],
      record: { as: 'members' as const, message: 'message' },
    }
    super(document, new Action(options))
  }
}

/** Random hexadecimal digits that stand for this encoder, and decimal ones that count its records. */
const PREFIX_BYTES = 10
const PREFIX_DIGITS = 2 * PREFIX_BYTES
const COUNTER_DIGITS = 12
const ZERO = 0x30
const NINE = 0x39
const CLOSE = fromText('"}}\n')

class Action implements RecordHead {
  readonly bytesMax: number
  readonly #name: DatedName | undefined
  /** What stands before the index's name, behind it, and then the id. */
  readonly #open: Bytes
  readonly #middle: Bytes
  readonly #id = newId()

  constructor({ action, index }: BulkOptions) {
    this.#name = index === undefined ? undefined : new DatedName(index)
    this.#open = fromText(index === undefined ? `{"${action}":{"_id":"` : `{"${action}":{"_index":"`)
    this.#middle = fromText('","_id":"')
    const name = this.#name === undefined ? 0 : this.#name.bytesMax + this.#middle.length
    this.bytesMax = this.#open.length + name + this.#id.length + CLOSE.length
  }

  write(reader: EventReader, block: Block, target: Bytes, at: number): number {
    let write = at + this.#open.copy(target, at)
    if (this.#name !== undefined) {
      write += writeUtf8(target, this.#name.at(reader.time.ms, block.context.arrivalMs), write)
      write += this.#middle.copy(target, write)
    }
    copyBytes(this.#id, 0, this.#id.length, target, write)
    increment(this.#id)
    write += this.#id.length
    return write + CLOSE.copy(target, write)
  }
}

function newId(): Bytes {
  const random = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES))
  const prefix = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return fromText(prefix + '0'.repeat(COUNTER_DIGITS))
}

/** Adds one to the decimal digits at the end, in place: one id for each record, and no text made for it. */
function increment(id: Bytes): void {
  for (let i = id.length - 1; i >= PREFIX_DIGITS; i--) {
    if (id[i] !== NINE) {
      id[i]!++
      return
    }
    id[i] = ZERO
  }
  // After 10^12 records: another prefix, so that no id comes twice.
  newId().copy(id)
}
