import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthTree } from '#contract/fleet.ts'
import { moved, rowsOf } from '#ui/screens/fleet/tree.ts'

const part = (healthy: boolean, components: Record<string, HealthTree> = {}): HealthTree => ({
  healthy,
  status: healthy ? 'ok' : 'failing',
  last_error: '',
  started_at: null,
  at: null,
  components,
})
const tree = part(false, {
  pipelines: part(true, { one: part(true), two: part(true) }),
  outputs: part(false, { sink: part(true), vendor: part(false) }),
})
const names = (closed: string[] = []) => rowsOf('node', tree, new Set(closed)).map(({ name }) => name)

test('the tree is shown with its sick parts first, and without what is closed', () => {
  assert.deepEqual(names(), ['node', 'outputs', 'vendor', 'sink', 'pipelines', 'one', 'two'])
  assert.deepEqual(names(['\nnode\noutputs']), ['node', 'outputs', 'pipelines', 'one', 'two'])
  const vendor = rowsOf('node', tree, new Set())[2]
  assert.deepEqual([vendor?.level, vendor?.position, vendor?.siblings, vendor?.hasParts], [3, 1, 2, false])
})

test('keys lead where they do in a tree', () => {
  const rows = rowsOf('node', tree, new Set())
  const to = (at: number, key: string) => rows[moved(rows, at, key)]?.name
  assert.equal(to(0, 'ArrowDown'), 'outputs')
  assert.equal(to(6, 'ArrowDown'), 'two')
  assert.equal(to(0, 'ArrowUp'), 'node')
  assert.equal(to(1, 'ArrowRight'), 'vendor')
  assert.equal(to(3, 'ArrowLeft'), 'outputs')
  assert.equal(to(1, 'ArrowLeft'), 'node')
  assert.equal(to(0, 'End'), 'two')
  assert.equal(to(5, 'Home'), 'node')
  assert.equal(to(0, 'p'), 'pipelines')
  assert.equal(to(5, 'o'), 'outputs', 'it begins again at the top')
  assert.equal(to(2, 'z'), 'vendor')
})
