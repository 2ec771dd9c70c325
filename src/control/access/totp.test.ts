import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import { SecretBox } from '#control/secret-box.ts'
import { AccessApi, type Client, OWNER } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import type { UserRow } from './sessions.ts'
import { newEnrolment, sealTotp, totpStep } from './totp.ts'

const STEP_MS = 30_000

/** The app on a phone, whose clock is `beside` steps away. */
function codeOf(client: Client, secret: string, beside = 0): string {
  const totp = new TOTP({ secret: OtpSecret.fromBase32(secret) })
  return totp.generate({ timestamp: client.api.clock.wall() + beside * STEP_MS })
}

async function enrol(client: Client): Promise<{ secret: string; recovery: string[] }> {
  const { secret } = await client.ok('POST', '/me/totp', { password: OWNER.password })
  const { recovery_codes } = await client.ok('POST', '/me/totp/confirm', { code: codeOf(client, secret) })
  client.api.clock.advance(STEP_MS)
  return { secret, recovery: recovery_codes }
}

test('codes are those of RFC 6238, appendix B, cut to six digits, and those next to them', async () => {
  const box = new SecretBox(Buffer.alloc(32))
  const secret = OtpSecret.fromLatin1('12345678901234567890').base32
  const user = { org_id: 'default', id: 'u' } as UserRow
  user.totp_sealed = sealTotp(box, user, secret)
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ] as const) {
    const step = Math.floor(seconds / 30)
    for (const beside of [-1, 0, 1])
      assert.equal(await totpStep(box, user, code, (seconds - beside * 30) * 1000), step, `${seconds} ${beside}`)
    for (const beside of [-2, 2])
      assert.equal(await totpStep(box, user, code, (seconds - beside * 30) * 1000), undefined)
  }
  for (const wrong of ['', '28708', '2870822', '28708x', '２８７０８２'])
    assert.equal(await totpStep(box, user, wrong, 59_000), undefined)
  assert.equal(await totpStep(box, { ...user, id: 'v' }, '287082', 59_000), undefined, 'sealed for somebody else')
})

test('an enrolment can be read by authenticator apps', async () => {
  const { uri, secret } = await newEnrolment('ada@example.com')
  assert.match(secret, /^[A-Z2-7]{32}$/)
  const expected = `otpauth://totp/StreamGate:ada%40example.com?issuer=StreamGate&secret=${secret}`
  assert.equal(uri, `${expected}&algorithm=SHA1&digits=6&period=30`)
})

testOnDatabases('a second factor is in force once confirmed, and a code works once', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  assert.equal((await owner.send('POST', '/me/totp', { password: 'not this one at all' })).status, 403)
  assert.equal((await owner.send('POST', '/me/totp/confirm', { code: '000000' })).status, 409)
  const { secret, uri } = await owner.ok('POST', '/me/totp', { password: OWNER.password })
  assert.ok(uri.includes(secret))
  assert.ok(!JSON.stringify(await database.db.selectFrom('users').selectAll().execute()).includes(secret))
  assert.equal((await api.client().login(OWNER.email, OWNER.password)).status, 200, 'not in force yet')
  const wrong = codeOf(owner, secret, 5)
  assert.equal((await owner.send('POST', '/me/totp/confirm', { code: wrong })).status, 422)
  const code = codeOf(owner, secret)
  const { recovery_codes } = await owner.ok('POST', '/me/totp/confirm', {
    code: `${code.slice(0, 3)} ${code.slice(3)}`,
  })
  assert.equal(new Set(recovery_codes).size, 10)
  assert.equal((await owner.me()).totp, true)
  assert.equal((await owner.send('POST', '/me/totp', { password: OWNER.password })).status, 409)

  const login = async (code?: string) => (await api.client().login(OWNER.email, OWNER.password, code)).status
  assert.equal(await login(), 401)
  assert.equal(await login(code), 401, 'used by the confirmation')
  assert.equal(await login(codeOf(owner, secret, -1)), 401, 'older than one that was used')
  assert.equal(await login(codeOf(owner, secret, 1)), 200, 'a clock that is ahead')
  api.clock.advance(STEP_MS)
  assert.equal(await login(codeOf(owner, secret)), 401, 'used by the login')
  api.clock.advance(STEP_MS)
  const next = codeOf(owner, secret)
  const both = await Promise.all([login(next), login(next)])
  assert.deepEqual(both.sort(), [200, 401], 'of two at once')
})

