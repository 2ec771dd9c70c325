import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { AccessApi, OWNER } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { networkOf } from './attempts.ts'
import { foreignPage } from './authenticator.ts'
import { sessionTokenIn } from './sessions.ts'

testOnDatabases(
  'an open controller takes everyone for an owner, but credentials count where there are any',
  async (db) => {
    const api = new AccessApi(db, 'open')
    const client = api.client()
    const me = await client.me()
    assert.deepEqual(
      [me.name, me.kind, me.role, me.org, me.csrf_token, me.auth_mode],
      ['anonymous', 'open', 'owner', 'default', null, 'open'],
    )
    assert.equal((await client.send('POST', '/me/totp', { password: 'x' })).status, 403)
    await client.ok('POST', '/users', { ...OWNER, role: 'viewer' }, { 'x-streamgate-client': 'cli' })
    const { key } = await client.ok(
      'POST',
      '/keys',
      { name: 'ci', role: 'viewer' },
      { 'x-streamgate-client': 'nonsense' },
    )
    const vias = (await client.ok('GET', '/audit')).items.map(({ via }: { via: string }) => via)
    assert.deepEqual(vias, ['api', 'cli'])

    const user = api.client()
    await user.login(OWNER.email, OWNER.password)
    assert.equal((await user.me()).role, 'viewer')
    assert.equal((await user.send('GET', '/users')).status, 403)
    await user.ok('POST', '/logout')
    assert.equal((await user.me()).kind, 'open')
    const script = api.client()
    script.key = `${key.slice(0, -2)}__`
    assert.equal((await script.send('GET', '/me')).status, 401, 'a wrong key is not taken for none')
  },
)

testOnDatabases('pages of other sites change nothing at an open controller', async (database) => {
  const api = new AccessApi(database, 'open')
  const client = api.client()
  const make = (headers: Record<string, string>) =>
    client.send('POST', '/keys?dry_run=true', { name: 'k', role: 'viewer' }, { host: 'localhost:8000', ...headers })
  assert.equal((await make({})).status, 200)
  assert.equal((await make({ origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' })).status, 200)
  assert.equal((await make({ origin: 'http://evil.example' })).status, 403)
  assert.equal((await make({ origin: 'null' })).status, 403)
  assert.equal((await make({ 'sec-fetch-site': 'cross-site' })).status, 403)
})

test('on a loopback address, an open controller answers to no name but its own', () => {
  const answer = (host: string, local: string, hosts: string[] = []) =>
    foreignPage('GET', { host }, local, hosts) === undefined
  for (const host of [
    'localhost:8000',
    'LOCALHOST',
    '127.0.0.1:8000',
    '[::1]:8000',
    '192.0.2.1',
    'gate.localhost',
    hostname(),
  ])
    assert.ok(answer(host, '127.0.0.1'), host)
  for (const host of ['evil.example:8000', 'localhost.evil.example', '', 'a b'])
    for (const local of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) assert.ok(!answer(host, local), host)
  assert.ok(answer('gate.internal', '127.0.0.1', ['gate.internal']))
  assert.ok(answer('controller:8000', '172.18.0.3'), 'in a network of containers')
})

test('a session is found among other cookies, and only of the right shape', () => {
  const token = 'x'.repeat(43)
  assert.equal(sessionTokenIn(`a=b; sg_session=${token}; c=d`), token)
  assert.equal(sessionTokenIn(`sg_session=short; sg_session=${token}`), token)
  for (const header of [undefined, '', `xsg_session=${token}`, `sg_session=${token}x`, 'sg_session'])
    assert.equal(sessionTokenIn(header), undefined)
})

test('an address of IPv6 stands for its /64', () => {
  for (const [address, network] of [
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const)
    assert.equal(networkOf(address), network)
})
