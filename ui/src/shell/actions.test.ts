import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matching } from '#ui/shell/actions.ts'

const actions = ['Go to Rules', 'Go to Outputs', 'Add a rule', 'Rules of the house'].map((label) => ({ label }))
const found = (text: string) => matching(actions, text).map(({ label }) => label)

test('the beginnings of words find an action, in any order', () => {
  assert.deepEqual(found('rul go'), ['Go to Rules'])
  assert.deepEqual(found('OUT'), ['Go to Outputs'])
  assert.deepEqual(found('ules'), [])
})

test('what begins like the whole text comes first', () => {
  assert.deepEqual(found('rules'), ['Rules of the house', 'Go to Rules'])
})

test('nothing typed: all, in their order', () => {
  assert.deepEqual(
    found('  '),
    actions.map(({ label }) => label),
  )
})

test('an action is found by other words for it, and those do not show', () => {
  const also = [{ label: 'Add a rule', also: 'drop redact' }]
  assert.deepEqual(matching(also, 'redact'), also)
})
