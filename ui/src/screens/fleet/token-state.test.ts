import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenStateOf } from '#ui/screens/fleet/token-state.ts'

test('a token is valid until it is revoked, expires, or is used up', () => {
  const valid = { revoked_at: null, expires_at: null, uses: 3, uses_max: null }
  const word = (more: object) => tokenStateOf({ ...valid, ...more }, 1000).word
  assert.equal(word({}), 'Valid')
  assert.equal(word({ expires_at: 1001, uses_max: 4 }), 'Valid')
  assert.equal(word({ expires_at: 1000 }), 'Expired')
  assert.equal(word({ uses_max: 3 }), 'Used up')
  assert.equal(word({ revoked_at: 5, expires_at: 1 }), 'Revoked')
})
