/** Makes entries of the payloads of messages: neighbours that are one line each, or lines, go into one entry. */
import { allocate, type Bytes, CARRIAGE_RETURN, copyBytes, indexOfByte, NEWLINE, viewOf } from '#std/bytes.ts'

export const payloadKinds = ['record', 'lines'] as const
export type PayloadKind = (typeof payloadKinds)[number]

/** Hands [0, to) of `bytes` on as one entry; they are its own only until then. */
export type PutEntry = (framing: 'lines' | 'record', bytes: Bytes, to: number) => Promise<void>

/** Lines are gathered up to here. */
const ENTRY_BYTES_TARGET = 256 * 1024

export class Payloads {
  readonly #kind: PayloadKind
  readonly #put: PutEntry
  #lines: Bytes = allocate(0)
  #length = 0

  constructor(kind: PayloadKind, put: PutEntry) {
    this.#kind = kind
    this.#put = put
  }

  /** A payload fits into an entry, with a newline behind it. */
  async add(payload: Uint8Array): Promise<void> {
    if (payload.length === 0) return
    const bytes = viewOf(payload)
    if (this.#kind === 'record' && !isLine(bytes)) {
      await this.end()
      await this.#put('record', bytes, bytes.length)
      return
    }
    const needed = this.#length + bytes.length + 1
    if (this.#length > 0 && needed > ENTRY_BYTES_TARGET) await this.end()
    this.#append(bytes)
  }

  /** What was gathered goes on. */
  async end(): Promise<void> {
    if (this.#length === 0) return
    const length = this.#length
    this.#length = 0
    await this.#put('lines', this.#lines, length)
  }

  #append(bytes: Bytes): void {
    const needed = this.#length + bytes.length + 1
    if (this.#lines.length < needed) {
      const lines = allocate(Math.max(needed, Math.min(2 * needed, ENTRY_BYTES_TARGET)))
      copyBytes(this.#lines, 0, this.#length, lines, 0)
      this.#lines = lines
    }
    copyBytes(bytes, 0, bytes.length, this.#lines, this.#length)
    this.#length += bytes.length
    if (this.#lines[this.#length - 1] !== NEWLINE) this.#lines[this.#length++] = NEWLINE
  }
}

/** It comes out of `lines` as it went in. */
function isLine(bytes: Bytes): boolean {
  return bytes[bytes.length - 1] !== CARRIAGE_RETURN && indexOfByte(bytes, NEWLINE, 0, bytes.length) === -1
}
