import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigurationDocument, DiffEntry } from '#contract/configuration.ts'
import { attachedTo, changeOf, effectiveOf, merged, rowsOf } from './document.ts'

const file = effectiveOf({
  'effective.json': {
    body: JSON.stringify({
      sources: [{ id: 'tcp', type: 'tcp' }, { nothing: true }],
      pipelines: [
        { id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] },
        { id: 'local', sources: ['tcp'] },
      ],
      outputs: [{ id: 'console', type: 'console' }],
    }),
  },
})

const draft = {
  version: 2,
  sources: [],
  pipelines: [
    { id: 'default_pipeline', sources: [], processors: [{ id: 'x', type: 'filter', params: {} }], outputs: [] },
  ],
  outputs: [],
  upstreams: [],
} satisfies ConfigurationDocument

test('pipelines of the draft, of a gateway’s file, and those on their way out are all listed', () => {
  const diff: DiffEntry[] = [
    { op: 'add', path: 'pipelines/default_pipeline/processors/x' },
    { op: 'remove', path: 'pipelines/old' },
  ]
  const rows = rowsOf(draft, file, ['default_pipeline', 'old'], diff)
  assert.deepEqual(
    rows.map(({ id, origin, change, sources, rules }) => ({ id, origin, change, sources, rules })),
    [
      { id: 'default_pipeline', origin: 'draft', change: 'changed', sources: ['tcp'], rules: 1 },
      { id: 'local', origin: 'file', change: 'none', sources: ['tcp'], rules: 0 },
      { id: 'old', origin: 'removed', change: 'removed', sources: [], rules: 0 },
    ],
  )
})

test('a pipeline without outputs of its own has those of the file', () => {
  const pipeline = { id: 'default_pipeline', sources: ['udp'], outputs: [] }
  assert.deepEqual(attachedTo(pipeline, file), {
    sources: ['udp'],
    outputs: ['console'],
    ownSources: true,
    ownOutputs: false,
  })
})

test('a name that begins like another is not that other', () => {
  assert.equal(changeOf([{ op: 'change', path: 'pipelines/abc' }], 'pipelines', 'ab'), 'none')
  assert.equal(changeOf([{ op: 'add', path: 'pipelines/ab' }], 'pipelines', 'ab'), 'added')
})

test('what was published to a gateway is not called its own', () => {
  const published = {
    pipelines: [{ id: 'p', sources: [], outputs: ['vendor'] }],
    outputs: [{ id: 'vendor', type: 'http' }],
  }
  const running = {
    sources: [{ id: 'tcp', type: 'tcp' }],
    pipelines: [{ id: 'p', sources: ['tcp'], outputs: ['vendor'] }],
    outputs: [{ id: 'vendor', type: 'http' }],
  }
  const { sources, pipelines, outputs } = effectiveOf({
    'effective.json': { body: JSON.stringify(running) },
    'streamgate.json': { body: JSON.stringify(published) },
  })
  assert.deepEqual([sources.length, outputs.length], [1, 0])
  assert.deepEqual([pipelines[0]!.sources, pipelines[0]!.outputs], [['tcp'], []])
})

test('a file that is no JSON counts as nothing, and of several gateways the first one counts', () => {
  assert.deepEqual(effectiveOf({ 'effective.json': { body: 'no: json' } }), { sources: [], pipelines: [], outputs: [] })
  assert.equal(merged([file, file]).outputs.length, 1)
})
