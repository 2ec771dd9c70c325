/**
 * `remote_write` and `remote_write_2`: requests of Prometheus' remote write 1.0 and 2.0, one record for each sample and
 * each native
 * histogram. Grammars: `survey.ts`, `native-histogram.ts`, `exemplar.ts`, `families.ts`.
 *
 * An entry is one byte of flags (`HeadFlag`), then a request, or some fields of one. A position is the beginning of a
 * field: of
 * the request, or of a point inside a series.
 */
import { exponentialHistogramBytes, histogramBytes } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Flag, Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { Exemplars } from './exemplars.ts'
import { Families } from './families.ts'
import { FieldCursor } from './fields.ts'
import { SeriesLabels } from './labels.ts'
import { type Meaning, UNKNOWN, writeMeaning } from './meaning.ts'
import { readNativeHistogram } from './native-histogram.ts'
import { PlainSeries } from './plain-series.ts'
import { SeriesMetadata } from './series-metadata.ts'
import { isStaleNan } from './stale.ts'
import { HISTOGRAM_TAG, METADATA_TAG, SAMPLE_TAG, SERIES_TAG, type Version } from './survey.ts'
import { Symbols } from './symbols.ts'

/**
 * `EXEMPLARS`: there are some, so it pays to look for them. `PLAIN`: `survey` found all series plain, so labels need not
 * be walked over again.
 */
export const HeadFlag = { EXEMPLARS: 1, PLAIN: 2 } as const
export const HEAD_BYTES = 1

export const remoteWrite: DecoderDefinition = {
  name: 'remote_write',
  format: metricFormat,
  create: () => new RemoteWriteDecoder(1),
}

export const remoteWrite2: DecoderDefinition = {
  name: 'remote_write_2',
  format: metricFormat,
  create: () => new RemoteWriteDecoder(2),
}

/** The year 2500. What is beyond says something else than a time; times before 1970 come as numbers above 2^63. */
const TIME_MS_MAX = 2 ** 44

class RemoteWriteDecoder implements Decoder {
  readonly #version: Version
  readonly #seriesTag: number
  readonly #histogramTag: number
  readonly #writer = new MetricWriter()
  readonly #top = new FieldCursor()
  readonly #fields = new FieldCursor()
  readonly #sampleFields = new FieldCursor()
  readonly #labels = new SeriesLabels()
  readonly #plain = new PlainSeries()
  readonly #families = new Families()
  readonly #symbols = new Symbols()
  readonly #metadata: SeriesMetadata
  readonly #exemplars: Exemplars
  readonly #counted = new Block()
  #hasExemplars = false
  #arePlain = false
  #pending: readonly Bytes[] = NO_EXEMPLARS
  #block!: Block
  #recordsMax = 0
  #malformedRecords = 0
  #malformedBytes = 0
  /** The entry and the position that the last call ended at. */
  #from = -1
  #to = -1
  #at = -1
  /** The series around that position; -1: it is not inside one. */
  #seriesFrom = -1
  #seriesTo = -1

  constructor(version: Version) {
    this.#version = version
    this.#seriesTag = SERIES_TAG[version]
    this.#histogramTag = HISTOGRAM_TAG[version]
    this.#metadata = new SeriesMetadata(this.#symbols)
    this.#exemplars = new Exemplars(version, this.#symbols)
  }

