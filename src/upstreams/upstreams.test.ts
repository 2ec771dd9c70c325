import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { TargetServer } from '#test/support/target-server.ts'
import { type TlsFiles, type UpstreamPlan, upstreamDefaults } from './plan.ts'
import type { Upstream, UpstreamRequest } from './upstream.ts'
import { Upstreams } from './upstreams.ts'

const planFor = (id: string, ...urls: string[]): UpstreamPlan => ({
  ...upstreamDefaults,
  id,
  targets: urls.map((url) => ({ url, weight: 1 })),
})
const named = (upstream: string) => ({ upstream, url: undefined, tls: undefined })
const alone = (url: string, tls?: TlsFiles) => ({ upstream: undefined, url, tls })

async function send(upstream: Upstream, changes: Partial<UpstreamRequest> = {}): Promise<number | string> {
  const { signal } = new AbortController()
  const request = { method: 'POST' as const, path: '/', headers: {}, body: null, timeoutMs: 10_000, signal }
  const result = await upstream.request({ ...request, ...changes })
  return result.answered ? result.status : result.code
}

test('what is prepared is there for those who connect, and gone when it is discarded', async () => {
  const upstreams = new Upstreams()
  assert.throws(() => upstreams.connect('out', named('a')), { code: 'SG_CONFIG_REFERENCE' })
  const change = upstreams.prepare([planFor('a', 'http://127.0.0.1:1')])
  const { upstream, release } = upstreams.connect('out', named('a'))
  assert.throws(() => upstreams.prepare([]), { code: 'SG_RELOAD' })
  await release()
  change.discard()
  assert.throws(() => upstreams.connect('out', named('a')), { code: 'SG_CONFIG_REFERENCE' })
  assert.equal(await send(upstream), 'stopped')
  assert.throws(() => upstreams.prepare([planFor('a', 'http://x'), planFor('a', 'http://y')]), {
    code: 'SG_CONFIG_DUPLICATE_ID',
  })
})

test('who holds an upstream keeps it through reloads, and it changes underneath at the commit', async () => {
  await using one = await new TargetServer().listen()
  await using two = await new TargetServer().listen()
  const upstreams = new Upstreams()
  upstreams.prepare([planFor('a', one.url)]).commit()
  const { upstream } = upstreams.connect('out', named('a'))
  await send(upstream)
  const change = upstreams.prepare([planFor('a', two.url)])
  await send(upstream)
  assert.equal(one.requests.length, 2)
  change.commit()
  await send(upstream)
  assert.equal(two.requests.length, 1)
  assert.equal(upstreams.connect('other', named('a')).upstream, upstream)
  upstreams.prepare([planFor('a', one.url)]).discard()
  await send(upstream)
  assert.equal(two.requests.length, 2)
  await upstreams.stop()
})

test('an upstream that the configuration no longer has works until its last owner lets go', async () => {
  await using server = await new TargetServer().listen()
  const upstreams = new Upstreams()
  upstreams.prepare([planFor('a', server.url)]).commit()
  const first = upstreams.connect('one', named('a'))
  const second = upstreams.connect('two', named('a'))
  upstreams.prepare([]).commit()
  assert.throws(() => upstreams.connect('three', named('a')), { code: 'SG_CONFIG_REFERENCE' })
  await first.release()
  await first.release()
  assert.equal(await send(second.upstream), 200)
  // Wanted again before that, it is the same as before.
  upstreams.prepare([planFor('a', server.url)]).commit()
  await second.release()
  assert.equal(upstreams.connect('three', named('a')).upstream, second.upstream)
  await upstreams.stop()
  assert.equal(await send(second.upstream), 'stopped')
})

test('reloads under load lose no request and forget nothing', async () => {
  await using good = await new TargetServer().listen()
  await using bad = await new TargetServer().listen()
  bad.reply = 500
  const random = randomFrom(3)
  const upstreams = new Upstreams({ random })
  const base = { ...planFor('a', good.url, bad.url), balance: 'round_robin' as const, breaker: undefined }
  upstreams.prepare([base]).commit()
  const { upstream } = upstreams.connect('out', named('a'))
  const results = new Map<number | string, number>()
  let reloading = true
  const worker = async () => {
    while (reloading) {
      const word = await send(upstream)
      results.set(word, (results.get(word) ?? 0) + 1)
    }
  }
  const workers = Array.from({ length: 8 }, worker)
  for (let i = 0; i < 30; i++) {
    const connectionsMax = 10 + Math.floor(random() * 3)
    upstreams.prepare([{ ...base, connectionsMax, retry: { ...base.retry, maxRetries: i % 2 } }]).commit()
    await new Promise((resolve) => setImmediate(resolve))
    await send(upstream)
  }
  reloading = false
  await Promise.all(workers)
  const [state] = upstreams.snapshot()
  const target = state?.targets[1]
  assert.deepEqual([target?.state, target?.ejections], ['ejected', 1])
  // Five in a row, and what was under way just then.
  assert.ok(bad.requests.length <= 5 + 8, `${bad.requests.length} requests`)
  assert.deepEqual([...results.keys()].sort(), [200, 500])
  assert.equal(state?.active, 0)
  await upstreams.stop()
})

test('private upstreams are in the snapshot under their owner, without what stands behind the origin', async () => {
  await using server = await new TargetServer().listen()
  const upstreams = new Upstreams()
  const old = upstreams.connect('out', alone(`${server.url}/secret?key=1`))
  await send(old.upstream)
  const { upstream, release } = upstreams.connect('out', alone(`${server.url}/secret`))
  const states = upstreams.snapshot()
  assert.deepEqual(
    states.map(({ id, shared, requests, targets }) => [id, shared, requests.answered, targets[0]?.url]),
    [['out', false, 0, server.url]],
  )
  assert.equal(await send(upstream, { path: '/in' }), 200)
  assert.equal(server.requests.at(-1)?.path, '/secret/in')
  await release()
  await old.release()
  assert.deepEqual(upstreams.snapshot(), [])
  await upstreams.stop()
})

test('TLS: authority, server name and client certificate, for requests and for checks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-upstreams-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ca_file = file('ca.pem', authority)
  const cert_file = file('client.pem', clientCertificate)
  const key_file = file('client.key', clientKey)
  const options = {
    cert: serverCertificate,
    key: serverKey,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: true,
  }
  await using server = await new TargetServer(options).listen()
  const upstreams = new Upstreams()
  const result = (tls: TlsFiles) => send(upstreams.connect('out', alone(server.url, tls)).upstream)
  const full = { ca_file, cert_file, key_file, server_name: 'server.test', verify: true }
  assert.equal(await result(full), 200)
  assert.equal(await result({ ...full, server_name: 'other.test' }), 'err_tls_cert_altname_invalid')
  assert.equal(
    await result({ cert_file, key_file, server_name: 'server.test', verify: true }),
    'self_signed_cert_in_chain',
  )
  assert.equal(await result({ cert_file, key_file, verify: false }), 200)
  assert.notEqual(await result({ ca_file, server_name: 'server.test', verify: true }), 200)
  // A host header of the vendor's must not change the name that is asked for.
  const { upstream } = upstreams.connect('out', alone(server.url, full))
  assert.equal(await send(upstream, { headers: { host: 'vendor.test' } }), 200)
  await upstreams.stop()
  rmSync(folder, { recursive: true, force: true })
})
