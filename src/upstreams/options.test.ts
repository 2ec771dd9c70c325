import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { authority, clientCertificate, clientKey, serverKey } from '#test/support/certificates.ts'
import { upstreamOptions, upstreamPlan } from './options.ts'
import { upstreamDefaults } from './plan.ts'
import { readTls, socketOptions, tlsIdentity } from './tls.ts'

const schema = z.strictObject({ id: z.string(), ...upstreamOptions })
const plan = (entry: object) => upstreamPlan(schema.parse({ id: 'u', targets: [{ url: 'http://a' }], ...entry }))

const problems = (entry: object) => {
  const { error } = schema.safeParse({ id: 'u', targets: [{ url: 'http://a' }], ...entry })
  return error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`) ?? []
}

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamgate-tls-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function fileWith(text: string, name: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

test('what is not said has the defaults', () => {
  assert.deepEqual(plan({}), { ...upstreamDefaults, id: 'u', targets: [{ url: 'http://a', weight: 1 }] })
})

test('a target that is no URL is complained of, and nothing is thrown', () => {
  const [complaint, ...others] = problems({ targets: [{ url: 'nowhere' }] })
  assert.match(complaint ?? '', /^targets\/0\/url: /)
  assert.deepEqual(others, [])
})

test('everything can be said', () => {
  const { healthCheck, outlier, breaker, retry, concurrency } = plan({
    health_check: { type: 'http', path: '/up', interval_ms: 1000, statuses: [204, '300-399'] },
    outlier: { enabled: false },
    breaker: { open_ms: 600_000 },
    retry: { max_retries: 0 },
    concurrency: { max: 10 },
  })
  assert.deepEqual(healthCheck, {
    type: 'http',
    path: '/up',
    intervalMs: 1000,
    timeoutMs: 2000,
    jitterRatio: 0.1,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
    statuses: [
      [204, 204],
      [300, 399],
    ],
  })
  assert.equal(outlier, undefined)
  // A maximum below what it is the maximum of is raised to it.
  assert.deepEqual([breaker?.openMs, breaker?.openMaxMs], [600_000, 600_000])
  assert.equal(retry.maxRetries, 0)
  assert.deepEqual(concurrency, { adaptive: true, min: 1, max: 10 })
  assert.equal(plan({ breaker: { enabled: false } }).breaker, undefined)
  assert.deepEqual(plan({ health_check: {} }).healthCheck?.statuses, [[200, 399]])
})

test('what is wrong is told with its place', () => {
  const cases: [entry: object, problem: RegExp][] = [
    [{ targets: [] }, /^targets: /],
    [{ targets: [{ url: 'ftp://a' }] }, /^targets\/0\/url: must be an http/],
    [{ targets: [{ url: 'http://me:secret@a' }] }, /^targets\/0\/url: must have no user/],
    [{ targets: [{ url: 'http://a?key=1' }] }, /^targets\/0\/url: must have no user/],
    [{ targets: [{ url: 'http://a' }, { url: 'http://a:80/' }] }, /^targets\/1\/url: is there twice/],
    [{ targets: [{ url: 'http://a', weight: 0 }] }, /^targets: need one with a weight above 0/],
    [{ balance: 'random' }, /^balance: /],
    [{ health_check: { statuses: ['300-200'] } }, /^health_check\/statuses\/0: must be a status such as/],
    [{ health_check: { type: 'tcp', path: '/x' } }, /^health_check\/path: is only for http/],
    [{ health_check: { path: 'x' } }, /^health_check\/path: must begin with a slash/],
    [{ concurrency: { min: 10, max: 5 } }, /^concurrency\/max: must not be below min/],
    [{ tls: { cert_file: 'x' } }, /^tls: cert_file and key_file go together/],
    [{ retry: { retries: 1 } }, /^retry: /],
  ]
  for (const [entry, pattern] of cases) {
    const found = problems(entry)
    assert.ok(
      found.some((problem) => pattern.test(problem)),
      `${pattern} in ${found.join('; ')} for ${JSON.stringify(entry)}`,
    )
    assert.ok(!found.join().includes('secret'))
  }
})

test('files of TLS are read once, checked, and the key never shows', () => {
  const tls = readTls({
    ca_file: fileWith(authority, 'ca.pem'),
    cert_file: fileWith(clientCertificate, 'client.pem'),
    key_file: fileWith(clientKey, 'client.key'),
    server_name: 'server.test',
    verify: true,
  })
  const options = socketOptions(tls)
  assert.equal(options.key, clientKey)
  assert.equal(options.servername, 'server.test')
  assert.equal(options.rejectUnauthorized, true)
  const line = clientKey.split('\n')[1]!
  assert.ok(!JSON.stringify(tls).includes(line) && !inspect(tls, { depth: 9 }).includes(line))
  assert.notEqual(tlsIdentity(tls), tlsIdentity({ ...tls, serverName: 'other.test' }))
  assert.notEqual(tlsIdentity(tls), tlsIdentity({ ...tls, key: undefined }))
  assert.equal(tlsIdentity(undefined), '')
})

test('a file that is not there, or no PEM, or not of the pair, is an error with its place', () => {
  const good = fileWith(clientCertificate, 'client.pem')
  const bad = fileWith('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'bad.pem')
  const text = fileWith('nothing', 'text')
  const other = fileWith(serverKey, 'server.key')
  const cases: [tls: object, path: string, code: string][] = [
    [{ ca_file: join(folder, 'none') }, 'tls/ca_file', 'SG_CONFIG_REFERENCE'],
    [{ ca_file: bad }, 'tls/ca_file', 'SG_CONFIG_INVALID'],
    [{ ca_file: text }, 'tls/ca_file', 'SG_CONFIG_INVALID'],
    [{ cert_file: text, key_file: other }, 'tls/cert_file', 'SG_CONFIG_INVALID'],
    [{ cert_file: good, key_file: text }, 'tls/key_file', 'SG_CONFIG_INVALID'],
    [{ cert_file: good, key_file: other }, 'tls/key_file', 'SG_CONFIG_INVALID'],
  ]
  for (const [tls, path, code] of cases) {
    assert.throws(() => plan({ tls }), { path, code }, JSON.stringify(tls))
  }
})
