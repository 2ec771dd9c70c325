import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hintFor } from './banner.ts'

test('lines are suggested to the source that takes lines, and to none that has another protocol', () => {
  const agents = { id: 'agents', type: 'fluent_forward', address: 'tcp://0.0.0.0:24224' }
  const lines = { id: 'lines', type: 'tcp', address: 'tcp://[::]:8081' }
  assert.equal(hintFor([agents]), '')
  assert.match(hintFor([agents, lines]), /nc localhost 8081\n$/)
})
