/**
 * `datadog_metrics`: points as Datadog takes them (DataDog/agent-payload: proto/metrics/agent_payload.proto), each in
 * an envelope (codecs/metric/envelope) whose detail is a `Shape`. The body is, by shape:
 *
 *   GAUGE, COUNT  MetricPayload.MetricSeries { Resource resources = 1; string metric = 2; repeated string tags = 3;
 *                 string unit = 6 }: points = 4, type = 5 and interval = 8 are the output's to write behind it. It is
 *                 the series' key, too
 *   SERIES        whole fields `series = 1` of MetricPayload: a summary is several series
 *   SKETCH        SketchPayload.Sketch { string metric = 1; string host = 2; repeated string tags = 4;
 *                 Dogsketch dogsketches = 7 }
 *   HISTOGRAM     of a cumulative histogram, as it stands in the record (codecs/metric/distribution); the key is a
 *                 Sketch without its dogsketches
 *
 * Labels are tags `name:value`; that of `host` names the resource instead.
 */
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import type { Sketch } from '#codecs/ddsketch/sketch.ts'
import { readSummary } from '#codecs/metric/distribution.ts'
import { append, closeEnvelope, type Envelope, openEnvelope, refusalOf, Task } from '#codecs/metric/envelope.ts'
import { Kind, MetricField, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { sketchIn } from '#codecs/metric/weights.ts'
import { NAME_LABEL } from '#codecs/metric/writer.ts'
import { closeLength, tagOf, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'

export interface DatadogMetricsOptions {
  /** Behind those of each point. */
  tags: readonly string[]
  /** Where a point has no label `host`. */
  hostname?: string
}

/**
 * As `POST /api/v2/series` documents them. The Agent's own messages have 0 for a gauge, which is unspecified there, and
 * taken for one.
 */
export const SeriesType = { COUNT: 1, RATE: 2, GAUGE: 3 } as const

export const Shape = { GAUGE: 0, COUNT: 1, SERIES: 2, SKETCH: 3, HISTOGRAM: 4 } as const

export const datadogMetrics = defineEncoder<DatadogMetricsOptions>(
  'datadog_metrics',
  (options) => new DatadogMetricsEncoder(options),
)

const HOST = fromText('host')
const HOST_TYPE = fromText('host')
const QUANTILES_MAX = 64
const COLON = 0x3a
/** What stands around a record's texts: tags and lengths of labels, and of all that is not repeated. */
const FIELD_BYTES = 6
const FIXED_BYTES = 128
/** Of 4096 bins, three for the key and five for the count; and what stands before them. */
const SKETCH_BYTES_MAX = 4096 * 8 + 256

interface Fields {
  metric: number
  tag: number
  hostIsResource: boolean
}
const SERIES_FIELDS: Fields = { metric: 2, tag: 3, hostIsResource: true }
const SKETCH_FIELDS: Fields = { metric: 1, tag: 4, hostIsResource: false }

class DatadogMetricsEncoder implements Encoder {
  readonly name = 'datadog_metrics'
  readonly verbatim = false
  readonly formats = ['metric'] as const
  readonly #tags: readonly Bytes[]
  readonly #hostname: Bytes | undefined
  readonly #ownBytes: number
  readonly #reader = new MetricReader()

  constructor({ tags, hostname }: DatadogMetricsOptions) {
    this.#tags = tags.map(fromText)
    this.#hostname = hostname === undefined ? undefined : fromText(hostname)
    this.#ownBytes = this.#tags.reduce((sum, tag) => sum + tag.length + FIELD_BYTES, this.#hostname?.length ?? 0)
  }

  sizeMax(block: Block): number {
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      const length = block.ends[i]! - block.starts[i]!
      // Around a label stand six bytes at least, so what stands around a tag takes no more than twice as much.
      const one = 2 * length + this.#ownBytes + FIXED_BYTES
      const { kind, to, labelsTo } = this.#reader
      if (kind < Kind.histogram) size += one
      else if (kind === Kind.summary) size += one * (1 + Math.min(QUANTILES_MAX, Math.ceil((to - labelsTo) / 2)))
      else size += one + (kind === Kind.sketch ? 0 : SKETCH_BYTES_MAX)
    }
    return size
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
    const refusal = this.#refusal()
    const isCounter = isCount(reader)
    const isCumulative = (isCounter || reader.kind === Kind.histogram) && reader.temporality === Temporality.CUMULATIVE
    const task = refusal !== -1 ? Task.REFUSE : reader.isStale ? Task.NOTHING : isCumulative ? Task.TO_DELTA : Task.SEND
    const shape = isCounter ? Shape.COUNT : shapeOf(reader)
    const key = openEnvelope(target, at, task, refusal === -1 ? shape : refusal, reader, arrivalMs)
    const seconds = Math.floor((reader.timeMs || arrivalMs) / 1000)
    let body = key
    let write = body
    if (task === Task.SEND || task === Task.TO_DELTA) {
      if (shape === Shape.SKETCH) write = this.#sketch(target, write, seconds)
      else if (shape === Shape.SERIES) write = this.#summary(target, write, seconds)
      else if (shape === Shape.HISTOGRAM) {
        body = this.#head(target, write, SKETCH_FIELDS, '', '')
        const { from, to } = reader.field(MetricField.DISTRIBUTION)!
        write = append(reader.bytes, from, to, target, body)
      } else {
        write = this.#head(target, write, SERIES_FIELDS, '', '')
        write = this.#unit(target, write)
      }
    }
    closeEnvelope(target, at, body, write)
    return write
  }

  #refusal(): number {
    const { kind, temporality, isStale, value } = this.#reader
    const labels = this.#reader.beginLabels()
    if (!labels.find(NAME_LABEL) || labels.valueTo === labels.valueFrom) return refusalOf('no_name')
    if (isStale) return -1
    if (kind < Kind.histogram) return Number.isFinite(value) ? -1 : refusalOf('not_finite')
    if (this.#reader.field(MetricField.DISTRIBUTION) === undefined) return refusalOf('unsupported_kind')
    // What buckets of others were before cannot be taken off those of now: they need not be the same.
    const isCumulative = kind > Kind.histogram && kind !== Kind.summary && temporality === Temporality.CUMULATIVE
    return isCumulative ? refusalOf('cumulative_distribution') : -1
  }

  /** Name, host and tags, with something behind the name and a tag more if need be. */
  #head(target: Bytes, at: number, fields: Fields, suffix: string, tag: string): number {
    const { bytes } = this.#reader
    const labels = this.#reader.beginLabels()
    let write = at
    let hasHost = false
    while (labels.next()) {
      const { nameFrom, nameTo, valueFrom, valueTo } = labels
      if (labels.isNamed(NAME_LABEL)) {
        const end = fromText(suffix)
        write = openField(target, write, fields.metric, valueTo - valueFrom + end.length)
        write = append(bytes, valueFrom, valueTo, target, write)
        write = append(end, 0, end.length, target, write)
      } else if (labels.isNamed(HOST) && valueTo > valueFrom) {
        hasHost = true
        write = writeHost(bytes, valueFrom, valueTo, fields, target, write)
      } else {
        const value = valueTo === valueFrom ? 0 : 1 + valueTo - valueFrom
        write = openField(target, write, fields.tag, nameTo - nameFrom + value)
        write = append(bytes, nameFrom, nameTo, target, write)
        if (value > 0) {
          target[write++] = COLON
          write = append(bytes, valueFrom, valueTo, target, write)
        }
      }
    }
    const own = this.#hostname
    if (!hasHost && own !== undefined) write = writeHost(own, 0, own.length, fields, target, write)
    for (const each of this.#tags) write = writeText(each, fields.tag, target, write)
    return tag === '' ? write : writeText(fromText(tag), fields.tag, target, write)
  }

  #unit(target: Bytes, at: number): number {
    const field = this.#reader.field(MetricField.UNIT)
    if (field === undefined || field.to === field.from) return at
    const write = openField(target, at, 6, field.to - field.from)
    return append(this.#reader.bytes, field.from, field.to, target, write)
  }

  #sketch(target: Bytes, at: number, seconds: number): number {
    const { bytes, kind } = this.#reader
    const { from, to } = this.#reader.field(MetricField.DISTRIBUTION)!
    // A sketch that came as one goes on as it is.
    const own = kind === Kind.sketch ? bytes.subarray(from, to) : sketchBytes(sketchIn(kind, bytes, from, to))
    let write = this.#head(target, at, SKETCH_FIELDS, '', '')
    target[write] = tagOf(7, WireType.bytes)
    const start = write + 2
    target[start] = tagOf(1, WireType.varint)
    write = writeVarint(target, seconds, start + 1)
    return closeLength(target, start, append(own, 0, own.length, target, write))
  }

  #summary(target: Bytes, at: number, seconds: number): number {
    const { bytes } = this.#reader
    const { from, to } = this.#reader.field(MetricField.DISTRIBUTION)!
    let write = at
    for (const { quantile, value } of readSummary(bytes, from, to).quantiles.slice(0, QUANTILES_MAX)) {
      if (!Number.isFinite(value)) continue
      target[write] = tagOf(1, WireType.bytes)
      const start = write + 2
      write = this.#head(target, start, SERIES_FIELDS, '.quantile', `quantile:${quantile}`)
      write = writePoint(value, seconds, target, write)
      write = closeLength(target, start, writeType(SeriesType.GAUGE, 0, target, write))
    }
    return write
  }
}

