import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlOf } from './schema.ts'
import { withoutTypedSecrets } from './typed-secrets.ts'

const secret = { type: 'string', format: 'password' }
const control = controlOf({
  type: 'object',
  properties: {
    url: { type: 'string' },
    token: secret,
    headers: { type: 'object', additionalProperties: secret },
    keys: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' }, key: secret } } },
    login: {
      anyOf: [
        { type: 'boolean', const: false },
        { type: 'object', properties: { password: secret } },
      ],
    },
  },
})

test('what was typed as a secret is taken out wherever it stands, and nothing else', () => {
  const value = {
    url: 'https://here',
    token: 'typed',
    headers: { a: 'typed', b: '${secret:b}', c: '[redacted]' },
    keys: [{ name: 'one', key: 'typed' }],
    login: { password: 'typed' },
    unknown: 'stays',
  }
  assert.deepEqual(withoutTypedSecrets(control, value), {
    url: 'https://here',
    token: '',
    headers: { a: '', b: '${secret:b}', c: '[redacted]' },
    keys: [{ name: 'one', key: '' }],
    login: { password: '' },
    unknown: 'stays',
  })
  assert.deepEqual(withoutTypedSecrets(control, { login: false, keys: 'odd' }), { login: false, keys: 'odd' })
})
