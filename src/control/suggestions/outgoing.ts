/**
 * The records of a sample that go on to the outputs, as the live rules leave them: a rule behind all others sees just
 * that.
 */
import { type EventFacts, EventTexts } from '#codecs/event/event-of.ts'
import type { SampleWindow } from '#contract/observation.ts'
import type { Share } from '#contract/suggestion.ts'
import { utf8Length } from '#std/bytes.ts'
import { Quantity } from '../receipts/scale.ts'
import { Stratum } from '../receipts/stratum.ts'

export interface OutgoingRecord {
  text: string
  bytes: number
  stratum: number
  facts: EventFacts
}

/**
 * From so many bytes on a record may be cut off in the sample (`RECORD_TEXT_BYTES_MAX` of the engine). It counts, and
 * nothing is said of it: a document, and no log line.
 */
const TEXT_BYTES_MAX = 16 * 1024 - 4

export class Outgoing {
  readonly pipeline: string
  readonly records: OutgoingRecord[] = []
  readonly #strata: Stratum[] = []
  #seenRecords = 0
  #seenBytes = 0

  /** All of one pipeline. */
  constructor(pipeline: string, windows: readonly SampleWindow[]) {
    this.pipeline = pipeline
    const texts = new EventTexts()
    for (const window of windows) this.#add(window, texts)
  }

  get seen(): number {
    return this.#seenRecords
  }

  /** What some of the records, by their numbers, are of all. */
  share(numbers: readonly number[]): Share {
    const quantity = this.#quantity(numbers)
    const records = quantity.records()
    const bytes = numbers.reduce((sum, number) => sum + this.records[number]!.bytes, 0)
    const all = Math.max(1, this.#seenRecords)
    return {
      ...{ records: numbers.length, bytes },
      records_share: records.value / all,
      records_share_low: records.low / all,
      records_share_high: Math.min(1, records.high / all),
      bytes_share: this.#seenBytes > 0 ? quantity.bytes().value / this.#seenBytes : 0,
    }
  }

  /** What dropping all but `keepRatio` of them would save. */
  savings(numbers: readonly number[], keepRatio: number): { share: number; low: number; high: number; n: number } {
    const { value, low, high } = this.#quantity(numbers).bytes()
    const part = this.#seenBytes > 0 ? (1 - keepRatio) / this.#seenBytes : 0
    return { share: value * part, low: low * part, high: Math.min(1, high * part), n: this.records.length }
  }

  #quantity(numbers: readonly number[]): Quantity {
    const quantity = new Quantity(this.#strata)
    for (const number of numbers) {
      const { stratum, bytes } = this.records[number]!
      quantity.add(stratum, 1, bytes, bytes)
    }
    return quantity
  }

  #add({ records, seen }: SampleWindow, texts: EventTexts): void {
    const outgoing = records.filter(({ fate }) => fate === 'forwarded')
    if (outgoing.length === 0) return
    const weight = Math.max(1, seen.records / records.length)
    const bytes = weight * outgoing.reduce((sum, record) => sum + record.bytes_out, 0)
    const stratum = new Stratum({ records: weight * outgoing.length, bytes }, 1)
    this.#seenRecords += weight * outgoing.length
    this.#seenBytes += bytes
    for (const { after, bytes_out: bytesOut } of outgoing) {
      const whole = after?.text ?? ''
      const text = utf8Length(whole) < TEXT_BYTES_MAX ? whole : ''
      stratum.add(bytesOut)
      this.records.push({ text, bytes: bytesOut, stratum: this.#strata.length, facts: texts.read(text) })
    }
    this.#strata.push(stratum)
  }
}
