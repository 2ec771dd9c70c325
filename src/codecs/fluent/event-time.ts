/** Times of events as RFC 3339 in UTC, with as many digits as they have. */
import { Head, Kind, readHead } from '#codecs/msgpack/head.ts'
import type { Bytes } from '#std/bytes.ts'

const EVENT_TIME_TYPE = 0
const EVENT_TIME_BYTES = 8
const NANOS_PER_SECOND = 1_000_000_000
/** The end of the year 9999. */
const SECONDS_MAX = 253_402_300_799

export class EventTimes {
  readonly #head = new Head()
  /** Neighbouring events are of the same second, mostly. */
  #second = -1
  #text = ''

  /** Undefined when there is no time at `at`, or one that says nothing: 0, nil, or beyond what can be written. */
  read(bytes: Bytes, at: number, to: number): string | undefined {
    const head = this.#head
    const next = readHead(bytes, at, to, head)
    if (head.kind === Kind.integer) return this.#write(head.number, 0)
    if (head.kind === Kind.float) {
      const seconds = Math.floor(head.number)
      // A double has microseconds, at our time.
      return this.#write(seconds, Math.floor((head.number - seconds) * 1e6) * 1000)
    }
    if (head.kind !== Kind.extension || head.type !== EVENT_TIME_TYPE || head.length !== EVENT_TIME_BYTES)
      return undefined
    return this.#write(bytes.readUInt32BE(next), bytes.readUInt32BE(next + 4))
  }

  #write(seconds: number, nanos: number): string | undefined {
    if (!(seconds > 0 && seconds <= SECONDS_MAX && nanos < NANOS_PER_SECOND)) return undefined
    if (seconds !== this.#second) {
      this.#second = seconds
      this.#text = new Date(seconds * 1000).toISOString().slice(0, -5)
    }
    return nanos === 0 ? `${this.#text}Z` : `${this.#text}.${String(nanos).padStart(9, '0').replace(/0+$/, '')}Z`
  }
}
