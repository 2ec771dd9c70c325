import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRetryAfter } from './retry-after.ts'

test('Retry-After is seconds or a date (RFC 9110)', () => {
  const now = Date.UTC(2026, 0, 1)
  assert.equal(parseRetryAfter('120', now), 120_000)
  assert.equal(parseRetryAfter(new Date(now + 5000).toUTCString(), now), 5000)
  assert.equal(parseRetryAfter(new Date(now - 5000).toUTCString(), now), 0)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(undefined, now), undefined)
})
