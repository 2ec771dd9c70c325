import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, merged } from '#ui/kit/merge.ts'

const base = { role: 'viewer', grants: ['publish'], disabled: false }

test('both changes stand where they do not meet, and mine where they do', () => {
  const theirs = { ...base, disabled: true, role: 'editor' }
  assert.deepEqual(merged(base, { ...base, grants: [] }, theirs), { ...theirs, grants: [] })
  assert.deepEqual(merged(base, { ...base, role: 'owner' }, theirs), { ...theirs, role: 'owner' })
})

test('what the other one has changed, beside what stands in the form', () => {
  const theirs = { ...base, disabled: true, role: 'editor' }
  assert.deepEqual(differences(base, theirs, { ...base, role: 'owner' }), [
    { field: 'role', before: 'viewer', after: 'editor', mine: 'owner' },
    { field: 'disabled', before: false, after: true },
  ])
  assert.deepEqual(differences(base, theirs, theirs), [
    { field: 'role', before: 'viewer', after: 'editor' },
    { field: 'disabled', before: false, after: true },
  ])
})
