/** What a head says of all records, for those that do not say it themselves. */
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Members } from '#codecs/json/members.ts'
import type { Bytes } from '#std/bytes.ts'

export class SharedMembers {
  readonly #members: Members
  readonly #count: number

  constructor(names: readonly string[]) {
    this.#members = new Members(names)
    this.#count = names.length
  }

  read(bytes: Bytes, from: number, to: number): void {
    this.#members.read(bytes, from, to)
  }

  /**
   * Writes those that `own`, made of the same names, does not have, with commas between them. `bytes` hold the head.
   * True: it wrote nothing.
   */
  writeMissing(bytes: Bytes, own: Members | undefined, out: JsonLinesWriter): boolean {
    const { keyFrom, to } = this.#members
    let isFirst = true
    for (let i = 0; i < this.#count; i++) {
      if (!this.#members.has(i) || own?.has(i) === true) continue
      if (!isFirst) out.raw(',')
      out.rawBytes(bytes, keyFrom[i]!, to[i]!)
      isFirst = false
    }
    return isFirst
  }

  /** Whether there is anything that `own` does not have. */
  isMissing(own: Members): boolean {
    for (let i = 0; i < this.#count; i++) if (this.#members.has(i) && !own.has(i)) return true
    return false
  }

  has(name: number): boolean {
    return this.#members.has(name)
  }

  /** The value of one, as it stands. */
  writeValue(bytes: Bytes, name: number, out: JsonLinesWriter): void {
    out.rawBytes(bytes, this.#members.from[name]!, this.#members.to[name]!)
  }
}
