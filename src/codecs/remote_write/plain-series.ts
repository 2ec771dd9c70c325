/**
 * The series that almost all are, found in one walk: labels in order and as we would write them, then one sample.
 *
 *   TimeSeries { repeated Label labels = 1; repeated Sample samples = 2 }
 *   Label { string name = 1; string value = 2 }
 *   Sample { double value = 1; int64 timestamp = 2 }, zeros left out
 */
import { LabelCursor } from '#codecs/metric/labels.ts'
import { LABELS_MAX, NAME_LABEL } from '#codecs/metric/writer.ts'
import type { Bytes } from '#std/bytes.ts'

/**
 * What one metric's labels may take: as senders keep far below, and so that references to long symbols do not multiply.
 */
export const SERIES_LABEL_BYTES_MAX = 64 * 1024

/** Tags and lengths of a label whose name and value have one byte. */
const LABEL_BYTES_MIN = 8
/** Of seven digits a varint has 49 bits: more than times have. */
const TIME_BYTES_MAX = 7

export class PlainSeries {
  /** Behind the labels, which begin the series. */
  labelsTo = 0
  /** Of the metric; both equal where it has none. */
  nameFrom = 0
  nameTo = 0
  /** Where the eight bytes of the value stand; -1: it is zero. */
  valueAt = -1
  timeMs = 0
  readonly #cursor = new LabelCursor()

  /** False: what stands in [from, to) is another series, or none. */
  read(bytes: Bytes, from: number, to: number): boolean {
    let at = from
    let labels = 0
    let beforeFrom = from
    let beforeTo = from
    this.nameFrom = this.nameTo = from
    while (at < to && bytes[at] === 0x0a) {
      if (to - at < LABEL_BYTES_MIN) return false
      let size = bytes[at + 1]!
      let read = at + 2
      if (size >= 0x80) {
        const high = bytes[read++]!
        if (high === 0 || high >= 0x80) return false
        size = (size & 0x7f) | (high << 7)
      }
      const end = read + size
      // A name, its tag and length, and a value with as much.
      if (size < LABEL_BYTES_MIN - 2 || end > to || bytes[read] !== 0x0a) return false
      const nameLength = bytes[read + 1]!
      const nameFrom = read + 2
      const nameTo = nameFrom + nameLength
      if (nameLength === 0 || nameLength >= 0x80 || nameTo + 3 > end || bytes[nameTo] !== 0x12) return false
      let valueLength = bytes[nameTo + 1]!
      let valueFrom = nameTo + 2
      if (valueLength >= 0x80) {
        const high = bytes[valueFrom++]!
        if (high === 0 || high >= 0x80) return false
        valueLength = (valueLength & 0x7f) | (high << 7)
      }
      if (valueLength === 0 || valueFrom + valueLength !== end) return false
      if (labels > 0 && !isBefore(bytes, beforeFrom, beforeTo, nameFrom, nameTo)) return false
      if (nameLength === NAME_LABEL.length && isName(bytes, nameFrom)) {
        this.nameFrom = valueFrom
        this.nameTo = end
      }
      beforeFrom = nameFrom
      beforeTo = nameTo
      labels++
      at = end
    }
    this.labelsTo = at
    if (labels === 0 || labels > LABELS_MAX || at - from > SERIES_LABEL_BYTES_MAX) return false
    return this.#readSample(bytes, at, to)
  }

  /**
   * The same of a series for which `read` and `endsPlainly` held where it came from: labels are not walked over. `name`:
   * the metric's name is wanted. Of other series nothing that this finds is of use, but it reads nothing beyond them.
   */
  readEnd(bytes: Bytes, from: number, to: number, name: boolean): boolean {
    const at = sampleFrom(bytes, to)
    if (at <= from) return false
    this.labelsTo = at
    this.nameFrom = this.nameTo = from
    if (name) {
      this.#cursor.begin(bytes, from, at)
      if (this.#cursor.find(NAME_LABEL)) {
        this.nameFrom = this.#cursor.valueFrom
        this.nameTo = this.#cursor.valueTo
      }
    }
    return this.#readSample(bytes, at, to)
  }

  /** Whether `readEnd` finds the same as `read` has just found in a series that ends at `to`. */
  endsPlainly(bytes: Bytes, to: number): boolean {
    return sampleFrom(bytes, to) === this.labelsTo
  }

  /** The one sample that fills [from, to). */
  #readSample(bytes: Bytes, from: number, to: number): boolean {
    let at = from + 2
    if (at >= to || bytes[from] !== 0x12 || at + bytes[from + 1]! !== to) return false
    this.valueAt = -1
    if (bytes[at] === 0x09) {
      this.valueAt = at + 1
      at += 9
    }
    if (at + 1 >= to || bytes[at] !== 0x10 || to - at - 1 > TIME_BYTES_MAX || bytes[to - 1]! >= 0x80) return false
    let timeMs = 0
    let scale = 1
    for (at++; at < to; at++) {
      const byte = bytes[at]!
      if (byte < 0x80 && at + 1 < to) return false
      timeMs += (byte & 0x7f) * scale
      scale *= 0x80
    }
    this.timeMs = timeMs
    return true
  }
}

/**
 * Where the sample begins that most series end with: value and a time of six digits (1971 to 2109), or the time alone. A
 * guess, as a label may end in the same bytes.
 */
function sampleFrom(bytes: Bytes, to: number): number {
  const at = to - 18
  return at >= 0 && bytes[at] === 0x12 && bytes[at + 1] === 16 && bytes[at + 2] === 0x09 ? at : to - 9
}

/** Whether the first name stands before the second, by their bytes. */
function isBefore(bytes: Bytes, aFrom: number, aTo: number, bFrom: number, bTo: number): boolean {
  let a = aFrom
  let b = bFrom
  while (a < aTo && b < bTo) {
    const difference = bytes[a++]! - bytes[b++]!
    if (difference !== 0) return difference < 0
  }
  return a === aTo && b < bTo
}

function isName(bytes: Bytes, from: number): boolean {
  for (let i = 0; i < NAME_LABEL.length; i++) if (bytes[from + i] !== NAME_LABEL[i]) return false
  return true
}
