import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { type Candidate, createBalancer } from './balance.ts'

const target = (name: string, weight = 1, active = 0): Candidate => ({ name, weight, active })
const keys = Array.from({ length: 10_000 }, (_, i) => `key-${i}`)

test('round_robin interleaves by weight, and goes on when a target comes or goes', () => {
  const [a, b, c] = [target('a', 5), target('b'), target('c')]
  const balancer = createBalancer('round_robin', Math.random)
  const picks = (among: Candidate[], count: number) =>
    Array.from({ length: count }, () => balancer.pick(among, undefined).name).join('')
  assert.equal(picks([a, b, c], 7), 'aabacaa')
  assert.equal(picks([b, c], 4), 'bcbc')
})

test('least_request takes the less busy of two, and never the same twice', () => {
  const random = randomFrom(7)
  const balancer = createBalancer('least_request', random)
  const [idle, busy] = [target('idle'), target('busy', 1, 3)]
  for (let i = 0; i < 100; i++) assert.equal(balancer.pick([busy, idle], undefined).name, 'idle')
  const counts = new Map<string, number>()
  const equals = [target('a'), target('b'), target('c')]
  for (let i = 0; i < 3000; i++) {
    const { name } = balancer.pick(equals, undefined)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const [name, count] of counts) assert.ok(count > 850 && count < 1150, `${name}: ${count}`)
})

test('least_request with different weights shares by weight over load', () => {
  const balancer = createBalancer('least_request', randomFrom(7))
  const share = (among: Candidate[]) => {
    let large = 0
    for (let i = 0; i < 900; i++) if (balancer.pick(among, undefined).name === 'large') large++
    return large
  }
  assert.equal(share([target('large', 2), target('small', 1)]), 600)
  // Twice the weight, but it is twice as busy.
  assert.equal(share([target('large', 2, 1), target('small', 1, 0)]), 450)
})

test('hash keeps a key at its target, follows the weights, and moves only the keys of a target that goes', () => {
  const balancer = createBalancer('hash', Math.random)
  const targets = ['a', 'b', 'c', 'd', 'e'].map((name) => target(`http://${name}:80`))
  const before = keys.map((key) => balancer.pick(targets, key).name)
  const rest = targets.slice(1)
  keys.forEach((key, i) => {
    const now = balancer.pick(rest, key).name
    if (before[i] !== targets[0]!.name) assert.equal(now, before[i])
  })
  const share = before.filter((name) => name === targets[0]!.name).length / keys.length
  assert.ok(Math.abs(share - 0.2) < 0.02, `share ${share}`)
  const weighted = [target('http://x', 3), target('http://y', 1)]
  const heavy = keys.filter((key) => balancer.pick(weighted, key).name === 'http://x').length / keys.length
  assert.ok(Math.abs(heavy - 0.75) < 0.02, `share ${heavy}`)
  // Other objects with the same name, as after a restart, change nothing.
  const again = createBalancer('hash', Math.random)
  const copies = targets.map(({ name }) => target(name))
  assert.deepEqual(
    keys.map((key) => again.pick(copies, key).name),
    before,
  )
})

test('hash without a key goes round', () => {
  const balancer = createBalancer('hash', Math.random)
  const targets = [target('a'), target('b')]
  assert.deepEqual(
    [undefined, '', undefined].map((key) => balancer.pick(targets, key).name),
    ['a', 'b', 'a'],
  )
})