/** A cumulative sum that may fall is what there is now: a gauge. */
function isCount({ kind, temporality, isMonotonic }: MetricReader): boolean {
  return kind === Kind.sum && (isMonotonic || temporality !== Temporality.CUMULATIVE)
}

function shapeOf({ kind, temporality }: MetricReader): number {
  if (kind === Kind.histogram && temporality === Temporality.CUMULATIVE) return Shape.HISTOGRAM
  return kind < Kind.histogram ? Shape.GAUGE : kind === Kind.summary ? Shape.SERIES : Shape.SKETCH
}

/** `MetricSeries.points`. */
export function writePoint(value: number, seconds: number, target: Bytes, at: number): number {
  target[at] = tagOf(4, WireType.bytes)
  const start = at + 2
  target[start] = tagOf(1, WireType.fixed64)
  let write = target.writeDoubleLE(value, start + 1)
  target[write++] = tagOf(2, WireType.varint)
  return closeLength(target, start, writeVarint(target, seconds, write))
}

/** `MetricSeries.type`, see `SeriesType`, and `interval`; seconds, 0: none. */
export function writeType(type: number, intervalSeconds: number, target: Bytes, at: number): number {
  target[at] = tagOf(5, WireType.varint)
  target[at + 1] = type
  if (intervalSeconds === 0) return at + 2
  target[at + 2] = tagOf(8, WireType.varint)
  return writeVarint(target, intervalSeconds, at + 3)
}

