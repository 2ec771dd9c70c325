/**
 * `hec_events`: events of Splunk's HTTP Event Collector as flat JSON records.
 *
 *   {"index":"main"}\n {"time":1.5,"host":"web-1","event":{"message":"a","n":1},"fields":{"env":"prod"}}{"event":"b"}
 *   -> {"timestamp":1.5,"host":"web-1","index":"main","message":"a","n":1,"env":"prod"}
 *      {"index":"main","message":"b"}
 *
 * An event that is an object keeps its members as they stand; any other is the message. What the envelope says (`time`
 * as `timestamp`) stands before them, and `fields` behind them, where the event has no member of that name. The head
 * fills in what the envelope does not say.
 */
import { HeadedDecoder, Newlines, nextObject, type RecordShape } from '#codecs/headed/headed.ts'
import { SharedMembers } from '#codecs/headed/shared-members.ts'
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { eachMember, Members } from '#codecs/json/members.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { DecoderDefinition } from '#telemetry/decoder.ts'

/** What a request may say of all its events. */
export const HEC_SHARED = ['host', 'source', 'sourcetype', 'index'] as const

/** Members of an envelope; those that may be shared come first. */
export const HEC_ENVELOPE = [...HEC_SHARED, 'time', 'event', 'fields'] as const
export const HecMember = Object.fromEntries(HEC_ENVELOPE.map((name, i) => [name, i])) as Readonly<
  Record<(typeof HEC_ENVELOPE)[number], number>
>
/** Under which names an event itself may have what the envelope says. */
const INNER = [...HEC_SHARED, 'timestamp'] as const
const TIME = HecMember.time
const OPEN_BRACE = 0x7b
const LETTER_N = 0x6e

const KEYS: readonly string[] = INNER.map((name) => `"${name}"`)

export const hecEvents: DecoderDefinition = {
  name: 'hec_events',
  format: textFormat,
  create: () => new HeadedDecoder(new HecEvent()),
}

class HecEvent implements RecordShape {
  readonly #shared = new SharedMembers(HEC_SHARED)
  readonly #envelope = new Members(HEC_ENVELOPE)
  readonly #inner = new Members(INNER)
  readonly #newlines = new Newlines()
  #isFirst = true

  head(bytes: Bytes, from: number, to: number): void {
    this.#shared.read(bytes, from, to)
    this.#newlines.begin()
  }

  record(bytes: Bytes, at: number, to: number, out: JsonLinesWriter, block: Block): number {
    const from = nextObject(bytes, at, to)
    if (from === to) return to
    const envelope = this.#envelope
    const end = envelope.read(bytes, from, to)
    if (end === -1 || !envelope.has(HecMember.event)) return -1
    block.multiline ||= this.#newlines.within(bytes, from, end)
    const eventFrom = envelope.from[HecMember.event]!
    const eventTo = envelope.to[HecMember.event]!
    const isObject = bytes[eventFrom] === OPEN_BRACE
    this.#inner.read(bytes, isObject ? eventFrom : end, eventTo)
    out.raw('{')
    this.#isFirst = true
    this.#writeEnvelope(bytes, out)
    if (!isObject) {
      this.#separate(out)
      out.raw('"message":')
      out.rawBytes(bytes, eventFrom, eventTo)
    } else if (this.#inner.count > 0) {
      this.#separate(out)
      out.rawBytes(bytes, eventFrom + 1, eventTo - 1)
    }
    if (envelope.has(HecMember.fields)) this.#writeFields(bytes, isObject ? eventFrom : -1, out)
    out.raw('}')
    out.endRecord()
    return end
  }

  #writeEnvelope(bytes: Bytes, out: JsonLinesWriter): void {
    for (let i = INNER.length - 1; i >= 0; i--) {
      if (!this.#isGiven(bytes, i)) continue
      this.#separate(out)
      out.raw(KEYS[i]!)
      out.raw(':')
      if (this.#isOwn(bytes, i)) out.rawBytes(bytes, this.#envelope.from[i]!, this.#envelope.to[i]!)
      else this.#shared.writeValue(bytes, i, out)
    }
  }

  /** Whether the envelope or the head has something to say that the event does not. */
  #isGiven(bytes: Bytes, i: number): boolean {
    return !this.#inner.has(i) && (this.#isOwn(bytes, i) || (i < TIME && this.#shared.has(i)))
  }

  /** The envelope's `null` says nothing. */
  #isOwn(bytes: Bytes, i: number): boolean {
    return this.#envelope.has(i) && bytes[this.#envelope.from[i]!] !== LETTER_N
  }

  /**
   * `event`: position of the event's brace, or -1. Names are compared through a set: any number of them takes linear
   * time.
   */
  #writeFields(bytes: Bytes, event: number, out: JsonLinesWriter): void {
    const fields = this.#envelope.from[HecMember.fields]!
    if (bytes[fields] !== OPEN_BRACE) return
    const taken = new Set<string>(event === -1 ? ['"message"'] : [])
    for (let i = 0; i < INNER.length; i++) if (this.#isGiven(bytes, i)) taken.add(KEYS[i]!)
    if (event !== -1) {
      const eventTo = this.#envelope.to[HecMember.event]!
      eachMember(bytes, event, eventTo, (keyFrom, keyTo) => taken.add(latin1(bytes, keyFrom, keyTo)))
    }
    eachMember(bytes, fields, this.#envelope.to[HecMember.fields]!, (keyFrom, keyTo, from, to) => {
      const key = latin1(bytes, keyFrom, keyTo)
      if (taken.has(key)) return
      taken.add(key)
      this.#separate(out)
      out.rawBytes(bytes, keyFrom, keyTo)
      out.raw(':')
      out.rawBytes(bytes, from, to)
    })
  }

  #separate(out: JsonLinesWriter): void {
    if (!this.#isFirst) out.raw(',')
    this.#isFirst = false
  }
}
