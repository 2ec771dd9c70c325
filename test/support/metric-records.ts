/** Metric records for tests, written as plain objects. */
import {
  type ExponentialHistogram,
  exponentialHistogramBytes,
  type Histogram,
  histogramBytes,
  type Summary,
  summaryBytes,
} from '#codecs/metric/distribution.ts'
import { Flag, Kind, type KindName, MetricField, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { Bytes } from '#std/bytes.ts'

export interface MetricSpec {
  name: string
  kind?: KindName
  temporality?: 'none' | 'delta' | 'cumulative'
  monotonic?: boolean
  stale?: boolean
  labels?: Record<string, string>
  value?: number
  integer?: bigint
  timeMs?: number
  startMs?: number
  unit?: string
  help?: string
  histogram?: Histogram
  exponential?: ExponentialHistogram
  summary?: Summary
  /** Encoded as records keep them. */
  exemplars?: Bytes[]
  resource?: Bytes
  metadata?: Bytes
}

export function metricRecord(spec: MetricSpec): Buffer {
  const writer = new MetricWriter()
  const temporality = { none: Temporality.NONE, delta: Temporality.DELTA, cumulative: Temporality.CUMULATIVE }
  const flags = (spec.monotonic === true ? Flag.MONOTONIC : 0) | (spec.stale === true ? Flag.STALE : 0)
  writer.begin()
  writer.start(Kind[spec.kind ?? 'gauge'], temporality[spec.temporality ?? 'none'], flags)
  writer.labelText('__name__', spec.name)
  for (const [name, value] of Object.entries(spec.labels ?? {})) writer.labelText(name, value)
  if (spec.integer === undefined) writer.value(spec.value ?? 0)
  else writer.integer(spec.integer)
  writer.time(spec.timeMs ?? 0)
  writer.startTime(spec.startMs ?? 0)
  if (spec.unit !== undefined) writer.field(MetricField.UNIT, Buffer.from(spec.unit))
  if (spec.help !== undefined) writer.field(MetricField.DESCRIPTION, Buffer.from(spec.help))
  if (spec.histogram !== undefined) writer.field(MetricField.DISTRIBUTION, histogramBytes(spec.histogram))
  if (spec.exponential !== undefined)
    writer.field(MetricField.DISTRIBUTION, exponentialHistogramBytes(spec.exponential))
  if (spec.summary !== undefined) writer.field(MetricField.DISTRIBUTION, summaryBytes(spec.summary))
  for (const exemplar of spec.exemplars ?? []) writer.field(MetricField.EXEMPLAR, exemplar)
  if (spec.resource !== undefined) writer.field(MetricField.RESOURCE, spec.resource)
  if (spec.metadata !== undefined) writer.field(MetricField.METADATA, spec.metadata)
  writer.end()
  return Buffer.from(writer.bytes.subarray(0, writer.at))
}
