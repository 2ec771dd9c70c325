/**
 * Gathers datagrams, each one record, into as few intake entries as order allows.
 *
 *   api:1|c \n api:2|c \n web:7|ms \n   two lines \n of one datagram   api:3|c \n
 *   └── run: lines ────────────────┘ └── run: record ─────────────┘ └── run: lines …
 *
 * One trailing newline (`\n` or `\r\n`) of a datagram is not part of its record. A datagram that holds further
 * newlines, or whose last byte is a `\r` that a line would lose, is an entry of its own.
 */
import type { Intake, IntakeEntry } from '#component/source.ts'
import { assert } from '#std/assert.ts'
import { allocate, type Bytes, CARRIAGE_RETURN, NEWLINE } from '#std/bytes.ts'

type Framing = 'lines' | 'record'

/** No datagram is longer. */
export const DATAGRAM_BYTES_MAX = 65_535

export class Datagrams {
  readonly bytes: Bytes
  readonly #intake: Pick<Intake, 'put'>
  #used = 0
  /** Runs that are complete, in order; a run of lines may follow, up to `#used`. */
  readonly #runEnds: number[] = []
  readonly #runFramings: Framing[] = []

  /** `bytesMax`: what is gathered at most; no more than an entry of the intake may have. */
  constructor(intake: Pick<Intake, 'put'>, bytesMax: number) {
    assert(bytesMax > DATAGRAM_BYTES_MAX, 'there is room for the largest datagram and a newline')
    this.#intake = intake
    this.bytes = allocate(bytesMax)
  }

  /** Where the next datagram goes in `bytes`: there is room for the largest one, or it is -1 until a `flush`. */
  get next(): number {
    return this.#used + DATAGRAM_BYTES_MAX < this.bytes.length ? this.#used : -1
  }

  /** The datagram that now stands at `next` has `length` bytes. */
  add(length: number): void {
    const { bytes } = this
    const start = this.#used
    const end = start + length
    // The line's end, and at the same time what stops the search.
    bytes[end] = NEWLINE
    const newline = bytes.indexOf(NEWLINE, start)
    if (newline === end) {
      if (length > 0 && bytes[end - 1] === CARRIAGE_RETURN) this.#addWhole(start, end)
      else this.#used = end + 1
    } else if (newline === end - 1) {
      this.#used = end
    } else {
      this.#addWhole(start, endWithoutNewline(bytes, end))
    }
  }

  /** Puts all that was gathered into the intake, in order. False: no room for all; what is left stays. */
  flush(): boolean {
    this.#closeLines()
    let from = 0
    for (let i = 0; i < this.#runEnds.length; i++) {
      const end = this.#runEnds[i]!
      if (!this.#intake.put(ENTRIES[this.#runFramings[i]!], null, this.bytes, from, end)) {
        this.#keepFrom(i, from)
        return false
      }
      from = end
    }
    this.#keepFrom(this.#runEnds.length, this.#used)
    return true
  }

  #addWhole(start: number, end: number): void {
    this.#closeLines()
    assert(start === this.#used, 'a datagram follows what came before it')
    this.#used = end
    this.#runEnds.push(end)
    this.#runFramings.push('record')
  }

  #closeLines(): void {
    if (this.#used === (this.#runEnds.at(-1) ?? 0)) return
    this.#runEnds.push(this.#used)
    this.#runFramings.push('lines')
  }

  #keepFrom(run: number, from: number): void {
    this.bytes.copyWithin(0, from, this.#used)
    this.#used -= from
    this.#runEnds.splice(0, run)
    this.#runFramings.splice(0, run)
    for (let i = 0; i < this.#runEnds.length; i++) this.#runEnds[i]! -= from
  }
}

function endWithoutNewline(bytes: Bytes, end: number): number {
  if (bytes[end - 1] !== NEWLINE) return end
  return bytes[end - 2] === CARRIAGE_RETURN ? end - 2 : end - 1
}

/** All of a socket goes through one engine, whoever sent it: telling senders apart would cost more than the rest. */
const ENTRIES: Record<Framing, IntakeEntry> = {
  lines: { origin: 0, framing: 'lines' },
  record: { origin: 0, framing: 'record' },
}
