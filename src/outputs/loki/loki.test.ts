import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { loadConfig } from '#config/load.ts'
import { registry } from '#registry.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { LokiFake } from '#test/support/vendors/loki.ts'
import { loki } from './loki.ts'
import { jsonOf, protobufOf, streamsOf } from './push.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 1)
const ARRIVAL_NS = BigInt(ARRIVAL) * 1_000_000n
const FORMATS = ['protobuf', 'json'] as const

async function send(
  records: (string | Buffer)[],
  options: Record<string, unknown>,
  prepare: (fake: LokiFake) => void = () => {},
) {
  await using fake = await new LokiFake().listen()
  prepare(fake)
  const all = { url: fake.url, ...options }
  const output = loki.create(loki.config.parse(all), outputContext())
  await output.start()
  const result = await output.send(encodeFor(loki, all, records, { arrivalMs: ARRIVAL }), never)
  await output.stop()
  return { fake, result, output }
}

for (const format of FORMATS) {
  test(`loki (${format}): records are lines of the streams that their labels name, at their nanosecond`, async () => {
    const records = [
      'GET /health 200',
      '{"msg":"paid","level":"warn","service":"checkout","ts":"2025-12-31T23:59:59.123456789Z",' +
        '"trace_id":"abc","n":{"k":true}}',
      '{"message":"zwölf \\"x\\"","service":"a\\"\\n\\\\\\u00e9\\ud800","n":{"k":7}}',
      '{"service":"","level":null}',
    ]
    const { fake, result } = await send(records, {
      format,
      labels: { job: 'test', service: 'none' },
      label_fields: { service: 'service', level: 'level', k: 'n/k' },
      structured_metadata: { trace: 'trace_id', n: 'n/k' },
    })
    assert.deepEqual(result, { ok: true })
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(fake.entries.map((entry) => entry.line).sort(), [...records].sort())
    const entries = records.map((record) => fake.entries.find(({ line }) => line === record)!)
    assert.deepEqual(
      entries.map(({ labels, time, metadata }) => ({ labels, time, metadata })),
      [
        { labels: { job: 'test', service: 'none' }, time: ARRIVAL_NS, metadata: {} },
        {
          labels: { job: 'test', k: 'true', level: 'warn', service: 'checkout' },
          time: ARRIVAL_NS - 1_000_000_000n + 123_456_789n,
          metadata: { trace: 'abc', n: 'true' },
        },
        { labels: { job: 'test', k: '7', service: 'a"\n\\é\ufffd' }, time: ARRIVAL_NS, metadata: { n: '7' } },
        { labels: { job: 'test', service: 'none' }, time: ARRIVAL_NS, metadata: {} },
      ],
    )
    assert.equal(new Set(fake.entries.map(({ labels }) => inspect(labels))).size, 3)
  })

  test(`loki (${format}): entries of a stream come in the order of time, equal times as they came`, async () => {
    const at = (time: number, name: string) => `{"ts":${ARRIVAL + time},"level":"${time % 2}","name":"${name}"}`
    const records = [at(5, 'a'), at(4, 'b'), at(3, 'c'), at(1, 'd'), at(5, 'e'), at(2, 'f'), at(3, 'g')]
    const { fake } = await send(records, { format, label_fields: { level: 'level' } })
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(
      fake.stored.map((line) => (JSON.parse(line) as { name: string }).name),
      ['d', 'c', 'g', 'a', 'e', 'f', 'b'],
    )
  })

  test(`loki (${format}): a 400 refuses the entries that it names and those that its limits mean`, async () => {
    const day = 24 * 3_600_000
    const at = (offsetMs: number, text = '', level = 'info') =>
      `{"ts":${ARRIVAL + offsetMs},"level":"${level}","msg":"${text}"}`
    const records = [
      at(0, 'good'),
      at(-8 * day, 'old'),
      at(3_600_000, 'new'),
      ...Array.from({ length: 25 }, (_, i) => at(-9 * day - i, 'older', `debug${i % 12}`)),
      at(1, 'x'.repeat(300_000)),
      at(2, 'good too'),
      at(3, 'good', 'debug'),
      'text',
    ]
    const options = { format, label_fields: { level: 'level' } }
    for (const addsServiceName of [false, true]) {
      const { fake, result } = await send(records, options, (fake) => {
        fake.addsServiceName = addsServiceName
      })
      assert.equal(result.ok, 'partly')
      assert.ok(result.ok === 'partly')
      assert.deepEqual(result.retry, [])
      const refused = result.refused.map(({ record }) => record)
      assert.deepEqual(records.filter((_, i) => !refused.includes(i)).sort(), [...fake.stored].sort())
      assert.deepEqual(
        result.refused.map(({ code }) => code),
        ['too_old', 'too_new', ...Array.from({ length: 25 }, () => 'too_old'), 'line_too_long'],
      )
      assert.ok(result.refused.every(({ message }) => message.length <= 300))
    }
  })

  test(`loki (${format}): entries too far behind are refused, also beyond the ten that are listed`, async () => {
    await using fake = await new LokiFake().listen()
    const options = { url: fake.url, format, label_fields: { level: 'level' } }
    const output = loki.create(loki.config.parse(options), outputContext())
    await output.start()
    const push = (...records: string[]) => output.send(encodeFor(loki, options, records, { arrivalMs: ARRIVAL }), never)
    assert.deepEqual(await push(`{"ts":${ARRIVAL},"level":"a"}`), { ok: true })
    const behind = Array.from({ length: 20 }, (_, i) => `{"ts":${ARRIVAL - 4_000_000 - i}.123456,"level":"a"}`)
    const result = await push(
      ...behind,
      `{"ts":${ARRIVAL - 4_000_000},"level":"b"}`,
      `{"ts":${ARRIVAL},"level":"a","n":2}`,
    )
    assert.ok(result.ok === 'partly')
    assert.deepEqual(
      result.refused.map(({ record, code }) => [record, code]),
      behind.map((_, i) => [i, 'too_far_behind']),
    )
    assert.equal(fake.stored.length, 3)
    await output.stop()
  })

  test(`loki (${format}): metadata that Loki does not take refuses the entries that have some`, async () => {
    const records = ['{"trace_id":"a"}', '{}', 'text']
    const { result } = await send(records, { format, structured_metadata: { trace_id: 'trace_id' } }, (fake) => {
      fake.allowsMetadata = false
    })
    assert.ok(result.ok === 'partly')
    assert.deepEqual(
      result.refused.map(({ record, code }) => [record, code]),
      [[0, 'structured_metadata']],
    )
  })

  test(`loki (${format}): bytes that are no UTF-8 and long label values arrive as Loki takes them`, async () => {
    const long = 'ä'.repeat(2000)
    const records = [Buffer.from([0x61, 0xff, 0x00, 0x62]), `{"service":"${long}"}`, '']
    const { fake, result } = await send(records, { format, label_fields: { service: 'service' } })
    assert.deepEqual(result, { ok: true })
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(
      fake.entries.map(({ line, labels }) => [line, labels['service']]),
      [
        ['a\ufffd\u0000b', undefined],
        ['', undefined],
        [records[1], 'ä'.repeat(1024)],
      ],
    )
  })
}

