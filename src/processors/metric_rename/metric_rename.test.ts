import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { metricBlock, pointsOf } from '#test/support/metrics.ts'
import { metricRename } from './metric_rename.ts'

enableLinearRegex()

function renamed(labels: Record<string, string>, options: object) {
  const context = { random: () => 0, engine: 0, state: new SharedArrayBuffer(0) }
  const processor = metricRename.create(metricRename.config.parse(options), context)
  const block = metricBlock([{ labels, value: 3, kind: 'sum', temporality: 'delta', intervalMs: 10 }])
  processor.process(block)
  const [point] = pointsOf(block)
  assert.deepEqual([point!.value, point!.kind, point!.temporality, point!.intervalMs], [3, 'sum', 'delta', 10])
  return point!.labels
}

test('metrics and labels get other names, and everything else stays', () => {
  assert.deepEqual(renamed({ __name__: 'a', l: '1' }, { names: { a: 'b' } }), { __name__: 'b', l: '1' })
  assert.deepEqual(renamed({ __name__: 'old_x' }, { pattern: 'old_(.*)', replacement: 'new_${1}_total' }), {
    __name__: 'new_x_total',
  })
  assert.deepEqual(renamed({ __name__: 'an_old_x' }, { pattern: 'old_(.*)', replacement: 'n' }), {
    __name__: 'an_old_x',
  })
  assert.deepEqual(renamed({ __name__: 'a' }, { names: { a: 'b' }, pattern: 'a', replacement: 'c' }), { __name__: 'b' })
  assert.deepEqual(renamed({ __name__: 'a', x: '1', y: '2' }, { labels: { x: 'y', no: 'z' } }), {
    __name__: 'a',
    y: '1',
  })
  assert.deepEqual(renamed({ __name__: 'a' }, { pattern: 'a', replacement: '$9' }), { __name__: 'a' })
})

test('half of a pattern and its replacement, or nothing at all, is refused', () => {
  for (const options of [{}, { pattern: 'a' }, { replacement: 'b', names: { a: 'b' } }]) {
    assert.throws(() => renamed({}, options), StreamgateError)
  }
})
