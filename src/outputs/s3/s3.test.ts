import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { SendResult } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { S3Fake, s3Error, s3 as vendor } from '#test/support/vendors/s3.ts'
import type { Fault } from '#test/support/vendors/vendor-fake.ts'
import type { UpstreamRequest } from '#upstreams/upstream.ts'
import type { EndpointPlan, Upstreams } from '#upstreams/upstreams.ts'
import { s3 } from './s3.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 2, 3, 4, 5)
const byService = { key: 'logs/{service}/{yyyy}' }
const three = ['{"service":"a","n":1}', '{"service":"b","n":2}', '{"service":"a","n":3}']

/** Sends `records` as often as `times` says, each time the same batch. */
async function send(
  records: readonly (string | Bytes)[],
  options: Record<string, unknown> = {},
  prepare: (fake: S3Fake) => void = () => {},
  times = 1,
) {
  await using fake = await new S3Fake().listen()
  prepare(fake)
  const all = { ...vendor.options(fake), ...options }
  const output = s3.create(s3.config.parse(all), outputContext())
  await output.start()
  const results: SendResult[] = []
  const batch = encodeFor(s3, all, records, { arrivalMs: ARRIVAL })
  for (let i = 0; i < times; i++) results.push(await output.send(batch, never))
  await output.stop()
  return { fake, result: results.at(-1)!, results, output, keys: [...fake.objects.keys()] }
}

const withFaults = (faults: Fault[]) => (fake: S3Fake) => void fake.faults.push(...faults)

test('s3: a batch makes one object a key, with what its name and its headers promise', async () => {
  const { fake, result, keys } = await send([...three, 'text'], byService)
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(
    keys.sort().map((key) => key.replace(/[0-9a-f]{20}/, 'digest')),
    ['a', 'b', 'unknown'].map((service) => `logs/${service}/2026/20260102T030405Z-digest.ndjson.gz`),
  )
  const { text, headers } = fake.objects.get(keys[0]!)!
  assert.equal(text, `${three[0]}\n${three[2]}\n`)
  assert.equal(headers['content-type'], 'application/x-ndjson')
  assert.equal(headers['content-encoding'], 'gzip')
  assert.equal(fake.objects.get(keys[2]!)!.text, '{"message":"text"}\n')
})

test('s3: text, zstd, and what else can be said of an object', async () => {
  const { fake, keys } = await send(['a', 'b'], {
    key: 'raw',
    format: 'text',
    compression: 'zstd',
    storage_class: 'STANDARD_IA',
    server_side_encryption: 'aws:kms',
    kms_key_id: 'arn:aws:kms:eu-central-1:1:key/k',
    checksum: 'sha256',
    content_type: 'text/x-log',
  })
  assert.deepEqual(fake.violations, [])
  assert.match(keys[0]!, /^raw\/20260102T030405Z-[0-9a-f]{20}\.log\.zst$/)
  const { text, headers } = fake.objects.get(keys[0]!)!
  assert.equal(text, 'a\nb\n')
  assert.equal(headers['content-type'], 'text/x-log')
  assert.equal(headers['content-encoding'], 'zstd')
  assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA')
  assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms')
  assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'arn:aws:kms:eu-central-1:1:key/k')
  const plain = await send(['a'], { compression: 'none', checksum: 'md5' })
  assert.deepEqual(plain.fake.violations, [])
  assert.equal(plain.fake.requests[0]!.headers['content-encoding'], undefined)
  assert.ok(plain.fake.requests[0]!.headers['content-md5'])
})

test('s3: sending again writes the same objects again', async () => {
  const { fake, results, keys } = await send(three, byService, () => {}, 2)
  assert.deepEqual(results, [{ ok: true }, { ok: true }])
  assert.deepEqual([keys.length, fake.puts.length], [2, 4])
  assert.deepEqual(fake.violations, [])
})

test('s3: records that look alike make another object', async () => {
  await using fake = await new S3Fake().listen()
  const all = vendor.options(fake)
  const output = s3.create(s3.config.parse(all), outputContext())
  await output.start()
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await output.send(encodeFor(s3, all, ['same'], { arrivalMs: ARRIVAL }), never), { ok: true })
  }
  await output.stop()
  assert.deepEqual(fake.stored, ['same', 'same'])
})

test('s3: when the connection breaks behind a stored object, the retry is no second one', async () => {
  const { fake, results } = await send(['a', 'b'], {}, withFaults(['reset_after']), 2)
  assert.partialDeepStrictEqual(results[0], { ok: false, retryable: true })
  assert.deepEqual(results[1], { ok: true })
  assert.equal(fake.objects.size, 1)
  assert.deepEqual(fake.stored, ['a', 'b'])
})

