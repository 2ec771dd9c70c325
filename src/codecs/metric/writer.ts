/**
 * Writes metric records, one behind the other, into memory of its own, and adds them to a block. For decoders, for sources
 * that aggregate, and for rules that change labels.
 *
 * For each record: `start`, then labels in any order, then value, times and further fields in any order, then `end`. Memory
 * grows as it is needed and is kept; what was written is good until the next `begin`.
 */
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes, fromText, NEWLINE } from '#std/bytes.ts'
import type { Block, BlockContext } from '#telemetry/block.ts'
import { metricFormat } from './format.ts'
import { compareNames, LabelCursor } from './labels.ts'
import { Flag, HEADER_BYTES, LabelType } from './record.ts'

const BYTES_MIN = 64 * 1024
/** Beyond so many, further labels of a record are left out. */
export const LABELS_MAX = 512
/** Name and value together; longer ones are cut by whoever reads them in. */
export const LABEL_BYTES_MAX = 64 * 1024

const LABEL_TAG = 0x0a
const NAME_TAG = 0x0a
const VALUE_TAG = 0x12
const TYPE_TAG = 0x18
const OVERHEAD_BYTES_MAX = 24
export const NAME_LABEL = fromText('__name__')

export class MetricWriter {
  bytes: Bytes = allocate(BYTES_MIN)
  /** Behind the last byte that was written. */
  at = 0
  #start = 0
  #labelsEnd = 0
  #block: Block | undefined
  /** Of the labels of the record at hand: where each begins and ends; names ascend as long as `#sorted`. */
  readonly #starts = new Int32Array(LABELS_MAX)
  readonly #ends = new Int32Array(LABELS_MAX)
  #labels = 0
  #sorted = true
  #nameFrom = 0
  #nameTo = 0
  #scratch: Bytes = allocate(0)
  readonly #cursor = new LabelCursor()

  /** Records go to `block` from now on, which is filled with this writer's memory. Without a block, `bytes` and `at` tell. */
  begin(block?: Block, context?: BlockContext): void {
    this.#block = block
    this.at = 0
    if (block === undefined || context === undefined) return
    block.fill(this.bytes, 0, 0, { ...context, format: metricFormat })
    block.multiline = true
  }

  /** Begins a record. Everything else is zero until it is set. */
  start(kind: number, temporality: number, flags: number): void {
    this.#room(HEADER_BYTES)
    this.#start = this.at
    const { bytes, at } = this
    // So few bytes are written sooner than a call into the runtime is made.
    for (let i = at + 3; i < at + HEADER_BYTES; i++) bytes[i] = 0
    bytes[at] = kind
    bytes[at + 1] = temporality
    bytes[at + 2] = flags
    this.at += HEADER_BYTES
    this.#labels = 0
    this.#labelsEnd = -1
    this.#sorted = true
    this.#nameFrom = 0
    this.#nameTo = 0
  }

  /** The metric's name. */
  name(name: Bytes, from = 0, to = name.length): void {
    this.label(NAME_LABEL, 0, NAME_LABEL.length, name, from, to)
  }