  decode(entry: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const { bytes, from, to } = entry
    if (at === from || this.#from !== from || this.#to !== to || this.#at !== at) this.#open(entry, at)
    this.#block = block
    this.#recordsMax = recordsMax
    this.#malformedRecords = 0
    this.#malformedBytes = 0
    this.#writer.begin(block, block.context)
    let read = at === from ? Math.min(to, from + HEAD_BYTES) : at
    if (this.#seriesFrom !== -1) read = this.#series(bytes, this.#seriesFrom, this.#seriesTo, read)
    const top = this.#top
    while (this.#seriesFrom === -1 && read < to && !this.#isFull()) {
      top.begin(bytes, read, to)
      if (!top.next()) {
        this.#malformed(to - read)
        read = to
      } else if (top.tag === this.#seriesTag) {
        read = this.#isPlain(bytes, top.from, top.to)
          ? this.#plainSeries(bytes, top.from, top.to)
          : this.#series(bytes, top.from, top.to, top.from)
      } else {
        if (top.tag === METADATA_TAG && this.#version === 1) this.#families.learn(bytes, top.from, top.to)
        read = top.at
      }
    }
    this.#from = from
    this.#to = to
    this.#at = read
    const done = this.#seriesFrom === -1 && read >= to
    return { end: read, done, malformedRecords: this.#malformedRecords, malformedBytes: this.#malformedBytes }
  }

  count(entry: Encoded, at: number): { records: number; bytes: number } {
    const block = this.#counted
    const total = { records: 0, bytes: 0 }
    for (let read = at, done = false; !done; ) {
      block.fill(entry.bytes, read, read, COUNTING)
      const part = this.decode(entry, read, block, BLOCK_RECORDS_MAX)
      total.records += block.count + part.malformedRecords
      total.bytes += block.selectedBytes + part.malformedBytes
      read = part.end
      done = part.done
    }
    return total
  }

  /** Finds what must be known of an entry before its first point: symbols, exemplars, and the series around `at`. */
  #open({ bytes, from, to }: Encoded, at: number): void {
    const body = Math.min(to, from + HEAD_BYTES)
    this.#seriesFrom = -1
    this.#pending = NO_EXEMPLARS
    this.#exemplars.begin()
    if (this.#version === 2) {
      this.#symbols.read(bytes, body, to)
      this.#metadata.begin()
    }
    const flags = body > from ? bytes[from]! : 0
    this.#hasExemplars = (flags & HeadFlag.EXEMPLARS) !== 0
    this.#arePlain = (flags & HeadFlag.PLAIN) !== 0
    if (!this.#hasExemplars && at === from) return
    const top = this.#top
    top.begin(bytes, body, to)
    while (top.next()) {
      if (top.tag !== this.#seriesTag) continue
      if (at > top.start && at < top.at) {
        this.#seriesFrom = top.from
        this.#seriesTo = top.to
      }
      if (!this.#hasExemplars || !this.#exemplars.isLoose(bytes, top.from, top.to)) continue
      if (this.#readLabels(bytes, top.from, top.to)) {
        this.#exemplars.collect(bytes, top.from, top.to, this.#labels)
      }
    }
  }

  #isPlain(bytes: Bytes, from: number, to: number): boolean {
    if (this.#version === 2 || this.#hasExemplars) return false
    const plain = this.#plain
    const isPlain = this.#arePlain
      ? plain.readEnd(bytes, from, to, !this.#families.isEmpty)
      : plain.read(bytes, from, to)
    return isPlain && plain.timeMs <= TIME_MS_MAX
  }

  /** What `#plain` has read: the one sample of a series, the same as `#series` makes of it. */
  #plainSeries(bytes: Bytes, from: number, to: number): number {
    const { labelsTo, nameFrom, nameTo, valueAt, timeMs } = this.#plain
    const meaning = this.#families.isEmpty ? UNKNOWN : this.#families.meaningOf(bytes, nameFrom, nameTo)
    const { kind, temporality, flags } = meaning
    const stale = valueAt !== -1 && isStaleNan(bytes, valueAt) ? Flag.STALE : 0
    this.#writer.point(kind, temporality, flags | stale, bytes, from, labelsTo, valueAt, timeMs)
    if (meaning !== UNKNOWN) writeMeaning(this.#writer, meaning)
    this.#writer.end()
    return to
  }

  /**
   * The points of the series in [from, to), from `at` on. Returns the position to go on from: inside when the block is
   * full.
   */
  #series(bytes: Bytes, from: number, to: number, at: number): number {
    this.#seriesFrom = -1
    if (!this.#readLabels(bytes, from, to)) {
      this.#malformed(to - from)
      return to
    }
    const meaning = this.#meaning(bytes, from, to)
    if (this.#hasExemplars && at === from && !this.#exemplars.isLoose(bytes, from, to)) {
      this.#pending = this.#exemplars.take(bytes, from, to, this.#labels)
    }
    const fields = this.#fields
    // Labels that were taken as they stand are the first that stands there.
    const labels = this.#labels
    fields.begin(bytes, labels.bytes === bytes ? Math.max(at, labels.to) : at, to)
    while (fields.next()) {
      const { tag } = fields
      if (tag !== SAMPLE_TAG && tag !== this.#histogramTag) continue
      if (this.#isFull()) {
        this.#seriesFrom = from
        this.#seriesTo = to
        return fields.start
      }
      const isRecord =
        tag === SAMPLE_TAG
          ? this.#sample(bytes, fields.from, fields.to, meaning)
          : this.#histogram(bytes, fields.from, fields.to, meaning)
      if (!isRecord) this.#malformed(fields.at - fields.start)
    }
    if (fields.isBroken) this.#malformed(to - fields.start)
    this.#pending = NO_EXEMPLARS
    return to
  }

  #isFull(): boolean {
    return this.#block.count >= this.#recordsMax || this.#writer.at >= BLOCK_BYTES_TARGET
  }

  #malformed(bytes: number): void {
    this.#malformedRecords++
    this.#malformedBytes += bytes
  }

  #readLabels(bytes: Bytes, from: number, to: number): boolean {
    if (this.#version === 1) return this.#labels.read(bytes, from, to)
    return this.#labels.resolve(bytes, from, to, this.#symbols)
  }

  #meaning(bytes: Bytes, from: number, to: number): Meaning {
    const labels = this.#labels
    if (this.#version === 2) return this.#metadata.meaningOf(bytes, from, to, labels)
    if (this.#families.isEmpty) return UNKNOWN
    return this.#families.meaningOf(labels.bytes, labels.nameFrom, labels.nameTo)
  }

  /** Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3 (2.0 alone) }. Zeros are left out. */
  #sample(bytes: Bytes, from: number, to: number, meaning: Meaning): boolean {
    const fields = this.#sampleFields
    let valueAt = -1
    let timeMs = 0
    let startMs = 0
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag === 0x09) valueAt = fields.from
      else if (fields.tag === 0x10) timeMs = fields.value
      else if (fields.tag === 0x18) startMs = fields.value
    }
    if (fields.isBroken || timeMs > TIME_MS_MAX) return false
    const writer = this.#writer
    const isStale = valueAt !== -1 && isStaleNan(bytes, valueAt)
    writer.start(meaning.kind, meaning.temporality, isStale ? meaning.flags | Flag.STALE : meaning.flags)
    writer.labelsCopy(this.#labels.bytes, this.#labels.from, this.#labels.to)
    if (valueAt !== -1) writer.valueBytes(bytes, valueAt)
    this.#finish(meaning, timeMs, startMs)
    return true
  }

  #histogram(bytes: Bytes, from: number, to: number, meaning: Meaning): boolean {
    const native = readNativeHistogram(bytes, from, to)
    if (native === undefined || native.timeMs > TIME_MS_MAX) return false
    const { shape, isGauge, isStale, timeMs, startMs } = native
    const writer = this.#writer
    const kind = shape.kind === 'explicit' ? Kind.histogram : Kind.exponential_histogram
    writer.start(
      kind,
      isGauge ? Temporality.NONE : Temporality.CUMULATIVE,
      isStale ? Flag.PROMETHEUS | Flag.STALE : Flag.PROMETHEUS,
    )
    writer.labelsCopy(this.#labels.bytes, this.#labels.from, this.#labels.to)
    const distribution =
      shape.kind === 'explicit' ? histogramBytes(shape.histogram) : exponentialHistogramBytes(shape.histogram)
    writer.field(MetricField.DISTRIBUTION, distribution)
    this.#finish(meaning, timeMs, startMs)
    return true
  }

  #finish(meaning: Meaning, timeMs: number, startMs: number): void {
    const writer = this.#writer
    writer.time(timeMs)
    if (startMs > 0 && startMs <= TIME_MS_MAX) writer.startTime(startMs)
    if (meaning !== UNKNOWN) writeMeaning(writer, meaning)
    for (const exemplar of this.#pending) writer.field(MetricField.EXEMPLAR, exemplar)
    this.#pending = NO_EXEMPLARS
    writer.end()
  }
}

const NO_EXEMPLARS: readonly Bytes[] = []
const COUNTING = { source: '', arrivalMs: 0, truncated: false, format: metricFormat }
