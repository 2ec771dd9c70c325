import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '#std/clock.ts'
import { FakeIntake } from '#test/support/fake-intake.ts'
import { IntakeWorld } from '#test/support/intakes.ts'
import { elasticsearch } from './elasticsearch.ts'

const ndjson = { 'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=9' }
const KEYS = { api_keys: [{ name: 'beats', key: 'es-key' }] }

interface Item {
  _index: string
  _id: string
  status: number
  error?: { type: string }
}

function statuses(json: unknown): (number | string)[][] {
  const { items } = json as { items: Record<string, Item>[] }
  return items.map((item) => {
    const [[action, { status, _index, error }]] = Object.entries(item) as [[string, Item]]
    return [action, status, _index, ...(error === undefined ? [] : [error.type])]
  })
}

test('elasticsearch takes documents and answers for each, in order', async () => {
  await using world = await IntakeWorld.start(elasticsearch)
  const body = [
    '{"create":{"_index":"a","_id":"1"}}',
    '{"message":"one"}',
    '{"index":{}}',
    '{"message":"two"}',
    '{"update":{"_id":"1"}}',
    '{"doc":{"x":1}}',
    '{"delete":{"_index":"a","_id":"1"}}',
    '{"index":{"_index":"b"}}',
    '{"broken"}',
    '{"create":{"_index":"b"}}\r',
    '{"message":"three"}\r',
    '',
  ].join('\n')
  for (const send of [body, gzipSync(body)]) {
    world.intake.entries.length = 0
    const headers = typeof send === 'string' ? ndjson : { ...ndjson, 'content-encoding': 'gzip' }
    const answer = await world.post('/logs/_bulk?refresh=false', send, headers)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('x-elastic-product'), 'Elasticsearch')
    assert.partialDeepStrictEqual(answer.json, { errors: true })
    assert.deepEqual(statuses(answer.json), [
      ['create', 201, 'a'],
      ['index', 201, 'logs'],
      ['update', 400, 'logs', 'illegal_argument_exception'],
      ['delete', 400, 'a', 'illegal_argument_exception'],
      ['index', 400, 'b', 'document_parsing_exception'],
      ['create', 201, 'b'],
    ])
    assert.deepEqual(world.records(), [
      '{"es_index":"a","message":"one"}',
      '{"es_index":"logs","message":"two"}',
      '{"es_index":"b","message":"three"}',
    ])
  }
  assert.deepEqual(world.context.rejected, Array(2).fill({ reason: 'malformed', records: 3, bytes: 0 }))
})

test('elasticsearch refuses a request that has no form, and takes nothing of it', async () => {
  await using world = await IntakeWorld.start(elasticsearch, { actions_max: 2 })
  for (const [body, status, reason] of [
    ['', 400, /required/],
    ['{"index":{}}\n{}', 400, /terminated by a newline/],
    ['{"index":{}}\n', 400, /line \[1\], its document is missing/],
    ['{"index":{}}\n{}\n{"nope":{}}\n{}\n', 400, /line \[3\], expected one action/],
    ['{"index":{},"create":{}}\n{}\n', 400, /line \[1\]/],
    ['[]\n{}\n', 400, /line \[1\]/],
    ['{"index":5}\n{}\n', 400, /line \[1\]/],
    ['{"index":{}}\n{}\n'.repeat(3), 413, /2 actions/],
  ] as const) {
    const answer = await world.post('/_bulk', body, ndjson)
    assert.equal(answer.status, status, body)
    const { error } = answer.json as { error: { reason: string } }
    assert.match(error.reason, reason)
    assert.equal(answer.headers.get('x-elastic-product'), 'Elasticsearch')
  }
  assert.equal(world.intake.puts, 0)
})

test('elasticsearch: large bodies go in as pieces, what fits into none is refused by itself', async () => {
  const intake = new FakeIntake(4096)
  await using world = await IntakeWorld.start(elasticsearch, {}, undefined, intake)
  const pairs = Array.from(
    { length: 900 },
    (_, i) => `{"create":{}}\n{"i":${i},"x":"${'y'.repeat(i === 500 ? 5000 : 50)}"}\n`,
  )
  const answer = await world.send('PUT', '/logs/_bulk', pairs.join(''), ndjson)
  assert.equal(intake.oversized, 0)
  assert.deepEqual(statuses(answer.json)[500], ['create', 413, 'logs', 'content_too_long_exception'])
  assert.deepEqual(
    world.records().map((record) => JSON.parse(record).i),
    pairs.map((_, i) => i).filter((i) => i !== 500),
  )
})

