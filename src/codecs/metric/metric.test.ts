import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allocate, fromText } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { metricRecords, putMetricRecord } from './decoder.ts'
import {
  exponentialHistogramBytes,
  histogramBytes,
  readExponentialHistogram,
  readHistogram,
  readSummary,
  summaryBytes,
} from './distribution.ts'
import { metricFormat } from './format.ts'
import { Flag, Kind, LabelType, MetricField, MetricReader, Temporality } from './record.ts'
import { MetricWriter } from './writer.ts'

const context = { source: 'test', arrivalMs: 1_767_225_600_000, truncated: false, format: metricFormat }

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

test('what is written is read: header, sorted labels, fields', () => {
  const writer = new MetricWriter()
  const reader = new MetricReader()
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 300 }), { maxKeys: 30, noNullPrototype: true }),
      fc.double(),
      fc.nat({ max: 2 ** 31 }),
      (labels, value, seconds) => {
        const block = new Block()
        writer.begin(block, context)
        writer.start(Kind.sum, Temporality.DELTA, Flag.MONOTONIC)
        writer.name(fromText('requests'))
        const own = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== '__name__'))
        for (const [key, text] of Object.entries(own)) writer.labelText(key, text)
        writer.value(value)
        writer.time(seconds * 1000 + 7)
        writer.interval(10_000)
        writer.field(MetricField.UNIT, fromText('ms'))
        writer.end()
        assert.equal(block.count, 1)
        assert.ok(reader.read(block.bytes, block.starts[0]!, block.ends[0]!))
        assert.equal(reader.kind, Kind.sum)
        assert.equal(reader.temporality, Temporality.DELTA)
        assert.ok(reader.isMonotonic)
        assert.ok(Object.is(reader.value, value))
        assert.equal(reader.timeMs, seconds * 1000 + 7)
        assert.equal(reader.timeNanos, BigInt(seconds * 1000 + 7) * 1_000_000n)
        assert.equal(reader.intervalMs, 10_000)
        assert.equal(reader.text(MetricField.UNIT), 'ms')
        const expected: Record<string, string> = { ...own, __name__: 'requests' }
        const names = Object.keys(expected)
          .map((key) => Buffer.from(key))
          .sort(Buffer.compare)
        const labelsRead: [string, string][] = []
        const cursor = reader.beginLabels()
        while (cursor.next()) {
          labelsRead.push([
            block.bytes.toString('utf8', cursor.nameFrom, cursor.nameTo),
            block.bytes.toString('utf8', cursor.valueFrom, cursor.valueTo),
          ])
        }
        const utf8 = (text: string) => Buffer.from(text).toString()
        assert.deepEqual(
          labelsRead,
          names.map((key) => [key.toString(), utf8(expected[key.toString()] ?? '')]),
        )
      },
    ),
    { examples: [[{ b: '1', a: '2', Z: '3' }, Number.NaN, 0]] },
  )
})

test('a point is one JSON object, with its labels and its value or distribution', () => {
  const writer = new MetricWriter()
  const block = new Block()
  writer.begin(block, context)
  writer.start(Kind.gauge, Temporality.NONE, 0)
  writer.labelText('host', 'a')
  writer.labelText('code', '200', LabelType.INTEGER)
  writer.name(fromText('up'))
  writer.integer(-5n)
  writer.time(1_767_225_600_000)
  writer.end()
  writer.start(Kind.histogram, Temporality.CUMULATIVE, 0)
  writer.name(fromText('latency'))
  writer.field(
    MetricField.DISTRIBUTION,
    histogramBytes({ count: 3, sum: 1.5, min: undefined, max: undefined, counts: [1, 2], bounds: [0.5] }),
  )
  writer.end()
  const json = new Block()
  metricFormat.toJson(block, json)
  assert.deepEqual(JSON.parse(json.recordText(0)), {
    name: 'up',
    kind: 'gauge',
    timestamp: '2026-01-01T00:00:00.000Z',
    labels: { code: '200', host: 'a' },
    value: -5,
  })
  assert.deepEqual(JSON.parse(json.recordText(1)), {
    name: 'latency',
    kind: 'histogram',
    temporality: 'cumulative',
    labels: {},
    distribution: { count: 3, sum: 1.5, counts: [1, 2], bounds: [0.5] },
  })
  assert.equal(metricFormat.lookup('code').find(block, 0)?.kind, 'number')
  assert.equal(metricFormat.lookup('name').find(block, 1)?.text, 'latency')
  assert.equal(metricFormat.lookup('value').find(block, 0)?.text, '-5')
})

test('distributions are read as they were written', () => {
  const histogram = { count: 2 ** 40, sum: -1, min: -3, max: 9, counts: [1, 2 ** 40, 0], bounds: [-1, 5.5] }
  let bytes = histogramBytes(histogram)
  assert.deepEqual(readHistogram(bytes, 0, bytes.length), histogram)
  const exponential = {
    count: 9,
    sum: 4,
    min: undefined,
    max: 2,
    scale: -3,
    zeroCount: 1,
    zeroThreshold: 0.1,
    positive: { offset: -7, counts: [1, 0, 300] },
    negative: { offset: 0, counts: [] },
  }
  bytes = exponentialHistogramBytes(exponential)
  assert.deepEqual(readExponentialHistogram(bytes, 0, bytes.length), exponential)
  const summary = {
    count: 4,
    sum: 2,
    quantiles: [
      { quantile: 0.5, value: 1 },
      { quantile: 0.99, value: -0.5 },
    ],
  }
  bytes = summaryBytes(summary)
  assert.deepEqual(readSummary(bytes, 0, bytes.length), summary)
})

test('entries of records are decoded in place, and what breaks off is malformed', () => {
  const writer = new MetricWriter()
  writer.begin()
  const entry = allocate(4096)
  let end = 0
  for (let i = 0; i < 10; i++) {
    const from = writer.at
    writer.start(Kind.gauge, Temporality.NONE, 0)
    writer.labelText('__name__', `m${i}`)
    writer.value(i)
    writer.end()
    end = putMetricRecord(writer.bytes, from, writer.at, entry, end)
  }
  const decoder = metricRecords.create()
  const encoded = { bytes: entry, from: 0, to: end }
  assert.equal(decoder.count(encoded, 0).records, 10)
  const block = new Block()
  block.fill(entry, 0, 0, context)
  const first = decoder.decode(encoded, 0, block, 4)
  assert.deepEqual([block.count, first.done], [4, false])
  block.fill(entry, 0, 0, context)
  const second = decoder.decode(encoded, first.end, block, 100)
  assert.deepEqual([block.count, second.done], [6, true])
  block.fill(entry, 0, 0, context)
  const broken = decoder.decode({ ...encoded, to: end - 1 }, 0, block, 100)
  assert.deepEqual([block.count, broken.done, broken.malformedRecords], [9, true, 1])
})
