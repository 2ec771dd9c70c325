/** What is known while one message is decoded: its bytes, how deep and how much has been read, and what is wrong with it. */
import { type Bytes, viewOf } from '#std/bytes.ts'
import { FieldReader } from '../protobuf/reader.ts'

/** Messages within messages. A collector's health is 4 deep, a map entry counts as one. */
export const NESTING_MAX = 32
/**
 * Fields, at all depths, known or not: two bytes can ask for an object of a hundred, and 64 MiB of the
 * smallest fields for seconds. A collector of a thousand components tells some ten thousand.
 */
export const ELEMENTS_MAX = 500_000

export type DecodeErrorCode = 'malformed' | 'too_deep' | 'too_many'

export interface DecodeError {
  code: DecodeErrorCode
  /** Position in the message. */
  at: number
}

export type Decoded<T> = { ok: true; message: T } | { ok: false; error: DecodeError }

export class Input {
  readonly bytes: Bytes
  error: DecodeError | undefined
  /** One per level, made when a message goes as deep. */
  readonly #readers: FieldReader[] = []
  #depth = 0
  #elements = 0

  constructor(bytes: Uint8Array) {
    this.bytes = viewOf(bytes)
  }

  /** The reader of the message in [from, to); undefined when there is too much of it. `leave` follows. */
  enter(from: number, to: number): FieldReader | undefined {
    if (this.#depth >= NESTING_MAX) {
      this.fail('too_deep', from)
      return undefined
    }
    this.#readers[this.#depth] ??= new FieldReader()
    const reader = this.#readers[this.#depth++]!
    reader.begin(this.bytes, from, to)
    return reader
  }

  leave(): void {
    this.#depth--
  }

  /** Takes note of one more. False: there are too many. */
  count(at: number): boolean {
    if (++this.#elements <= ELEMENTS_MAX) return true
    this.fail('too_many', at)
    return false
  }

  /** The first thing that is wrong counts. */
  fail(code: DecodeErrorCode, at: number): void {
    this.error ??= { code, at }
  }
}
