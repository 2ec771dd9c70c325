import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { ManualClock } from '#std/clock.ts'
import { FakeIntake } from '#test/support/fake-intake.ts'
import { IntakeWorld } from '#test/support/intakes.ts'
import { datadog } from './datadog.ts'

const json = { 'content-type': 'application/json' }
const KEYS = { api_keys: [{ name: 'agents', key: 'dd-secret-key' }] }

const taken: [name: string, path: string, headers: Record<string, string>, body: string, records: string[]][] = [
  ['an array', '/api/v2/logs', json, '[{"message":"a"},{"message":"b"}]', ['{"message":"a"}', '{"message":"b"}']],
  ['one object', '/api/v2/logs', json, ' {"message":"a"}\n', ['{"message":"a"}']],
  ['lines of text', '/api/v2/logs', { 'content-type': 'text/plain' }, '{"a":1}\nb', ['{"a":1}', 'b']],
  ['lines without a content type', '/v1/input', { 'content-type': '' }, 'a\nb\n', ['a', 'b']],
  ['JSON without a content type', '/v1/input/any-key', { 'content-type': '' }, '[{"a":1}]', ['{"a":1}']],
  [
    'what the query says of all',
    '/api/v2/logs?ddsource=nginx&ddtags=env%3Aprod%2Ca%3Ab&service=s',
    { ...json, hostname: 'header' },
    '[{"m":"a","service":"own","status":"warn"}]',
    ['{"ddsource":"nginx","ddtags":"env:prod,a:b","hostname":"header","m":"a","service":"own","level":"warn"}'],
  ],
  [
    'what the query says of lines',
    '/api/v2/logs?ddsource=nginx',
    { 'content-type': 'text/plain' },
    'a "b"\n',
    ['{"ddsource":"nginx","message":"a \\"b\\""}'],
  ],
]
for (const [name, path, headers, body, records] of taken) {
  test(`datadog takes ${name}`, async () => {
    await using world = await IntakeWorld.start(datadog)
    for (const [encoding, sent] of [
      ['identity', Buffer.from(body)],
      ['gzip', gzipSync(body)],
      ['zstd', zstdCompressSync(body)],
    ] as const) {
      world.intake.entries.length = 0
      const { status, json: answer } = await world.post(path, sent, { ...headers, 'content-encoding': encoding })
      assert.deepEqual([status, answer], [path.startsWith('/v1') ? 200 : 202, {}])
      assert.deepEqual(world.records(), records)
    }
  })
}

test('datadog answers what agents send to see whether it is there, and takes nothing of it', async () => {
  await using world = await IntakeWorld.start(datadog)
  for (const body of ['{}', '[]', '', ' \n']) assert.equal((await world.post('/api/v2/logs', body, json)).status, 202)
  assert.deepEqual((await world.send('GET', '/api/v1/validate')).json, { valid: true })
  assert.equal(world.intake.puts, 0)
})

test('datadog refuses with 400 what is no JSON, and nothing of it is taken', async () => {
  await using world = await IntakeWorld.start(datadog)
  const bad = [
    '[{"a":1}',
    '[{"a":1},]',
    '{"a":1}{"b":1}',
    '[1]',
    '["a"]',
    '{"a"}',
    'x',
    '[{"a":1}] x',
    '[{"a":1} {"b":1}]',
  ]
  for (const body of bad) {
    const { status, json: answer } = await world.post('/api/v2/logs', body, json)
    assert.equal(status, 400, body)
    const detail = 'Invalid JSON: send an object or an array of objects.'
    assert.partialDeepStrictEqual(answer, { errors: [{ status: '400', title: 'Bad Request', detail }] })
    assert.partialDeepStrictEqual((await world.post('/v1/input', body, json)).json, { code: 400, message: detail })
  }
  assert.equal(world.intake.puts, 0)
  assert.deepEqual(new Set(world.context.reasons()), new Set(['malformed']))
})