/** Most that `writePoint` and `writeType` take. */
export const POINT_BYTES_MAX = 2 + 9 + 1 + 10 + 2 + 1 + 10

function writeHost(name: Bytes, from: number, to: number, fields: Fields, target: Bytes, at: number): number {
  if (!fields.hostIsResource) return append(name, from, to, target, openField(target, at, 2, to - from))
  target[at] = tagOf(1, WireType.bytes)
  const start = at + 2
  let write = writeText(HOST_TYPE, 1, target, start)
  write = append(name, from, to, target, openField(target, write, 2, to - from))
  return closeLength(target, start, write)
}

function writeText(text: Bytes, field: number, target: Bytes, at: number): number {
  const write = openField(target, at, field, text.length)
  copyBytes(text, 0, text.length, target, write)
  return write + text.length
}

function openField(target: Bytes, at: number, field: number, length: number): number {
  target[at] = tagOf(field, WireType.bytes)
  return writeVarint(target, length, at + 1)
}

/** The payload's field of a sketch: what the envelope's key says, and these values of that time. */
export function sketchField({ bytes, keyFrom, bodyFrom, timeMs }: Envelope, sketch: Sketch): Bytes {
  const own = sketchBytes(sketch)
  const field = allocate(bodyFrom - keyFrom + own.length + 3 * FIELD_BYTES + 10)
  field[0] = tagOf(1, WireType.bytes)
  const inner = append(bytes, keyFrom, bodyFrom, field, 2)
  field[inner] = tagOf(7, WireType.bytes)
  const start = inner + 2
  field[start] = tagOf(1, WireType.varint)
  const write = writeVarint(field, Math.floor(timeMs / 1000), start + 1)
  const end = closeLength(field, start, append(own, 0, own.length, field, write))
  return field.subarray(0, closeLength(field, 2, end))
}
