/** From the banner of the first start to users, keys and roles, as the first person at a controller goes; and nothing secret stays behind. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import type { Me } from '#contract/access.ts'
import { Operator, type Reply } from '#test/support/operator.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'

const OWNER = { email: 'ada@example.com', password: 'a loom with punched cards' }
const CONFIG = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
  control: { auth: 'required' },
}
const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }

/** A browser: it keeps the cookie, and sends the CSRF token where it has one. */
class Browser {
  readonly #operator: Operator
  cookie = ''
  csrf = ''

  constructor(address: string) {
    this.#operator = new Operator(address)
  }

  async ask<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Reply<Body>> {
    const reply = await this.#operator.ask<Body>(method, path, body, {
      ...(this.cookie === '' ? {} : { cookie: this.cookie }),
      ...(this.csrf === '' ? {} : { 'x-csrf-token': this.csrf }),
    })
    const set = reply.headers.get('set-cookie')
    if (set !== null) this.cookie = set.split(';')[0]!
    const token = (Object(reply.body) as Partial<Me>).csrf_token
    if (typeof token === 'string') this.csrf = token
    return reply
  }

  async must<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await this.ask<Body>(method, path, body)
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }
}

function linkIn(program: Program): { address: string; token: string } {
  const [, address, token] = /First login: (\S+)\/setup#token=(\S+)/.exec(program.stderr) ?? []
  assert.ok(address !== undefined && token !== undefined, program.stderr)
  return { address, token }
}

test('the first start prints a link, and behind it stand users, second factors, keys and roles', async (t) => {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(CONFIG))
  const dataDir = join(folder, 'data')
  const flags = ['--config', file]
  const secrets: string[] = []
  let said = ''
  let stale: string
  {
    await using first = await Program.start('up', { flags, dataDir })
    stale = linkIn(first).token
    assert.equal((await new Operator(first.address('API')).ask('GET', '/gateways')).status, 401)
    for (const path of ['/rules', '/outputs', '/config/batch_size'])
      assert.equal((await fetch(`${first.address('API')}${path}`)).status, 401, path)
    assert.equal((await fetch(`${first.address('API')}/publish`, { method: 'POST' })).status, 401)
    await first.stop()
  }
  {
    await using program = await Program.start('up', { flags, dataDir })
    const { address, token } = linkIn(program)
    assert.equal(address, program.address('API'))
    const ada = new Browser(address)
    assert.deepEqual(await ada.must('GET', '/login'), { auth_mode: 'required', has_users: false })
    assert.equal((await ada.ask('POST', '/setup', { token: stale, ...OWNER })).status, 401, 'a new start replaces it')
    assert.equal((await ada.ask('POST', '/setup', { token, ...OWNER, password: 'short' })).status, 422)
    const me = await ada.must<Me>('POST', '/setup', { token, ...OWNER })
    assert.partialDeepStrictEqual(me, { role: 'owner', totp: false, auth_mode: 'required' })
    assert.equal((await ada.ask('POST', '/setup', { token, ...OWNER })).status, 401, 'it works once')
    secrets.push(token, OWNER.password, ada.cookie.split('=')[1]!)

    // A second factor.
    const { secret } = await ada.must<{ secret: string }>('POST', '/me/totp', { password: OWNER.password })
    const totp = new TOTP({ secret: OtpSecret.fromBase32(secret) })
    const { recovery_codes } = await ada.must<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', {
      code: totp.generate(),
    })
    secrets.push(secret, ...recovery_codes)
    const again = new Browser(address)
    assert.equal((await again.ask('POST', '/login', OWNER)).status, 401, 'the password alone')
    assert.equal((await again.ask('POST', '/login', { ...OWNER, code: '000000' })).status, 401)
    assert.equal(
      (await again.ask('POST', '/login', { ...OWNER, password: 'wrong', code: totp.generate() })).status,
      401,
    )
    await again.must('POST', '/login', { ...OWNER, code: recovery_codes[0] })
    assert.equal((await new Browser(address).ask('POST', '/login', { ...OWNER, code: recovery_codes[0] })).status, 401)
    secrets.push(again.cookie.split('=')[1]!)

    // The cookie alone changes nothing.
    const { csrf } = again
    again.csrf = ''
    assert.equal((await again.ask('POST', '/rules', DROP_DEBUG)).status, 403)
    again.csrf = ada.csrf
    assert.equal((await again.ask('POST', '/rules', DROP_DEBUG)).status, 403, 'that of another session')
    again.csrf = csrf
    await again.must('POST', '/rules', DROP_DEBUG)

    // Keys, with the role that they were given and no more.
    const keyOf = async (name: string, role: string, grants: string[] = []) => {
      const { key } = await again.must<{ key: string }>('POST', '/keys', { name, role, grants, personal: false })
      secrets.push(key)
      return new Operator(address, { authorization: `Bearer ${key}` })
    }
    const viewer = await keyOf('viewer', 'viewer')
    assert.equal((await viewer.ask('GET', '/configurations/default/draft')).status, 200)
    for (const [method, path, body] of [
      ['POST', '/rules', { ...DROP_DEBUG, id: 'another' }],
      ['POST', '/configurations/default/publish', {}],
      ['PUT', '/secrets/name', { value: 'value' }],
      ['POST', '/registration-tokens', { name: 'name' }],
      ['GET', '/users', undefined],
      ['GET', '/tap', undefined],
    ] as const)
      assert.equal((await viewer.ask(method, path, body)).status, 403, `${method} ${path}`)
    const editor = await keyOf('editor', 'editor')
    assert.equal((await editor.ask('POST', '/rules', { ...DROP_DEBUG, id: 'another' })).status, 200)
    assert.equal((await editor.ask('POST', '/configurations/default/publish', {})).status, 403)
    assert.equal((await editor.ask('POST', '/publish')).status, 403, 'nor by the old route')
    const releaser = await keyOf('releaser', 'viewer', ['publish'])
    assert.equal((await releaser.ask('POST', '/configurations/default/publish', {})).status, 200)
    const nobody = new Operator(address, { authorization: 'Bearer sgk_nothing' })
    assert.equal((await nobody.ask('GET', '/gateways')).status, 401)

    await again.must('PUT', '/secrets/vendor', { value: 'hunter2-hunter2' })
    const { token: joining } = await again.must<{ token: string }>('POST', '/registration-tokens', { name: 'edge' })
    secrets.push('hunter2-hunter2', joining)
    await again.must('POST', '/logout')
    assert.equal((await again.ask('GET', '/me')).status, 401)

    // Who did what, and nobody has touched it.
    const { items } = await ada.must<{ items: { actor: string; action: string }[] }>('GET', '/audit?limit=100')
    const done = items.map(({ actor, action }) => `${actor} ${action}`)
    for (const entry of [`${OWNER.email} user.set_up`, `${OWNER.email} rule.add`, 'key:releaser version.publish'])
      assert.ok(done.includes(entry), `${entry} of ${done.join(', ')}`)
    assert.equal((await ada.must('GET', '/audit/verify'))['broken_at'], null)
    await program.stop()
    said = program.stdout + program.stderr.replace(/First login: .*/, '')
  }
  {
    await using program = await Program.start('up', { flags, dataDir })
    assert.doesNotMatch(program.stderr, /First login/, 'there is an owner')
    await program.stop()
    said += program.stdout + program.stderr
  }
  for (const secret of secrets) {
    assert.ok(!said.includes(secret), `${secret} in the log`)
    for (const kept of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
      const path = join(dataDir, kept)
      if (statSync(path).isFile()) assert.ok(!readFileSync(path).includes(secret), `${secret} in ${kept}`)
    }
  }
})
