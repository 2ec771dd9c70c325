import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uuidBytes, uuidText, uuidv7, uuidv7Bytes } from './uuid.ts'

test('ids carry their time, version and variant, and sort by time', () => {
  const at = Date.UTC(2026, 0, 1)
  const first = uuidv7(at)
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(first.replace('-', '').slice(0, 12), 16), at)
  assert.ok(first < uuidv7(at + 1))
  assert.notEqual(uuidv7(at), uuidv7(at))
})

test('text and bytes are the same id', () => {
  const bytes = uuidv7Bytes(1)
  assert.deepEqual(uuidBytes(uuidText(bytes)), new Uint8Array(bytes))
  for (const wrong of ['', 'x', '019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a3', '019a2f6e8c4b7d159a0c2b8f4e6d1a37'])
    assert.equal(uuidBytes(wrong), undefined)
})
