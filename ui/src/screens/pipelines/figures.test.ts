import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveEntry } from '#contract/series.ts'
import { changeAt, changeText, figuresOf, reductionOf, sourceRatesOf, talliesAfter } from './figures.ts'

test('figures of gateways add up, and what a rule gets is what the one before it left', () => {
  const figures = figuresOf([entry('a', 'normal', 1000, 400, 100), entry('b', 'bypass', 1000, 200, 0)])
  const pipeline = figures.pipelines.get('p')!
  assert.deepEqual([pipeline.gateways, pipeline.state], [2, 'bypass'])
  assert.deepEqual(pipeline.in, { records: 20, bytes: 2000 })
  const [first, second] = pipeline.rules
  assert.deepEqual(first!.before, { records: 20, bytes: 2000 })
  assert.deepEqual(first!.after, { records: 16, bytes: 1400 })
  assert.deepEqual(second!.before, first!.after)
  assert.equal(second!.after!.bytes, 1300, 'edits made them shorter')
  assert.equal(changeAt(first!)?.toFixed(2), '-0.30')
  assert.equal(figures.sources.get('tcp')!.addresses.length, 2)
})

test('without two messages there are no rates, and nothing is called a reduction', () => {
  const figures = figuresOf([{ ...entry('a', 'normal', 1, 1, 1), rates: null }])
  const pipeline = figures.pipelines.get('p')!
  assert.deepEqual([pipeline.in, pipeline.rules[0]!.before, pipeline.rules[0]!.after], [null, null, null])
  assert.equal(reductionOf(pipeline), null)
  assert.equal(reductionOf({ in: { records: 0, bytes: 0 }, out: { records: 0, bytes: 0 } }), null)
  assert.equal(reductionOf({ in: { records: 2, bytes: 100 }, out: { records: 1, bytes: 25 } }), 0.75)
})

test('what a source takes in is set against the time of its own gateway', () => {
  const told = (gateway: string, at: number, bytes: number) => {
    const one = entry(gateway, 'normal', 1, 1, 1)
    return { ...one, at, stats: { ...one.stats, sources: [{ ...one.stats.sources[0]!, bytes }] } }
  }
  const first = talliesAfter(new Map(), [told('a', 1000, 100), told('b', 2000, 500)])
  assert.equal(sourceRatesOf(first).size, 0)
  const second = talliesAfter(first, [told('a', 3000, 300), told('b', 2000, 500)])
  assert.deepEqual([...sourceRatesOf(second)], [['tcp', 100]])
  const third = talliesAfter(second, [told('a', 3000, 300), told('b', 4000, 900)])
  assert.deepEqual([...sourceRatesOf(third)], [['tcp', 300]])
})

test('a change too small to see is none', () => {
  assert.deepEqual([0, -0.0004, -0.12, 0.5].map(changeText), ['±0 %', '±0 %', '−12 %', '+50 %'])
})

test('no gateway, no figures', () => {
  const figures = figuresOf([])
  assert.deepEqual([figures.gateways, figures.at, figures.pipelines.size], [0, undefined, 0])
})

function entry(gateway: string, state: string, bytes: number, ended: number, shortened: number): LiveEntry {
  const none = { records: 0, bytes: 0 }
  const rule = (id: string) => ({ id, type: 'filter', ended: none, quarantined: none, edited: none, errors: 0 })
  const rates = {
    pipelines: [
      {
        id: 'p',
        in: { records: 10, bytes },
        out: { records: 8, bytes: bytes - ended },
        rules: [
          { id: 'one', ended: { records: 2, bytes: ended }, edited: none },
          { id: 'two', ended: none, edited: { records: 1, bytes: -shortened } },
        ],
      },
    ],
    outputs: [],
  }
  const stats = {
    pipelines: [{ id: 'p', state, since: 1, rules: [rule('one'), rule('two')] }],
    outputs: [],
    sources: [{ id: 'tcp', type: 'tcp', address: `tcp://${gateway}:1`, connections: 1, bytes: 5 }],
  }
  return { gateway, configuration: 'default', at: 1, stats, rates } as unknown as LiveEntry
}