test('loki: older versions of Loki name the stream behind each entry', async () => {
  const name = '{job="streamgate", level="a"}'
  const time = '2025-12-31 23:59:59.000000005 +0000 UTC'
  const reason = `reason: 'entry out of order' for stream: ${name}`
  const body = `entry with timestamp ${time} ignored, ${reason},\ntotal ignored: 1 out of 2`
  const records = ['{"ts":1767225599000000005,"level":"a"}', '{"ts":1767225599000000005,"level":"b"}', 'x']
  const { result } = await send(records, { label_fields: { level: 'level' } }, (fake) => {
    fake.faults.push({ status: 400, body })
  })
  assert.ok(result.ok === 'partly')
  assert.deepEqual(
    result.refused.map(({ record }) => record),
    [0],
  )
})

test('loki: every other answer is judged by its status', async () => {
  const answer = async (status: number, body = 'no', headers: Record<string, string> = {}) =>
    (await send(['a'], {}, (fake) => fake.faults.push({ status, headers, body }))).result
  assert.deepEqual(await answer(200), { ok: true })
  assert.partialDeepStrictEqual(await answer(400, "couldn't parse push request"), {
    ok: false,
    retryable: false,
    code: 'http_400',
  })
  assert.partialDeepStrictEqual(await answer(260, 'ingestion blocked'), {
    ok: false,
    retryable: false,
    code: 'http_260',
  })
  assert.partialDeepStrictEqual(await answer(401), { ok: false, retryable: true, code: 'http_401' })
  assert.partialDeepStrictEqual(await answer(403), { ok: false, retryable: true, code: 'http_403' })
  assert.partialDeepStrictEqual(await answer(404), { ok: false, retryable: false, code: 'http_404' })
  assert.partialDeepStrictEqual(await answer(413), { ok: false, retryable: false, tooLarge: true })
  const limited = await answer(429, 'Ingestion rate limit exceeded', { 'retry-after': '3' })
  assert.partialDeepStrictEqual(limited, { ok: false, retryable: true, retryAfterMs: 3000 })
  assert.partialDeepStrictEqual(await answer(503), { ok: false, retryable: true, code: 'http_503' })
  const inner = await answer(
    500,
    'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (1 vs. 0)',
  )
  assert.partialDeepStrictEqual(inner, { ok: false, retryable: false, tooLarge: true })
  assert.partialDeepStrictEqual(await answer(500), { ok: false, retryable: true, code: 'http_500' })
})

