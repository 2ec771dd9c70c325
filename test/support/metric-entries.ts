/** The points in what a source has put into the intake, as plain objects. */
import { readSketch } from '#codecs/ddsketch/bytes.ts'
import type { Sketch } from '#codecs/ddsketch/sketch.ts'
import { metricRecords } from '#codecs/metric/decoder.ts'
import { readSummary, type Summary } from '#codecs/metric/distribution.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { Kind, MetricField, MetricReader } from '#codecs/metric/record.ts'
import { Block } from '#telemetry/block.ts'
import type { StoredEntry } from './fake-intake.ts'
import { type Point, pointOf } from './metrics.ts'

export interface ReadPoint extends Point {
  sketch?: Sketch
  summary?: Summary
}

/** Throws on what is no metric record. */
export function pointsIn(entries: readonly StoredEntry[]): ReadPoint[] {
  const points: ReadPoint[] = []
  const decoder = metricRecords.create()
  const reader = new MetricReader()
  const block = new Block()
  for (const { framing, bytes } of entries) {
    if (framing !== 'metric_records') continue
    const encoded = { bytes, from: 0, to: bytes.length }
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, { source: 'test', arrivalMs: 0, truncated: false, format: metricFormat })
      const decoded = decoder.decode(encoded, at, block, 1000)
      if (decoded.malformedRecords > 0) throw new Error('an entry breaks off')
      for (let i = 0; i < block.count; i++) {
        if (!reader.read(block.bytes, block.starts[i]!, block.ends[i]!)) throw new Error('no metric record')
        points.push({ ...pointOf(reader), ...distributionOf(reader) })
      }
      at = decoded.end
      done = decoded.done
    }
  }
  return points
}

function distributionOf(reader: MetricReader): Pick<ReadPoint, 'sketch' | 'summary'> {
  const field = reader.field(MetricField.DISTRIBUTION)
  if (field === undefined) return {}
  if (reader.kind === Kind.sketch) return { sketch: readSketch(reader.bytes, field.from, field.to) }
  return reader.kind === Kind.summary ? { summary: readSummary(reader.bytes, field.from, field.to) } : {}
}
