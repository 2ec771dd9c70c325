import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heightOf, NODE_HEIGHT, placesOf } from './graph-layout.ts'

const shape = {
  nodes: ['source:b', 'source:a', 'pipeline:p', 'rule:r', 'output:o'],
  edges: [
    { from: 'source:b', to: 'pipeline:p' },
    { from: 'source:a', to: 'pipeline:p' },
    { from: 'pipeline:p', to: 'rule:r' },
    { from: 'rule:r', to: 'output:o' },
  ],
}

test('layers follow the flow, and sources stand in the order of their list', () => {
  const across = placesOf(shape, 'LR')
  const xs = ['source:b', 'pipeline:p', 'rule:r', 'output:o'].map((id) => across.get(id)!.x)
  assert.deepEqual(
    xs,
    [...xs].sort((a, b) => a - b),
  )
  assert.equal(across.get('source:b')!.x, across.get('source:a')!.x)
  assert.ok(across.get('source:b')!.y < across.get('source:a')!.y)
  const down = placesOf(shape, 'TB')
  assert.ok(down.get('source:b')!.x < down.get('source:a')!.x)
  assert.ok(down.get('rule:r')!.y >= down.get('pipeline:p')!.y + NODE_HEIGHT)
  assert.ok(heightOf(down) > heightOf(across))
})
