import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsIn, directionFor, heightOf, NODE_HEIGHT, NODE_WIDTH, placesOf, type Shape } from './graph-layout.ts'

const shape = shapeWith('r')

test('rows follow the flow, and sources stand in the order of their list', () => {
  const { nodes, turns } = placesOf(shape, 'LR', 5)
  const xs = ['source:b', 'pipeline:p', 'rule:r', 'output:o'].map((id) => nodes.get(id)!.x)
  assert.deepEqual(
    xs,
    [...xs].sort((a, b) => a - b),
  )
  assert.equal(nodes.get('source:b')!.x, nodes.get('source:a')!.x)
  assert.ok(nodes.get('source:b')!.y < nodes.get('source:a')!.y)
  assert.equal(nodes.get('pipeline:p')!.y, nodes.get('rule:r')!.y)
  assert.equal(turns.size, 0)
})

test('layers follow the flow downwards', () => {
  const { nodes } = placesOf(shape, 'TB', 5)
  assert.ok(nodes.get('source:b')!.x < nodes.get('source:a')!.x)
  assert.ok(nodes.get('rule:r')!.y >= nodes.get('pipeline:p')!.y + NODE_HEIGHT)
})

test('what has no room in a row begins the next, and its way turns between the rows', () => {
  const many = shapeWith('one', 'two', 'three', 'four')
  const places = placesOf(many, 'LR', 4)
  const { nodes, turns } = places
  assert.equal(nodes.get('rule:three')!.x, nodes.get('source:a')!.x)
  assert.ok(nodes.get('rule:three')!.y > nodes.get('source:a')!.y + NODE_HEIGHT)
  const [turn] = [...turns.values()]
  assert.deepEqual([...turns.keys()], ['rule:three'])
  assert.ok(turn! > nodes.get('source:a')!.y + NODE_HEIGHT && turn! < nodes.get('rule:three')!.y)
  assert.equal(heightOf(places), nodes.get('output:o')!.y + NODE_HEIGHT)
})

test('as many columns as there is room for, and layers where that is too few', () => {
  assert.equal(columnsIn(NODE_WIDTH), 1)
  assert.equal(columnsIn(10), 1)
  assert.ok(columnsIn(1200) >= 5)
  assert.equal(directionFor(columnsIn(1200)), 'LR')
  assert.equal(directionFor(columnsIn(340)), 'TB')
})

function shapeWith(...rules: string[]): Shape {
  const chain = ['pipeline:p', ...rules.map((id) => `rule:${id}`), 'output:o']
  return {
    nodes: ['source:b', 'source:a', ...chain],
    edges: [
      { from: 'source:b', to: 'pipeline:p' },
      { from: 'source:a', to: 'pipeline:p' },
      ...chain.slice(1).map((to, place) => ({ from: chain[place]!, to })),
    ],
  }
}
