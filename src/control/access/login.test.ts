import assert from 'node:assert/strict'
import { AccessApi, OWNER } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { FORGOTTEN_AFTER_MS, LOCK_FIRST_MS, LOCK_MAX_MS } from './attempts.ts'
import { forgetAccess } from './forget.ts'
import { IDLE_MAX_MS, LIFE_MAX_MS } from './sessions.ts'
import { firstAdminLink, TOKEN_LIFE_MS } from './setup.ts'

testOnDatabases('the first link makes an owner once, and only the newest one does', async (database) => {
  const api = new AccessApi(database)
  const client = api.client()
  assert.deepEqual(await client.ok('GET', '/login'), { auth_mode: 'required', has_users: false })
  const old = await api.setupToken()
  const token = await api.setupToken()
  assert.equal((await client.send('POST', '/setup', { token: old, ...OWNER })).status, 401)
  const weak = await client.send('POST', '/setup', { token, ...OWNER, password: 'ADA@example.com' })
  assert.deepEqual(
    [weak.status, weak.body.errors],
    [422, [{ pointer: '/password', detail: 'must not be the e-mail address' }]],
  )
  const me = await client.ok('POST', '/setup', { token, ...OWNER })
  const { permissions, csrf_token, ...rest } = me
  assert.ok(permissions.includes('admin') && csrf_token.length === 43)
  assert.deepEqual(rest, {
    name: 'ada@example.com',
    kind: 'user',
    role: 'owner',
    org: 'default',
    totp: false,
    totp_required: false,
    auth_mode: 'required',
  })
  assert.deepEqual(await client.me(), me)
  assert.equal((await client.send('POST', '/setup', { token, ...OWNER })).status, 401)
  assert.equal(await firstAdminLink(api.context, ''), undefined)
})

