import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Letter, OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX, Outbox } from './outbox.ts'

const dropped: string[] = []

function letter(type: string, bytes: number, rest: Partial<Letter> = {}): Letter {
  return { type, data: new Uint8Array(bytes), expendable: false, dropped: () => dropped.push(type), ...rest }
}

function start(t: { after(end: () => void): void }): Outbox {
  t.after(() => dropped.splice(0))
  return new Outbox()
}

function rest(outbox: Outbox): string[] {
  const types: string[] = []
  for (let next = outbox.shift(); next !== undefined; next = outbox.shift()) types.push(next.type)
  return types
}

test('the newest of a kind takes the place of the older, and the others keep their order', (t) => {
  const outbox = start(t)
  outbox.push(letter('stats 1', 10, { key: 'stats' }))
  outbox.push(letter('other', 10))
  outbox.push(letter('stats 2', 10, { key: 'stats' }))
  assert.deepEqual(rest(outbox), ['other', 'stats 2'])
  assert.deepEqual(dropped, ['stats 1'])
})

test('without room taps go first, the oldest before', (t) => {
  const outbox = start(t)
  outbox.push(letter('samples', OUTBOX_BYTES_MAX / 2))
  outbox.push(letter('tap 1', 10, { expendable: true }))
  outbox.push(letter('tap 2', 10, { expendable: true }))
  outbox.push(letter('more', OUTBOX_BYTES_MAX / 2 - 15))
  assert.deepEqual(dropped, ['tap 1'])
  outbox.push(letter('last', 100))
  assert.deepEqual(dropped, ['tap 1', 'tap 2', 'samples'])
  assert.deepEqual(rest(outbox), ['more', 'last'])
  assert.equal(outbox.isEmpty, true)
})

test('one that is too large for all of it goes alone', (t) => {
  const outbox = start(t)
  outbox.push(letter('small', 1))
  outbox.push(letter('large', OUTBOX_BYTES_MAX + 1))
  assert.deepEqual(dropped, ['large'])
  assert.deepEqual(rest(outbox), ['small'])
})

test('there are never more than so many', (t) => {
  const outbox = start(t)
  for (let i = 0; i < OUTBOX_MESSAGES_MAX + 3; i++) outbox.push(letter(String(i), 0))
  assert.deepEqual(dropped, ['0', '1', '2'])
  assert.equal(rest(outbox).length, OUTBOX_MESSAGES_MAX)
})

test('what is expendable can be cleared alone', (t) => {
  const outbox = start(t)
  for (const i of [1, 2, 3]) outbox.push(letter(`tap ${i}`, 1, { expendable: i !== 2 }))
  outbox.clear('expendable')
  assert.deepEqual(rest(outbox), ['tap 2'])
})
