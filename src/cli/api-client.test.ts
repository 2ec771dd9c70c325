import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { Secret } from '#std/secret.ts'
import { ApiClient, apiFrom } from './api-client.ts'
import { ApiError } from './api-error.ts'

const KEY = 'sgk_do-not-print-me'

async function serve(t: TestContext, answer: RequestListener): Promise<ApiClient> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, new Secret(KEY))
}

function json(value: unknown, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => {
    const type = status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json; charset=utf-8'
    response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(value))
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => assert.fail('it went through'),
    (error: unknown) => error as Error,
  )
}

test('a call carries key, query, body and conditions, and brings body, status and ETag back', async (t) => {
  const client = await serve(t, async (request, response) => {
    const { method, url, headers } = request
    const { authorization } = headers
    const seen = [method, url, authorization, headers['if-match'], headers['idempotency-key'], headers['content-type']]
    json({ seen, body: await textOf(request) }, 201, { etag: '"abc"' })(request, response)
  })
  const call = { query: { a: 'x&y', b: 2, c: undefined }, body: { n: 1 }, ifMatch: '"old"', idempotencyKey: 'k1' }
  const { status, body, etag } = await client.call('POST', '/api/v1/x', call)
  assert.equal(status, 201)
  assert.equal(etag, '"abc"')
  assert.deepEqual(body, {
    seen: ['POST', '/api/v1/x?a=x%26y&b=2', `Bearer ${KEY}`, '"old"', 'k1', 'application/json'],
    body: '{"n":1}',
  })
  const raw = await client.call('POST', '/', { body: 'a: 1', contentType: 'application/yaml' })
  assert.equal((raw.body as { body: string }).body, 'a: 1')
})

test('a schema checks what comes, and an empty answer is undefined', async (t) => {
  const client = await serve(t, (request, response) =>
    request.url === '/none' ? response.writeHead(204).end() : json({ number: 'x' })(request, response),
  )
  assert.deepEqual(await client.call('DELETE', '/none'), { status: 204, body: undefined, etag: undefined })
  const error = await failure(client.call('GET', '/x', { schema: z.object({ number: z.number() }) }))
  assert.match(error.message, /^\/x answers what this version does not know: \/number: /)
})

test('a problem becomes a message with its pointers, without what could move a cursor', async (t) => {
  const errors = [
    { pointer: '/params/pattern', detail: 'is no pattern' },
    { pointer: '', detail: 'is\u001b[2J odd' },
    { nonsense: true },
  ]
  const problem = { type: 'about:blank', title: 'No', status: 422, detail: 'the body is not valid', errors }
  const client = await serve(t, json(problem, 422))
  const error = await failure(client.call('PUT', '/rules/a', { body: {} }))
  assert.ok(error instanceof ApiError)
  assert.equal(error.status, 422)
  assert.equal(
    error.message,
    'PUT /rules/a: the body is not valid (422)\n  /params/pattern: is no pattern\n  /: is [2J odd',
  )
})

test('what is no problem document has a message too, and a remedy where there is one', async (t) => {
  const client = await serve(t, (request, response) => {
    const status = Number(request.url!.slice(1))
    response.writeHead(status, { 'content-type': 'text/html', location: 'https://x.example/' }).end('<h1>no</h1>')
  })
  const messageFor = async (status: number) => (await failure(client.call('GET', `/${status}`))).message
  assert.equal(
    await messageFor(401),
    'GET /401: the controller answered 401 (401); give an API key with STREAMGATE_API_KEY or --key-file',
  )
  assert.equal(await messageFor(502), 'GET /502: the controller answered 502 (502)')
  assert.match(await messageFor(308), /redirects to https:\/\/x\.example\/: name that address with --url$/)
  assert.match(await messageFor(200), /answers with no JSON: is that a StreamGate controller\?$/)
})

test('the key shows nowhere', async (t) => {
  const client = await serve(t, json({ detail: 'no' }, 403))
  const error = await failure(client.call('GET', '/'))
  for (const shown of [inspect(client, { depth: 9 }), JSON.stringify(client), inspect(error), String(error.stack)])
    assert.ok(!shown.includes(KEY))
})

test('change reads, edits and writes with If-Match, again when somebody else was faster', async (t) => {
  let version = 1
  const puts: unknown[] = []
  const client = await serve(t, async (request, response) => {
    if (request.method === 'GET') {
      json({ n: version }, 200, { etag: `"${version}"` })(request, response)
      if (version < 3) version++
      return
    }
    puts.push([request.headers['if-match'], await textOf(request)])
    const isStale = request.headers['if-match'] !== `"${version}"`
    json(isStale ? { detail: 'stale' } : { ok: true }, isStale ? 412 : 200)(request, response)
  })
  const { body } = await client.change<{ n: number }>('/x', ({ n }) => ({ n: n * 10 }))
  assert.deepEqual(body, { ok: true })
  assert.deepEqual(puts, [
    ['"1"', '{"n":10}'],
    ['"2"', '{"n":20}'],
    ['"3"', '{"n":30}'],
  ])
})