test('loki: a broken connection is tried again, a slow body is waited for', async () => {
  const fault = async (fault: 'reset' | 'reset_after' | 'slow_body') =>
    (await send(['a'], {}, (fake) => fake.faults.push(fault))).result
  assert.partialDeepStrictEqual(await fault('reset'), { ok: false, retryable: true })
  assert.partialDeepStrictEqual(await fault('reset_after'), { ok: false, retryable: true })
  assert.deepEqual(await fault('slow_body'), { ok: true })
  const silent = await send(['a'], { timeout_ms: 50 }, (fake) => fake.faults.push('hang'))
  assert.partialDeepStrictEqual(silent.result, { ok: false, retryable: true, code: 'timeout' })
})

test('loki: tenant and authorization are headers, and secrets show nowhere', async () => {
  const basic = await send(['a'], { tenant: 'team-a', user: '12', password: 'p4ss' }, (fake) => {
    fake.tenant = 'team-a'
    fake.authorization = `Basic ${Buffer.from('12:p4ss').toString('base64')}`
  })
  assert.deepEqual(basic.result, { ok: true })
  const bearer = await send(['a'], { bearer_token: 't0ken' }, (fake) => {
    fake.authorization = 'Bearer t0ken'
  })
  assert.deepEqual(bearer.result, { ok: true })
  const wrong = await send(['a'], { bearer_token: 't0ken' })
  assert.partialDeepStrictEqual(wrong.result, { ok: false, retryable: true, code: 'http_401' })
  const options = loki.config.parse({ url: 'http://x', user: 'u', password: 'p4ss' })
  for (const value of [options, basic.output, bearer.output, wrong.result]) {
    for (const shown of [inspect(value, { depth: 9 }), JSON.stringify(value)]) {
      assert.ok(!/p4ss|t0ken|cDRzcw/.test(shown), shown)
    }
  }
})

test('loki: the path is added to the URL once, behind a prefix too', async () => {
  for (const path of ['', '/', '/loki/api/v1/push', '/loki/api/v1/push/']) {
    await using fake = await new LokiFake().listen()
    const options = { url: `${fake.url}${path}` }
    const output = loki.create(loki.config.parse(options), outputContext())
    await output.start()
    assert.deepEqual(await output.send(encodeFor(loki, options, ['a'], { arrivalMs: ARRIVAL }), never), { ok: true })
    await output.stop()
  }
})

