/** What a point says, as numbers that can be merged: its cells. And the record that merged cells make. */
import { histogramBytes, readHistogram } from '#codecs/metric/distribution.ts'
import type { LabelCursor } from '#codecs/metric/labels.ts'
import { Flag, Kind, MetricField, type MetricReader, Temporality } from '#codecs/metric/record.ts'
import type { MetricWriter } from '#codecs/metric/writer.ts'
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import { type Bytes, fromText } from '#std/bytes.ts'

/** How points of a series are merged; `refused`: not at all. */
export type Merging = 'gauge' | 'delta' | 'cumulative' | 'refused'

/** What a point without a kind is, by what Prometheus calls such series. */
const CUMULATIVE_SUFFIXES = ['_total', '_count', '_sum', '_bucket'].map((suffix) => fromText(suffix))

export interface PointOptions {
  /** What points without a kind are. */
  unknown: 'by_name' | 'gauge' | 'leave'
}

const NAME = fromText('__name__')

/** Exponential histograms, summaries and sketches are left alone: their buckets, quantiles and bins do not just add up. */
export function mergingOf(reader: MetricReader, { unknown }: PointOptions): Merging {
  const { kind, temporality } = reader
  if (reader.isStale) return 'refused'
  if (kind === Kind.gauge) return 'gauge'
  if (kind === Kind.unknown) {
    if (unknown !== 'by_name') return unknown === 'gauge' ? 'gauge' : 'refused'
    return isCumulativeByName(reader) ? 'cumulative' : 'refused'
  }
  if (kind !== Kind.sum && kind !== Kind.histogram) return 'refused'
  if (temporality === Temporality.DELTA) return 'delta'
  // A sum that may fall cannot tell a restart from a fall.
  return temporality === Temporality.CUMULATIVE && (kind === Kind.histogram || reader.isMonotonic)
    ? 'cumulative'
    : 'refused'
}

function isCumulativeByName(reader: MetricReader): boolean {
  const labels = reader.beginLabels()
  if (!labels.find(NAME)) return false
  const { bytes, valueFrom, valueTo } = labels
  return CUMULATIVE_SUFFIXES.some(
    (suffix) =>
      valueTo - valueFrom > suffix.length &&
      bytes.compare(suffix, 0, suffix.length, valueTo - suffix.length, valueTo) === 0,
  )
}

/**
 * Writes the record that names a series: the point without value, times and exemplars, with the labels that `keeps` lets stay, and,
 * for a histogram, its bounds alone: histograms with unlike bounds are unlike series.
 */
export function writeIdentity(
  reader: MetricReader,
  writer: MetricWriter,
  keeps: ((label: LabelCursor) => boolean) | undefined,
): void {
  const { bytes } = reader
  writer.start(reader.kind, reader.temporality, reader.flags & ~Flag.INTEGER)
  if (keeps === undefined) writer.labelsCopy(bytes, reader.labelsFrom, reader.labelsTo)
  else {
    const labels = reader.beginLabels()
    while (labels.next()) if (keeps(labels)) writer.labelCopy(labels)
  }
  for (const { field, from, to } of fieldsOf(bytes, reader.labelsTo, reader.to)) {
    if (field === MetricField.EXEMPLAR) continue
    if (field === MetricField.DISTRIBUTION) writer.field(field, boundsAlone(bytes, from, to))
    else writer.field(field, bytes, from, to)
  }
  writer.end()
}

function boundsAlone(bytes: Bytes, from: number, to: number): Bytes {
  const { bounds } = readHistogram(bytes, from, to)
  return histogramBytes({ ...NOTHING_COUNTED, bounds })
}

const NOTHING_COUNTED = { count: 0, sum: undefined, min: undefined, max: undefined, counts: [] }

/**
 * The cells of a point: its value; or count, sum and the counts of a histogram, as many as its bounds ask for. Undefined for a
 * histogram whose counts do not fit its bounds.
 */
export function cellsOf(reader: MetricReader): number[] | undefined {
  if (reader.kind !== Kind.histogram) return [reader.value]
  const field = reader.field(MetricField.DISTRIBUTION)
  if (field === undefined) return undefined
  const { count, sum, counts, bounds } = readHistogram(reader.bytes, field.from, field.to)
  if (counts.length !== bounds.length + 1 && (counts.length > 0 || bounds.length > 0)) return undefined
  return [count, sum ?? 0, ...counts]
}

/** Writes a point of the series that the record in [from, to) names. */
export function writePoint(
  writer: MetricWriter,
  reader: MetricReader,
  cells: readonly number[],
  times: { ms: number; startMs: number; intervalMs: number },
): void {
  const { bytes } = reader
  writer.start(reader.kind, reader.temporality, reader.flags)
  writer.labelsCopy(bytes, reader.labelsFrom, reader.labelsTo)
  if (reader.kind !== Kind.histogram) writer.value(cells[0]!)
  writer.time(times.ms)
  if (times.startMs > 0) writer.startTime(times.startMs)
  if (reader.temporality === Temporality.DELTA) writer.interval(times.intervalMs)
  for (const { field, from, to } of fieldsOf(bytes, reader.labelsTo, reader.to)) {
    if (field !== MetricField.DISTRIBUTION) {
      writer.field(field, bytes, from, to)
      continue
    }
    const { bounds } = readHistogram(bytes, from, to)
    const [count, sum, ...counts] = cells
    writer.field(field, histogramBytes({ count: count!, sum: sum!, min: undefined, max: undefined, counts, bounds }))
  }
  writer.end()
}