testOnDatabases('of two who use the first link at once, one becomes owner', async (database) => {
  const [one, two] = [new AccessApi(database), new AccessApi(database)]
  const token = await one.setupToken()
  const answers = await Promise.all(
    [one, two].map((api, i) => api.client().send('POST', '/setup', { token, ...OWNER, email: `user${i}@example.com` })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
  assert.equal((await database.db.selectFrom('users').select('id').execute()).length, 1)
})

testOnDatabases('the first link ends after a day', async (database) => {
  const api = new AccessApi(database)
  const token = await api.setupToken()
  api.clock.advance(TOKEN_LIFE_MS)
  assert.equal((await api.client().send('POST', '/setup', { token, ...OWNER })).status, 401)
  await forgetAccess(api.context)
  assert.equal((await database.db.selectFrom('one_time_tokens').selectAll().execute()).length, 0)
})

testOnDatabases(
  'a login sets a cookie that scripts and other sites do not get, and writes need its token',
  async (db) => {
    const api = new AccessApi(db)
    await api.owner()
    const client = api.client()
    const answer = await client.login(' ADA@example.COM ', OWNER.password)
    assert.equal(answer.status, 200)
    const pattern = /^sg_session=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/
    assert.match(String(answer.headers['set-cookie']), pattern)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const csrf = client.csrf!
    for (const wrong of [undefined, '', csrf.slice(1), `${csrf.slice(1)}x`]) {
      client.csrf = wrong
      assert.equal((await client.send('POST', '/logout')).status, 403, String(wrong))
    }
    client.csrf = csrf
    await client.ok('POST', '/logout?dry_run=true', undefined, { 'content-type': 'application/json' })
    const nothing = await client.send('POST', '/login', undefined, { 'content-type': 'application/json' })
    assert.equal(nothing.status, 422)
    assert.match(JSON.stringify((await client.send('GET', '/me/sessions')).body), /"current":true/)
    const logout = await client.send('POST', '/logout')
    assert.match(String(logout.headers['set-cookie']), /^sg_session=; Path=\/; Max-Age=0; HttpOnly/)
    client.cookie = answer.headers['set-cookie']!.toString().slice(11, 54)
    assert.equal((await client.send('GET', '/me')).status, 401)
  },
)

testOnDatabases('the store has neither tokens nor passwords', async (database) => {
  const api = new AccessApi(database)
  const token = await api.setupToken()
  const client = api.client()
  await client.ok('POST', '/setup', { token, ...OWNER })
  const { key } = await client.ok('POST', '/keys', { name: 'ci', role: 'viewer' })
  const tables = ['users', 'sessions', 'api_keys', 'one_time_tokens', 'audit', 'idempotency'] as const
  let stored = ''
  for (const table of tables) stored += JSON.stringify(await database.db.selectFrom(table).selectAll().execute())
  assert.match(stored, /\$argon2id\$/)
  for (const secret of [token, client.cookie!, client.csrf!, key.slice(key.indexOf('_', 3) + 1), OWNER.password])
    assert.ok(!stored.includes(secret))
})

testOnDatabases('a login rotates the session; sessions end when idle, when old, and when revoked', async (database) => {
  const api = new AccessApi(database)
  const client = await api.owner()
  const first = client.cookie!
  await client.login(OWNER.email, OWNER.password)
  assert.notEqual(client.cookie, first)
  const stale = api.client()
  stale.cookie = first
  assert.equal((await stale.send('GET', '/me')).status, 401)

  const other = api.client('2001:db8::1')
  await other.login(OWNER.email, OWNER.password)
  const { items } = await client.ok('GET', '/me/sessions')
  assert.equal(items.length, 2)
  const theirs = items.find(({ address }: { address: string }) => address === '2001:db8::1')
  assert.equal(theirs.current, false)
  await client.ok('POST', `/me/sessions/${theirs.id}/revoke`)
  assert.equal((await other.send('GET', '/me')).status, 401)
  assert.equal((await client.send('POST', `/me/sessions/${theirs.id}/revoke`)).status, 404)

  api.clock.advance(IDLE_MAX_MS - 1)
  await client.me()
  api.clock.advance(IDLE_MAX_MS - 1)
  await client.me()
  const late = api.client()
  await late.login(OWNER.email, OWNER.password)
  const [{ expires_at, created_at }] = (await client.ok('GET', '/me/sessions')).items.slice(-1)
  assert.equal(expires_at, api.clock.wall() + IDLE_MAX_MS)
  while (api.clock.wall() < created_at + LIFE_MAX_MS) {
    await client.me()
    api.clock.advance(IDLE_MAX_MS / 2)
  }
  assert.equal((await client.send('GET', '/me')).status, 401, 'a week old')
  assert.equal((await late.send('GET', '/me')).status, 401, 'idle')
  await forgetAccess(api.context)
  assert.equal((await database.db.selectFrom('sessions').selectAll().execute()).length, 0)
})

testOnDatabases('whatever is wrong, the answer and the work are the same', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  await owner.ok('POST', '/users', { email: 'invited@example.com', role: 'viewer' })
  const off = { email: 'off@example.com', password: 'somebody who has left', role: 'viewer' }
  const { user } = await owner.ok('POST', '/users', off)
  assert.equal((await owner.change('PATCH', `/users/${user.id}`, { disabled: true })).status, 200)
  const answers = []
  for (const [email, password] of [
    [OWNER.email, 'not this one at all'],
    ['nobody@example.com', OWNER.password],
    ['invited@example.com', OWNER.password],
    [off.email, off.password],
  ] as const) {
    const before = api.passwords.computed
    const { status, body } = await api.client().login(email, password)
    answers.push({ status, body, computed: api.passwords.computed - before })
  }
  assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
  assert.deepEqual([answers[0]!.status, answers[0]!.computed], [401, 1])
})

testOnDatabases(
  'an account is locked for longer each time, at all controllers, whether there is one or not',
  async (db) => {
    const api = new AccessApi(db)
    const second = new AccessApi(db, 'required', api.clock)
    await api.owner()
    for (const email of [OWNER.email, 'nobody@example.com']) {
      const from = email.length
      for (let i = 0; i < 5; i++) {
        const { status } = await [api, second][i % 2]!.client(`192.0.2.${from + i}`).login(email, 'wrong password')
        assert.equal(status, 401)
      }
      let lock = LOCK_FIRST_MS
      for (let i = 0; i < 7; i++, lock = Math.min(lock * 2, LOCK_MAX_MS)) {
        const before = second.passwords.computed
        const refused = await second.client('203.0.113.9').login(email, OWNER.password)
        assert.deepEqual([refused.status, refused.headers['retry-after']], [429, String(lock / 1000)], email)
        assert.equal(second.passwords.computed, before, 'no hash while it is locked')
        api.clock.advance(lock)
        assert.equal((await api.client(`192.0.2.${100 + i}`).login(email, 'wrong password')).status, 401)
      }
      api.clock.advance(FORGOTTEN_AFTER_MS + 1)
    }
    assert.equal((await api.client().login(OWNER.email, OWNER.password)).status, 200)
    assert.equal((await api.client().login(OWNER.email, 'wrong password')).status, 401, 'counts from the start')
    api.clock.advance(FORGOTTEN_AFTER_MS + 1)
    await forgetAccess(api.context)
    assert.equal((await db.db.selectFrom('login_attempts').selectAll().execute()).length, 0)
    const failed = await db.db.selectFrom('audit').selectAll().where('action', '=', 'login.failed').execute()
    assert.ok(failed.length > 0 && failed.length < 12, `${failed.length} of 25 failures are noted`)
    assert.ok(failed.every(({ detail }) => !detail.includes('nobody@')))
  },
)

testOnDatabases('guesses made at once count as many', async (database) => {
  const api = new AccessApi(database)
  await api.owner()
  const guesses = Array.from({ length: 30 }, (_, i) => api.client(`192.0.2.${i}`).login(OWNER.email, `wrong ${i}`))
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 401).length, 5)
  assert.equal(statuses.filter((status) => status === 429).length, 25)
})

testOnDatabases('an address is locked whatever accounts it tries, and its own account does not free it', async (db) => {
  const api = new AccessApi(db)
  const owner = await api.owner()
  const own = { email: 'mallory@example.com', password: 'a quite ordinary phrase' }
  await owner.ok('POST', '/users', { ...own, role: 'viewer' })
  for (let i = 0; i < 19; i++)
    assert.equal((await api.client(`2001:db8::${i}`).login(`user${i}@example.com`, 'wrong password')).status, 401)
  assert.equal((await api.client('2001:db8::ffff').login(own.email, own.password)).status, 200)
  assert.equal((await api.client('2001:db8::1').login('more@example.com', 'wrong password')).status, 401)
  assert.equal((await api.client('2001:db8::2').login('again@example.com', 'wrong password')).status, 429)
  assert.equal((await api.client('2001:db8:0:1::2').login(own.email, own.password)).status, 200)
})
