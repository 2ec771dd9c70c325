import assert from 'node:assert/strict'
import { AccessApi, type Client, OWNER } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'

const PASSWORD = 'a quite ordinary phrase'

async function add(owner: Client, email: string, role: string, grants: string[] = []): Promise<[Client, string]> {
  owner.api.clock.advance(1)
  const { user } = await owner.ok('POST', '/users', { email, role, grants, password: PASSWORD })
  const client = owner.api.client()
  assert.equal((await client.login(email, PASSWORD)).status, 200)
  return [client, user.id]
}

testOnDatabases('each role may do what it brings, and what was granted beside it', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const permissions = async (role: string, grants: string[] = []) => {
    const [client] = await add(owner, `${role}${grants.length}@example.com`, role, grants)
    return (await client.me()).permissions
  }
  assert.deepEqual(await permissions('viewer'), ['self', 'read'])
  assert.deepEqual(await permissions('operator', ['tap:raw']), ['self', 'read', 'tap', 'tap:raw', 'operate'])
  assert.deepEqual(await permissions('editor', ['publish']), ['self', 'read', 'tap', 'edit', 'publish'])
  assert.equal((await permissions('owner')).length, 8)
  const [viewer] = await add(owner, 'v@example.com', 'viewer')
  const refused = await viewer.send('GET', '/users')
  assert.deepEqual([refused.status, refused.body.detail], [403, 'v@example.com lacks the permission "admin"'])
  assert.equal((await api.client().send('GET', '/users')).status, 401)
})

testOnDatabases(
  'users are listed by pages, changed by who saw what they are, and removed with all of theirs',
  async (db) => {
    const api = new AccessApi(db)
    const owner = await api.owner()
    const [client, id] = await add(owner, 'Grace@Example.com', 'editor')
    const taken = await owner.send('POST', '/users', { email: 'GRACE@example.com', role: 'viewer', password: PASSWORD })
    assert.deepEqual([taken.status, taken.body.errors[0].pointer], [409, '/email'])
    const common = await owner.send('POST', '/users', {
      email: 'x@example.com',
      role: 'viewer',
      password: 'Password1234',
    })
    assert.deepEqual([common.status, common.body.errors[0].pointer], [422, '/password'])
    const page = await owner.ok('GET', '/users?limit=1')
    const rest = await owner.ok('GET', `/users?limit=1&cursor=${page.next_cursor}`)
    assert.deepEqual(
      [page.items[0].email, rest.items[0].email, rest.next_cursor],
      ['ada@example.com', 'grace@example.com', null],
    )

    assert.equal((await owner.send('PATCH', `/users/${id}`, { role: 'viewer' })).status, 428)
    assert.equal((await owner.send('PATCH', `/users/${id}`, { role: 'viewer' }, { 'if-match': '"old"' })).status, 412)
    await owner.ok('PATCH', `/users/${id}?dry_run=true`, { role: 'viewer' }, { 'if-match': '*' })
    assert.equal((await client.me()).role, 'editor')
    const changed = await owner.change('PATCH', `/users/${id}`, { role: 'viewer', grants: ['publish'] })
    assert.deepEqual([changed.status, changed.body.role], [200, 'viewer'])
    assert.deepEqual((await client.me()).permissions, ['self', 'read', 'publish'], 'at once')

    const { key } = await client.ok('POST', '/keys', { name: 'mine', role: 'viewer' })
    const script = api.client()
    script.key = key
    assert.equal((await script.me()).name, 'key:mine')
    await owner.change('PATCH', `/users/${id}`, { disabled: true })
    assert.equal((await client.send('GET', '/me')).status, 401)
    assert.equal((await script.send('GET', '/me')).status, 401)
    assert.equal((await client.login('grace@example.com', PASSWORD)).status, 401)
    await owner.change('PATCH', `/users/${id}`, { disabled: false })
    assert.equal((await script.send('GET', '/me')).status, 200)
    assert.equal((await owner.change('DELETE', `/users/${id}`)).status, 200)
    assert.equal((await script.send('GET', '/me')).status, 401)
    assert.equal((await owner.send('GET', `/users/${id}`)).status, 404)
    assert.equal((await db.db.selectFrom('api_keys').selectAll().execute()).length, 0)
  },
)

testOnDatabases('the last owner stays', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const [{ id }] = (await owner.ok('GET', '/users')).items
  await owner.ok('POST', '/users', { email: 'invited@example.com', role: 'owner' })
  const refused = [
    await owner.change('PATCH', `/users/${id}`, { role: 'editor' }),
    await owner.change('PATCH', `/users/${id}`, { disabled: true }),
    await owner.change('DELETE', `/users/${id}`),
  ]
  assert.deepEqual(
    refused.map(({ status }) => status),
    [409, 409, 409],
    'who is only invited does not count',
  )
  assert.match(refused[0]!.body.detail, /is the last owner/)
  assert.equal((await owner.change('PATCH', `/users/${id}`, { grants: ['publish'] })).status, 200)
  const [second, secondId] = await add(owner, 'second@example.com', 'owner')
  assert.equal((await owner.change('PATCH', `/users/${id}`, { role: 'editor' })).status, 200)
  assert.equal((await second.change('DELETE', `/users/${secondId}`)).status, 409)
})

