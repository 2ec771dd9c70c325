import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textFormat } from '#codecs/text/format.ts'
import { allocate } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import { type Capture, CaptureMemory } from './capture.ts'
import type { SampleReport } from './messages.ts'
import { PipelineSample, RESERVOIR_RECORDS_MAX, WINDOW_MS } from './pipeline-sample.ts'

const SEED = 4711

function captureOf(number: number): Capture {
  return { facts: { bytes_in: number }, context: {}, before: undefined, after: undefined } as never
}

/** `count` records of one byte each, numbered from `first`. */
function take(sample: PipelineSample, block: Block, first: number, count: number, arrivalMs: number): void {
  block.fill(allocate(2 * count), 0, 2 * count, { source: 's', arrivalMs, truncated: false, format: textFormat })
  for (let i = 0; i < count; i++) block.addRecord(2 * i, 2 * i + 1)
  if (sample.arrived(block)) sample.capture((i) => captureOf(first + i))
}

function told(sample: PipelineSample): { reports: SampleReport[]; rendered: number } {
  let rendered = 0
  sample.close()
  while (
    sample.render(({ facts }) => {
      rendered++
      return facts as never
    })
  );
  const reports: SampleReport[] = []
  sample.report(reports)
  return { reports, rendered }
}

test('only records that are still in the sample when it is told are made readable', () => {
  let parts = 0
  const sample = new PipelineSample('p', randomFrom(SEED), () => String(parts++))
  const block = new Block()
  for (let first = 0; first < 100_000; first += 500) {
    take(sample, block, first, 500, 1)
    sample.published()
  }
  const { reports, rendered } = told(sample)
  assert.equal(rendered, RESERVOIR_RECORDS_MAX)
  assert.deepEqual(reports[0]!.seen, { records: 100_000, bytes: 100_000 })
  assert.deepEqual(new Set(reports[0]!.picks.map(({ slot }) => slot)).size, RESERVOIR_RECORDS_MAX)
  assert.equal(sample.hasNews, false)
  assert.deepEqual(told(sample), { reports: [], rendered: 0 })
})

test('a window that ends is told with its own records, and a block that is done again counts once', () => {
  let parts = 0
  const sample = new PipelineSample('p', randomFrom(SEED), () => String(parts++))
  const block = new Block()
  take(sample, block, 0, 10, 1)
  sample.restore()
  take(sample, block, 0, 10, 1)
  sample.published()
  take(sample, block, 10, 5, 2 * WINDOW_MS)
  sample.published()
  const { reports } = told(sample)
  const numbers = reports.map(({ picks }) => picks.map(({ record }) => record!.bytes_in).sort((a, b) => a - b))
  assert.deepEqual(numbers, [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [10, 11, 12, 13, 14],
  ])
  assert.deepEqual(
    reports.map(({ window, seen }) => [window, seen.records]),
    [
      [0, 10],
      [2 * WINDOW_MS, 5],
    ],
  )
})

test('copies are bounded: beyond the bound a record is kept without its bytes', () => {
  const memory = new CaptureMemory()
  const bytes = allocate(256 * 1024).fill(0x61)
  let copies = 0
  while (memory.copy(bytes, 0, bytes.length, []) !== undefined) copies++
  assert.equal(copies, 32)
  assert.equal(memory.isFull, true)
  memory.clear()
  assert.equal(memory.isFull, false)
  const side = memory.copy(bytes, 1, 4, [])!
  bytes.fill(0x62)
  assert.equal(side.bytes.toString('latin1', side.from, side.to), 'aaa')
})
