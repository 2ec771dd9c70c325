import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf, NODE_WIDTH } from '#ui/screens/overview/flow-layout.ts'
import { LOST, linksOf, OFF, routesOf } from '#ui/screens/overview/flow-links.ts'

const routes = [
  { pipeline: 'main', sources: ['tcp', 'udp'], outputs: ['loki', 'main'] },
  { pipeline: 'small', sources: ['http'], outputs: ['loki'] },
  { pipeline: 'idle', sources: ['http'], outputs: ['loki'] },
]
const totals = new Map([
  ['main', { in: both(100), dropped: both(30), quarantined: both(10), forwarded: both(60) }],
  ['small', { in: both(20), forwarded: both(20) }],
])
const links = linksOf(
  routes,
  totals,
  new Map([
    ['tcp', 300],
    ['udp', 100],
  ]),
  'bytes',
)

test('what came in is split between sources as an estimate; each output gets all that is forwarded', () => {
  assert.deepEqual(
    links.map(({ from, to, value, estimated }) => [from, to, value, estimated]),
    [
      ['tcp', 'main', 75, true],
      ['udp', 'main', 25, true],
      ['main', 'loki', 60, false],
      ['main', 'main', 60, false],
      ['main', OFF, 30, false],
      ['main', LOST, 10, false],
      ['http', 'small', 20, false],
      ['small', 'loki', 20, false],
    ],
  )
})

test('nodes stand in three columns, apart from each other, as high as what they carry', () => {
  const { nodes, height } = layoutOf(links, 610)
  assert.deepEqual([...new Set(nodes.map(({ x }) => x))], [0, 300, 600])
  for (const column of [0, 1, 2]) {
    const own = nodes.filter((node) => node.column === column)
    own.forEach((node, i) => {
      const above = own[i - 1]
      assert.ok(node.y >= (above === undefined ? 0 : above.y + above.height + 28), `${node.name} has room`)
    })
    assert.ok(own.every(({ y, height: tall }) => y + tall <= height))
  }
  const at = (id: string) => nodes.find((node) => node.id === id)!
  assert.equal(at('2/loki').value, 80)
  assert.equal(at('1/main').value, 160, 'two outputs get more together than what came in')
  assert.ok(Math.abs(at('0/tcp').height / at('0/udp').height - 3) < 0.01)
  assert.deepEqual(
    nodes.filter(({ column }) => column === 2).map(({ name }) => name),
    ['loki', 'main', OFF, LOST],
  )
})

test('links leave a node below each other, and end at the edge of the next', () => {
  const { links: placed, nodes } = layoutOf(links, 610)
  const main = nodes.find(({ id }) => id === '1/main')!
  const starts = placed.filter(({ id }) => id.startsWith('1/main')).map(({ path }) => path.slice(1).split(' ')[0])
  assert.equal(new Set(starts).size, 4)
  assert.ok(starts.every((start) => start?.startsWith(`${(main.x + NODE_WIDTH).toFixed(1)},`)))
})

test('the way of pipelines is read off what a gateway runs, if it can be read', () => {
  const body = JSON.stringify({ pipelines: [{ id: 'p', sources: ['a'], outputs: ['b'], processors: [] }] })
  assert.deepEqual(routesOf(body), [{ pipeline: 'p', sources: ['a'], outputs: ['b'] }])
  assert.equal(routesOf('receivers: {}'), undefined)
  assert.equal(routesOf('{}'), undefined)
  assert.equal(routesOf(undefined), undefined)
})

function both(value: number) {
  return { records: value, bytes: value }
}
