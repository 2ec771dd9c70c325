/** The same output against a real nats-server, where one is installed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DiscardPolicy } from '@nats-io/jetstream'
import { nkeys } from '@nats-io/transport-node'
import type { Output } from '#component/output.ts'
import { type NatsServer, startNats } from '#test/support/nats.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { requireService } from '#test/support/services.ts'
import { nats } from './nats.ts'

const never = new AbortController().signal
const timeout = 60_000

async function withOutput<T>(options: Record<string, unknown>, use: (output: Output) => Promise<T>): Promise<T> {
  const output = nats.create(nats.config.parse(options), outputContext())
  await output.start()
  try {
    return await use(output)
  } finally {
    await output.stop()
  }
}

const sendOnce = (options: Record<string, unknown>, records: string[]) =>
  withOutput(options, (output) => output.send(encodeFor(nats, options, records), never))

const logs = { name: 'LOGS', subjects: ['logs.>'] }

test('nats: a real stream stores each message once, in order', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(logs)
  const options = { servers: [server.url], stream: 'LOGS' }
  const records = Array.from({ length: 500 }, (_, n) => JSON.stringify({ service: `s${n % 3}`, level: 'info', n }))
  await withOutput(options, async (output) => {
    const batch = encodeFor(nats, options, records)
    for (let i = 0; i < 2; i++) assert.deepEqual(await output.send(batch, never), { ok: true })
  })
  const messages = await server.messages('LOGS')
  assert.deepEqual(
    messages.map(({ text }) => text),
    records,
  )
  assert.deepEqual(
    messages.slice(0, 2).map(({ subject }) => subject),
    ['logs.s0.info', 'logs.s1.info'],
  )
})

test('nats: what real streams do not take', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats('max_payload: 65536')
  const options = { servers: [server.url], subject: '{service}.x' }
  await server.addStream({ name: 'A', subjects: ['a.>'] })
  await server.addStream({ name: 'FULL', subjects: ['full.>'], max_msgs: 1, discard: DiscardPolicy.New })
  await server.addStream({ name: 'SMALL', subjects: ['small.>'], max_msg_size: 50 })
  const of = (service: string, rest = '') => JSON.stringify({ service, rest })
  const result = await sendOnce(options, [
    of('a'),
    of('none'),
    of('full'),
    of('full'),
    of('small', 'x'.repeat(60)),
    of('a', 'x'.repeat(70_000)),
  ])
  assert.partialDeepStrictEqual(result, { ok: 'partly', retry: [1, 3], code: 'no_stream' })
  assert.deepEqual(
    (result as { refused: { record: number; code: string }[] }).refused.map(({ record, code }) => [record, code]),
    [
      [4, 'jetstream_10054'],
      [5, 'message_too_large'],
    ],
  )
  assert.equal((await server.messages('A')).length, 1)
  const wrong = await sendOnce({ ...options, stream: 'B' }, [of('a')])
  assert.partialDeepStrictEqual(wrong, { ok: false, retryable: false, code: 'jetstream_10060' })
})

test('nats: a server that dies and comes again gets what is sent again, once', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(logs)
  const options = { servers: [server.url], connect_timeout_ms: 500 }
  await withOutput(options, async (output) => {
    const first = encodeFor(nats, options, ['a'])
    assert.deepEqual(await output.send(first, never), { ok: true })
    await server.stop()
    assert.partialDeepStrictEqual(await output.send(encodeFor(nats, options, ['b']), never), {
      ok: false,
      retryable: true,
      code: 'connection',
    })
    await server.start()
    assert.deepEqual(await output.send(first, never), { ok: true })
  })
  assert.equal((await server.messages('LOGS')).length, 1)
})

test('nats: a server that hangs is left after a while', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server = await startNats()
  await server.addStream(logs)
  const options = { servers: [server.url], timeout_ms: 300, connect_timeout_ms: 300 }
  await withOutput(options, async (output) => {
    const batch = encodeFor(nats, options, ['a', 'b'])
    // Once before there is a connection, and once on it.
    for (let round = 0; round < 2; round++) {
      await server.pause()
      assert.partialDeepStrictEqual(await output.send(batch, never), { ok: false, retryable: true, code: 'timeout' })
      server.resume()
      while ((await output.send(batch, never)).ok !== true);
    }
  })
  assert.equal((await server.messages('LOGS')).length, 2)
})

test('nats: users, tokens and nkeys', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  const pair = nkeys.createUser()
  const seed = Buffer.from(pair.getSeed()).toString()
  const cases: [string, Record<string, unknown>, Record<string, string>][] = [
    ['authorization { user: u, password: s3cret }', { user: 'u', password: 's3cret' }, { user: 'u', pass: 's3cret' }],
    ['authorization { token: s3cret }', { token: 's3cret' }, { token: 's3cret' }],
    [
      `authorization { users: [ { nkey: ${pair.getPublicKey()} }, { user: u, password: p } ] }`,
      { nkey_seed: seed },
      { user: 'u', pass: 'p' },
    ],
  ]
  for (const [settings, secrets, client] of cases) {
    await using server = await startNats(settings, client)
    await server.addStream(logs)
    const servers = [server.url]
    assert.deepEqual(await sendOnce({ servers, ...secrets }, ['a']), { ok: true })
    const others = [{}, { token: 'wr0ng' }, { user: 'u', password: 'wr0ng' }]
    for (const other of others) {
      const result = await sendOnce({ servers, ...other }, ['a'])
      assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'authorization' })
      assert.ok(!JSON.stringify(result).includes('wr0ng'))
    }
  }
})

test('nats: a credentials file', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  const { settings, creds } = operatorMode()
  const file = temporaryFile(t, 'user.creds', creds)
  await using server = await startNats(settings)
  const options = { servers: [server.url], credentials_file: file }
  // The account has no JetStream: that it is asked for a stream shows that the credentials were taken.
  assert.partialDeepStrictEqual(await sendOnce(options, ['a']), { ok: false, retryable: true, code: 'no_stream' })
  const other = temporaryFile(t, 'other.creds', 'no credentials')
  const refused = await sendOnce({ ...options, credentials_file: other }, ['a'])
  assert.partialDeepStrictEqual(refused, { ok: false, retryable: true, code: 'connection' })
  assert.match((refused as { message: string }).message, /credentials in .*other\.creds cannot be read/)
})

test('nats: what the user may not publish waits, and the rest does not', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  const settings = `authorization { users: [
    { user: admin, password: p }
    { user: u, password: p, permissions: { publish: { allow: ["logs.ok.>"] }, subscribe: ["_INBOX.>"] } }
  ] }`
  await using server = await startNats(settings, { user: 'admin', pass: 'p' })
  await server.addStream(logs)
  const options = { servers: [server.url], user: 'u', password: 'p', timeout_ms: 2000 }
  const result = await sendOnce(options, ['{"service":"ok"}', '{"service":"other"}'])
  assert.partialDeepStrictEqual(result, { ok: 'partly', retry: [1], refused: [], code: 'permission' })
})

test('nats: TLS, with a client certificate', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server') || !requireService(t, 'openssl')) return
  const [cert, key] = selfSigned(t)
  const tls = `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${cert}", verify: true }`
  const client = { tls: { caFile: cert, certFile: cert, keyFile: key } }
  await using server = await startNats(tls, client)
  await server.addStream(logs)
  const servers = [server.url]
  const files = { ca_file: cert, cert_file: cert, key_file: key }
  assert.deepEqual(await sendOnce({ servers, tls: files }, ['a']), { ok: true })
  assert.deepEqual(await sendOnce({ servers, tls: { ...files, server_name: 'localhost' } }, ['b']), { ok: true })
  for (const wrong of [{ ...files, ca_file: undefined }, { ca_file: cert }, { ...files, server_name: 'elsewhere' }]) {
    const result = await sendOnce({ servers, tls: wrong, connect_timeout_ms: 2000 }, ['c'])
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true }, JSON.stringify(wrong))
  }
  assert.deepEqual(await sendOnce({ servers, tls: { ...files, ca_file: undefined, verify: false } }, ['d']), {
    ok: true,
  })
})

test('nats: tls:// is never spoken in the clear', { timeout }, async (t) => {
  if (!requireService(t, 'nats-server')) return
  await using server: NatsServer = await startNats()
  await server.addStream(logs)
  const result = await sendOnce({ servers: [server.url.replace('nats:', 'tls:')] }, ['a'])
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'connection' })
})

function temporaryFile(t: TestContext, name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-nats-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function selfSigned(t: TestContext): [cert: string, key: string] {
  const cert = temporaryFile(t, 'cert.pem', '')
  const key = temporaryFile(t, 'key.pem', '')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  return [cert, key]
}

/** A server that trusts an operator, and the credentials of a user of one of its accounts (NATS JWT, version 2). */
function operatorMode(): { settings: string; creds: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const sign = (by: typeof operator, sub: string, claims: Record<string, unknown>) => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const issued = {
      jti: sub,
      iat: 1767225600,
      iss: by.getPublicKey(),
      name: 'test',
      sub,
      nats: { version: 2, ...claims },
    }
    const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(issued)}`
    return `${text}.${Buffer.from(by.sign(Buffer.from(text))).toString('base64url')}`
  }
  const none = -1
  const limits = { subs: none, data: none, payload: none }
  const of = (key: typeof operator) => key.getPublicKey()
  const operatorJwt = sign(operator, of(operator), { type: 'operator' })
  const accountJwt = sign(operator, of(account), {
    type: 'account',
    limits: { ...limits, imports: none, exports: none, wildcards: true, conn: none, leaf: none },
  })
  const userJwt = sign(account, of(user), { type: 'user', ...limits, pub: {}, sub: {} })
  const seed = Buffer.from(user.getSeed()).toString()
  const frame = (what: string, text: string) => `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n`
  const system = nkeys.createAccount()
  const systemJwt = sign(operator, of(system), {
    type: 'account',
    limits: { ...limits, imports: none, exports: none, conn: none },
  })
  return {
    settings: [
      `operator: "${operatorJwt}"`,
      `system_account: ${of(system)}`,
      'resolver: MEMORY',
      `resolver_preload: { ${of(account)}: "${accountJwt}", ${of(system)}: "${systemJwt}" }`,
    ].join('\n'),
    creds: frame('NATS USER JWT', userJwt) + frame('USER NKEY SEED', seed),
  }
}
