/** The labels of one series, on their way into records. */
import { compareNames, LabelCursor } from '#codecs/metric/labels.ts'
import { LABELS_MAX, type MetricWriter, NAME_LABEL } from '#codecs/metric/writer.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { eachVarint, FieldCursor, int64 } from './fields.ts'
import { SERIES_LABEL_BYTES_MAX } from './plain-series.ts'
import type { Symbols } from './symbols.ts'

/**
 * Labels that stand in order, as senders must write them, are copied as they are. Others are written one by one, once
 * for
 * all points of the series, into memory of its own; labels without a value are as good as none and left out.
 */
export class SeriesLabels {
  bytes!: Bytes
  from = 0
  to = 0
  /** Of the metric; both equal where it has none. In `bytes`. */
  nameFrom = 0
  nameTo = 0
  readonly #cursor = new LabelCursor()
  readonly #fields = new FieldCursor()
  #memory: Bytes = allocate(0)
  #write = 0
  /** By label: name and value, each [from, to), in `#source`. */
  readonly #parts = new Int32Array(4 * LABELS_MAX)
  #count = 0
  #source!: Bytes

  /** Those of a TimeSeries of 1.0 in [from, to). False: there are none, or they cannot be the labels of a series. */
  read(bytes: Bytes, from: number, to: number): boolean {
    const cursor = this.#cursor
    this.bytes = bytes
    this.from = from
    this.nameFrom = this.nameTo = 0
    cursor.begin(bytes, from, to)
    let isOrdered = true
    let labels = 0
    let [nameFrom, nameTo, end] = [from, from, from]
    while (cursor.next()) {
      const { nameFrom: at, nameTo: stop } = cursor
      const length = stop - at
      if (!isPlain(cursor) || (labels > 0 && compareNames(bytes, nameFrom, nameTo, bytes, at, stop) >= 0)) {
        isOrdered = false
        break
      }
      if (length === NAME_LABEL.length && cursor.isNamed(NAME_LABEL)) {
        this.nameFrom = cursor.valueFrom
        this.nameTo = cursor.valueTo
      }
      nameFrom = at
      nameTo = stop
      end = cursor.to
      labels++
    }
    this.to = end
    // Where the walk ended, a field of another kind begins; labels behind it, or broken ones, are found by walking
    // again.
    if (isOrdered && labels > 0 && labels <= LABELS_MAX && !this.#hasLabels(bytes, end, to)) {
      return end - from <= SERIES_LABEL_BYTES_MAX
    }
    return this.#collect(bytes, from, to)
  }

