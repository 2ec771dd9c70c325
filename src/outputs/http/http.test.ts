import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { SendResult } from '#component/output.ts'
import { batchOf, outputContext } from '#test/support/outputs.ts'
import { HttpSink } from '#test/support/sinks.ts'
import { http } from './http.ts'

const never = new AbortController().signal

async function withOutput(
  options: Record<string, unknown>,
  use: (send: (text: string, signal?: AbortSignal) => Promise<SendResult>) => Promise<void>,
) {
  const output = http.create(http.config.parse(options), outputContext('vendor'))
  await output.start()
  try {
    await use((text, signal = never) => output.send(batchOf(...text.split(/(?<=\n)/)), signal))
  } finally {
    await output.stop()
  }
}

test('text goes out as records joined by newlines, without one at the end', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: `${sink.url}/in?x=1`, headers: { 'X-Api-Key': 'k' } }, async (send) => {
    assert.deepEqual(await send('a\nb\nc\n'), { ok: true })
  })
  const [request] = sink.requests
  assert.equal(request?.body, 'a\nb\nc')
  assert.equal(request?.method, 'POST')
  assert.equal(request?.path, '/in?x=1')
  assert.equal(request?.headers['x-api-key'], 'k')
  assert.match(request?.headers['content-type'] ?? '', /^text\/plain/)
})

test('a JSON array gets its brackets, and gzip is real', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: sink.url, format: 'json_array', compression: 'gzip' }, async (send) => {
    assert.deepEqual(await send('{"a":1},{"b":2},'), { ok: true })
  })
  assert.deepEqual(JSON.parse(sink.requests[0]!.body), [{ a: 1 }, { b: 2 }])
  assert.equal(sink.requests[0]!.headers['content-encoding'], 'gzip')
  assert.equal(sink.requests[0]!.headers['content-type'], 'application/json')
})

test('statuses say whether the batch may go through later', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: sink.url, retry_after_max_ms: 5000 }, async (send) => {
    const cases = [
      [{ status: 204 }, { ok: true }],
      [
        { status: 429, headers: { 'retry-after': '2' } },
        { ok: false, retryable: true, code: 'http_429', retryAfterMs: 2000 },
      ],
      [
        { status: 503, headers: { 'retry-after': '3600' } },
        { ok: false, retryable: true, code: 'http_503', retryAfterMs: 5000 },
      ],
      [{ status: 500 }, { ok: false, retryable: true, code: 'http_500' }],
      [{ status: 408 }, { ok: false, retryable: true, code: 'http_408' }],
      [
        { status: 400, body: 'x'.repeat(10_000) },
        { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400' },
      ],
      [{ status: 401 }, { ok: false, retryable: true, code: 'http_401' }],
      [{ status: 403 }, { ok: false, retryable: true, code: 'http_403' }],
      [{ status: 422 }, { ok: false, retryable: false, oneMaySpoil: true, code: 'http_422' }],
      [{ status: 413 }, { ok: false, retryable: false, code: 'http_413' }],
      [
        { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
        { ok: false, retryable: false, code: 'http_302' },
      ],
    ] as const
    for (const [answer, expected] of cases) {
      sink.answers.push(answer)
      const result = await send('a\n')
      assert.partialDeepStrictEqual(result, expected)
      if (!result.ok) assert.ok(result.message.length < 300, 'the reason is bounded')
    }
  })
  assert.equal(sink.requests.length, 11, 'a redirect is not followed')
})

test('the status is the answer, whatever becomes of the rest of it', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: sink.url, timeout_ms: 300 }, async (send) => {
    const half = (status: number) => ({ status, headers: { 'content-length': '100' }, body: 'no such key' })
    sink.answers.push(half(200), half(400), half(503))
    assert.deepEqual(await send('a\n'), { ok: true })
    const refused = await send('a\n')
    assert.partialDeepStrictEqual(refused, { ok: false, retryable: false, code: 'http_400' })
    assert.match(refused.ok ? '' : refused.message, /no such key/)
    assert.partialDeepStrictEqual(await send('a\n'), { ok: false, retryable: true, code: 'http_503' })
  })
})

test('headers that could never be sent are refused, without a word of their value', () => {
  const url = 'http://127.0.0.1:1'
  for (const headers of [
    { 'x-key': 'a\ns3cret' },
    { 'x-key': 's3cret☃' },
    { 'Content-Length': '5' },
    { TE: 'x' },
    { 'a b': 'c' },
  ]) {
    const { error } = http.config.safeParse({ url, headers })
    assert.ok(error, JSON.stringify(headers))
    assert.ok(!inspect(error, { depth: 9 }).includes('s3cret'))
  }
  assert.ok(http.config.safeParse({ url, headers: { host: 'logs.internal', 'x-é': undefined } }).error)
  assert.ok(http.config.safeParse({ url, headers: { host: 'logs.internal', 'x-name': 'é\t' } }).success)
})

test('a user and password that cannot be read are refused', () => {
  assert.ok(http.config.safeParse({ url: 'http://user:100%@127.0.0.1' }).error)
  assert.ok(http.config.safeParse({ url: 'http://user:100%25@127.0.0.1' }).success)
})

test('what cannot be reached may be reached later', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: sink.url, timeout_ms: 200 }, async (send) => {
    sink.answers.push('reset', 'hang')
    assert.partialDeepStrictEqual(await send('a\n'), { ok: false, retryable: true })
    assert.partialDeepStrictEqual(await send('a\n'), { ok: false, retryable: true, code: 'timeout' })
    assert.deepEqual(await send('a\n'), { ok: true })
  })
  await withOutput({ url: 'http://127.0.0.1:1' }, async (send) => {
    assert.partialDeepStrictEqual(await send('a\n'), { ok: false, retryable: true, code: 'econnrefused' })
  })
})

test('an aborted signal settles the send', async () => {
  await using sink = await HttpSink.start()
  await withOutput({ url: sink.url }, async (send) => {
    sink.answers.push('hang')
    const abort = new AbortController()
    const result = send('a\n', abort.signal)
    setImmediate(() => abort.abort())
    assert.partialDeepStrictEqual(await result, { ok: false, retryable: true, code: 'aborted' })
  })
})

test('credentials show nowhere', async () => {
  const options = http.config.parse({ url: 'http://127.0.0.1:1', headers: { authorization: 'Bearer s3cret' } })
  const output = http.create(options, outputContext('vendor'))
  await output.start()
  const result = await output.send(batchOf('a\n'), never)
  await output.stop()
  for (const shown of [
    JSON.stringify(options),
    inspect(options, { depth: 9 }),
    inspect(output, { depth: 9, showHidden: true }),
    inspect(result),
  ]) {
    assert.ok(!shown.includes('s3cret'), shown)
  }
})
