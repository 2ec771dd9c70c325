import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ParsedHashOptions } from '@node-rs/argon2'
import { HASHING, normaliseEmail, Passwords, passwordComplaint, TooBusy } from './passwords.ts'

const CHEAP = { ...HASHING, memoryCost: 64, timeCost: 1 }

test('a hash says its costs, and fits its password alone, however the letters were composed', async () => {
  const passwords = new Passwords()
  const hash = await passwords.hash('gr\u00fc\u00dfe aus der ferne')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await passwords.verify(hash, 'gru\u0308\u00dfe aus der ferne'), true)
  assert.equal(await passwords.verify(hash, 'grusse aus der ferne'), false)
  assert.equal(passwords.computed, 3)
})

test('nobody has a password, and it takes a hash of the same costs to find out', async (t) => {
  const argon2 = await import('@node-rs/argon2')
  const passwords = new Passwords()
  for (const guess of ['x', '', 'password1234']) assert.equal(await passwords.verify(null, guess), false)
  assert.equal(passwords.computed, 3)
  const source = await (await import('node:fs/promises')).readFile(new URL('passwords.ts', import.meta.url), 'utf8')
  const nobody = /'(\$argon2id\$[^']+)'/.exec(source)![1]!
  const { memoryCost, timeCost, parallelism, outputLen } = argon2.parseOptions(nobody)
  const real = argon2.parseOptions(await passwords.hash('a quite ordinary phrase'))
  t.diagnostic(JSON.stringify({ memoryCost, timeCost, parallelism, outputLen }))
  assert.deepEqual({ memoryCost, timeCost, parallelism, outputLen }, pick(real))
})

function pick({ memoryCost, timeCost, parallelism, outputLen }: ParsedHashOptions) {
  return { memoryCost, timeCost, parallelism, outputLen }
}

test('two hashes at once, 64 wait, more are refused', async () => {
  const passwords = new Passwords(CHEAP)
  const results = await Promise.allSettled(Array.from({ length: 70 }, () => passwords.hash('a quite ordinary phrase')))
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 70 - 66)
  assert.ok(refused.every(({ reason }) => reason instanceof TooBusy))
  assert.equal(passwords.computed, 66)
  await passwords.hash('places are free again')
})

test('what may not be a password', () => {
  const email = 'grace.hopper@example.com'
  for (const [password, complaint] of [
    ['elevenchars', /at least 12/],
    ['💂'.repeat(11), /at least 12/],
    ['x'.repeat(257), /at most 256/],
    ['Grace.Hopper@example.COM', /e-mail/],
    ['grace.hopper', /e-mail/],
    ['PASSWORD1234', /tried first/],
    ['aaaaaaaaaaaaaaaa', /tried first/],
  ] as const)
    assert.match(passwordComplaint(password, email) ?? '', complaint, password)
  for (const password of ['a quite ordinary phrase', 'twelve chars', 'пароль которого нет'])
    assert.equal(passwordComplaint(password, email), undefined)
})

test('addresses that are written differently are the same', () => {
  for (const email of ['ada@example.com', ' ADA@Example.com', 'ａda@example.com'])
    assert.equal(normaliseEmail(email), 'ada@example.com')
})
