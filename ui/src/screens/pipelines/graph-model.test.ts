import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { Effective } from './document.ts'
import { figuresOf } from './figures.ts'
import { type GraphInput, graphOf, widthOf } from './graph-model.ts'

const document = {
  version: 2,
  sources: [],
  pipelines: [
    { id: 'p', sources: [], processors: [{ id: 'one', type: 'filter', params: {} }], outputs: ['vendor', 'nowhere'] },
  ],
  outputs: [{ id: 'vendor', type: 'http' }],
  upstreams: [],
} satisfies ConfigurationDocument

const effective: Effective = {
  sources: [{ id: 'tcp', type: 'tcp' }],
  pipelines: [{ id: 'p', sources: ['tcp'], processors: [], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
}

const input: GraphInput = {
  pipeline: document.pipelines[0]!,
  document,
  effective,
  figures: figuresOf([]),
  problems: [
    { pointer: '/pipelines/0/processors/0/params/pattern', detail: 'is missing' },
    { pointer: '/outputs/0/url', detail: 'must be a URL' },
    { pointer: '/pipelines/7/id', detail: 'of another one' },
  ],
  sourceRates: new Map(),
}

test('sources lead to the pipeline, through its rules in order, to each output', () => {
  const { nodes, edges } = graphOf(input)
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ['source:tcp', 'pipeline:p', 'rule:one', 'output:vendor', 'output:nowhere'],
  )
  assert.deepEqual(
    edges.map(({ from, to, position }) => [from, to, position]),
    [
      ['source:tcp', 'pipeline:p', undefined],
      ['pipeline:p', 'rule:one', 0],
      ['rule:one', 'output:vendor', 1],
      ['rule:one', 'output:nowhere', 1],
    ],
  )
})

test('a node says where it comes from and what is wrong with it', () => {
  const node = (id: string) => graphOf(input).nodes.find((candidate) => candidate.id === id)!
  assert.equal(node('source:tcp').fromFile, true)
  assert.equal(node('output:nowhere').missing, true)
  assert.equal(node('rule:one').trouble, 'params/pattern: is missing')
  assert.equal(node('output:vendor').trouble, 'url: must be a URL')
  assert.equal(node('pipeline:p').trouble, undefined)
})

test('an edge is as wide as the root of its bytes, and never invisible', () => {
  assert.equal(widthOf(0, 100), 1.5)
  assert.equal(widthOf(Number.NaN, 100), 1.5)
  assert.equal(widthOf(100, 100), 8)
  assert.ok(widthOf(25, 100) < widthOf(50, 100))
})
