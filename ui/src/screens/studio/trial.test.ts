import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  added,
  chainOf,
  freeId,
  moved,
  NO_TRIAL,
  type Rule,
  replaced,
  settled,
  type Trial,
  taken,
  toggled,
  written,
} from '#ui/screens/studio/trial.ts'

const draft = [rule('a'), rule('b'), rule('c')]

test('a trial lies over the draft', () => {
  let trial = toggled(NO_TRIAL, 'a')
  trial = replaced(draft, trial, 'b', rule('b', 2))
  trial = added(trial, rule('n'))
  trial = moved(draft, trial, 'n', -2)
  assert.deepEqual(shown(draft, trial), ['a off', 'n new', 'b changed', 'c same'])
  assert.deepEqual(ids(written(draft, trial)), ['a', 'n', 'b', 'c'])
  assert.deepEqual(ids(written(draft, trial, 'n')), ['a', 'n', 'b', 'c'])
  assert.equal(written(draft, trial, 'n')[2], draft[1])
  assert.deepEqual(written(draft, trial, 'b')[1], rule('b', 2))
  assert.deepEqual(ids(written(draft, trial, 'gone')), ['a', 'b', 'c'])
  assert.deepEqual(ids(written(draft, toggled(trial, 'n'))), ['a', 'b', 'c'])
})

test('the draft goes on under it', () => {
  let trial = added(NO_TRIAL, rule('n'))
  trial = replaced(draft, trial, 'b', rule('b', 2))
  trial = moved(draft, trial, 'n', -3)
  const next = [rule('z'), rule('a'), rule('b', 9), rule('y')]
  assert.deepEqual(shown(next, trial), ['z same', 'n new', 'a same', 'b conflict', 'y same'])
  assert.deepEqual(shown([...draft, rule('n')], trial), ['n same', 'a same', 'b changed', 'c same'])
})

test('what the draft says by itself is no trial any more', () => {
  let trial = added(toggled(NO_TRIAL, 'gone'), rule('n'))
  trial = replaced(draft, trial, 'b', rule('b', 2))
  const next = written(draft, trial)
  assert.deepEqual(settled(next, trial), NO_TRIAL)
  const reordered = moved(draft, NO_TRIAL, 'c', -1)
  assert.deepEqual(settled(draft, reordered).order, ['a', 'c', 'b'])
  assert.deepEqual(settled(draft, moved(draft, reordered, 'c', 1)), NO_TRIAL)
  assert.deepEqual(settled([rule('a')], trial).edited, {})
})

test('an edit that is taken back leaves nothing', () => {
  const edited = replaced(draft, NO_TRIAL, 'b', rule('b', 2))
  assert.deepEqual(replaced(draft, edited, 'b', { params: { value: 1 }, type: 'filter', id: 'b' }), NO_TRIAL)
  assert.deepEqual(taken(edited, 'b'), NO_TRIAL)
  const renamed = replaced(draft, moved(draft, added(NO_TRIAL, rule('n')), 'n', -1), 'n', rule('m'))
  assert.deepEqual(shown(draft, renamed), ['a same', 'b same', 'm new', 'c same'])
  assert.deepEqual(shown(draft, taken(renamed, 'm')), ['a same', 'b same', 'c same'])
})

test('the ends of the list are the ends', () => {
  assert.equal(moved(draft, NO_TRIAL, 'a', -1), NO_TRIAL)
  assert.equal(moved(draft, NO_TRIAL, 'c', 1), NO_TRIAL)
  assert.equal(moved(draft, NO_TRIAL, 'gone', 1), NO_TRIAL)
})

test('an id is free, or gets a number', () => {
  assert.equal(freeId('a', ['b']), 'a')
  assert.equal(freeId('a', ['a', 'a_2']), 'a_3')
})

function rule(id: string, value = 1): Rule {
  return { id, type: 'filter', params: { value } }
}

function ids(rules: readonly Rule[]): string[] {
  return rules.map(({ id }) => id)
}

function shown(rules: readonly Rule[], trial: Trial): string[] {
  return chainOf(rules, trial).map(({ rule: { id }, state, isOff }) => `${id} ${isOff ? 'off' : state}`)
}
