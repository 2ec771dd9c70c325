/**
 * Looks through the events of a request to Splunk's collector, one behind the other or in an array, and stops at the
 * first that is bad: those before it are taken, as the collector does.
 *
 *   {"time":1.5,"host":"web-1","event":"a"} {"event":{…},"fields":{"k":"v"}} …
 */
import { nextObject } from '#codecs/headed/headed.ts'
import { Pieces, type Scan } from '#codecs/headed/pieces.ts'
import { eachMember, Members } from '#codecs/json/members.ts'
import { jsonObjectEnd } from '#codecs/json/validate.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import { HEC_ENVELOPE, HecMember } from './hec.ts'

/** Codes of the collector for what may be wrong with an event; `too_large` has none. */
export const HecFault = { format: 6, required: 12, blank: 13, fields: 15, too_large: 27 } as const
export type HecFault = (typeof HecFault)[keyof typeof HecFault]

const OPEN_BRACE = 0x7b
const QUOTE = 0x22
const LETTER_N = 0x6e
/** A time has no more. */
const TIME_BYTES_MAX = 40
/** Epoch seconds; an exponent is not taken. */
const DECIMAL = /^"?\d+(?:\.\d*)?"?$/

export class HecScan implements Scan {
  at = 0
  readonly pieces: Pieces
  /** Why the event behind those in `pieces` is bad. */
  fault: HecFault | undefined
  readonly #bytes: Bytes
  readonly #envelope = new Members(HEC_ENVELOPE)

  constructor(bytes: Bytes, pieceBytesMax: number) {
    this.#bytes = bytes
    this.pieces = new Pieces(pieceBytesMax)
  }

  next(): boolean {
    const bytes = this.#bytes
    const from = nextObject(bytes, this.at, bytes.length)
    this.at = from
    if (from === bytes.length) return false
    const end = jsonObjectEnd(bytes, from, bytes.length)
    this.fault = end === -1 ? HecFault.format : this.#faultOf(from, end)
    if (this.fault === undefined && !this.pieces.add(from, end)) this.fault = HecFault.too_large
    if (this.fault !== undefined) return false
    this.at = end
    return true
  }

  #faultOf(from: number, to: number): HecFault | undefined {
    const bytes = this.#bytes
    const envelope = this.#envelope
    envelope.read(bytes, from, to)
    if (!envelope.has(HecMember.event)) return HecFault.required
    const event = envelope.from[HecMember.event]!
    const eventLength = envelope.to[HecMember.event]! - event
    if (bytes[event] === LETTER_N || (bytes[event] === QUOTE && eventLength === 2)) return HecFault.blank
    if (envelope.has(HecMember.time) && !this.#isTime()) return HecFault.fields
    return envelope.has(HecMember.fields) && !this.#areFlat() ? HecFault.fields : undefined
  }

  #isTime(): boolean {
    const from = this.#envelope.from[HecMember.time]!
    const to = this.#envelope.to[HecMember.time]!
    if (this.#bytes[from] === LETTER_N) return true
    return to - from <= TIME_BYTES_MAX && DECIMAL.test(latin1(this.#bytes, from, to))
  }

  /** Indexed fields are an object without objects in it. */
  #areFlat(): boolean {
    const bytes = this.#bytes
    const from = this.#envelope.from[HecMember.fields]!
    if (bytes[from] === LETTER_N) return true
    if (bytes[from] !== OPEN_BRACE) return false
    let flat = true
    eachMember(bytes, from, this.#envelope.to[HecMember.fields]!, (_keyFrom, _keyTo, value) => {
      if (bytes[value] === OPEN_BRACE) flat = false
    })
    return flat
  }
}
