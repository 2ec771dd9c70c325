import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { LiveEntry, Series } from '#contract/series.ts'
import { deletedRules, factsOf, fileRules, pipelinesOf } from './rule-facts.ts'

const draft: ConfigurationDocument = {
  version: 2,
  sources: [],
  outputs: [],
  upstreams: [],
  pipelines: [
    { id: 'other', sources: [], outputs: [], processors: [] },
    {
      id: 'p',
      sources: [],
      outputs: [],
      processors: [
        { id: 'a', type: 'filter', params: { value: 'x' } },
        { id: 'b', type: 'redact', params: {} },
      ],
    },
  ],
}

function live(records: number): LiveEntry {
  const amount = { records, bytes: records * 10 }
  const rules = [{ id: 'a', ended: amount, edited: { records: 0, bytes: 0 } }]
  const pipelines = [
    { id: 'p', in: amount, out: amount, rules },
    { id: 'q', in: amount, out: amount, rules },
  ]
  return { rates: { pipelines, outputs: [] }, stats: { pipelines: [{ id: 'p' }, { id: 'q' }] } } as unknown as LiveEntry
}

const series = {
  times: [0, 1],
  series: [
    {
      labels: { pipeline: 'p', rule: 'a', type: 'filter' },
      values: {
        ended_records: [1, 2],
        ended_bytes: [10, 20],
        edited_records: [0, 0],
        edited_bytes: [0, 0],
        errors: [0, 1],
      },
    },
    { labels: { pipeline: 'q', rule: 'a', type: 'filter' }, values: { ended_records: [100, 100] } },
  ],
} as unknown as Series

test('facts of a rule come from its own pipeline, over all gateways', () => {
  const [a, b] = factsOf({
    draft,
    pipeline: 'p',
    diff: [{ op: 'change', path: 'pipelines/p/processors/b', fields: ['params'] }],
    live: [live(1), live(2)],
    series,
    problems: [{ pointer: '/pipelines/1/processors/1/params/pattern', detail: 'is missing' }],
  })
  assert.deepEqual(a?.now, { ended: { records: 3, bytes: 30 }, edited: { records: 0, bytes: 0 } })
  assert.deepEqual(a?.total, { ended: { records: 3, bytes: 30 }, edited: { records: 0, bytes: 0 }, errors: 1 })
  assert.deepEqual(a?.curve, [1, 2])
  assert.deepEqual([a?.position, a?.standing, a?.problems], [1, 'same', []])
  assert.deepEqual([b?.position, b?.standing, b?.problems, b?.now, b?.curve], [2, 'changed', ['is missing'], null, []])
})

test('a pipeline that is new makes its rules new', () => {
  const facts = factsOf({
    draft,
    pipeline: 'p',
    diff: [{ op: 'add', path: 'pipelines/p' }],
    live: [],
    series: undefined,
    problems: [],
  })
  assert.deepEqual(
    facts.map(({ standing }) => standing),
    ['new', 'new'],
  )
})

test('rules that were deleted run until the next version', () => {
  const before = { id: 'gone', type: 'filter', params: { value: 'x' } }
  const diff = [
    { op: 'remove' as const, path: 'pipelines/p/processors/gone', before },
    { op: 'remove' as const, path: 'pipelines/q/processors/else', before },
  ]
  assert.deepEqual(deletedRules('p', diff), [before])
})

test('rules of the file are those of a pipeline that is not published', () => {
  const body = (processors: unknown) => ({ body: JSON.stringify({ pipelines: [{ id: 'p', processors }] }) })
  const rule = { id: 'own', type: 'filter', params: {} }
  assert.deepEqual(fileRules({ 'effective.json': body([rule]) }, 'p'), [rule])
  assert.deepEqual(fileRules({ 'effective.json': body([rule]), 'streamgate.json': body([]) }, 'p'), [])
  assert.deepEqual(fileRules({ 'effective.json': { body: 'no JSON' } }, 'p'), [])
  assert.deepEqual(fileRules(null, 'p'), [])
})

test('pipelines are those of the draft and those that run', () => {
  assert.deepEqual(pipelinesOf(draft, [live(1)], 'd'), ['other', 'p', 'q'])
  assert.deepEqual(pipelinesOf({ ...draft, pipelines: [] }, [], 'd'), ['d'])
})
