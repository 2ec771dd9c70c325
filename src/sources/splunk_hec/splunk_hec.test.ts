import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '#std/clock.ts'
import { FakeIntake } from '#test/support/fake-intake.ts'
import { IntakeWorld } from '#test/support/intakes.ts'
import { splunkHec } from './splunk_hec.ts'

const EVENT = '/services/collector/event'
const RAW = '/services/collector/raw'
const CHANNEL = '0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba'
const KEYS = { api_keys: [{ name: 'agents', key: 'hec-token' }] }
const SUCCESS = { text: 'Success', code: 0 }

const taken: [name: string, path: string, body: string, records: string[]][] = [
  [
    'events one behind the other',
    '/services/collector',
    '{"event":"a","time":1.5,"host":"h"}{"event":{"x":1}}',
    ['{"timestamp":1.5,"host":"h","message":"a"}', '{"x":1}'],
  ],
  ['an array of events', `${EVENT}/1.0`, '[{"event":"a"},{"event":"b"}]', ['{"message":"a"}', '{"message":"b"}']],
  [
    'events with metadata in the query',
    `${EVENT}?index=main&host=q&sourcetype=`,
    '{"event":"a","host":"own"}\n{"event":"b"}',
    ['{"index":"main","host":"own","message":"a"}', '{"index":"main","host":"q","message":"b"}'],
  ],
  ['raw lines as they are', RAW, 'a\r\n{"b":1}\n', ['a', '{"b":1}']],
  [
    'raw lines with metadata',
    `${RAW}/1.0?sourcetype=st&source=s&channel=${CHANNEL}`,
    'a\n{"b":1,"source":"own"}',
    ['{"source":"s","sourcetype":"st","message":"a"}', '{"sourcetype":"st","b":1,"source":"own"}'],
  ],
]
for (const [name, path, body, records] of taken) {
  test(`splunk_hec takes ${name}`, async () => {
    await using world = await IntakeWorld.start(splunkHec)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.deepEqual((await world.post(path, body, form)).json, SUCCESS)
    assert.deepEqual(world.records(), records)
    assert.deepEqual((await world.post(path, gzipSync(body), { 'content-encoding': 'gzip' })).json, SUCCESS)
  })
}

const bad: [body: string, status: number, code: number, event: number | undefined, taken: number][] = [
  ['', 400, 5, undefined, 0],
  ['  \n', 400, 5, undefined, 0],
  ['text', 400, 6, 0, 0],
  ['{"event":1}{"event":2}{"event":', 400, 6, 2, 2],
  ['{"event":1}{"host":"h"}{"event":2}', 400, 12, 1, 1],
  ['{"event":""}', 400, 13, 0, 0],
  ['{"event":1}{"event":null}', 400, 13, 1, 1],
  ['{"event":1,"time":1e9}', 400, 15, 0, 0],
  ['{"event":1,"time":"yesterday"}', 400, 15, 0, 0],
  ['{"event":1,"fields":{"a":{"b":1}}}', 400, 15, 0, 0],
  ['{"event":1,"fields":[]}', 400, 15, 0, 0],
]
test('splunk_hec names the first bad event, and has taken those before it', async () => {
  await using world = await IntakeWorld.start(splunkHec)
  for (const [body, status, code, event, records] of bad) {
    world.intake.entries.length = 0
    const answer = await world.post(EVENT, body)
    const where = event === undefined ? {} : { 'invalid-event-number': event }
    assert.equal(answer.status, status, body)
    assert.partialDeepStrictEqual(answer.json, { code, ...where }, body)
    assert.equal(world.records().length, records, body)
  }
  assert.deepEqual(new Set(world.context.reasons()), new Set(['malformed']))
})

test('splunk_hec: an event that fits into no entry gets 413, large bodies go in as pieces', async () => {
  const intake = new FakeIntake(4096)
  await using world = await IntakeWorld.start(splunkHec, {}, undefined, intake)
  const events = Array.from({ length: 2000 }, (_, i) => `{"event":{"i":${i},"x":"${'y'.repeat(i % 99)}"}}`)
  assert.deepEqual((await world.post(`${EVENT}?index=main`, events.join(''))).json, SUCCESS)
  assert.equal(intake.oversized, 0)
  assert.deepEqual(
    world.records().map((record) => JSON.parse(record).i),
    events.map((_, i) => i),
  )
  const large = `{"event":1}{"event":"${'x'.repeat(5000)}"}`
  assert.partialDeepStrictEqual(await world.post(EVENT, large), {
    status: 413,
    json: { code: 27, 'invalid-event-number': 1 },
  })
  assert.partialDeepStrictEqual(await world.post(RAW, 'x'.repeat(5000)), { status: 413, json: { code: 27 } })
})

