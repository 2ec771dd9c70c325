import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeAfter } from '#ui/screens/login/credentials.ts'

test('after the login one goes on where one was, and never to another site', () => {
  assert.equal(placeAfter('/fleet?configuration=edge'), '/fleet?configuration=edge')
  for (const next of [undefined, '', 'https://example.com/', '//example.com', '/\\example.com', 'javascript:alert(1)'])
    assert.equal(placeAfter(next), '/')
})
