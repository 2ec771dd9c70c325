/** Labels as they stand in a metric record; see `record.ts`. */
import type { Bytes } from '#std/bytes.ts'

const LABEL_TAG = 0x0a
const NAME_TAG = 0x0a
const VALUE_TAG = 0x12
const TYPE_TAG = 0x18

/** Goes from one label to the next. What is not well-formed ends the walk. */
export class LabelCursor {
  bytes!: Bytes
  /** The whole label, with its tag and length. */
  from = 0
  to = 0
  nameFrom = 0
  nameTo = 0
  valueFrom = 0
  valueTo = 0
  /** See `LabelType`. */
  type = 0
  #next = 0
  #end = 0
  #at = 0

  /** Before the first label of [from, to). */
  begin(bytes: Bytes, from: number, to: number): void {
    this.bytes = bytes
    this.#next = from
    this.#end = to
  }

  /** False: there is no further one. */
  next(): boolean {
    const { bytes } = this
    this.from = this.#next
    if (this.from >= this.#end || bytes[this.from] !== LABEL_TAG) return false
    this.#at = this.from + 1
    const length = this.#length(this.#end)
    if (length === -1) return false
    this.to = this.#at + length
    this.#next = this.to
    this.nameFrom = this.nameTo = this.valueFrom = this.valueTo = this.#at
    this.type = 0
    while (this.#at < this.to) {
      const tag = bytes[this.#at++]!
      const size = this.#length(this.to, tag === TYPE_TAG)
      if (size === -1) return false
      if (tag === NAME_TAG) {
        this.nameFrom = this.#at
        this.nameTo = this.#at + size
      } else if (tag === VALUE_TAG) {
        this.valueFrom = this.#at
        this.valueTo = this.#at + size
      } else if (tag === TYPE_TAG) {
        this.type = size
        continue
      } else return false
      this.#at += size
    }
    return true
  }

  /** Goes on to the label with this name. False: there is none from here on. */
  find(name: Bytes): boolean {
    while (this.next()) {
      if (this.nameTo - this.nameFrom === name.length && this.isNamed(name)) return true
    }
    return false
  }

  isNamed(name: Bytes): boolean {
    const { bytes, nameFrom } = this
    if (this.nameTo - nameFrom !== name.length) return false
    for (let i = 0; i < name.length; i++) if (bytes[nameFrom + i] !== name[i]) return false
    return true
  }

  /** A varint; as a length it must fit before `end`. -1 when it does not. */
  #length(end: number, isNumber = false): number {
    const { bytes } = this
    let value = 0
    for (let shift = 0; shift < 28 && this.#at < end; shift += 7) {
      const byte = bytes[this.#at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return isNumber || value <= end - this.#at ? value : -1
    }
    return -1
  }
}

/** Compares names by their bytes, as Prometheus sorts labels: negative, 0 or positive. */
export function compareNames(a: Bytes, aFrom: number, aTo: number, b: Bytes, bFrom: number, bTo: number): number {
  const length = Math.min(aTo - aFrom, bTo - bFrom)
  for (let i = 0; i < length; i++) {
    const difference = a[aFrom + i]! - b[bFrom + i]!
    if (difference !== 0) return difference
  }
  return aTo - aFrom - (bTo - bFrom)
}
