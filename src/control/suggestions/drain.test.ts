import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { compilePattern } from '#std/pattern/pattern.ts'
import { Drain } from './drain.ts'
import { mask, named, patternOfToken } from './mask.ts'

enableLinearRegex()

const masked: [string, string][] = [
  ['took 12 ms, 3.5s and 1,024 of 50%', 'took <num> ms, <num> and <num> of <num>'],
  ['block blk_-695 in jk2_init() of sha256', 'block blk_<num> in jk2_init() of sha256'],
  ['2026-01-31T08:15:30.5Z and 2026-01-31 08:15:30,123 and 2026-01-31', '<time> and <time> and <time>'],
  ['Sun Dec 04 04:47:44 2005 Jun 14 15:16:01', '<time> <time>'],
  ['10/Oct/2000:13:55:36 -0700', '<time>'],
  ['from 10.0.0.1:8080 to /10.0.0.2', 'from <ip> to /<ip>'],
  ['req-38101a0b-2096-447d-96ea-a692162415ae 54fadb412c4e40cd 0xFF deadbeefs', 'req-<uuid> <hex> <hex> deadbeefs'],
  ['said "a b 3" and "GET /a/7 HTTP/1.1" 200 "x"', 'said <str> and "GET /a/<num> HTTP/<num>" <num> <str>'],
  ['mail=ann@example.org now', 'mail=<email> now'],
  ['\ue000 is private', '? is private'],
  ['', ''],
]

test('what differs by its form is masked, and the pattern of a masked text matches the text', () => {
  for (const [text, expected] of masked) {
    const tokens = mask(text).split(/\s+/)
    assert.equal(tokens.map(named).join(' '), expected)
    if (text.includes('\ue000')) continue
    const { regex } = compilePattern(`^${tokens.map(patternOfToken).join('\\s+')}$`)
    assert.ok(regex.test(text), `${regex} ${text}`)
  }
})

test('messages of one form make one template; groups and lengths never meet', () => {
  const drain = new Drain()
  const add = (group: string, text: string, member: number) => drain.add(group, mask(text).split(' '), member)
  add('a', 'login of ann from 10.0.0.1', 0)
  add('a', 'login of bob from 10.0.0.2', 1)
  add('b', 'login of eve from 10.0.0.2', 2)
  add('a', 'login of bob', 3)
  add('a', 'disk sda1 is nearly full now', 4)
  const found = drain.clusters.map(({ group, tokens, members }) => [group, tokens.map(named).join(' '), members])
  assert.deepEqual(found, [
    ['a', 'login of <*> from <ip>', [0, 1]],
    ['b', 'login of eve from <ip>', [2]],
    ['a', 'login of bob', [3]],
    ['a', 'disk sda1 is nearly full now', [4]],
  ])
})

test('tokens behind the depth of the tree become wildcards', () => {
  const drain = new Drain({ depth: 1 })
  for (const [i, name] of ['ann', 'bob', 'eve'].entries()) drain.add('', ['user', name, 'logged', 'in'], i)
  assert.deepEqual(
    drain.clusters.map(({ tokens, members }) => [tokens.map(named).join(' '), members]),
    [['user <*> logged in', [0, 1, 2]]],
  )
})

test('a flood of different messages stays bounded and does not keep out what comes often', () => {
  const drain = new Drain({ clustersMax: 50, childrenMax: 10 })
  for (let i = 0; i < 5000; i++) {
    drain.add('', [`a${i}x`, `b${i}x`, `c${i}x`, `d${i}x`], i)
    if (i % 10 === 0) drain.add('', ['job', 'done', 'at', 'last'], i)
    assert.ok(drain.clusters.length <= 50)
  }
  const often = drain.clusters.find(({ tokens }) => tokens[0] === 'job')
  assert.ok(often !== undefined && often.members.length >= 490)
})