test('s3: records share the fate of their object', async () => {
  const one = { ...byService, uploads_max: 1 }
  const slowDown = s3Error(503, 'SlowDown', 'Please reduce your request rate.')
  const missing = s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
  const some = await send(three, one, withFaults([{ ...slowDown, headers: { 'retry-after': '3' } }]))
  assert.partialDeepStrictEqual(some.result, { ok: 'partly', retry: [0, 2], refused: [], code: 'http_503' })
  assert.equal((some.result as { retryAfterMs: number }).retryAfterMs, 3000)
  assert.deepEqual(some.fake.stored.length, 1)
  const mixed = await send(three, one, withFaults([missing, slowDown]))
  assert.partialDeepStrictEqual(mixed.result, { ok: 'partly', retry: [1], code: 'http_503' })
  assert.deepEqual(
    (mixed.result as { refused: { record: number; code: string }[] }).refused.map(({ record, code }) => [record, code]),
    [
      [0, 'http_404'],
      [2, 'http_404'],
    ],
  )
  const none = await send(three, one, withFaults([slowDown, slowDown]))
  assert.partialDeepStrictEqual(none.result, { ok: false, retryable: true, code: 'http_503' })
  const never = await send(three, one, withFaults([missing, missing]))
  assert.partialDeepStrictEqual(never.result, { ok: false, retryable: false, code: 'http_404' })
})

test('s3: when nobody answers, the objects that are left are not tried one by one', async () => {
  const { fake, result } = await send(three, { ...byService, uploads_max: 1 }, withFaults(['reset', 'reset']))
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  assert.equal(fake.requests.length, 1)
})

test('s3: what S3 says decides where the status does not', async () => {
  const cases: [number, string, Record<string, unknown>][] = [
    [400, 'RequestTimeout', { retryable: true }],
    [400, 'ExpiredToken', { retryable: true }],
    [400, 'BadDigest', { retryable: true }],
    [400, 'EntityTooLarge', { retryable: false, tooLarge: true }],
    [400, 'InvalidArgument', { retryable: false }],
    [301, 'PermanentRedirect', { retryable: false }],
    [307, 'TemporaryRedirect', { retryable: true }],
    [403, 'AccessDenied', { retryable: true }],
    [400, 'AccessDenied', { retryable: true }],
    [403, 'InvalidAccessKeyId', { retryable: true }],
    [400, 'SignatureDoesNotMatch', { retryable: true }],
    [403, 'RequestTimeTooSkewed', { retryable: true }],
    [404, 'NoSuchBucket', { retryable: false }],
    [409, 'OperationAborted', { retryable: true }],
    [500, 'InternalError', { retryable: true }],
    [503, 'SlowDown', { retryable: true }],
  ]
  for (const [status, error, expected] of cases) {
    const { result } = await send(['a'], {}, withFaults([s3Error(status, error, 'said so')]))
    assert.partialDeepStrictEqual(result, { ok: false, code: `http_${status}`, ...expected }, error)
    assert.match((result as { message: string }).message, new RegExp(`answered ${status} ${error}: said so`))
  }
  const moved = { ...s3Error(301, 'PermanentRedirect', 'm'), headers: { 'x-amz-bucket-region': 'eu-west-3' } }
  const { result } = await send(['a'], {}, withFaults([moved]))
  assert.match((result as { message: string }).message, /the bucket is in eu-west-3/)
  const bare = await send(['a'], {}, withFaults([{ status: 429, body: 'busy' }]))
  assert.partialDeepStrictEqual(bare.result, { retryable: true, code: 'http_429' })
})

test('s3: too large comes in halves, at the border and not before', async () => {
  const small = (max: number) => (fake: S3Fake) => {
    fake.objectBytesMax = max
  }
  const plain = { format: 'text', compression: 'none' }
  assert.deepEqual((await send(['1234', '6789'], plain, small(10))).result, { ok: true })
  const { result } = await send(['1234', '67890'], plain, small(10))
  assert.partialDeepStrictEqual(result, { ok: false, retryable: false, tooLarge: true })
  const mixed = await send(['{"service":"a","n":12345}', '{"service":"b"}'], { ...plain, ...byService }, small(20))
  assert.partialDeepStrictEqual(mixed.result, { ok: 'partly', retry: [0], refused: [] })
})

test('s3: slow answers, hanging ones, and a stop while sending', async () => {
  assert.deepEqual((await send(['a'], {}, withFaults(['slow_body']))).result, { ok: true })
  const hung = await send(['a'], { timeout_ms: 100 }, withFaults(['hang']))
  assert.partialDeepStrictEqual(hung.result, { ok: false, retryable: true, code: 'timeout' })
  await using fake = await new S3Fake().listen()
  fake.faults.push('hang', 'hang')
  const all = { ...vendor.options(fake), ...byService }
  const output = s3.create(s3.config.parse(all), outputContext())
  await output.start()
  const abort = new AbortController()
  const sending = output.send(encodeFor(s3, all, three), abort.signal)
  setImmediate(() => abort.abort())
  assert.partialDeepStrictEqual(await sending, { ok: false, retryable: true, code: 'aborted' })
  await output.stop()
})

