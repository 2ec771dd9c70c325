/**
 * `statsd_lines`: points as lines of StatsD or DogStatsD, each in an envelope (codecs/metric/envelope). The body is
 * whole lines with newlines, or, of a cumulative sum, one line without its value: `name:|c|#tags`.
 *
 *   gauge           name:V|g; below 0 without DogStatsD, where a sign means a change: name:0|g first
 *   sum             name:V|c
 *   distributions   name:V|d|@rate (ms without DogStatsD) for each of up to 64 values; the rate is 1 / their number
 *   summary         gauges name.p99 and the like
 */

import { readSummary, type Summary } from '#codecs/metric/distribution.ts'
import { closeEnvelope, type Envelope, openEnvelope, refusalOf, Task } from '#codecs/metric/envelope.ts'
import { Kind, MetricField, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { sketchIn, weightsOf } from '#codecs/metric/weights.ts'
import { NAME_LABEL } from '#codecs/metric/writer.ts'
import { allocate, type Bytes, copyBytes, fromText, writeLatin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'

export interface StatsdLinesOptions {
  dogstatsd: boolean
  /** `key:value`, behind those of each point. */
  tags: readonly string[]
}

export const statsdLines = defineEncoder<StatsdLinesOptions>(
  'statsd_lines',
  (options) => new StatsdLinesEncoder(options),
)

const LINES_MAX = 64
/** Name suffix, value, type, rate and newline. */
const LINE_EXTRA_BYTES = 96
const COLON = 0x3a
const PIPE = 0x7c
const COMMA = 0x2c
const HASH = 0x23
const AT = 0x40
const NEWLINE = 0x0a
const UNDERSCORE = 0x5f

class StatsdLinesEncoder implements Encoder {
  readonly name = 'statsd_lines'
  readonly verbatim = false
  readonly formats = ['metric'] as const
  readonly #dogstatsd: boolean
  readonly #own: Bytes
  readonly #reader = new MetricReader()
  /** Name and tags of the record at hand, as they stand in a line. */
  #head: Bytes = allocate(1024)
  #nameTo = 0
  #tagsTo = 0

  constructor({ dogstatsd, tags }: StatsdLinesOptions) {
    this.#dogstatsd = dogstatsd
    this.#own = fromText(tags.join(','))
  }

  sizeMax(block: Block): number {
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      const length = block.ends[i]! - block.starts[i]! + this.#own.length
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      size += 40 + length + this.#linesMax() * (length + LINE_EXTRA_BYTES)
    }
    return size
  }

  /** Of the record that was read. A bin or a quantile takes two bytes at least. */
  #linesMax(): number {
    const { kind, to, labelsTo } = this.#reader
    if (kind < Kind.histogram) return 2
    if (kind === Kind.histogram || kind === Kind.exponential_histogram) return LINES_MAX
    return Math.min(LINES_MAX, Math.ceil((to - labelsTo) / 2)) + 1
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    let write = at
    let e = firstEnd
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      write = this.#write(target, write, block.context.arrivalMs)
      ends[e++] = write - at
    }
    return write
  }

  #write(target: Bytes, at: number, arrivalMs: number): number {
    const reader = this.#reader
    this.#readHead()
    const refusal = this.#refusal()
    const isScalar = reader.kind < Kind.histogram
    const isCumulative = isCounter(reader) && reader.temporality === Temporality.CUMULATIVE
    const task = refusal !== -1 ? Task.REFUSE : reader.isStale ? Task.NOTHING : isCumulative ? Task.TO_DELTA : Task.SEND
    const key = openEnvelope(target, at, task, Math.max(0, refusal), reader, arrivalMs)
    let write = key
    if (task === Task.TO_DELTA) {
      copyBytes(this.#head, 0, this.#tagsTo, target, write)
      write += this.#tagsTo
    }
    const body = write
    if (task === Task.TO_DELTA) write = this.#line(target, write, '', '', 'c', '')
    else if (task === Task.SEND) write = isScalar ? this.#scalar(target, write) : this.#distribution(target, write)
    closeEnvelope(target, at, body, write)
    return write
  }

  #refusal(): number {
    const { kind, temporality, isStale, value } = this.#reader
    if (this.#nameTo === 0) return refusalOf('no_name')
    if (isStale) return -1
    if (kind < Kind.histogram) return Number.isFinite(value) ? -1 : refusalOf('not_finite')
    if (kind === Kind.summary) return -1
    return temporality === Temporality.CUMULATIVE ? refusalOf('cumulative_distribution') : -1
  }

  #scalar(target: Bytes, at: number): number {
    const { value } = this.#reader
    if (isCounter(this.#reader)) return this.#line(target, at, '', String(value), 'c', '')
    // A sign says: by so much.
    const write = value < 0 && !this.#dogstatsd ? this.#line(target, at, '', '0', 'g', '') : at
    return this.#line(target, write, '', String(value), 'g', '')
  }

  #distribution(target: Bytes, at: number): number {
    const { bytes, kind } = this.#reader
    const field = this.#reader.field(MetricField.DISTRIBUTION)
    if (field === undefined) return at
    if (kind === Kind.summary) return this.#summary(readSummary(bytes, field.from, field.to), target, at)
    let write = at
    const type = this.#dogstatsd ? 'd' : 'ms'
    for (const { value, count } of weightsOf(sketchIn(kind, bytes, field.from, field.to), LINES_MAX)) {
      write = this.#line(target, write, '', String(value), type, count === 1 ? '' : String(1 / count))
    }
    return write
  }

  #summary({ quantiles }: Summary, target: Bytes, at: number): number {
    let write = at
    for (const { quantile, value } of quantiles.slice(0, LINES_MAX / 2)) {
      if (!Number.isFinite(value)) continue
      const suffix = `.p${String(Math.round(quantile * 1e6) / 1e4).replace('.', '')}`
      if (value < 0 && !this.#dogstatsd) write = this.#line(target, write, suffix, '0', 'g', '')
      write = this.#line(target, write, suffix, String(value), 'g', '')
    }
    return write
  }

  #line(target: Bytes, at: number, suffix: string, value: string, type: string, rate: string): number {
    copyBytes(this.#head, 0, this.#nameTo, target, at)
    let write = at + this.#nameTo
    write += writeLatin1(target, suffix, write)
    target[write++] = COLON
    write += writeLatin1(target, value, write)
    target[write++] = PIPE
    write += writeLatin1(target, type, write)
    if (rate !== '') {
      target[write++] = PIPE
      target[write++] = AT
      write += writeLatin1(target, rate, write)
    }
    copyBytes(this.#head, this.#nameTo, this.#tagsTo, target, write)
    write += this.#tagsTo - this.#nameTo
    target[write++] = NEWLINE
    return write
  }

  /** Name and tags; what would end them becomes an underscore. */
  #readHead(): void {
    const reader = this.#reader
    const room = reader.labelsTo - reader.labelsFrom + this.#own.length + 8
    if (this.#head.length < room) this.#head = allocate(2 * room)
    const head = this.#head
    let write = 0
    const named = reader.beginLabels()
    if (named.find(NAME_LABEL)) {
      for (let at = named.valueFrom; at < named.valueTo; at++) head[write++] = plain(reader.bytes[at]!, false)
    }
    this.#nameTo = write
    this.#tagsTo = write
    if (!this.#dogstatsd || write === 0) return
    head[write++] = PIPE
    head[write++] = HASH
    const first = write
    const labels = reader.beginLabels()
    while (labels.next()) {
      if (labels.isNamed(NAME_LABEL)) continue
      if (write > first) head[write++] = COMMA
      for (let at = labels.nameFrom; at < labels.nameTo; at++) head[write++] = plain(reader.bytes[at]!, false)
      if (labels.valueTo === labels.valueFrom) continue
      head[write++] = COLON
      for (let at = labels.valueFrom; at < labels.valueTo; at++) head[write++] = plain(reader.bytes[at]!, true)
    }
    if (this.#own.length > 0) {
      if (write > first) head[write++] = COMMA
      copyBytes(this.#own, 0, this.#own.length, head, write)
      write += this.#own.length
    }
    if (write > first) this.#tagsTo = write
  }
}

/** A cumulative sum that may fall is what there is now: a gauge. */
function isCounter({ kind, temporality, isMonotonic }: MetricReader): boolean {
  return kind === Kind.sum && (isMonotonic || temporality !== Temporality.CUMULATIVE)
}

function plain(byte: number, isValue: boolean): number {
  const ends = byte < 0x20 || byte === PIPE || byte === COMMA || (byte === COLON && !isValue)
  return ends ? UNDERSCORE : byte
}

/** The body of an envelope whose value was not known to the encoder, with it. */
export function withValue({ bytes, bodyFrom, bodyTo }: Envelope, value: number): Bytes {
  const text = fromText(String(value))
  const line = allocate(bodyTo - bodyFrom + text.length)
  const colon = bytes.indexOf(COLON, bodyFrom) + 1
  copyBytes(bytes, bodyFrom, colon, line, 0)
  copyBytes(text, 0, text.length, line, colon - bodyFrom)
  copyBytes(bytes, colon, bodyTo, line, colon - bodyFrom + text.length)
  return line
}