test('change gives up after three attempts, and at once for other refusals', async (t) => {
  let puts = 0
  let status = 412
  const client = await serve(t, (request, response) => {
    if (request.method === 'PUT') puts++
    json({}, request.method === 'PUT' ? status : 200)(request, response)
  })
  assert.match((await failure(client.change('/x', (body) => body))).message, /somebody else has changed it meanwhile/)
  assert.equal(puts, 3)
  status = 422
  await failure(client.change('/x', (body) => body))
  assert.equal(puts, 4)
})

test('list walks through the pages, and does not go in circles', async (t) => {
  const client = await serve(t, (request, response) => {
    const url = new URL(request.url!, 'http://x')
    const at = Number(url.searchParams.get('cursor') ?? 0)
    assert.equal(url.searchParams.get('limit'), '2')
    const next = url.pathname === '/circle' ? '1' : at < 4 ? String(at + 2) : null
    json({ items: [at, at + 1], next_cursor: next })(request, response)
  })
  assert.deepEqual(await Array.fromAsync(client.list('/x', { limit: 2 })), [0, 1, 2, 3, 4, 5])
  assert.match((await failure(Array.fromAsync(client.list('/circle', { limit: 2 })))).message, /the same page again/)
})

test('events come until the stream ends, and the last id goes along', async (t) => {
  const client = await serve(t, (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': hello\n\nevent: tap\nid: 7\n')
    response.end(`data: ${request.headers['last-event-id']}\n\ndata: cut off`)
  })
  assert.deepEqual(await Array.fromAsync(client.events('/tap', { lastEventId: '6' })), [
    { event: 'tap', data: '6', id: '7' },
  ])
})

test('a stream of events ends with its signal, and is an error when it is silent or none at all', async (t) => {
  const client = await serve(t, (request, response) => {
    if (request.url === '/html') return json({})(request, response)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  const stop = new AbortController()
  const seen: string[] = []
  for await (const { data } of client.events('/tap', { signal: stop.signal })) {
    seen.push(data)
    stop.abort()
  }
  assert.deepEqual(seen, ['1'])
  const silent = await failure(Array.fromAsync(client.events('/tap', { silenceMs: 30 })))
  assert.match(silent.message, /broke off: nothing came for 30 ms/)
  assert.match((await failure(Array.fromAsync(client.events('/html')))).message, /no stream of events/)
})

test('nobody there, too slow, and too large are told apart', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const nobody = new ApiClient(`http://127.0.0.1:${port}`)
  assert.match(
    (await failure(nobody.call('GET', '/'))).message,
    /ECONNREFUSED.*; is it running\? Another address: --url/,
  )
  const slow = await serve(t, () => undefined)
  assert.match((await failure(slow.call('GET', '/', { timeoutMs: 30 }))).message, /it took too long/)
})

test('address and key come from flags, then from the environment; bad ones are refused without being shown', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-api-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.equal(apiFrom({}, {}).url, 'http://127.0.0.1:8000')
  assert.equal(apiFrom({}, { STREAMGATE_URL: 'https://c.example/base/' }).url, 'https://c.example/base')
  assert.equal(apiFrom({ url: 'http://flag:1' }, { STREAMGATE_URL: 'https://c.example' }).url, 'http://flag:1')
  assert.throws(() => apiFrom({ url: 'ftp://x' }, {}), /must be an http:\/\/ or https:\/\/ URL/)
  assert.throws(
    () => apiFrom({ url: 'http://me:secret@x' }, {}),
    (error: Error) => {
      return /no credentials in the URL/.test(error.message) && !error.message.includes('secret')
    },
  )
  const file = join(folder, 'key')
  writeFileSync(file, 'two\nlines\n')
  assert.throws(
    () => apiFrom({ 'key-file': file }, {}),
    (error: Error) => {
      return /one line of ASCII/.test(error.message) && !error.message.includes('lines\n')
    },
  )
  writeFileSync(file, '\n')
  assert.throws(() => apiFrom({ 'key-file': file }, { STREAMGATE_API_KEY: KEY }), /holds no key/)
  assert.throws(() => apiFrom({ 'key-file': join(folder, 'none') }, {}), /cannot read the key: ENOENT/)
})