test('s3: records wait for keys that the store knows, and keys show nowhere', async () => {
  const secret = 'wr0ngSecret'
  const { result, output } = await send(['a'], { secret_access_key: secret, session_token: 't0ken' })
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'http_403' })
  const keys = { access_key_id: 'id', secret_access_key: secret, session_token: 't0ken' }
  const options = s3.config.parse({ bucket: 'logs', region: 'eu-central-1', ...keys })
  for (const shown of [
    inspect(options, { depth: 9 }),
    JSON.stringify(options),
    inspect(output, { depth: 9 }),
    inspect(result),
  ]) {
    assert.ok(!shown.includes(secret) && !shown.includes('t0ken') && !shown.includes('AWS4-'), shown)
  }
})

test('s3: the bucket stands in the host name or in the path', async () => {
  const place = async (options: Record<string, unknown>) => {
    let url: string | undefined
    let path = ''
    const request = async (asked: UpstreamRequest) => {
      path = asked.path
      const authorization = await asked.sign?.(new URL(url ?? 'http://target/base'))
      assert.match(authorization?.['authorization'] ?? '', /^AWS4-HMAC-SHA256 /)
      return { answered: true, status: 200, headers: {}, body: Buffer.alloc(0), retryAfterMs: undefined }
    }
    const connect = (_owner: string, endpoint: EndpointPlan) => {
      url = endpoint.upstream === undefined ? endpoint.url : undefined
      return { upstream: { request }, release: async () => undefined }
    }
    const all = {
      bucket: 'logs',
      region: 'eu-central-1',
      key: 'k',
      access_key_id: 'a',
      secret_access_key: 'b',
      ...options,
    }
    const output = s3.create(s3.config.parse(all), {
      ...outputContext(),
      upstreams: { connect } as unknown as Upstreams,
    })
    await output.start()
    assert.deepEqual(await output.send(encodeFor(s3, all, ['a']), never), { ok: true })
    return `${url}${path.replace(/\/k\/.*/, '/k/')}`
  }
  assert.equal(await place({}), 'https://logs.s3.eu-central-1.amazonaws.com/k/')
  assert.equal(await place({ region: 'cn-north-1' }), 'https://logs.s3.cn-north-1.amazonaws.com.cn/k/')
  assert.equal(await place({ bucket: 'my.logs' }), 'https://s3.eu-central-1.amazonaws.com/my.logs/k/')
  assert.equal(await place({ endpoint: 'http://minio:9000' }), 'http://minio:9000/logs/k/')
  assert.equal(
    await place({ endpoint: 'https://r2.example/base/', path_style: false }),
    'https://logs.r2.example/base/k/',
  )
  assert.equal(await place({ upstream: 'minio' }), 'undefined/logs/k/')
})

test('s3: configurations that cannot work are refused', () => {
  const good = { bucket: 'logs', region: 'eu-central-1' }
  assert.ok(s3.config.safeParse(good).success)
  for (const bad of [
    { bucket: 'Logs' },
    { bucket: '../x' },
    { region: 'eu central' },
    { endpoint: 'ftp://x' },
    { key: '/logs' },
    { key: 'a/../b' },
    { key: 'a/{' },
    { key: '{a}'.repeat(11) },
    { missing: '../' },
    { kms_key_id: 'k' },
    { access_key_id: 'only' },
    { storage_class: 'A\r\nB' },
  ]) {
    assert.equal(s3.config.safeParse({ ...good, ...bad }).success, false, JSON.stringify(bad))
  }
})

/** It knows the protocol, but checks no signature of version 4: the fake does. */
test('s3: a real server keeps what is sent to it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-s3-'))
  const S3rver = createRequire(import.meta.url)('s3rver')
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'logs' }],
  })
  try {
    const { port } = (await server.run()) as AddressInfo
    const all = {
      endpoint: `http://127.0.0.1:${port}`,
      bucket: 'logs',
      region: 'us-east-1',
      access_key_id: 'S3RVER',
      secret_access_key: 'S3RVER',
      key: 'logs/{service}',
    }
    const open = async (options: Record<string, unknown>) => {
      const output = s3.create(s3.config.parse(options), outputContext())
      await output.start()
      const batch = encodeFor(s3, options, three)
      const results = [await output.send(batch, never), await output.send(batch, never)]
      await output.stop()
      return results
    }
    assert.deepEqual(await open(all), [{ ok: true }, { ok: true }])
    const list = await (await fetch(`${all.endpoint}/logs`)).text()
    const keys = [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].map((match) => match[1]!)
    assert.deepEqual(
      keys.map((key) => key.split('/')[1]),
      ['a', 'b'],
    )
    // `fetch` undoes the content encoding that the server has kept.
    assert.equal(await (await fetch(`${all.endpoint}/logs/${keys[0]}`)).text(), `${three[0]}\n${three[2]}\n`)
    const [missing] = await open({ ...all, bucket: 'other' })
    assert.partialDeepStrictEqual(missing, { ok: false, retryable: false, code: 'http_404' })
  } finally {
    const { httpServer } = server as { httpServer: Server }
    httpServer.closeAllConnections()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
