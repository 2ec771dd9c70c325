import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { SendResult } from '#component/output.ts'
import { ManualClock } from '#std/clock.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { GcpLoggingFake, rpcError, gcpLogging as vendor } from '#test/support/vendors/gcp_logging.ts'
import type { Fault } from '#test/support/vendors/vendor-fake.ts'
import { gcpLogging } from './gcp_logging.ts'

const never = new AbortController().signal
const NOW = Date.UTC(2026, 0, 20)

interface Change {
  options?: Record<string, unknown>
  prepare?(fake: GcpLoggingFake, clock: ManualClock): void
  /** One more send of the same batch, after this. */
  again?(fake: GcpLoggingFake, clock: ManualClock): void
}

async function send(records: string[], { options = {}, prepare = () => {}, again }: Change = {}) {
  await using fake = await new GcpLoggingFake().listen()
  const clock = new ManualClock(NOW)
  fake.now = () => clock.wall()
  fake.tokens.now = fake.now
  prepare(fake, clock)
  const all = { ...vendor.options(fake), ...options }
  const output = gcpLogging.create(gcpLogging.config.parse(all), outputContext('gcp', clock))
  await output.start()
  const batch = encodeFor(gcpLogging, all, records, { arrivalMs: NOW })
  const results: SendResult[] = [await output.send(batch, never)]
  if (again !== undefined) {
    again(fake, clock)
    results.push(await output.send(batch, never))
  }
  await output.stop()
  return { fake, result: results[0]!, second: results[1], output }
}

test('gcp_logging: JSON is a jsonPayload, text a textPayload, with time, severity, trace and an id', async () => {
  const traced = { msg: 'paid', level: 'warn', ts: '2026-01-19T10:00:00.123456789Z', trace_id: 'ab12', span_id: 'cd34' }
  const { fake, result } = await send(['GET /é "200"', JSON.stringify(traced)])
  assert.deepEqual(result, { ok: true })
  assert.deepEqual(fake.violations, [])
  assert.deepEqual(fake.tokens.violations, [])
  const ids = fake.entries.map((entry) => String(entry['insertId']))
  assert.deepEqual(fake.entries, [
    { insertId: ids[0], timestamp: '2026-01-20T00:00:00.000Z', textPayload: 'GET /é "200"' },
    {
      insertId: ids[1],
      timestamp: '2026-01-19T10:00:00.123456789Z',
      severity: 'WARNING',
      trace: 'projects/my-project/traces/ab12',
      spanId: 'cd34',
      jsonPayload: traced,
    },
  ])
  assert.deepEqual(fake.written, [
    {
      logName: 'projects/my-project/logs/streamgate',
      resource: { type: 'global', labels: { project_id: 'my-project' } },
      labels: {},
      partialSuccess: true,
    },
  ])
})

