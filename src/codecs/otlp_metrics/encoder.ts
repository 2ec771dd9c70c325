/**
 * `otlp_metrics`: metric records as Metric messages, one data point each, grouped by the resource and scope that they came with;
 * see `codecs/otlp/group.ts`. A point of unknown kind becomes a gauge; a sketch an exponential histogram of like buckets.
 */

import { readSketch } from '#codecs/ddsketch/bytes.ts'
import { GROUP_KEY_BYTES_MAX, groupHeaderBytes, setGroupKeyLength, writeGroupHeader } from '#codecs/grouped/grouped.ts'
import { exponentialHistogramBytes } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Flag, Kind, MetricField, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { histogramOf, SKETCH_BUCKETS_MAX } from '#codecs/metric/sketch-histogram.ts'
import { groupKey, MEMBER_FIELD_TAG, RESOURCE_FIELD_TAG } from '#codecs/otlp/group.ts'
import { closeLength, fieldsOf, LENGTH_BYTES_MAX, tagOf, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes, fromText } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'
import { ATTRIBUTE_OVERHEAD_MAX, VALUE_GROWTH_MAX, writeAttribute } from './attributes.ts'

export const otlpMetricsEncoder = defineEncoder<object>('otlp_metrics', () => new OtlpMetricsEncoder())

const METRIC_NAME = fromText('__name__')
const NAME_TAG = tagOf(1, WireType.bytes)
const DESCRIPTION_TAG = tagOf(2, WireType.bytes)
const UNIT_TAG = tagOf(3, WireType.bytes)
const METADATA_TAG = tagOf(12, WireType.bytes)
const DATA_POINTS_TAG = tagOf(1, WireType.bytes)
const TEMPORALITY_TAG = tagOf(2, WireType.varint)
const MONOTONIC_TAG = tagOf(3, WireType.varint)
const START_TAG = tagOf(2, WireType.fixed64)
const TIME_TAG = tagOf(3, WireType.fixed64)
const AS_DOUBLE_TAG = tagOf(4, WireType.fixed64)
const AS_INT_TAG = tagOf(6, WireType.fixed64)
/** Of the groups that are kept written. */
const KEYS_KEPT_MAX = 1024
/** Most that a record takes beside its key, its labels and its fields. */
const RECORD_BYTES_MAX = 256
/** Buckets of a sketch in which nothing is; the others take ten bytes for each of its bins, which has more than one. */
const SKETCH_BYTES_MAX = 2 * SKETCH_BUCKETS_MAX + 64
const NANOS_PER_MS = 1_000_000n

/** How the data of a kind is written: its field in Metric, and fields of its data points. */
interface DataShape {
  field: number
  attributesTag: number
  exemplarsTag: number
  flagsTag: number
  hasTemporality: boolean
}

const bytesTag = (field: number) => tagOf(field, WireType.bytes)
const varintTag = (field: number) => tagOf(field, WireType.varint)
const gauge: DataShape = {
  field: 5,
  attributesTag: bytesTag(7),
  exemplarsTag: bytesTag(5),
  flagsTag: varintTag(8),
  hasTemporality: false,
}
const exponential: DataShape = {
  field: 10,
  attributesTag: bytesTag(1),
  exemplarsTag: bytesTag(11),
  flagsTag: varintTag(10),
  hasTemporality: true,
}
const shapes: Readonly<Record<number, DataShape>> = {
  [Kind.unknown]: gauge,
  [Kind.gauge]: gauge,
  [Kind.sum]: { ...gauge, field: 7, hasTemporality: true },
  [Kind.histogram]: {
    field: 9,
    attributesTag: bytesTag(9),
    exemplarsTag: bytesTag(8),
    flagsTag: varintTag(10),
    hasTemporality: true,
  },
  [Kind.exponential_histogram]: exponential,
  [Kind.summary]: { ...gauge, field: 11 },
  [Kind.sketch]: exponential,
}

class OtlpMetricsEncoder implements Encoder {
  readonly name = 'otlp_metrics'
  readonly verbatim = false
  readonly formats = [metricFormat.name]
  readonly #reader = new MetricReader()
  readonly #keys = new Map<string, Bytes>()

