import { Block } from '#telemetry/block.ts'
import type { FuzzTarget } from '#test/support/fuzz.ts'
import { metricRecords, putMetricRecord } from './decoder.ts'
import { readExponentialHistogram, readHistogram, readSummary } from './distribution.ts'
import { metricFormat } from './format.ts'
import { Kind, MetricField, Temporality } from './record.ts'
import { MetricWriter } from './writer.ts'

const context = { source: 'fuzz', arrivalMs: 0, truncated: false, format: metricFormat }
const lookups = ['name', 'value', 'unit', 'labels/a'].map((name) => metricFormat.lookup(name))
const block = new Block()
const json = new Block()

export const metricRecordsFuzz: FuzzTarget = {
  name: 'metric_records',
  seeds: [entry()],
  run(input) {
    const bytes = Buffer.from(input)
    const decoder = metricRecords.create()
    const encoded = { bytes, from: 0, to: bytes.length }
    decoder.count(encoded, 0)
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, context)
      const decoded = decoder.decode(encoded, at, block, 100)
      for (const lookup of lookups) for (let i = 0; i < block.count; i++) lookup.find(block, i)
      metricFormat.toJson(block, json)
      at = decoded.end
      done = decoded.done
    }
    readHistogram(bytes, 0, bytes.length)
    readExponentialHistogram(bytes, 0, bytes.length)
    readSummary(bytes, 0, bytes.length)
  },
}

function entry(): Uint8Array {
  const writer = new MetricWriter()
  writer.begin()
  writer.start(Kind.histogram, Temporality.DELTA, 0)
  writer.labelText('__name__', 'm')
  writer.labelText('a', 'b')
  writer.field(MetricField.UNIT, Buffer.from('ms'))
  writer.end()
  const target = Buffer.alloc(writer.at + 4)
  putMetricRecord(writer.bytes, 0, writer.at, target, 0)
  return target
}