test('gcp_logging: severities by name and by number', async () => {
  const levels = ['trace', 'debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'fatal', 'emerg', 'what', 30, 3]
  const { fake } = await send(levels.map((level) => JSON.stringify({ level })))
  const names = ['DEBUG', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'CRITICAL', 'EMERGENCY']
  assert.deepEqual(
    fake.entries.map((entry) => entry['severity']),
    [...names, undefined, 'INFO', 'ERROR'],
  )
  assert.deepEqual(fake.violations, [])
})

test('gcp_logging: log, resource and labels as configured', async () => {
  const resource = { type: 'k8s_container', labels: { cluster_name: 'c' } }
  const { fake } = await send(['a'], { options: { log: 'shop/web', resource, labels: { env: 'prod' } } })
  assert.deepEqual(fake.written, [
    { logName: 'projects/my-project/logs/shop%2Fweb', resource, labels: { env: 'prod' }, partialSuccess: true },
  ])
})

test('gcp_logging: the same records twice are two entries; the same batch twice is one', async () => {
  const { fake, result, second } = await send(['a', 'a', 'b'], {
    prepare: (fake) => fake.faults.push('reset_after'),
    again: () => {},
  })
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  assert.deepEqual(second, { ok: true })
  assert.equal(fake.entries.length, 6)
  assert.deepEqual(fake.stored, ['a', 'a', 'b'])
  const ids = fake.entries.slice(0, 3).map((entry) => String(entry['insertId']))
  assert.deepEqual(ids, [...new Set(ids)].sort())
})

test('gcp_logging: entries that were not written are refused or come again; the others were', async () => {
  const codes: Record<string, number> = { forbidden: 7, busy: 14, quota: 8 }
  const { fake, result } = await send(['a', 'forbidden', 'b', 'busy', 'quota'], {
    prepare: (fake) => {
      fake.judge = (entry) => {
        const code = codes[String(entry['textPayload'])]
        return code === undefined ? undefined : { code, message: `because of ${code}` }
      }
    },
  })
  assert.deepEqual(fake.stored, ['a', 'b'])
  assert.deepEqual(result, {
    ok: 'partly',
    retry: [3, 4],
    refused: [{ record: 1, code: 'PERMISSION_DENIED', message: 'because of 7' }],
    code: 'RESOURCE_EXHAUSTED',
    message: 'because of 8',
  })
})

test('gcp_logging: entries that break a rule are refused alone', async () => {
  const ahead = JSON.stringify({ ts: '2026-01-21T00:00:01Z' })
  const { fake, result } = await send(['a', 'x'.repeat(263_000), ahead])
  assert.deepEqual(fake.stored, ['a'])
  assert.ok(result.ok === 'partly')
  assert.deepEqual(
    result.refused.map(({ record, code }) => [record, code]),
    [
      [1, 'INVALID_ARGUMENT'],
      [2, 'INVALID_ARGUMENT'],
    ],
  )
  assert.match(result.refused[0]!.message, /exceeds maximum size/)
  assert.deepEqual(result.retry, [])
})

test('gcp_logging: what the other answers mean', async () => {
  const told = async (fault: Fault) => (await send(['a', 'b'], { prepare: (fake) => fake.faults.push(fault) })).result
  assert.deepEqual(await told(rpcError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded')), {
    ok: false,
    retryable: true,
    code: 'RESOURCE_EXHAUSTED',
    message: 'Cloud Logging answered 429 RESOURCE_EXHAUSTED: Quota exceeded',
  })
  assert.partialDeepStrictEqual(await told(rpcError(503, 'UNAVAILABLE', '')), { ok: false, retryable: true })
  assert.partialDeepStrictEqual(await told({ status: 502, body: '<html>' }), { retryable: true, code: 'http_502' })
  assert.partialDeepStrictEqual(await told({ status: 429, headers: { 'retry-after': '3' } }), { retryAfterMs: 3000 })
  assert.partialDeepStrictEqual(await told(rpcError(403, 'PERMISSION_DENIED', 'no')), {
    ok: false,
    retryable: true,
    code: 'PERMISSION_DENIED',
  })
  assert.partialDeepStrictEqual(await told(rpcError(404, 'NOT_FOUND', 'no')), { ok: false, retryable: false })
  const size = 'Request payload size exceeds the limit: 10485760 bytes.'
  assert.partialDeepStrictEqual(await told(rpcError(400, 'INVALID_ARGUMENT', size)), { ok: false, tooLarge: true })
  const json = 'Invalid JSON payload received. Unexpected token.'
  assert.partialDeepStrictEqual(await told(rpcError(400, 'INVALID_ARGUMENT', json)), { ok: false, tooLarge: true })
  assert.partialDeepStrictEqual(await told({ status: 413 }), { ok: false, tooLarge: true })
  const other = await told(rpcError(400, 'INVALID_ARGUMENT', 'Log name is malformed'))
  assert.ok(other.ok === false && !other.retryable && other.tooLarge === undefined && other.oneMaySpoil)
  assert.partialDeepStrictEqual(await told('reset'), { ok: false, retryable: true })
  assert.deepEqual(await told('slow_body'), { ok: true })
})

test('gcp_logging: errors of entries that are not in the batch are those of the whole', async () => {
  const type = 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors'
  for (const logEntryErrors of [{}, { 7: { code: 3 } }, { x: { code: 3 } }, null]) {
    const answer = rpcError(400, 'INVALID_ARGUMENT', 'no', [{ '@type': type, logEntryErrors }])
    const { result } = await send(['a', 'b'], { prepare: (fake) => fake.faults.push(answer) })
    assert.partialDeepStrictEqual(result, { ok: false, retryable: false, code: 'INVALID_ARGUMENT' })
  }
})

test('gcp_logging: a token is asked for once and used until shortly before its end', async () => {
  const kept = await send(['a'], { again: (_, clock) => clock.advance(55 * 60_000) })
  assert.deepEqual(kept.second, { ok: true })
  assert.equal(kept.fake.tokens.requests.length, 1)
  const renewed = await send(['a'], { again: (_, clock) => clock.advance(56 * 60_000) })
  assert.deepEqual(renewed.second, { ok: true })
  assert.equal(renewed.fake.tokens.requests.length, 2)
  assert.deepEqual(renewed.fake.tokens.violations, [])
})

test('gcp_logging: a token that was taken back is replaced once', async () => {
  const { fake, second } = await send(['a'], { again: (fake) => fake.tokens.tokens.clear() })
  assert.deepEqual(second, { ok: true })
  assert.equal(fake.tokens.requests.length, 2)
  const refused = await send(['a'], {
    prepare: (fake) => fake.faults.push(rpcError(401, 'UNAUTHENTICATED', 'a'), rpcError(401, 'UNAUTHENTICATED', 'b')),
  })
  assert.partialDeepStrictEqual(refused.result, { ok: false, retryable: true, code: 'UNAUTHENTICATED' })
  assert.equal(refused.fake.requests.length, 2)
})

test('gcp_logging: no token is told, and tried again', async () => {
  const told = async (fault: Fault) =>
    (await send(['a'], { prepare: (fake) => fake.tokens.faults.push(fault), again: () => {} })) as {
      second: SendResult
    } & Awaited<ReturnType<typeof send>>
  const refused = await told({ status: 400, body: '{"error":"invalid_grant","error_description":"ey.secret"}' })
  assert.deepEqual(refused.result, {
    ok: false,
    retryable: true,
    code: 'gcp_credentials',
    message: 'the token endpoint answered 400 invalid_grant',
  })
  assert.deepEqual(refused.second, { ok: true })
  assert.match(inspect((await told({ status: 200, body: '{}' })).result), /answered without a token/)
  assert.match(inspect((await told('reset')).result), /did not answer/)
})

test('gcp_logging: who waits for a token can stop waiting', async () => {
  await using fake = await new GcpLoggingFake().listen()
  fake.tokens.faults.push('hang')
  const all = vendor.options(fake)
  const output = gcpLogging.create(gcpLogging.config.parse(all), outputContext())
  await output.start()
  const stop = new AbortController()
  const sending = output.send(encodeFor(gcpLogging, all, ['a']), stop.signal)
  stop.abort()
  assert.partialDeepStrictEqual(await sending, { ok: false, retryable: true, code: 'aborted' })
  await output.stop()
})

test('gcp_logging: a key file, which is read with each renewal, by option or environment', async (t) => {
  const file = join(await temporaryFolder(t), 'key.json')
  await using fake = await new GcpLoggingFake().listen()
  const start = async (options: object) => {
    const all = { url: fake.url, project: 'my-project', ...options }
    const output = gcpLogging.create(gcpLogging.config.parse(all), outputContext())
    await output.start()
    const result = await output.send(encodeFor(gcpLogging, all, ['a']), never)
    await output.stop()
    return result
  }
  await assert.rejects(start({ credentials_file: file }), { code: 'SG_CONFIG_REFERENCE' })
  await writeFile(file, '{"type":"authorized_user"}')
  await assert.rejects(start({ credentials_file: file }), /not the key of a service account/)
  await writeFile(file, fake.tokens.account())
  assert.deepEqual(await start({ credentials_file: file }), { ok: true })
  setVariable(t, 'GOOGLE_APPLICATION_CREDENTIALS', file)
  assert.deepEqual(await start({}), { ok: true })
  await writeFile(file, fake.tokens.account({ private_key: 'nonsense' }))
  assert.match(inspect(await start({})), /private key of the service account cannot be read/)
})

test('gcp_logging: the metadata server', async (t) => {
  await using fake = await new GcpLoggingFake().listen()
  setVariable(t, 'GOOGLE_APPLICATION_CREDENTIALS', '')
  setVariable(t, 'GCE_METADATA_HOST', new URL(fake.tokens.url).host)
  const all = { url: fake.url, project: 'my-project', compression: 'none' }
  const output = gcpLogging.create(gcpLogging.config.parse(all), outputContext())
  await output.start()
  assert.deepEqual(await output.send(encodeFor(gcpLogging, all, ['a']), never), { ok: true })
  await output.stop()
  assert.equal(fake.requests[0]?.headers.authorization, 'Bearer ya29.metadata-1')
  assert.equal(fake.requests[0]?.headers['content-encoding'], undefined)
})

test('gcp_logging: secrets show nowhere', async () => {
  let credentials = ''
  const { output, result } = await send(['a'], {
    prepare: (fake) => {
      credentials = fake.tokens.account()
      fake.faults.push(rpcError(403, 'PERMISSION_DENIED', 'no'))
    },
  })
  const options = gcpLogging.config.parse({ project: 'p', credentials })
  const shown = [
    inspect(options, { depth: 9 }),
    JSON.stringify(options),
    inspect(output, { depth: 9 }),
    inspect(result),
  ]
  for (const text of shown) assert.ok(!/PRIVATE KEY|ya29/.test(text), text)
  const { error } = gcpLogging.config.safeParse({ project: 'p', credentials: '{"private_key":"s3cret"}' })
  assert.ok(error !== undefined && !error.message.includes('s3cret'))
})

test('gcp_logging: names that cannot be are refused', () => {
  for (const bad of [{ project: 'a/b' }, { log: 'a b' }, { log: '' }, { resource: {} }, { url: 'ftp://x' }]) {
    assert.equal(gcpLogging.config.safeParse({ project: 'p', ...bad }).success, false, JSON.stringify(bad))
  }
})

test('gcp_logging: any bytes become one entry that can be read, within the bound', () => {
  const options = { project: 'my-project' }
  const json = fc.dictionary(fc.constantFrom('ts', 'level', 'trace_id', 'span_id', 'x'), fc.jsonValue())
  const record = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    json.map((value) => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (records) => {
      const { bytes, ends } = encodeFor(gcpLogging, options, records)
      const ids = new Set<string>()
      let from = 0
      for (const end of ends) {
        const entry = JSON.parse(bytes.toString('utf8', from, end - 1)) as Record<string, unknown>
        assert.equal('textPayload' in entry, !('jsonPayload' in entry))
        ids.add(String(entry['insertId']))
        from = end
      }
      assert.equal(ids.size, records.length)
    }),
    { seed: 20260120 },
  )
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'streamgate-test-gcp-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function setVariable(t: TestContext, name: string, value: string): void {
  const before = process.env[name]
  process.env[name] = value
  t.after(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}
