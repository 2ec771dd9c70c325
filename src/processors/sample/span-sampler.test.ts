import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { recordsBlock } from '#test/support/otlp-blocks.ts'
import { decodeMessage } from '#test/support/otlp-messages.ts'
import { sample } from './sample.ts'
import { adjustedCount, samplingIn, thresholdOf, withThreshold } from './trace-state.ts'

/** Spans of traces whose last 56 bits are these digits. */
function spanOf(digits: string, state?: string): object {
  const trace_id = Buffer.from(`1${digits.padStart(31, '0')}`, 'hex')
  return { trace_id, name: digits, ...(state === undefined ? {} : { trace_state: state }) }
}

interface Kept {
  name: string
  trace_state?: string
  attributes?: { key: string; value: object }[]
}

function sampled(options: object, spans: readonly object[], seed = 1): Kept[] {
  const block = recordsBlock('traces', spans)
  const context = { random: randomFrom(seed), engine: 0, state: new SharedArrayBuffer(0) }
  sample.create(sample.config.parse(options), context).process(block)
  return Array.from({ length: block.count }, (_, i) => i)
    .filter((i) => block.selection[i] === 1)
    .map((i) => decodeMessage('Span', block.recordBytes(i)))
}

test('sample: thresholds of shares are those that other samplers write', () => {
  for (const [share, th] of [
    [1, '0'],
    [0.5, '8'],
    [0.25, 'c'],
    [0.75, '4'],
    [0.1, 'e666'],
    [0.01, 'fd70a'],
    [1 / 3, 'aaab'],
    [0.999, '004189'],
  ] as const) {
    assert.equal(thresholdOf(share)!.replace(/0+$/, '') || '0', th, String(share))
    assert.ok(Math.abs(adjustedCount(thresholdOf(share)!) * share - 1) < 1e-3)
  }
  assert.equal(thresholdOf(2 ** -56), 'ffffffffffffff')
  assert.equal(thresholdOf(1e-30), undefined)
})

test('sample keeps a span where its randomness is at least the threshold', () => {
  const spans = ['00000000000000', '7fffffffffffff', '80000000000000', 'ffffffffffffff'].map((digits) => spanOf(digits))
  for (const key of [{}, { key: 'trace_id' }]) {
    const names = sampled({ keep_ratio: 0.5, ...key }, spans).map(({ name }) => name)
    assert.deepEqual(names, ['80000000000000', 'ffffffffffffff'])
  }
  assert.equal(sampled({ keep_ratio: 0 }, spans).length, 0)
  const all = sampled({ keep_ratio: 1 }, spans)
  assert.equal(all.length, 4)
  assert.ok(all.every(({ trace_state, attributes }) => trace_state === undefined && attributes === undefined))
})

test('sample: an explicit randomness counts instead of the trace id', () => {
  const spans = [spanOf('ffffffffffffff', 'ot=rv:00000000000000'), spanOf('0', 'a=b,ot=rv:ffffffffffffff')]
  const [kept, ...others] = sampled({ keep_ratio: 0.5 }, spans)
  assert.deepEqual([kept!.name, kept!.trace_state, others], ['0', 'ot=th:8;rv:ffffffffffffff,a=b', []])
})

test('sample tells in the tracestate what a span stands for, and leaves what is stricter', () => {
  const state = (text: string | undefined, ratio = 0.25) =>
    sampled({ keep_ratio: ratio }, [spanOf('f'.repeat(14), text)])[0]!
  const rate = (value: number) => [
    { key: 'sample_rate', value: Number.isInteger(value) ? { int_value: String(value) } : { double_value: value } },
  ]
  assert.deepEqual(
    [undefined, '', 'ot=th:8', 'x=1, ot=p:8;th:4;q:1 ,y=2', 'ot=th:zz', 'other=th:8', ',,'].map(
      (text) => state(text).trace_state,
    ),
    ['ot=th:c', 'ot=th:c', 'ot=th:c', 'ot=th:c;p:8;q:1,x=1,y=2', 'ot=th:c', 'ot=th:c,other=th:8', 'ot=th:c'],
  )
  assert.deepEqual(state(undefined).attributes, rate(4))
  assert.deepEqual(state(undefined, 0.3).attributes, rate(3.33333))
  for (const stricter of ['ot=th:c', 'x=y,ot=th:e']) assert.equal(state(stricter).trace_state, stricter)
  assert.deepEqual(state('ot=th:e').attributes, rate(8))
  const many = Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(',')
  assert.equal(withThreshold(many, thresholdOf(0.5)!).split(',').length, 32)
  assert.equal(samplingIn('ot=th:123456789abcdef').threshold, undefined)
})

test('sample: what is kept at a low share is kept at a higher one, and about as many as told', () => {
  const random = randomFrom(7)
  const hex = () => Array.from({ length: 14 }, () => Math.floor(random() * 16).toString(16)).join('')
  const spans = Array.from({ length: 1000 }, () => spanOf(hex()))
  const low = sampled({ keep_ratio: 0.1 }, spans).map(({ name }) => name)
  const high = new Set(sampled({ keep_ratio: 0.5 }, spans, 2).map(({ name }) => name))
  assert.ok(low.every((name) => high.has(name)))
  assert.ok(low.length > 60 && low.length < 140 && high.size > 430 && high.size < 570, `${low.length}, ${high.size}`)
})

test('sample does with spans that have no trace id as told, and can go by another field', () => {
  const spans = Array.from({ length: 200 }, () => ({ name: 'x', trace_id: Buffer.alloc(16) }))
  assert.equal(sampled({ keep_ratio: 0.5, missing_key: 'keep' }, spans).length, 200)
  assert.equal(sampled({ keep_ratio: 0.5, missing_key: 'drop' }, spans).length, 0)
  const { length } = sampled({ keep_ratio: 0.5 }, spans)
  assert.ok(length > 60 && length < 140, `${length} of 200`)
  assert.ok([0, 200].includes(sampled({ keep_ratio: 0.5, key: 'name' }, spans).length))
})
