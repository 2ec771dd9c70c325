import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, rolePermissions } from '#contract/permissions.ts'
import { expiryAfter, expiryState, keyCommand, setupLink } from '#ui/screens/access/once.ts'
import { grantsBeside, rightsOf, rolesWithin } from '#ui/screens/access/rights.ts'

const DAY_MS = 86_400_000

test('each permission of somebody says where it comes from, and whether it can be granted', () => {
  const rights = rightsOf('editor', ['publish'])
  assert.deepEqual(
    rights.map(({ permission }) => permission),
    [...permissions],
  )
  const by = Object.fromEntries(rights.map((right) => [right.permission, [right.by, right.mayBeGranted]]))
  assert.deepEqual(by, {
    self: ['role', false],
    read: ['role', false],
    tap: ['role', false],
    'tap:raw': [undefined, true],
    edit: ['role', false],
    publish: ['grant', true],
    operate: [undefined, false],
    admin: [undefined, false],
  })
  assert.ok(rightsOf('owner', []).every(({ by: from, mayBeGranted }) => from === 'role' && !mayBeGranted))
})

test('a grant that the role brings anyway is none', () => {
  assert.deepEqual(grantsBeside('owner', ['publish', 'tap:raw']), [])
  assert.deepEqual(grantsBeside('viewer', ['tap:raw', 'publish']), ['publish', 'tap:raw'])
})

test('keys get the roles that lie within what their maker may', () => {
  assert.deepEqual(rolesWithin(rolePermissions.editor), ['viewer', 'editor'])
  assert.deepEqual(rolesWithin([...rolePermissions.operator, 'publish']), ['viewer', 'operator'])
  assert.deepEqual(rolesWithin(permissions), ['viewer', 'operator', 'editor', 'owner'])
})

test('links and commands stand on the public address, with or without a slash at its end', () => {
  assert.equal(setupLink('https://gate.example.com/', 'abc'), 'https://gate.example.com/setup#token=abc')
  assert.equal(
    keyCommand('http://127.0.0.1:8000', 'sg_1_x'),
    "curl -H 'authorization: Bearer sg_1_x' http://127.0.0.1:8000/api/v1/me",
  )
})

test('keys end after the days chosen, or never; the last week is soon', () => {
  assert.equal(expiryAfter('never', 5), null)
  assert.equal(expiryAfter('30', 5), 5 + 30 * DAY_MS)
  const states = [null, 0, 1, 7 * DAY_MS, 8 * DAY_MS].map((at) => expiryState(at, 0))
  assert.deepEqual(states, ['never', 'over', 'soon', 'later', 'later'])
})