test('elasticsearch takes single documents', async () => {
  await using world = await IntakeWorld.start(elasticsearch, { index_field: 'index_name' })
  const json = { 'content-type': 'application/json' }
  const first = await world.post('/logs/_doc', '{\n "a": 1\r\n}\n', json)
  assert.equal(first.status, 201)
  assert.partialDeepStrictEqual(first.json, { _index: 'logs', result: 'created' })
  assert.partialDeepStrictEqual(await world.send('PUT', '/logs/_create/7', '{}', json), {
    status: 201,
    json: { _id: '7' },
  })
  assert.deepEqual(world.records(), ['{"index_name":"logs",  "a": 1  }', '{"index_name":"logs"}'])
  for (const body of ['', '5', '{"a"}']) assert.equal((await world.post('/logs/_doc', body, json)).status, 400)
})

test('elasticsearch answers what clients ask before they send', async () => {
  await using world = await IntakeWorld.start(elasticsearch, { version: '8.19.3' })
  const get = async (path: string) => (await world.send('GET', path)).json
  assert.partialDeepStrictEqual(await get('/'), { tagline: 'You Know, for Search', version: { number: '8.19.3' } })
  assert.partialDeepStrictEqual(await get('/_license'), { license: { status: 'active', type: 'basic' } })
  assert.partialDeepStrictEqual(await get('/_xpack'), { license: { status: 'active' } })
  assert.partialDeepStrictEqual(await get('/_cluster/health'), { status: 'green' })
  assert.partialDeepStrictEqual(await get('/_ilm/policy/filebeat'), { filebeat: { policy: { phases: {} } } })
  assert.partialDeepStrictEqual(await get('/_data_stream/filebeat-9'), { data_streams: [{ name: 'filebeat-9' }] })
  for (const path of ['/', '/logs', '/_index_template/filebeat', '/_template/logstash', '/_alias/logstash']) {
    const answer = await world.send('HEAD', path)
    assert.deepEqual([answer.status, answer.headers.get('x-elastic-product')], [200, 'Elasticsearch'], path)
  }
  for (const path of ['/_index_template/a', '/_ilm/policy/a', '/_ingest/pipeline/a', '/_data_stream/a', '/new-index']) {
    assert.partialDeepStrictEqual(await world.send('PUT', path, '{"template":{}}'), {
      status: 200,
      json: { acknowledged: true },
    })
  }
  const versioned = await world.send('GET', '/', undefined, {
    accept: 'application/vnd.elasticsearch+json; compatible-with=9,text/plain',
  })
  assert.equal(versioned.headers.get('content-type'), 'application/vnd.elasticsearch+json;compatible-with=9')
  assert.partialDeepStrictEqual(await world.send('GET', '/logs/_search'), { status: 404, json: { status: 404 } })
})

test('elasticsearch takes a key as ApiKey, Bearer, or the password of Basic', async () => {
  await using world = await IntakeWorld.start(elasticsearch, {
    api_keys: [...KEYS.api_keys, { name: 'pair', key: 'id:secret' }],
  })
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  for (const [authorization, status] of [
    ['ApiKey es-key', 200],
    [`ApiKey ${encoded('id:secret')}`, 200],
    ['Bearer es-key', 200],
    [`Basic ${encoded('elastic:es-key')}`, 200],
    [`Basic ${encoded('es-key:elastic')}`, 401],
    [`ApiKey ${encoded('id:other')}`, 401],
    ['es-key', 401],
    ['', 401],
  ] as const) {
    const answer = await world.post('/_bulk', '{"index":{}}\n{}\n', { ...ndjson, authorization })
    assert.equal(answer.status, status, authorization)
    if (status === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic .*ApiKey/)
  }
  assert.equal((await world.send('GET', '/')).status, 401)
})

test('elasticsearch answers 503 without room or safety, and 429 to a key that has sent enough', async () => {
  const bulk = '{"index":{}}\n{}\n'
  await using full = await IntakeWorld.start(elasticsearch)
  full.intake.setRoom(0)
  const refused = await full.post('/_bulk', bulk, ndjson)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  assert.partialDeepStrictEqual(refused.json, { error: { type: 'es_rejected_execution_exception' } })
  await using world = await IntakeWorld.start(elasticsearch, { durable: true })
  world.intake.isSafe = false
  assert.equal((await world.post('/_bulk', bulk, ndjson)).status, 503)
  const clock = new ManualClock()
  const api_keys = [{ name: 'k', key: 'k', records_per_second: 1 }]
  await using limited = await IntakeWorld.start(elasticsearch, { api_keys }, clock)
  const send = () => limited.post('/_bulk', bulk, { ...ndjson, authorization: 'ApiKey k' })
  assert.deepEqual([(await send()).status, (await send()).status], [200, 429])
})
