import assert from 'node:assert/strict'
import { AccessApi } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'

const DAY_MS = 24 * 60 * 60_000

testOnDatabases('a key does what its role brings, until it expires or is revoked', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const expires_at = api.clock.wall() + DAY_MS
  const body = { name: 'ci', role: 'editor', grants: ['publish'], expires_at }
  const { key, api_key } = await owner.ok('POST', '/keys', body)
  assert.match(key, /^sg_[0-9a-f]{16}_[\w-]{43}$/)
  assert.ok(key.startsWith(api_key.prefix))
  assert.deepEqual([api_key.personal, api_key.created_by, api_key.last_used_at], [false, 'ada@example.com', null])
  assert.equal((await owner.send('POST', '/keys', body)).status, 409)
  const past = await owner.send('POST', '/keys', { ...body, name: 'past', expires_at: api.clock.wall() })
  assert.deepEqual([past.status, past.body.errors[0].pointer], [422, '/expires_at'])

  const script = api.client()
  script.key = key
  const { name, kind, role, permissions, csrf_token } = await script.me()
  assert.deepEqual([name, kind, role, csrf_token], ['key:ci', 'key', 'editor', null])
  assert.deepEqual(permissions, ['self', 'read', 'tap', 'edit', 'publish'])
  assert.equal((await script.send('GET', '/users')).status, 403)
  assert.equal((await script.send('GET', '/me/sessions')).status, 403)
  assert.equal((await script.send('POST', '/logout')).status, 409)
  for (const wrong of [
    `${key}x`,
    key.slice(0, -1),
    key.replace(/.$/, (c: string) => (c === 'A' ? 'B' : 'A')),
    `sg_${'0'.repeat(16)}_${key.slice(20)}`,
  ]) {
    script.key = wrong
    assert.equal((await script.send('GET', '/me')).status, 401)
  }
  script.key = key
  api.clock.advance(DAY_MS - 1)
  assert.equal((await script.send('GET', '/me')).status, 200)
  api.clock.advance(1)
  assert.equal((await script.send('GET', '/me')).status, 401)

  const owner2 = api.client()
  await owner2.login('ada@example.com', 'a loom with punched cards')
  const other = await owner2.ok('POST', '/keys', { name: 'other', role: 'owner' })
  script.key = other.key
  assert.equal((await script.send('GET', '/users')).status, 200)
  assert.equal((await script.send('DELETE', `/keys/${other.api_key.id}`)).status, 428)
  assert.equal((await script.change('DELETE', `/keys/${other.api_key.id}`)).status, 200)
  assert.equal((await script.send('GET', '/me')).status, 401)
})

testOnDatabases('the use of a key is written down once a minute, its first use in the audit log', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const { key, api_key } = await owner.ok('POST', '/keys', { name: 'ci', role: 'viewer' })
  const script = api.client()
  script.key = key
  const used = async () => (await owner.ok('GET', `/keys/${api_key.id}`)).last_used_at - api.clock.wall()
  await Promise.all([script.me(), script.me(), script.me()])
  assert.equal(await used(), 0)
  api.clock.advance(59_999)
  await script.me()
  assert.equal(await used(), -59_999)
  api.clock.advance(1)
  await script.me()
  assert.equal(await used(), 0)
  const { items } = await owner.ok('GET', '/audit?action=key.first_use')
  assert.deepEqual(
    items.map(({ actor }: { actor: string }) => actor),
    ['key:ci'],
  )
})

testOnDatabases('a key may do no more than who made it, then and later', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const login = { email: 'grace@example.com', password: 'a quite ordinary phrase' }
  const { user } = await owner.ok('POST', '/users', { ...login, role: 'editor' })
  const editor = api.client()
  await editor.login(login.email, login.password)
  for (const [body, reason] of [
    [{ name: 'k', role: 'owner' }, /you lack .*admin/],
    [{ name: 'k', role: 'operator' }, /you lack operate/],
    [{ name: 'k', role: 'viewer', grants: ['publish'] }, /you lack publish/],
    [{ name: 'k', role: 'viewer', personal: false }, /only make personal keys/],
  ] as const) {
    const refused = await editor.send('POST', '/keys', body)
    assert.equal(refused.status, 403)
    assert.match(refused.body.detail, reason)
  }
  const { key, api_key } = await editor.ok('POST', '/keys', { name: 'mine', role: 'editor' })
  const { api_key: general } = await owner.ok('POST', '/keys', { name: 'ours', role: 'viewer' })
  assert.equal(api_key.personal, true)
  assert.deepEqual(
    (await editor.ok('GET', '/keys')).items.map(({ name }: { name: string }) => name),
    ['mine'],
  )
  assert.equal((await owner.ok('GET', '/keys')).items.length, 2)
  assert.equal((await editor.send('GET', `/keys/${general.id}`)).status, 404)
  const script = api.client()
  script.key = key
  assert.equal((await script.send('POST', '/keys', { name: 'more', role: 'viewer' })).status, 422, 'a key is no user')
  await owner.change('PATCH', `/users/${user.id}`, { role: 'viewer' })
  assert.deepEqual((await script.me()).permissions, ['self', 'read'])
})