  /** A label whose name and value stand in bytes. Of equal names the first counts. */
  label(
    names: Bytes,
    nameFrom: number,
    nameTo: number,
    values: Bytes,
    valueFrom: number,
    valueTo: number,
    type: number = LabelType.STRING,
  ): void {
    if (this.#labels === LABELS_MAX) return
    const nameLength = nameTo - nameFrom
    const valueLength = valueTo - valueFrom
    this.#room(nameLength + valueLength + OVERHEAD_BYTES_MAX)
    const { bytes } = this
    const start = this.at
    const size =
      2 + varintBytes(nameLength) + nameLength + varintBytes(valueLength) + valueLength + (type === 0 ? 0 : 2)
    bytes[start] = LABEL_TAG
    let write = writeVarint(bytes, size, start + 1)
    bytes[write] = NAME_TAG
    write = writeVarint(bytes, nameLength, write + 1)
    const name = write
    copyShort(names, nameFrom, nameTo, bytes, write)
    write += nameLength
    bytes[write] = VALUE_TAG
    write = writeVarint(bytes, valueLength, write + 1)
    copyShort(values, valueFrom, valueTo, bytes, write)
    write += valueLength
    if (type !== 0) {
      bytes[write++] = TYPE_TAG
      bytes[write++] = type
    }
    this.#added(start, write, name, name + nameLength)
  }

  /** The same, with strings. */
  labelText(name: string, value: string, type: number = LabelType.STRING): void {
    const nameBytes = fromText(name)
    const valueBytes = fromText(value)
    this.label(nameBytes, 0, nameBytes.length, valueBytes, 0, valueBytes.length, type)
  }

  /** A label as it stands in another record, in [from, to), its name in [nameFrom, nameTo). */
  labelCopy({ bytes, from, to, nameFrom, nameTo }: LabelCursor): void {
    if (this.#labels === LABELS_MAX) return
    this.#room(to - from)
    const start = this.at
    copyShort(bytes, from, to, this.bytes, start)
    this.#added(start, start + to - from, start + nameFrom - from, start + nameTo - from)
  }

  /** All labels at once, as they stand in another record: sorted, no name twice. No others may follow. */
  labelsCopy(bytes: Bytes, from: number, to: number): void {
    this.#room(to - from)
    copyBytes(bytes, from, to, this.bytes, this.at)
    this.at += to - from
  }

  /**
   * Begins a record and gives it labels as `labelsCopy` does, a value as `valueBytes` does (`valueAt` -1: zero), and a
   * time: all that most records have, at once. Further fields and `end` follow.
   */
  point(
    kind: number,
    temporality: number,
    flags: number,
    source: Bytes,
    labelsFrom: number,
    labelsTo: number,
    valueAt: number,
    timeMs: number,
  ): void {
    this.start(kind, temporality, flags)
    this.labelsCopy(source, labelsFrom, labelsTo)
    this.#labelsEnd = this.at
    if (valueAt !== -1) this.valueBytes(source, valueAt)
    writeMillis(this.bytes, this.#start + 24, timeMs)
  }

  #added(from: number, to: number, nameFrom: number, nameTo: number): void {
    const { bytes } = this
    if (this.#labels > 0 && compareNames(bytes, this.#nameFrom, this.#nameTo, bytes, nameFrom, nameTo) >= 0) {
      this.#sorted = false
    }
    this.#nameFrom = nameFrom
    this.#nameTo = nameTo
    this.#starts[this.#labels] = from
    this.#ends[this.#labels] = to
    this.#labels++
    this.at = to
  }

  /** Takes everything but the labels from another record: header, and further fields when `fields`. Ends the labels. */
  like(bytes: Bytes, from: number, to: number, fields: boolean): void {
    this.#endLabels()
    copyBytes(bytes, from, from + 4, this.bytes, this.#start)
    copyBytes(bytes, from + 12, from + HEADER_BYTES, this.bytes, this.#start + 12)
    if (!fields) return
    const rest = from + HEADER_BYTES + bytes.readUInt32LE(from + 4)
    this.#room(to - rest)
    copyBytes(bytes, rest, to, this.bytes, this.at)
    this.at += to - rest
  }

  value(value: number): void {
    this.bytes.writeDoubleLE(value, this.#start + 16)
  }

  /** The eight bytes at `at` as they are: a double, or an int64 with `Flag.INTEGER`. */
  valueBytes(bytes: Bytes, at: number): void {
    for (let i = 0; i < 8; i++) this.bytes[this.#start + 16 + i] = bytes[at + i]!
  }

  integer(value: bigint): void {
    this.bytes[this.#start + 2] = this.bytes[this.#start + 2]! | Flag.INTEGER
    this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.#start + 16)
  }

  flag(flag: number): void {
    this.bytes[this.#start + 2] = this.bytes[this.#start + 2]! | flag
  }

  interval(ms: number): void {
    this.bytes.writeUInt32LE(Math.min(0xffff_ffff, Math.max(0, Math.round(ms))), this.#start + 12)
  }

  /** Unix milliseconds. */
  time(ms: number): void {
    writeMillis(this.bytes, this.#start + 24, ms)
  }

  startTime(ms: number): void {
    writeMillis(this.bytes, this.#start + 32, ms)
  }

  /** Unix nanoseconds as they stand at `at`, a fixed64. */
  timeBytes(bytes: Bytes, at: number): void {
    for (let i = 0; i < 8; i++) this.bytes[this.#start + 24 + i] = bytes[at + i]!
  }

  startTimeBytes(bytes: Bytes, at: number): void {
    for (let i = 0; i < 8; i++) this.bytes[this.#start + 32 + i] = bytes[at + i]!
  }

  /** A further field, see `MetricField`. Ends the labels. */
  field(number: number, bytes: Bytes, from = 0, to = bytes.length): void {
    this.#endLabels()
    this.#room(to - from + OVERHEAD_BYTES_MAX)
    this.bytes[this.at] = (number << 3) | 2
    this.at = writeVarint(this.bytes, to - from, this.at + 1)
    copyBytes(bytes, from, to, this.bytes, this.at)
    this.at += to - from
  }

  /** The record is complete. */
  end(): void {
    this.#endLabels()
    const { bytes } = this
    writeWord(bytes, this.#labelsEnd - this.#start - HEADER_BYTES, this.#start + 4)
    writeWord(bytes, this.at - this.#labelsEnd, this.#start + 8)
    if (this.#block === undefined) return
    this.#room(1)
    this.bytes[this.at] = NEWLINE
    this.#block.bytes = this.bytes
    this.#block.addRecord(this.#start, this.at)
    this.at++
    this.#block.to = this.at
  }

  /** Forgets the record that was begun. */
  discard(): void {
    this.at = this.#start
  }

  #endLabels(): void {
    if (this.#labelsEnd !== -1) return
    if (!this.#sorted) this.#sort()
    this.#labelsEnd = this.at
  }

  #sort(): void {
    const { bytes } = this
    const first = this.#start + HEADER_BYTES
    const length = this.at - first
    if (this.#scratch.length < length) this.#scratch = allocate(2 * length)
    copyBytes(bytes, first, this.at, this.#scratch, 0)
    const labels = Array.from({ length: this.#labels }, (_, i) => {
      const from = this.#starts[i]! - first
      this.#cursor.begin(this.#scratch, from, this.#ends[i]! - first)
      this.#cursor.next()
      return { from, to: this.#ends[i]! - first, nameFrom: this.#cursor.nameFrom, nameTo: this.#cursor.nameTo }
    })
    const compare = (a: (typeof labels)[0], b: (typeof labels)[0]) =>
      compareNames(this.#scratch, a.nameFrom, a.nameTo, this.#scratch, b.nameFrom, b.nameTo)
    labels.sort(compare)
    let write = first
    labels.forEach((label, i) => {
      if (i > 0 && compare(labels[i - 1]!, label) === 0) return
      copyBytes(this.#scratch, label.from, label.to, bytes, write)
      write += label.to - label.from
    })
    this.at = write
  }

  #room(length: number): void {
    const needed = this.at + length + 1
    if (needed <= this.bytes.length) return
    const bytes = allocate(Math.max(needed, 2 * this.bytes.length))
    copyBytes(this.bytes, 0, this.at, bytes, 0)
    this.bytes = bytes
    if (this.#block !== undefined) this.#block.bytes = bytes
  }
}

/** Below this length a loop is cheaper than a call into the runtime. */
const CALL_PAYS_FROM = 24

function copyShort(source: Bytes, from: number, to: number, target: Bytes, at: number): void {
  if (to - from >= CALL_PAYS_FROM) copyBytes(source, from, to, target, at)
  else for (let i = from; i < to; i++) target[at + i - from] = source[i]!
}

function writeMillis(bytes: Bytes, at: number, ms: number): void {
  const whole = Math.max(0, Math.round(ms))
  // ms * 1e6 does not fit into a double: the parts above and below 2^20 do.
  const upper = Math.floor(whole / 0x10_0000)
  const high = upper * 1_000_000
  const low = (high & 0xfff) * 0x10_0000 + (whole - upper * 0x10_0000) * 1_000_000
  writeWord(bytes, low, at)
  writeWord(bytes, Math.floor(high / 0x1000) + Math.floor(low / 0x1_0000_0000), at + 4)
}

/** The lower 32 bits of a whole number below 2^53, little-endian. Stores alone: a call into Buffer would check them. */
function writeWord(bytes: Bytes, value: number, at: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}
