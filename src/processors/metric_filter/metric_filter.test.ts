import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { metricBlock, pointsOf } from '#test/support/metrics.ts'
import { metricFilter } from './metric_filter.ts'

enableLinearRegex()

const series = [
  { __name__: 'http_requests_total', env: 'prod', host: 'a' },
  { __name__: 'http_requests_total', env: 'test', host: 'b' },
  { __name__: 'go_goroutines', host: 'a' },
  { host: 'nameless' },
]

function kept(options: object): number[] {
  const context = { random: () => 0, engine: 0, state: new SharedArrayBuffer(0) }
  const processor = metricFilter.create(metricFilter.config.parse(options), context)
  const block = metricBlock(series.map((labels) => ({ labels: labels as Record<string, string> })))
  processor.process(block)
  const left = pointsOf(block).map(({ labels }) => JSON.stringify(labels))
  const sorted = (labels: object) => JSON.stringify(Object.fromEntries(Object.entries(labels).sort()))
  return series.flatMap((labels, i) => (left.some((text) => sorted(JSON.parse(text)) === sorted(labels)) ? [i] : []))
}

test('metrics are dropped by name, by pattern and by labels, or kept', () => {
  assert.deepEqual(kept({ names: ['go_goroutines'] }), [0, 1, 3])
  assert.deepEqual(kept({ names: 'go_goroutines # runtime\n\nhttp_requests_total', mode: 'keep' }), [0, 1, 2])
  assert.deepEqual(kept({ pattern: 'http_.*' }), [2, 3])
  assert.deepEqual(kept({ pattern: 'http' }), [0, 1, 2, 3])
  assert.deepEqual(kept({ labels: { env: 'test' } }), [0, 2, 3])
  assert.deepEqual(kept({ labels: { env: '' } }), [0, 1])
  assert.deepEqual(kept({ pattern: 'http_.*', labels: { env: 'prod', host: 'a|c' }, mode: 'keep' }), [0])
})

test('a filter without anything to look for is refused', () => {
  assert.throws(
    () => kept({}),
    (error) => error instanceof StreamgateError && error.path === 'names',
  )
})