testOnDatabases('a recovery code works once, in whatever way it is written', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const { secret, recovery } = await enrol(owner)
  const login = async (code?: string) => (await api.client().login(OWNER.email, OWNER.password, code)).status
  assert.match(recovery[0]!, /^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/)
  assert.equal(await login(recovery[0]!), 200)
  assert.equal(await login(recovery[0]!), 401)
  assert.equal(await login(recovery[1]!.toUpperCase().replaceAll('-', ' ')), 200)
  const proof = { password: OWNER.password, code: codeOf(owner, secret) }
  const renewed = await owner.ok('POST', '/me/totp/recovery-codes', proof)
  assert.equal(await login(recovery[2]!), 401)
  assert.equal(await login(renewed.recovery_codes[0]), 200)
})

testOnDatabases('switching it off takes password and code, or an owner', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const { secret } = await enrol(owner)
  const disable = async (password: string, code: string) =>
    (await owner.send('POST', '/me/totp/disable', { password, code })).status
  assert.equal(await disable(OWNER.password, '12345'), 403)
  assert.equal(await disable('not this one at all', codeOf(owner, secret)), 403)
  assert.equal(await disable(OWNER.password, codeOf(owner, secret)), 200)
  assert.equal((await owner.me()).totp, false)
  assert.equal(await disable(OWNER.password, codeOf(owner, secret)), 409)
  assert.equal((await database.db.selectFrom('recovery_codes').selectAll().execute()).length, 0)

  await enrol(owner)
  const me = (await owner.ok('GET', '/users')).items[0]
  assert.equal(me.totp, true)
  assert.equal((await owner.ok('POST', `/users/${me.id}/reset-totp`)).totp, false)
  assert.equal((await api.client().login(OWNER.email, OWNER.password)).status, 200)
})

testOnDatabases('a new password by a one-time token needs the second factor too', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  const { secret } = await enrol(owner)
  const [{ id }] = (await owner.ok('GET', '/users')).items
  const { token } = await owner.ok('POST', `/users/${id}/invite`)
  const body = { token, ...OWNER, password: 'another quite ordinary one' }
  assert.equal((await api.client().send('POST', '/setup', body)).status, 401)
  assert.equal((await api.client().send('POST', '/setup', { ...body, code: codeOf(owner, secret) })).status, 200)
})

testOnDatabases('where one is required, nothing else can be done before it is there', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  assert.equal((await owner.change('PUT', '/settings/access', { require_totp: true })).status, 200)
  const { totp_required, permissions } = await owner.me()
  assert.deepEqual([totp_required, permissions], [true, ['self']])
  const refused = await owner.send('GET', '/users')
  assert.deepEqual([refused.status, /second factor/.test(refused.body.detail)], [403, true])
  assert.equal((await owner.send('POST', '/keys', { name: 'k', role: 'viewer' })).status, 403)
  await enrol(owner)
  assert.equal((await owner.me()).totp_required, false)
  assert.equal((await owner.send('GET', '/users')).status, 200)
  assert.deepEqual(await owner.ok('GET', '/settings/access'), { require_totp: true })
})

testOnDatabases('codes cannot be guessed with a stolen session', async (database) => {
  const api = new AccessApi(database)
  const owner = await api.owner()
  await enrol(owner)
  const statuses = []
  for (let i = 0; i < 6; i++) {
    const { status } = await owner.send('POST', '/me/totp/disable', { password: OWNER.password, code: '12345' })
    statuses.push(status)
  }
  assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429])
})
