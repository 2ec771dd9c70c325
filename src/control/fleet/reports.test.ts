import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factsOf } from './reports.ts'

const host = { 'host.name': 'machine' }

test('a node is called by the id that its operator gave it; a collector by its host', () => {
  const node = { 'service.name': 'streamgate', 'service.version': '1.0.0', 'service.instance.id': 'edge-1' }
  assert.deepEqual(factsOf({ identifying: node, non_identifying: host }), {
    kind: 'streamgate',
    product: 'streamgate',
    version: '1.0.0',
    host: 'edge-1',
  })
  const collector = { 'service.name': 'otelcol', 'service.instance.id': '01a1fe87-ec96-7b3d-82d5-0cb31ea55d9f' }
  assert.equal(factsOf({ identifying: collector, non_identifying: host }).host, 'machine')
  assert.equal(factsOf({ identifying: { 'service.name': 'streamgate' }, non_identifying: host }).host, 'machine')
})