test('loki: options that Loki would refuse, or that open a stream for each record, are refused', () => {
  const why = (options: Record<string, unknown>) =>
    loki.config.safeParse({ url: 'http://x', ...options }).error?.message ?? ''
  assert.match(why({ labels: {} }), /needs one at least/)
  assert.match(why({ labels: { '1a': 'x' } }), /not a label name/)
  assert.match(why({ labels: { 'a-b': 'x' } }), /not a label name/)
  assert.match(why({ labels: { __a: 'x' } }), /two underscores/)
  assert.match(why({ labels: { a: 'x'.repeat(2049) } }), /above 2048 bytes/)
  assert.equal(why({ labels: { a: 'x'.repeat(2048) } }), '')
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))
  assert.equal(why({ labels: many(15) }), '')
  assert.match(why({ labels: many(16) }), /more than 15 labels/)
  assert.match(
    why({ labels: many(10), label_fields: { a: 'a', b: 'b', c: 'c', d: 'd', e: 'e', f: 'f' } }),
    /more than 15/,
  )
  for (const name of [
    'trace_id',
    'traceId',
    'http/request-id',
    'span.id',
    'attributes/user_id',
    'message',
    'client.ip',
    'X-Request-ID',
  ]) {
    assert.match(why({ label_fields: { x: name } }), /structured_metadata instead/, name)
    assert.equal(why({ structured_metadata: { x: name } }), '', name)
  }
  for (const name of ['service', 'level', 'host', 'region', 'k8s/namespace', 'instance_id', 'region.id', 'userland']) {
    assert.equal(why({ label_fields: { x: name } }), '', name)
  }
  assert.match(why({ user: 'u' }), /go together/)
  assert.match(why({ user: 'u', password: 'p', bearer_token: 't' }), /one authorization too many/)
  assert.match(why({ url: 'http://u:p@x' }), /option of its own/)
  assert.match(why({ tenant: 'a/b' }), /not a tenant/)
  assert.ok(!why({ bearer_token: 'se\ncret' }).includes('cret'))
})

test('loki: a request is never above what its records are weighed as, with a stream for each too', () => {
  for (const format of FORMATS) {
    for (const field of ['n', 'none']) {
      const options = { url: 'http://x', format, label_fields: { n: field } }
      const batch = encodeFor(
        loki,
        options,
        Array.from({ length: 3000 }, (_, i) => `{"n":${i}}`),
      )
      let weight = 0
      batch.ends.forEach((end, i) => {
        weight += loki.weigh!(batch.bytes, i === 0 ? 0 : batch.ends[i - 1]!, end)
      })
      const body = (format === 'json' ? jsonOf : protobufOf)(batch.bytes, streamsOf(batch))
      assert.ok(body.length <= weight + 16, `${body.length} > ${weight}`)
    }
  }
})

test('loki: the configuration of the guide is one', () => {
  const guide = readFileSync(new URL('../../../docs/guides/loki.md', import.meta.url), 'utf8')
  const config = join(mkdtempSync(join(tmpdir(), 'streamgate-test-loki-')), 'loki.yaml')
  writeFileSync(config, /```yaml\n([\s\S]*?)```/.exec(guide)![1]!)
  const { plan, warnings } = loadConfig({ config }, { LOKI_USER: '12', LOKI_TOKEN: 't0ken' }, registry)
  rmSync(dirname(config), { recursive: true })
  assert.deepEqual(warnings, [])
  assert.equal(plan.outputs[0]?.type, 'loki')
})

test('loki: a line of 256 KB is taken and one byte more is refused, by name', async () => {
  for (const format of FORMATS) {
    const { fake, result } = await send(['x'.repeat(256 * 1024), 'y'.repeat(256 * 1024 + 1)], { format })
    assert.ok(result.ok === 'partly')
    assert.deepEqual(
      result.refused.map(({ record, code }) => [record, code]),
      [[1, 'line_too_long']],
    )
    assert.deepEqual(
      fake.stored.map((line) => line.length),
      [256 * 1024],
    )
  }
})
