/** Metric records for tests: written from, and read as, plain objects. */
import { histogramBytes, readHistogram } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Flag, Kind, type KindName, kinds, MetricField, MetricReader, temporalities } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { Block } from '#telemetry/block.ts'

export interface Point {
  kind?: KindName
  temporality?: (typeof temporalities)[number]
  monotonic?: boolean
  stale?: boolean
  labels: Record<string, string>
  value?: number
  histogram?: { count: number; sum: number; counts: number[]; bounds: number[] }
  timeMs?: number
  startMs?: number
  intervalMs?: number
  unit?: string
}

/** A block of these points. */
export function metricBlock(points: readonly Point[], arrivalMs = Date.UTC(2026, 0, 1)): Block {
  const block = new Block()
  const writer = new MetricWriter()
  writer.begin(block, { source: 'test', arrivalMs, truncated: false, format: metricFormat })
  for (const point of points) writePoint(writer, point)
  return block
}

/** A series for each line, which is its label `line`: gauges and sums of what came in ten seconds, by turns. */
export function lineBlock(lines: readonly string[], nowMs: number): Block {
  const points = lines.map((line, i): Point => {
    const labels = { __name__: i % 2 === 0 ? 'load' : 'hits_total', line }
    if (i % 2 === 0) return { labels, value: i, timeMs: nowMs }
    return { kind: 'sum', temporality: 'delta', monotonic: true, labels, value: i, timeMs: nowMs, intervalMs: 10_000 }
  })
  return metricBlock(points, nowMs)
}

export function writePoint(writer: MetricWriter, point: Point): void {
  const flags = (point.monotonic === true ? Flag.MONOTONIC : 0) | (point.stale === true ? Flag.STALE : 0)
  writer.start(Kind[point.kind ?? 'gauge'], temporalities.indexOf(point.temporality ?? 'none'), flags)
  for (const [name, value] of Object.entries(point.labels)) writer.labelText(name, value)
  writer.value(point.value ?? 0)
  writer.time(point.timeMs ?? 0)
  if (point.startMs !== undefined) writer.startTime(point.startMs)
  if (point.intervalMs !== undefined) writer.interval(point.intervalMs)
  if (point.unit !== undefined) writer.field(MetricField.UNIT, Buffer.from(point.unit))
  if (point.histogram !== undefined) {
    writer.field(MetricField.DISTRIBUTION, histogramBytes({ ...point.histogram, min: undefined, max: undefined }))
  }
  writer.end()
}

/** The selected points of a block. Histograms come without what they do not have. */
export function pointsOf(block: Block): Point[] {
  const points: Point[] = []
  const reader = new MetricReader()
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 0) continue
    if (!reader.read(block.bytes, block.starts[i]!, block.ends[i]!)) throw new Error(`record ${i} is no metric record`)
    points.push(pointOf(reader))
  }
  return points
}

export function pointOf(reader: MetricReader): Point {
  const labels: Record<string, string> = {}
  const cursor = reader.beginLabels()
  while (cursor.next()) {
    labels[reader.bytes.toString('utf8', cursor.nameFrom, cursor.nameTo)] = reader.bytes.toString(
      'utf8',
      cursor.valueFrom,
      cursor.valueTo,
    )
  }
  const field = reader.field(MetricField.DISTRIBUTION)
  const distribution =
    field !== undefined && reader.kind === Kind.histogram
      ? readHistogram(reader.bytes, field.from, field.to)
      : undefined
  return {
    kind: kinds[reader.kind]!,
    temporality: temporalities[reader.temporality]!,
    labels,
    value: reader.value,
    timeMs: reader.timeMs,
    ...(reader.startMs > 0 ? { startMs: reader.startMs } : {}),
    ...(reader.intervalMs > 0 ? { intervalMs: reader.intervalMs } : {}),
    ...(reader.isMonotonic ? { monotonic: true } : {}),
    ...(reader.isStale ? { stale: true } : {}),
    ...(reader.text(MetricField.UNIT) === '' ? {} : { unit: reader.text(MetricField.UNIT) }),
    ...(distribution === undefined
      ? {}
      : {
          histogram: {
            count: distribution.count,
            sum: distribution.sum ?? 0,
            counts: distribution.counts,
            bounds: distribution.bounds,
          },
        }),
  }
}