test('splunk_hec takes its token as Splunk, Basic or, where allowed, from the query', async () => {
  await using world = await IntakeWorld.start(splunkHec, KEYS)
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
  for (const [authorization, query, status, code] of [
    ['Splunk hec-token', '', 200, 0],
    ['splunk  hec-token', '', 200, 0],
    [basic('x:hec-token'), '', 200, 0],
    [undefined, '', 401, 2],
    ['Bearer hec-token', '', 401, 3],
    [basic('no-colon'), '', 401, 3],
    ['Splunk other', '', 403, 4],
    [basic('hec-token:x'), '', 403, 4],
    [undefined, '?token=hec-token', 400, 16],
  ] as const) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const answer = await world.post(EVENT + query, '{"event":1}', headers)
    assert.deepEqual([answer.status, (answer.json as { code: number }).code], [status, code], authorization)
  }
  await using open = await IntakeWorld.start(splunkHec, { ...KEYS, query_token: true })
  assert.equal((await open.post(`${EVENT}?token=hec-token`, '{"event":1}')).status, 200)
  assert.partialDeepStrictEqual(await open.post(`${EVENT}?token=x`, '{"event":1}'), { status: 403, json: { code: 4 } })
})

test('splunk_hec is healthy without a token, and busy when there is no room', async () => {
  await using world = await IntakeWorld.start(splunkHec, KEYS)
  for (const path of ['/services/collector/health', '/services/collector/health/1.0']) {
    const { status, json } = await world.send('GET', path)
    assert.deepEqual([status, json], [200, { text: 'HEC is healthy', code: 17 }])
  }
  world.intake.setRoom(0)
  const refused = await world.post(EVENT, '{"event":1}', { authorization: 'Splunk hec-token' })
  assert.partialDeepStrictEqual(refused, { status: 503, json: { text: 'Server is busy', code: 9 } })
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.partialDeepStrictEqual(await world.post('/services/else', '{}'), { status: 404, json: { code: 404 } })
})

test('splunk_hec tells a key that has sent enough to wait', async () => {
  const clock = new ManualClock()
  const api_keys = [{ name: 'agents', key: 't', bytes_per_second: 10 }]
  await using world = await IntakeWorld.start(splunkHec, { api_keys }, clock)
  const send = () => world.post(EVENT, '{"event":"12345678901"}', { authorization: 'Splunk t' })
  assert.equal((await send()).status, 200)
  assert.partialDeepStrictEqual(await send(), { status: 503, json: { code: 9 } })
  clock.advance(5000)
  assert.equal((await send()).status, 200)
})

test('splunk_hec acknowledges what is safe, once, to who asks on its channel', async () => {
  await using world = await IntakeWorld.start(splunkHec, { acknowledgements: true })
  const channel = { 'x-splunk-request-channel': CHANNEL }
  const ask = async (acks: unknown, headers: Record<string, string> = channel) =>
    (await world.post('/services/collector/ack', JSON.stringify({ acks }), headers)).json
  const { promise, resolve } = Promise.withResolvers<boolean>()
  world.intake.isSafe = promise
  assert.deepEqual((await world.post(EVENT, '{"event":1}', channel)).json, { ...SUCCESS, ackId: 0 })
  assert.deepEqual((await world.post(`${RAW}?channel=${CHANNEL}`, 'line')).json, { ...SUCCESS, ackId: 1 })
  assert.deepEqual(await ask([0, 1, 2]), { acks: { 0: false, 1: false, 2: false } })
  resolve(true)
  await new Promise(setImmediate)
  const other = { 'x-splunk-request-channel': CHANNEL.replace('0', '1') }
  assert.deepEqual(await ask([0, 1], other), { acks: { 0: false, 1: false } })
  assert.deepEqual(await ask([0, 0]), { acks: { 0: true } })
  assert.deepEqual(await ask([0, 1]), { acks: { 0: false, 1: true } })
  world.intake.isSafe = false
  assert.deepEqual((await world.post(EVENT, '{"event":1}', channel)).json, { ...SUCCESS, ackId: 2 })
  await new Promise(setImmediate)
  assert.deepEqual(await ask([2]), { acks: { 2: false } })
})

test('splunk_hec: channels are asked for only with acknowledgements, and bounded', async () => {
  await using off = await IntakeWorld.start(splunkHec)
  assert.partialDeepStrictEqual(await off.post('/services/collector/ack', '{"acks":[0]}'), {
    status: 400,
    json: { code: 14 },
  })
  const clock = new ManualClock()
  const bounds = { acknowledgements: true, channels_max: 2, acknowledgements_max: 3 }
  await using world = await IntakeWorld.start(splunkHec, bounds, clock)
  const on = (n: number) => `${EVENT}?channel=0aeeac95-ac74-4aa9-b30d-6c4c0ac581b${n}`
  const codes = async (...paths: string[]) =>
    await Promise.all(
      paths.map(async (path) => ((await world.post(path, '{"event":1}')).json as { code: number }).code),
    )
  assert.deepEqual(await codes(EVENT, `${EVENT}?channel=1`), [10, 11])
  assert.deepEqual([...(await codes(on(1))), ...(await codes(on(2))), ...(await codes(on(3)))], [0, 0, 9])
  assert.deepEqual([...(await codes(on(1))), ...(await codes(on(1)))], [0, 9], 'three that nobody has fetched')
  for (const acks of ['{}', '5', 'null', '{"acks":["a"]}', '{"acks":[-1]}'])
    assert.partialDeepStrictEqual(await world.post(on(1).replace('event', 'ack'), acks), { json: { code: 6 } })
  clock.advance(600_000)
  assert.deepEqual(await codes(on(3)), [0], 'channels that nobody uses are forgotten')
})
