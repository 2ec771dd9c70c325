/** Times of events as RFC 3339 in UTC, with as many digits as they have. */
import { Rfc3339Writer } from '#codecs/event/rfc3339.ts'
import { Head, Kind, readHead } from '#codecs/msgpack/head.ts'
import type { Bytes } from '#std/bytes.ts'

const EVENT_TIME_TYPE = 0
const EVENT_TIME_BYTES = 8

export class EventTimes {
  readonly #head = new Head()
  readonly #writer = new Rfc3339Writer()

  /** Undefined when there is no time at `at`, or one that says nothing: 0, nil, or beyond what can be written. */
  read(bytes: Bytes, at: number, to: number): string | undefined {
    const head = this.#head
    const next = readHead(bytes, at, to, head)
    if (head.kind === Kind.integer) return this.#writer.write(head.number, 0)
    if (head.kind === Kind.float) {
      const seconds = Math.floor(head.number)
      // A double has microseconds, at our time.
      return this.#writer.write(seconds, Math.floor((head.number - seconds) * 1e6) * 1000)
    }
    if (head.kind !== Kind.extension || head.type !== EVENT_TIME_TYPE || head.length !== EVENT_TIME_BYTES)
      return undefined
    return this.#writer.write(bytes.readUInt32BE(next), bytes.readUInt32BE(next + 4))
  }
}
