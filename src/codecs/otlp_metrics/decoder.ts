/**
 * `otlp_metrics`: an ExportMetricsServiceRequest as metric records, one for each data point
 * (opentelemetry-proto: metrics/v1/metrics.proto):
 *
 *   Metric { string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
 *            ExponentialHistogram exponential_histogram = 10; Summary summary = 11; repeated KeyValue metadata = 12 }
 *   Gauge, Sum, … { repeated …DataPoint data_points = 1; AggregationTemporality aggregation_temporality = 2; bool is_monotonic = 3 }
 *
 * Attributes become labels, with their type where they are no text. Resource, scope, unit, description, metadata and exemplars
 * go along as they came. What a metric holds beside data points, and fields that OpenTelemetry does not have, are lost.
 */

import { metricFormat } from '#codecs/metric/format.ts'
import { Flag, Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { copyHead, headLength, RecordCursor } from '#codecs/otlp/cursor.ts'
import { FieldReader, varintAt } from '#codecs/protobuf/reader.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import { AttributeReader } from './attributes.ts'

export const otlpMetrics: DecoderDefinition = {
  name: 'otlp_metrics',
  format: metricFormat,
  create: () => new OtlpMetricsDecoder(),
}

const NAME = 1
const DESCRIPTION = 2
const UNIT = 3
const METADATA = 12
const DATA_POINTS = 1
const TEMPORALITY = 2
const MONOTONIC = 3
/** Of a data point's flags: there is no value. */
const NO_RECORDED_VALUE = 1

/** Field numbers of a data point, by what they mean. Start is 2 and time is 3 in all of them. */
interface PointShape {
  kind: number
  attributes: number
  exemplars: number
  flags: number
  /** Fields that say nothing about the distribution: those above, and times. */
  apart: ReadonlySet<number>
}

const START = 2
const TIME = 3
const AS_DOUBLE = 4
const AS_INT = 6

function shape(kind: number, attributes: number, exemplars: number, flags: number): PointShape {
  return { kind, attributes, exemplars, flags, apart: new Set([attributes, exemplars, flags, START, TIME]) }
}

/** By the field of Metric that holds the data. A summary has no exemplars. */
const shapes: Readonly<Record<number, PointShape>> = {
  5: shape(Kind.gauge, 7, 5, 8),
  7: shape(Kind.sum, 7, 5, 8),
  9: shape(Kind.histogram, 9, 8, 10),
  10: shape(Kind.exponential_histogram, 1, 11, 10),
  11: shape(Kind.summary, 7, -1, 8),
}

class OtlpMetricsDecoder implements Decoder {
  readonly #cursor = new RecordCursor()
  readonly #metric = new FieldReader()
  readonly #data = new FieldReader()
  readonly #point = new FieldReader()
  readonly #attributes = new AttributeReader()
  readonly #writer = new MetricWriter()
  /** Fields 1 and 3 of what is around the metrics at hand, and which of the cursor's they are of. */
  #resource: Bytes = NOTHING
  #scope: Bytes = NOTHING
  #resources = -1
  #scopes = -1
  #distribution: Bytes = allocate(1024)
  #count = 0

  decode({ bytes, from, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const cursor = this.#cursor
    cursor.beginAt(bytes, from, to, at)
    this.#resources = -1
    this.#scopes = -1
    this.#writer.begin(block, block.context)
    this.#count = 0
    // A call before has stopped inside the metric at hand.
    let isInside = at > from && cursor.scopes > 0 && cursor.scope.to > at
    if (isInside) {
      cursor.from = cursor.scope.from
      cursor.to = cursor.scope.to
    }
    while (isInside || cursor.next()) {
      isInside = false
      this.#readAround(bytes)
      const stopped = this.#readMetric(bytes, cursor.from, cursor.to, at, recordsMax)
      if (stopped === BROKEN) {
        return { end: to, done: true, malformedRecords: 1, malformedBytes: to - cursor.from }
      }
      if (stopped !== COMPLETE) return { end: stopped, done: false, malformedRecords: 0, malformedBytes: 0 }
    }
    const { brokenAt } = cursor
    const malformedBytes = brokenAt === -1 ? 0 : to - brokenAt
    return { end: to, done: true, malformedRecords: brokenAt === -1 ? 0 : 1, malformedBytes }
  }

  #readAround(bytes: Bytes): void {
    const { resources, resourceFrom, resourceTo, scopes, scopeFrom, scopeTo } = this.#cursor
    if (resources !== this.#resources) this.#resource = headOf(bytes, resourceFrom, resourceTo)
    if (scopes !== this.#scopes) this.#scope = headOf(bytes, scopeFrom, scopeTo)
    this.#resources = resources
    this.#scopes = scopes
  }

  /** The data points behind `at` of the metric in [from, to). Returns where it stopped, `COMPLETE` or `BROKEN`. */
  #readMetric(bytes: Bytes, from: number, to: number, at: number, recordsMax: number): number {
    const head = headOfMetric(this.#metric, bytes, from, to)
    if (head === undefined) return BROKEN
    const shape = shapes[head.data]
    if (shape === undefined) return COMPLETE
    const data = this.#data
    let temporality: number = Temporality.NONE
    let flags = 0
    data.begin(bytes, head.dataFrom, head.dataTo)
    while (data.next()) {
      if (data.type !== WireType.varint) continue
      if (data.field === TEMPORALITY)
        temporality = Math.min(varintAt(bytes, data.from, data.to), Temporality.CUMULATIVE)
      if (data.field === MONOTONIC && bytes[data.from] !== 0) flags |= Flag.MONOTONIC
    }
    if (data.broken) return BROKEN
    data.begin(bytes, head.dataFrom, head.dataTo)
    while (data.next()) {
      if (data.field !== DATA_POINTS || data.type !== WireType.bytes || data.to <= at) continue
      if (this.#count >= recordsMax || this.#writer.at >= BLOCK_BYTES_TARGET) return data.start
      this.#writer.start(shape.kind, temporality, flags)
      this.#writer.name(bytes, head.nameFrom, head.nameTo)
      if (!this.#readPoint(bytes, shape, head)) {
        this.#writer.discard()
        return BROKEN
      }
      this.#writer.end()
      this.#count++
    }
    return COMPLETE
  }

  /** The data point at hand. False: it is broken. */
  #readPoint(bytes: Bytes, shape: PointShape, head: MetricHead): boolean {
    const point = this.#point
    const writer = this.#writer
    const { from, to } = this.#data
    point.begin(bytes, from, to)
    while (point.next()) {
      if (point.field !== shape.attributes || point.type !== WireType.bytes) continue
      if (!this.#attributes.read(bytes, point.from, point.to)) return false
      this.#attributes.writeLabel(writer)
    }
    if (point.broken) return false
    let length = 0
    const isNumber = shape.kind === Kind.gauge || shape.kind === Kind.sum
    point.begin(bytes, from, to)
    while (point.next()) {
      const { field, type } = point
      if (type === WireType.fixed64 && field === START) writer.startTimeBytes(bytes, point.from)
      else if (type === WireType.fixed64 && field === TIME) writer.timeBytes(bytes, point.from)
      else if (field === shape.flags && type === WireType.varint) {
        if ((varintAt(bytes, point.from, point.to) & NO_RECORDED_VALUE) !== 0) writer.flag(Flag.STALE)
      } else if (isNumber && type === WireType.fixed64 && (field === AS_DOUBLE || field === AS_INT)) {
        writer.valueBytes(bytes, point.from)
        if (field === AS_INT) writer.flag(Flag.INTEGER)
      } else if (!isNumber && !shape.apart.has(field)) {
        length = this.#keep(bytes, point.start, point.to, length)
      }
    }
    if (!isNumber) writer.field(MetricField.DISTRIBUTION, this.#distribution, 0, length)
    point.begin(bytes, from, to)
    while (point.next()) {
      if (point.field === shape.exemplars && point.type === WireType.bytes) {
        writer.field(MetricField.EXEMPLAR, bytes, point.from, point.to)
      }
    }
    this.#writeAround(bytes, head)
    return true
  }

  #writeAround(bytes: Bytes, { unitFrom, unitTo, descriptionFrom, descriptionTo, metadata }: MetricHead): void {
    const writer = this.#writer
    if (unitTo > unitFrom) writer.field(MetricField.UNIT, bytes, unitFrom, unitTo)
    if (descriptionTo > descriptionFrom) writer.field(MetricField.DESCRIPTION, bytes, descriptionFrom, descriptionTo)
    for (const { from, to } of metadata) writer.field(MetricField.METADATA, bytes, from, to)
    if (this.#resource.length > 0) writer.field(MetricField.RESOURCE, this.#resource)
    if (this.#scope.length > 0) writer.field(MetricField.SCOPE, this.#scope)
  }

  #keep(bytes: Bytes, from: number, to: number, length: number): number {
    const needed = length + to - from
    if (this.#distribution.length < needed) {
      const larger = allocate(2 * needed)
      this.#distribution.copy(larger, 0, 0, length)
      this.#distribution = larger
    }
    bytes.copy(this.#distribution, length, from, to)
    return needed
  }

  count({ bytes, from, to }: Encoded, at: number): { records: number; bytes: number } {
    const cursor = this.#cursor
    cursor.beginAt(bytes, from, to, at)
    const counted = { records: 0, bytes: 0 }
    if (at > from && cursor.scopes > 0 && cursor.scope.to > at) {
      this.#countPoints(bytes, cursor.scope.from, cursor.scope.to, at, counted)
    }
    while (cursor.next()) this.#countPoints(bytes, cursor.from, cursor.to, at, counted)
    if (cursor.brokenAt !== -1) {
      counted.records++
      counted.bytes += to - cursor.brokenAt
    }
    return counted
  }

  #countPoints(bytes: Bytes, from: number, to: number, at: number, counted: { records: number; bytes: number }): void {
    const head = headOfMetric(this.#metric, bytes, from, to)
    if (head === undefined || shapes[head.data] === undefined) return
    this.#data.begin(bytes, head.dataFrom, head.dataTo)
    while (this.#data.next()) {
      if (this.#data.field !== DATA_POINTS || this.#data.type !== WireType.bytes || this.#data.to <= at) continue
      counted.records++
      counted.bytes += this.#data.to - this.#data.from
    }
  }
}

/** What `#readMetric` returns when it did not stop at a position. */
const COMPLETE = -1
const BROKEN = -2

const NOTHING = allocate(0)

interface MetricHead {
  nameFrom: number
  nameTo: number
  unitFrom: number
  unitTo: number
  descriptionFrom: number
  descriptionTo: number
  metadata: { from: number; to: number }[]
  /** Number of the field that holds the data points, and where it stands; the last counts, as of any `oneof`. */
  data: number
  dataFrom: number
  dataTo: number
}

/** Undefined: the metric is broken. */
function headOfMetric(reader: FieldReader, bytes: Bytes, from: number, to: number): MetricHead | undefined {
  const head: MetricHead = {
    nameFrom: 0,
    nameTo: 0,
    unitFrom: 0,
    unitTo: 0,
    descriptionFrom: 0,
    descriptionTo: 0,
    metadata: [],
    data: 0,
    dataFrom: 0,
    dataTo: 0,
  }
  reader.begin(bytes, from, to)
  while (reader.next()) {
    if (reader.type !== WireType.bytes) continue
    switch (reader.field) {
      case NAME:
        head.nameFrom = reader.from
        head.nameTo = reader.to
        break
      case UNIT:
        head.unitFrom = reader.from
        head.unitTo = reader.to
        break
      case DESCRIPTION:
        head.descriptionFrom = reader.from
        head.descriptionTo = reader.to
        break
      case METADATA:
        head.metadata.push({ from: reader.from, to: reader.to })
        break
      default:
        if (shapes[reader.field] === undefined) break
        head.data = reader.field
        head.dataFrom = reader.from
        head.dataTo = reader.to
    }
  }
  return reader.broken ? undefined : head
}

function headOf(bytes: Bytes, from: number, to: number): Bytes {
  const head = allocate(headLength(bytes, from, to))
  copyHead(bytes, from, to, head)
  return head
}