testOnDatabases('two owners who demote each other at once leave one', async (database) => {
  const [one, two] = [new AccessApi(database), new AccessApi(database)]
  const owner = await one.owner()
  const [{ id }] = (await owner.ok('GET', '/users')).items
  const [, secondId] = await add(owner, 'second@example.com', 'owner')
  const second = two.client()
  await second.login('second@example.com', PASSWORD)
  const answers = await Promise.all([
    owner.send('PATCH', `/users/${secondId}`, { role: 'viewer' }, { 'if-match': '*' }),
    second.send('PATCH', `/users/${id}`, { role: 'viewer' }, { 'if-match': '*' }),
  ])
  const owners = await database.db.selectFrom('users').select('id').where('role', '=', 'owner').execute()
  assert.equal(owners.length, 1)
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
})

testOnDatabases('who is invited sets a password with a token, once', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const email = 'grace@example.com'
  const { user, invitation } = await owner.ok('POST', '/users', { email, role: 'editor' })
  assert.equal(user.invited, true)
  const setup = (token: string, address = email) =>
    api.client().send('POST', '/setup', { token, email: address, password: PASSWORD })
  assert.equal((await setup(invitation.token, 'other@example.com')).status, 401)
  const done = await setup(invitation.token)
  assert.deepEqual([done.status, done.body.role], [200, 'editor'])
  assert.equal((await setup(invitation.token)).status, 401)

  const again = await owner.ok('POST', `/users/${user.id}/invite`)
  await owner.change('PATCH', `/users/${user.id}`, { disabled: true })
  assert.equal((await setup(again.token)).status, 401)
  assert.equal((await owner.send('POST', `/users/${user.id}/invite`)).status, 409)
})

testOnDatabases('a new password needs the old one, and ends the other sessions', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const other = api.client()
  await other.login(OWNER.email, OWNER.password)
  const change = (password: string, new_password: string) =>
    owner.send('POST', '/me/password', { password, new_password })
  assert.equal((await change('not this one at all', PASSWORD)).status, 403)
  const short = await change(OWNER.password, 'short')
  assert.deepEqual([short.status, short.body.errors[0].pointer], [422, '/new_password'])
  assert.equal((await change(OWNER.password, PASSWORD)).status, 200)
  assert.equal((await other.send('GET', '/me')).status, 401)
  assert.equal((await owner.send('GET', '/me')).status, 200)
  assert.equal((await other.login(OWNER.email, OWNER.password)).status, 401)
  assert.equal((await other.login(OWNER.email, PASSWORD)).status, 200)
  const [{ id }] = (await owner.ok('GET', '/users')).items
  await owner.ok('POST', `/users/${id}/revoke-sessions`)
  assert.equal((await other.send('GET', '/me')).status, 401)
})

testOnDatabases('organisations do not see each other', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const [{ id }] = (await owner.ok('GET', '/users')).items
  const { api_key } = await owner.ok('POST', '/keys', { name: 'ci', role: 'viewer' })
  assert.equal((await owner.send('POST', '/orgs', { id: 'No', name: 'x' })).status, 422)
  const { invitation } = await owner.ok('POST', '/orgs', { id: 'other', name: 'The other one' })
  assert.equal((await owner.send('POST', '/orgs', { id: 'other', name: 'x' })).status, 409)
  assert.equal((await owner.send('POST', '/orgs/nobody/invite')).status, 404)
  const { token } = await owner.ok('POST', '/orgs/other/invite')
  const foreign = api.client()
  const theirs = { email: 'eve@example.org', password: PASSWORD }
  assert.equal((await foreign.send('POST', '/setup', { token: invitation.token, ...theirs })).status, 401, 'replaced')
  const me = await foreign.ok('POST', '/setup', { token, ...theirs })
  assert.deepEqual([me.org, me.role], ['other', 'owner'])
  assert.equal((await owner.send('POST', '/orgs/other/invite')).status, 409)

  for (const [method, path, body] of [
    ['GET', `/users/${id}`],
    ['PATCH', `/users/${id}`, { role: 'viewer' }],
    ['DELETE', `/users/${id}`],
    ['POST', `/users/${id}/invite`],
    ['POST', `/users/${id}/reset-totp`],
    ['POST', `/users/${id}/revoke-sessions`],
    ['GET', `/keys/${api_key.id}`],
    ['DELETE', `/keys/${api_key.id}`],
  ] as const)
    assert.equal((await foreign.send(method, path, body, { 'if-match': '*' })).status, 404, `${method} ${path}`)
  assert.deepEqual(
    (await foreign.ok('GET', '/users')).items.map(({ email }: { email: string }) => email),
    [theirs.email],
  )
  assert.deepEqual((await foreign.ok('GET', '/keys')).items, [])
  assert.deepEqual(
    (await foreign.ok('GET', '/orgs')).items.map(({ id }: { id: string }) => id),
    ['other'],
  )
  assert.equal((await owner.ok('GET', '/orgs')).items.length, 2)
  assert.equal((await foreign.send('POST', '/orgs', { id: 'more', name: 'x' })).status, 403)
  const objects = (await foreign.ok('GET', '/audit')).items.map(({ object }: { object: string }) => object)
  assert.ok(!objects.some((object: string) => object.includes(id)))
  await foreign.change('PUT', '/settings/access', { require_totp: true })
  assert.deepEqual(await owner.ok('GET', '/settings/access'), { require_totp: false })
})