  sizeMax(block: Block): number {
    const fixed = groupHeaderBytes(0) + RECORD_BYTES_MAX + ATTRIBUTE_OVERHEAD_MAX
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      // A label takes at least eight bytes, so growth and overhead of each are bounded by its own.
      if (block.bytes[block.starts[i]!] === Kind.sketch)
        size += SKETCH_BYTES_MAX + 10 * (block.ends[i]! - block.starts[i]!)
      size += fixed + (VALUE_GROWTH_MAX + ATTRIBUTE_OVERHEAD_MAX / 8) * (block.ends[i]! - block.starts[i]!)
    }
    return Math.ceil(size)
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    let write = at
    let e = firstEnd
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      write = this.#writeGrouped(target, write)
      ends[e++] = write - at
    }
    return write
  }

  #writeGrouped(target: Bytes, at: number): number {
    const { bytes } = this.#reader
    const resource = this.#reader.field(MetricField.RESOURCE)
    const scope = this.#reader.field(MetricField.SCOPE)
    const key = this.#key(bytes, resource, scope)
    if (key !== undefined) return this.#writeMetric(target, writeGroupHeader(key, target, at))
    // Too long for a key: the record brings its resource and scope itself.
    setGroupKeyLength(0, target, at)
    const request = at + groupHeaderBytes(0)
    target[request] = RESOURCE_FIELD_TAG
    const start = request + 2
    let write = copyPart(bytes, resource, target, start)
    target[write] = MEMBER_FIELD_TAG
    const inner = write + 2
    write = this.#writeMetric(target, copyPart(bytes, scope, target, inner))
    return closeLength(target, start, closeLength(target, inner, write))
  }

  /** Undefined: it is too long. */
  #key(bytes: Bytes, resource: Part | undefined, scope: Part | undefined): Bytes | undefined {
    const length = sizeOf(resource) + sizeOf(scope)
    if (length + LENGTH_BYTES_MAX > GROUP_KEY_BYTES_MAX) return undefined
    const name =
      bytes.toString('latin1', resource?.from ?? 0, resource?.to ?? 0) +
      '\n' +
      bytes.toString('latin1', scope?.from ?? 0, scope?.to ?? 0)
    let key = this.#keys.get(name)
    if (key === undefined) {
      if (this.#keys.size >= KEYS_KEPT_MAX) this.#keys.clear()
      key = groupKey(viewOf(bytes, resource), viewOf(bytes, scope))
      this.#keys.set(name, key)
    }
    return key
  }

  /** The record as field 2 of ScopeMetrics. */
  #writeMetric(target: Bytes, at: number): number {
    const reader = this.#reader
    const { bytes } = reader
    const shape = shapes[reader.kind]!
    target[at] = MEMBER_FIELD_TAG
    const start = at + 2
    let write = start
    const labels = reader.beginLabels()
    if (labels.find(METRIC_NAME)) write = writeBytes(NAME_TAG, bytes, labels.valueFrom, labels.valueTo, target, write)
    for (const { field, from, to } of fieldsOf(bytes, reader.labelsTo, reader.to)) {
      const tag =
        field === MetricField.DESCRIPTION
          ? DESCRIPTION_TAG
          : field === MetricField.UNIT
            ? UNIT_TAG
            : field === MetricField.METADATA
              ? METADATA_TAG
              : undefined
      if (tag !== undefined) write = writeBytes(tag, bytes, from, to, target, write)
    }
    target[write] = tagOf(shape.field, WireType.bytes)
    const data = write + 2
    write = data
    if (shape.hasTemporality) {
      target[write++] = TEMPORALITY_TAG
      target[write++] = reader.temporality
    }
    if (reader.kind === Kind.sum && reader.isMonotonic) {
      target[write++] = MONOTONIC_TAG
      target[write++] = 1
    }
    target[write] = DATA_POINTS_TAG
    const point = write + 2
    write = closeLength(target, point, this.#writePoint(shape, target, point))
    return closeLength(target, start, closeLength(target, data, write))
  }

  #writePoint(shape: DataShape, target: Bytes, at: number): number {
    const reader = this.#reader
    const { bytes, from } = reader
    let write = at
    const startNanos = this.#startNanos()
    if (startNanos > 0n) {
      target[write] = START_TAG
      write = target.writeBigUInt64LE(startNanos, write + 1)
    }
    target[write++] = TIME_TAG
    copyBytes(bytes, from + 24, from + 32, target, write)
    write += 8
    const distribution = reader.field(MetricField.DISTRIBUTION)
    if (distribution !== undefined && reader.kind === Kind.sketch) {
      const content = exponentialHistogramBytes(histogramOf(readSketch(bytes, distribution.from, distribution.to)))
      copyBytes(content, 0, content.length, target, write)
      write += content.length
    } else if (distribution !== undefined) {
      copyBytes(bytes, distribution.from, distribution.to, target, write)
      write += distribution.to - distribution.from
    } else if (shape.field === gauge.field || reader.kind === Kind.sum) {
      target[write++] = reader.isInteger ? AS_INT_TAG : AS_DOUBLE_TAG
      copyBytes(bytes, from + 16, from + 24, target, write)
      write += 8
    }
    const labels = reader.beginLabels()
    while (labels.next()) {
      if (!labels.isNamed(METRIC_NAME)) write = writeAttribute(labels, shape.attributesTag, target, write)
    }
    for (const { field, from: start, to } of fieldsOf(bytes, reader.labelsTo, reader.to)) {
      if (field !== MetricField.EXEMPLAR || reader.kind === Kind.summary) continue
      write = writeBytes(shape.exemplarsTag, bytes, start, to, target, write)
    }
    if ((reader.flags & Flag.STALE) !== 0) {
      target[write++] = shape.flagsTag
      target[write++] = 1
    }
    return write
  }

  /** A delta that tells its interval tells its start. */
  #startNanos(): bigint {
    const { startNanos, timeNanos, intervalMs, temporality } = this.#reader
    if (startNanos > 0n || temporality !== Temporality.DELTA || intervalMs === 0) return startNanos
    const start = timeNanos - BigInt(intervalMs) * NANOS_PER_MS
    return start > 0n ? start : 0n
  }
}

interface Part {
  from: number
  to: number
}

const sizeOf = (part: Part | undefined) => (part === undefined ? 0 : part.to - part.from)
const NOTHING = allocate(0)
const viewOf = (bytes: Bytes, part: Part | undefined) =>
  part === undefined ? NOTHING : bytes.subarray(part.from, part.to)

function copyPart(bytes: Bytes, part: Part | undefined, target: Bytes, at: number): number {
  if (part === undefined) return at
  copyBytes(bytes, part.from, part.to, target, at)
  return at + part.to - part.from
}

function writeBytes(tag: number, bytes: Bytes, from: number, to: number, target: Bytes, at: number): number {
  target[at] = tag
  const write = writeVarint(target, to - from, at + 1)
  copyBytes(bytes, from, to, target, write)
  return write + to - from
}