test('datadog takes more than 1000 entries, and bodies of several pieces, in order', async () => {
  const intake = new FakeIntake(4096)
  await using world = await IntakeWorld.start(datadog, {}, undefined, intake)
  const records = Array.from({ length: 3000 }, (_, i) => `{"message":"${'x'.repeat(i % 300)}","i":${i}}`)
  const { status } = await world.post('/api/v2/logs?service=s', `[\n${records.join(' ,\n')}\n]`, json)
  assert.equal(status, 202)
  assert.equal(intake.oversized, 0)
  assert.deepEqual(
    world.records(),
    records.map((record) => `{"service":"s",${record.slice(1)}`),
  )
  assert.equal((await world.post('/api/v2/logs', `[{"message":"${'x'.repeat(5000)}"}]`, json)).status, 413)
  assert.equal((await world.post('/api/v2/logs', 'x'.repeat(5000), { 'content-type': 'text/plain' })).status, 413)
})

test('datadog refuses bodies above 5 MiB, and metadata above 4 KiB', async () => {
  await using world = await IntakeWorld.start(datadog)
  const large = gzipSync(`[{"message":"${'x'.repeat(5 * 1024 * 1024)}"}]`)
  const { status, json: answer } = await world.post('/api/v2/logs', large, { ...json, 'content-encoding': 'gzip' })
  assert.equal(status, 413)
  assert.partialDeepStrictEqual(answer, { errors: [{ status: '413', title: 'Request Entity Too Large' }] })
  assert.equal((await world.post(`/api/v2/logs?ddtags=${'x'.repeat(4096)}`, '[]', json)).status, 400)
  assert.deepEqual(world.context.reasons(), ['body_too_large', 'malformed'])
})

test('datadog takes its key from the header, the query or the path', async () => {
  await using world = await IntakeWorld.start(datadog, KEYS)
  const key = 'dd-secret-key'
  const statuses = async (each: string, headers: Record<string, string> = {}) =>
    (await world.post(each, '[{"a":1}]', { ...json, ...headers })).status
  assert.equal(await statuses('/api/v2/logs', { 'dd-api-key': key }), 202)
  assert.equal(await statuses(`/api/v2/logs?dd-api-key=${key}`), 202)
  assert.equal(await statuses(`/v1/input/${key}`), 200)
  assert.equal(await statuses('/api/v2/logs'), 401)
  assert.equal(await statuses('/api/v2/logs', { 'dd-api-key': 'other' }), 403)
  assert.equal(await statuses('/v1/input/other'), 403)
  assert.equal((await world.send('GET', '/api/v1/validate', undefined, { 'dd-api-key': key })).status, 200)
  assert.equal((await world.send('GET', '/api/v1/validate', undefined, { 'dd-api-key': 'other' })).status, 403)
  assert.deepEqual(world.context.reasons(), Array(4).fill('unauthorized'))
  const options = datadog.config.parse(KEYS)
  assert.ok(!inspect(options, { depth: 9 }).includes(key) && !JSON.stringify(options).includes(key))
})

test('datadog tells a key that has sent enough to wait', async () => {
  const clock = new ManualClock()
  const limited = [{ name: 'agents', key: 'k', records_per_second: 2 }]
  await using world = await IntakeWorld.start(datadog, { api_keys: limited }, clock)
  const send = () => world.post('/api/v2/logs', '[{},{"a":1},{"b":1},{"c":1}]', { ...json, 'dd-api-key': 'k' })
  assert.equal((await send()).status, 202)
  const refused = await send()
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
  clock.advance(1001)
  assert.equal((await send()).status, 202)
})

test('datadog answers 503 when there is no room, and when what it took is not safe', async () => {
  await using full = await IntakeWorld.start(datadog)
  full.intake.setRoom(0)
  const refused = await full.post('/api/v2/logs', '[{"a":1}]', json)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  await using world = await IntakeWorld.start(datadog, { durable: true })
  world.intake.isSafe = false
  assert.equal((await world.post('/api/v2/logs', '[{"a":1}]', json)).status, 503)
  world.intake.isSafe = true
  assert.equal((await world.post('/api/v2/logs', '[{"a":1}]', json)).status, 202)
})

test('datadog says no to other paths and methods as Datadog does', async () => {
  await using world = await IntakeWorld.start(datadog)
  assert.partialDeepStrictEqual(await world.send('GET', '/api/v2/logs'), {
    status: 405,
    json: { errors: [{ status: '405' }] },
  })
  assert.partialDeepStrictEqual(await world.post('/api/v2/series', '{}', json), { status: 404 })
})
