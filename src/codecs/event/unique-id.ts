/**
 * Ids that no two records share: a random part, which is the encoder's own, and a count. They sort as they were made.
 * Written into the encoded record, an id stays the same however often the record is sent.
 */
import { type Bytes, copyBytes, latin1ToBytes } from '#std/bytes.ts'
import { randomHex } from '#std/random.ts'

const RANDOM_BYTES = 8
const COUNT_DIGITS = 12
export const UNIQUE_ID_BYTES = 2 * RANDOM_BYTES + COUNT_DIGITS

const ZERO = 0x30
const NINE = 0x39
const LOWER_A = 0x61
const LOWER_F = 0x66

export class UniqueIds {
  /** The next id. */
  readonly #text: Bytes = latin1ToBytes(randomHex(RANDOM_BYTES) + '0'.repeat(COUNT_DIGITS))

  /** Writes the next id, in hex. Returns the position behind it. */
  write(target: Bytes, at: number): number {
    copyBytes(this.#text, 0, UNIQUE_ID_BYTES, target, at)
    this.#count()
    return at + UNIQUE_ID_BYTES
  }

  #count(): void {
    const text = this.#text
    for (let i = UNIQUE_ID_BYTES - 1; i >= 2 * RANDOM_BYTES; i--) {
      const digit = text[i]!
      if (digit !== LOWER_F) {
        text[i] = digit === NINE ? LOWER_A : digit + 1
        return
      }
      text[i] = ZERO
    }
  }
}
