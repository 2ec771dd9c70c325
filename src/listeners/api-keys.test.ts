import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { ManualClock } from '#std/clock.ts'
import { type Admission, API_KEYS_MAX, ApiKeys, apiKeysOption, retryAfterSeconds, shownKey } from './api-keys.ts'

const schema = z.strictObject(apiKeysOption)

function keysOf(...keys: object[]) {
  const clock = new ManualClock()
  return { clock, keys: new ApiKeys(schema.parse({ api_keys: keys }).api_keys, clock) }
}

function spend(admission: Admission, records: number, bytes: number): void {
  assert.equal(admission.kind, 'ok')
  admission.key.spend(records, bytes)
}

test('without keys everybody is let in; with keys, who shows one of them', () => {
  assert.equal(keysOf().keys.admit(undefined).kind, 'ok')
  const { keys } = keysOf({ name: 'a', key: 'one' }, { name: 'b', key: 'two' })
  const admission = keys.admit('two')
  assert.deepEqual([admission.kind, admission.kind === 'ok' && admission.key.name], ['ok', 'b'])
  for (const shown of [undefined, '', 'on', 'one ', 'ONE', 'x'.repeat(5000)]) {
    assert.equal(keys.admit(shown).kind, 'unknown', shown?.slice(0, 10))
  }
})

test('a key in debt waits until it is paid, and others do not', () => {
  const { keys, clock } = keysOf(
    { name: 'records', key: 'r', records_per_second: 10 },
    { name: 'bytes', key: 'b', bytes_per_second: 1000, records_per_second: 1_000_000 },
  )
  spend(keys.admit('r'), 9, 1)
  spend(keys.admit('r'), 21, 1)
  const refused = keys.admit('r')
  assert.equal(refused.kind === 'over_limit' && refused.retryAfterMs, 2000)
  spend(keys.admit('b'), 1, 500)
  spend(keys.admit('b'), 1, 1000)
  assert.equal(keys.admit('b').kind, 'over_limit')
  clock.advance(501)
  assert.equal(keys.admit('b').kind, 'ok')
  clock.advance(1498)
  assert.equal(keys.admit('r').kind, 'over_limit')
  clock.advance(2)
  assert.equal(keys.admit('r').kind, 'ok')
  assert.deepEqual(keys.counts(), [
    { name: 'records', requests: 2, records: 30, bytes: 2, refused: 2 },
    { name: 'bytes', requests: 2, records: 2, bytes: 1500, refused: 1 },
  ])
})

test('over any time a limit lets through its rate, one second more and one request more', () => {
  const { keys, clock } = keysOf({ name: 'a', key: 'a', records_per_second: 100 })
  let sent = 0
  for (let ms = 0; ms < 60_000; ms += 7) {
    if (keys.admit('a').kind === 'ok') {
      spend(keys.admit('a'), 13, 0)
      sent += 13
    }
    clock.advance(7)
  }
  assert.ok(sent <= 100 * 61 + 13, String(sent))
  assert.ok(sent >= 100 * 60, String(sent))
})

test('names and keys are each given once, and their number is bounded', () => {
  for (const [second, path] of [
    [{ name: 'a', key: 'two' }, 'api_keys/1/name'],
    [{ name: 'b', key: 'one' }, 'api_keys/1/key'],
  ] as const) {
    const { error } = schema.safeParse({ api_keys: [{ name: 'a', key: 'one' }, second] })
    assert.deepEqual(
      error?.issues.map((issue) => issue.path.join('/')),
      [path],
    )
    assert.ok(!inspect(error, { depth: 9 }).includes('one'))
  }
  const many = Array.from({ length: API_KEYS_MAX + 1 }, (_, i) => ({ name: `n${i}`, key: `k${i}` }))
  assert.equal(schema.safeParse({ api_keys: many }).success, false)
  assert.equal(schema.safeParse({ api_keys: many.slice(1) }).success, true)
  for (const wrong of [
    { name: '', key: 'x' },
    { name: 'x', key: '' },
    { name: 'x', key: 'y', bytes_per_second: 0 },
  ]) {
    assert.equal(schema.safeParse({ api_keys: [wrong] }).success, false)
  }
})

test('a key never shows', () => {
  const options = schema.parse({ api_keys: [{ name: 'a', key: 'hush-hush' }] })
  const { keys } = keysOf({ name: 'a', key: 'hush-hush' })
  for (const value of [options, keys, keys.admit('hush-hush'), keys.counts()]) {
    for (const text of [inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value)]) {
      assert.ok(!text.includes('hush-hush'))
    }
  }
})

test('a key is shown as a bearer token or in X-API-Key', () => {
  assert.equal(shownKey({ authorization: 'Bearer abc' }), 'abc')
  assert.equal(shownKey({ authorization: 'bearer  a.b-c= ' }), 'a.b-c=')
  assert.equal(shownKey({ 'x-api-key': 'abc' }), 'abc')
  assert.equal(shownKey({ authorization: 'Basic abc', 'x-api-key': 'x' }), 'x')
  assert.equal(shownKey({ authorization: 'Bearer' }), undefined)
  assert.equal(shownKey({}), undefined)
  assert.deepEqual([1, 999, 1000, 1001].map(retryAfterSeconds), ['1', '1', '1', '2'])
})