  /** Those that the references of a TimeSeries of 2.0 name. */
  resolve(bytes: Bytes, from: number, to: number, symbols: Symbols): boolean {
    const fields = this.#fields
    this.#begin(symbols.bytes)
    let pending = -1
    let isValid = true
    const add = (start: number, end: number) => {
      const reference = int64(bytes, start, end)
      if (!(reference < symbols.count)) isValid = false
      else if (pending === -1) pending = reference
      else {
        isValid &&= this.#add(
          symbols.startOf(pending),
          symbols.endOf(pending),
          symbols.startOf(reference),
          symbols.endOf(reference),
        )
        pending = -1
      }
    }
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag === 0x0a) isValid &&= eachVarint(bytes, fields.from, fields.to, add)
      else if (fields.tag === 0x08) add(fields.from, fields.to)
    }
    return isValid && pending === -1 && this.#finish()
  }

  copyTo(writer: MetricWriter): void {
    writer.labelsCopy(this.bytes, this.from, this.to)
  }

  #hasLabels(bytes: Bytes, from: number, to: number): boolean {
    const fields = this.#fields
    fields.begin(bytes, from, to)
    while (fields.next()) if (fields.tag === 0x0a) return true
    return false
  }

  #collect(bytes: Bytes, from: number, to: number): boolean {
    const fields = this.#fields
    const label = new FieldCursor()
    this.#begin(bytes)
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag !== 0x0a) continue
      let [nameFrom, nameTo, valueFrom, valueTo] = [0, 0, 0, 0]
      label.begin(bytes, fields.from, fields.to)
      while (label.next()) {
        if (label.tag === 0x0a) {
          nameFrom = label.from
          nameTo = label.to
        } else if (label.tag === 0x12) {
          valueFrom = label.from
          valueTo = label.to
        }
      }
      if (label.isBroken || !this.#add(nameFrom, nameTo, valueFrom, valueTo)) return false
    }
    return this.#finish()
  }

  #begin(source: Bytes): void {
    this.#source = source
    this.#count = 0
    this.#write = 0
  }

  /** False: a label cannot be without a name, nor a series without bounds. */
  #add(nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean {
    if (nameTo === nameFrom) return false
    if (valueTo === valueFrom) return true
    if (this.#count === LABELS_MAX) return false
    const at = 4 * this.#count++
    this.#parts[at] = nameFrom
    this.#parts[at + 1] = nameTo
    this.#parts[at + 2] = valueFrom
    this.#parts[at + 3] = valueTo
    this.#write += nameTo - nameFrom + valueTo - valueFrom + OVERHEAD_BYTES
    return this.#write <= SERIES_LABEL_BYTES_MAX + LABELS_MAX * OVERHEAD_BYTES
  }

  /** Writes what was added, in order. False: a name stands twice. */
  #finish(): boolean {
    const parts = this.#parts
    const source = this.#source
    const count = this.#count
    if (count === 0) return false
    if (this.#memory.length < this.#write) this.#memory = allocate(2 * this.#write)
    const compare = (a: number, b: number) =>
      compareNames(source, parts[4 * a]!, parts[4 * a + 1]!, source, parts[4 * b]!, parts[4 * b + 1]!)
    let isOrdered = true
    for (let i = 1; i < count && isOrdered; i++) isOrdered = compare(i - 1, i) < 0
    const order = isOrdered ? undefined : Array.from({ length: count }, (_, i) => i).sort(compare)
    for (let i = 1; order !== undefined && i < count; i++) if (compare(order[i - 1]!, order[i]!) === 0) return false
    this.nameFrom = this.nameTo = 0
    let write = 0
    for (let i = 0; i < count; i++) write = this.#writeLabel(4 * (order === undefined ? i : order[i]!), write)
    this.bytes = this.#memory
    this.from = 0
    this.to = write
    return write <= SERIES_LABEL_BYTES_MAX
  }

  #writeLabel(part: number, at: number): number {
    const parts = this.#parts
    const nameFrom = parts[part]!
    const nameLength = parts[part + 1]! - nameFrom
    const valueFrom = parts[part + 2]!
    const valueLength = parts[part + 3]! - valueFrom
    const memory = this.#memory
    memory[at] = 0x0a
    let write = writeLength(
      memory,
      2 + lengthBytes(nameLength) + nameLength + lengthBytes(valueLength) + valueLength,
      at + 1,
    )
    memory[write] = 0x0a
    write = writeLength(memory, nameLength, write + 1)
    const name = write
    copyPart(this.#source, nameFrom, nameLength, memory, write)
    write += nameLength
    memory[write] = 0x12
    write = writeLength(memory, valueLength, write + 1)
    copyPart(this.#source, valueFrom, valueLength, memory, write)
    if (isName(memory, name, nameLength)) {
      this.nameFrom = write
      this.nameTo = write + valueLength
    }
    return write + valueLength
  }
}

/** Tags and lengths of a label at most. */
const OVERHEAD_BYTES = 14

/** As we would write it, and nothing else in it: what stands otherwise is another series to who compares bytes. */
function isPlain({ from, to, nameFrom, nameTo, valueFrom, valueTo }: LabelCursor): boolean {
  const name = nameTo - nameFrom
  const value = valueTo - valueFrom
  if (name === 0 || value === 0 || valueTo !== to) return false
  const size = 2 + lengthBytes(name) + name + lengthBytes(value) + value
  return to - from === 1 + lengthBytes(size) + size
}

function isName(bytes: Bytes, from: number, length: number): boolean {
  if (length !== NAME_LABEL.length) return false
  for (let i = 0; i < length; i++) if (bytes[from + i] !== NAME_LABEL[i]) return false
  return true
}

function lengthBytes(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : 3
}

function writeLength(target: Bytes, length: number, at: number): number {
  let write = at
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) target[write++] = (rest & 0x7f) | 0x80
  target[write++] = rest
  return write
}

/** Below this length a loop is cheaper than a call into the runtime. */
const CALL_PAYS_FROM = 24

function copyPart(source: Bytes, from: number, length: number, target: Bytes, at: number): void {
  if (length >= CALL_PAYS_FROM) copyBytes(source, from, from + length, target, at)
  else for (let i = 0; i < length; i++) target[at + i] = source[from + i]!
}
