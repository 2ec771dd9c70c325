import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { AllowList, allowOption } from './allow.ts'

const schema = z.strictObject(allowOption)

test('without ranges all may; with ranges, who is in one of them', () => {
  assert.ok(new AllowList().allows('192.0.2.1'))
  const list = new AllowList(['10.0.0.0/8', '192.0.2.7', '::1', '2001:db8::/32', '::ffff:172.16.0.0/108'])
  for (const [address, allowed] of [
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.1.2.3', true],
    ['::FFFF:11.1.2.3', false],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['::1', true],
    ['::2', false],
    ['2001:db8:ffff::1', true],
    ['2001:db9::1', false],
    ['fe80::1%eth0', false],
    ['nonsense', false],
    [undefined, false],
  ] as const) {
    assert.equal(list.allows(address), allowed, address)
  }
  assert.ok(new AllowList(['fe80::/10']).allows('fe80::1%eth0'))
  assert.ok(new AllowList(['0.0.0.0/0']).allows('::ffff:8.8.8.8'))
})

test('what is no address or range is refused', () => {
  for (const wrong of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '::1/129',
    'localhost',
    '10.0.0.0/',
    '1.2.3.4/-1',
    '10.0.0.0/8 ',
  ]) {
    assert.equal(schema.safeParse({ allow: [wrong] }).success, false, wrong)
  }
  assert.equal(schema.safeParse({ allow: ['::ffff:10.0.0.0/95'] }).success, false)
  assert.deepEqual(schema.parse({}), { allow: [] })
})
