/** The API over real HTTP: the routes of the original controller, at the root and under /api/v1. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OUTPUTS_MAX, RULES_MAX } from '#contract/api.ts'
import { StreamgateError } from '#contract/error.ts'
import type { NodeStats } from '#contract/stats.ts'
import { silentLogger } from '#observe/log.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { Passwords } from './access/passwords.ts'
import { openPrincipal } from './access/principal.ts'
import { findConfiguration, liveVersion } from './configurations/configurations.ts'
import { documentOf } from './configurations/projection.ts'
import { type Controller, startController } from './controller.ts'
import type { Runtime } from './runtime.ts'
import { SecretBox } from './secret-box.ts'
import { type Database, openDatabase } from './store/database.ts'
import { ManifestBus, type ManifestPublisher, manifestTextOf } from './sync/manifest-bus.ts'

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT_SSN = { id: 'redact_ssn', type: 'redact', params: { pattern: '\\d{3}', replacement: 'XXX' } }
const BATCH_SIZE_DEFAULT = 100
const SEED = 20260101

/** A node that knows everything but the type "unknown" and the pattern "(". */
class FakeRuntime implements Runtime {
  books: NodeStats | undefined
  stats() {
    return this.books
  }
  checkRule({ type, params }: { type: string; params: Record<string, unknown> }) {
    if (type === 'unknown') return [{ pointer: '/type', detail: 'there is no processor "unknown"' }]
    return params['pattern'] === '(' ? [{ pointer: '/params/pattern', detail: 'is not a regular expression' }] : []
  }
  checkOutput({ type }: { type: string }) {
    return type === 'unknown' ? [{ pointer: '/type', detail: 'there is no output "unknown"' }] : []
  }
  checkDocument() {
    return []
  }
  catalog(): never {
    throw new Error('nothing is described here')
  }
  traits = {}
  async replay() {
    return []
  }
  async analyse(): Promise<never> {
    throw new Error('nothing is analysed here')
  }
}

class FakeBus implements ManifestPublisher {
  readonly name: string
  readonly manifests: string[] = []
  fails = false
  constructor(name: string) {
    this.name = name
  }
  async publish(manifest: string): Promise<number> {
    if (this.fails) throw new Error('is away')
    this.manifests.push(manifest)
    return 2
  }
}

const authenticate = async () => openPrincipal
const access = { mode: 'open' as const, secureCookies: false, passwords: new Passwords() }

interface Answer {
  status: number
  type: string
  body: unknown
}

class Api implements AsyncDisposable {
  readonly database: Database
  readonly box = new SecretBox(new Uint8Array(32))
  readonly runtime = new FakeRuntime()
  readonly bus = new FakeBus('first')
  readonly other = new FakeBus('second')
  readonly prefix: string
  #controller: Controller | undefined

  private constructor(prefix: string, database: Database) {
    this.prefix = prefix
    this.database = database
  }

  static async start(prefix = ''): Promise<Api> {
    const api = new Api(prefix, await openDatabase({ file: ':memory:' }))
    const { database, runtime, bus, other } = api
    api.#controller = await startController({
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      database,
      box: api.box,
      runtime,
      publishers: [new ManifestBus(bus), new ManifestBus(other)],
      access,
      authenticate,
      log: silentLogger,
    })
    return api
  }

  /** The manifest of what is live. */
  async live(): Promise<string | undefined> {
    const row = await findConfiguration(this.database.db, 'default', 'default')
    const version = await liveVersion(this.database.db, row!)
    return version === undefined ? undefined : manifestTextOf(version)
  }
  get address(): string {
    return this.#controller!.address
  }

  async ask(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(this.address + this.prefix + path, { ...init, method })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return { status: response.status, type, body: type.includes('json') ? JSON.parse(text) : text }
  }

  async get(path: string): Promise<unknown> {
    const { status, body } = await this.ask('GET', path)
    assert.equal(status, 200)
    return body
  }

  send(method: string, path: string, body: unknown): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.ask(method, path, { body: text, headers: { 'content-type': 'application/json' } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller?.close()
    await this.database.close()
  }
}

function assertOk({ status, type, body }: Answer, expected: unknown): void {
  assert.deepEqual({ status, body }, { status: 200, body: expected })
  assert.match(type, /^application\/json/)
}

/** Every refusal has one form; `pointers` are the places that it names. */
function assertProblem({ status, type, body }: Answer, expected: number, pointers: string[] = []): void {
  const problem = body as { status: number; title: string; detail: string; type: string; errors?: object[] }
  assert.equal(status, expected, JSON.stringify(body))
  assert.match(type, /^application\/problem\+json/)
  assert.equal(problem.type, 'about:blank')
  assert.equal(problem.status, expected)
  assert.ok(problem.title.length > 0 && problem.detail.length > 0)
  const errors = (problem.errors ?? []) as { pointer: string; detail: string }[]
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    pointers,
  )
  for (const { detail } of errors) assert.ok(detail.length > 0)
}

for (const prefix of ['', '/api/v1']) {
  const at = prefix === '' ? 'at the root' : `under ${prefix}`

  test(`${at}, rules are added at the end, listed in order and deleted`, async () => {
    await using api = await Api.start(prefix)
    assertOk(await api.ask('GET', '/rules'), [])
    assertOk(await api.send('POST', '/rules', DROP_DEBUG), { status: 'added', rule: DROP_DEBUG })
    assertOk(await api.send('POST', '/rules', REDACT_SSN), { status: 'added', rule: REDACT_SSN })
    assertOk(await api.ask('GET', '/rules'), [DROP_DEBUG, REDACT_SSN])
    assertProblem(await api.send('POST', '/rules', DROP_DEBUG), 400, ['/id'])
    assertOk(await api.ask('DELETE', '/rules/drop_debug'), { status: 'deleted', id: 'drop_debug' })
    assertProblem(await api.ask('DELETE', '/rules/drop_debug'), 404)
    assertOk(await api.ask('GET', '/rules'), [REDACT_SSN])
  })

  test(`${at}, a rule is replaced in its place`, async () => {
    await using api = await Api.start(prefix)
    await api.send('POST', '/rules', DROP_DEBUG)
    await api.send('POST', '/rules', REDACT_SSN)
    const { id, ...body } = { ...DROP_DEBUG, params: { value: 'TRACE' } }
    assertOk(await api.send('PUT', '/rules/drop_debug', body), { status: 'updated', rule: { id, ...body } })
    assertOk(await api.send('PUT', '/rules/drop_debug', { id, ...body }), { status: 'updated', rule: { id, ...body } })
    assertOk(await api.ask('GET', '/rules'), [{ id, ...body }, REDACT_SSN])
    assertProblem(await api.send('PUT', '/rules/nobody', body), 404)
    assertProblem(await api.send('PUT', '/rules/drop_debug', { ...body, id: 'another' }), 422, ['/id'])
    assertProblem(await api.send('PUT', '/rules/drop_debug', { ...body, type: 'unknown' }), 422, ['/type'])
    assertOk(await api.ask('GET', '/rules'), [{ id, ...body }, REDACT_SSN])
  })

  test(`${at}, outputs are added, listed and cleared`, async () => {
    await using api = await Api.start(prefix)
    assertOk(await api.ask('GET', '/outputs'), [])
    const http = { type: 'http', url: 'http://vendor.example:9000' }
    assertOk(await api.send('POST', '/outputs', http), { status: 'added', output: http })
    assertOk(await api.send('POST', '/outputs', { type: 'console' }), { status: 'added', output: { type: 'console' } })
    const nulls = { type: 'console', url: null, headers: null }
    assertOk(await api.send('POST', '/outputs', nulls), { status: 'added', output: { type: 'console' } })
    assertProblem(await api.send('POST', '/outputs', http), 400, ['/url'])
    assertOk(await api.ask('GET', '/outputs'), [http, { type: 'console' }, { type: 'console' }])
    assertOk(await api.ask('DELETE', '/outputs'), { status: 'cleared' })
    assertOk(await api.ask('DELETE', '/outputs'), { status: 'cleared' })
    assertOk(await api.ask('GET', '/outputs'), [])
  })

  test(`${at}, the batch size is 1 to 10000`, async () => {
    await using api = await Api.start(prefix)
    assertOk(await api.ask('GET', '/config/batch_size'), { batch_size: BATCH_SIZE_DEFAULT })
    for (const size of [1, 10_000]) {
      assertOk(await api.ask('POST', `/config/batch_size?size=${size}`), { status: 'updated', batch_size: size })
      assertOk(await api.ask('GET', '/config/batch_size'), { batch_size: size })
    }
    for (const query of ['?size=0', '?size=10001', '?size=abc', '?size=1.5', '?size=', '?size=1&size=2', ''])
      assertProblem(await api.ask('POST', `/config/batch_size${query}`), 422, ['/size'])
    assertOk(await api.ask('GET', '/config/batch_size'), { batch_size: 10_000 })
  })

  test(`${at}, publishing takes whatever body a client sends, and none`, async () => {
    await using api = await Api.start(prefix)
    await api.send('POST', '/rules', DROP_DEBUG)
    const manifest = {
      version: '1.0',
      pipelines: [{ name: 'default_pipeline', processors: [DROP_DEBUG], outputs: [], batch_size: BATCH_SIZE_DEFAULT }],
    }
    const requests: RequestInit[] = [
      { body: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      {},
      { body: '{}', headers: { 'content-type': 'application/json' } },
      { body: '', headers: { 'content-type': 'application/json' } },
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { body: 'anything', headers: { 'content-type': 'text/plain' } },
    ]
    for (const request of requests) {
      assertOk(await api.ask('POST', '/publish', request), { status: 'published', manifest, subscribers_notified: 4 })
    }
    assert.deepEqual(api.bus.manifests, Array(requests.length).fill(JSON.stringify(manifest)), 'the same bytes')
    assert.equal(await api.live(), JSON.stringify(manifest))
  })
}

test('the root and /api/v1 show the same rules, outputs and batch size', async () => {
  await using api = await Api.start()
  await api.send('POST', '/rules', DROP_DEBUG)
  await api.send('POST', '/api/v1/outputs', { type: 'console' })
  await api.ask('POST', '/api/v1/config/batch_size?size=7')
  for (const path of ['/rules', '/outputs', '/config/batch_size'])
    assert.deepEqual(await api.get(path), await api.get(`/api/v1${path}`))
})

test('deleting and setting the batch size take an empty JSON body, as some clients send', async () => {
  await using api = await Api.start()
  await api.send('POST', '/rules', DROP_DEBUG)
  const empty = { body: '', headers: { 'content-type': 'application/json' } }
  assert.equal((await api.ask('DELETE', '/rules/drop_debug', empty)).status, 200)
  assert.equal((await api.ask('DELETE', '/outputs', empty)).status, 200)
  assert.equal((await api.ask('POST', '/config/batch_size?size=5', empty)).status, 200)
})

test('a rule may say when it acts, that it is required, and what happens on errors; nothing else', async () => {
  await using api = await Api.start()
  const full = {
    ...DROP_DEBUG,
    when: { field: 'service', equals: 'checkout' },
    required: true,
    on_error: 'quarantine',
  }
  assertOk(await api.send('POST', '/rules', full), { status: 'added', rule: full })
  await api.ask('POST', '/publish')
  assert.deepEqual(JSON.parse(api.bus.manifests[0]!).pipelines[0].processors, [full])
  const { when, ...without } = full
  assertOk(await api.send('PUT', '/rules/drop_debug', { ...without, when: null }), { status: 'updated', rule: without })
  assertOk(await api.ask('GET', '/rules'), [without])
  assertProblem(await api.send('POST', '/rules', { ...DROP_DEBUG, on_error: 'explode' }), 422, ['/on_error'])
  assertProblem(await api.send('POST', '/rules', { ...DROP_DEBUG, required: 'yes' }), 422, ['/required'])
  assertProblem(await api.send('POST', '/rules', { ...DROP_DEBUG, wehn: 1, 'a/b~c': 2 }), 422, ['/wehn', '/a~1b~0c'])
})

test('params may be left out', async () => {
  await using api = await Api.start()
  const rule = { id: 'all', type: 'dedupe', params: {} }
  assertOk(await api.send('POST', '/rules', { id: 'all', type: 'dedupe' }), { status: 'added', rule })
})

test('what is not a rule or an output is refused with 422 and the place', async () => {
  await using api = await Api.start()
  const rules: [unknown, string[]][] = [
    [{}, ['/id', '/type']],
    [[], ['']],
    ['"text"', ['']],
    ['null', ['']],
    [{ ...DROP_DEBUG, id: '' }, ['/id']],
    [{ ...DROP_DEBUG, id: 'with space' }, ['/id']],
    [{ ...DROP_DEBUG, id: 'x'.repeat(129) }, ['/id']],
    [{ ...DROP_DEBUG, params: 'DEBUG' }, ['/params']],
    [{ ...DROP_DEBUG, type: 'unknown' }, ['/type']],
    [{ id: 'bad', type: 'redact', params: { pattern: '(' } }, ['/params/pattern']],
  ]
  for (const [body, pointers] of rules) assertProblem(await api.send('POST', '/rules', body), 422, pointers)
  const outputs: [unknown, string[]][] = [
    [{}, ['/type']],
    [{ type: 'unknown' }, ['/type']],
    [{ type: 'http', url: 5 }, ['/url']],
    [{ type: 'http', headers: { 'x/y': 1 } }, ['/headers/x~1y']],
  ]
  for (const [body, pointers] of outputs) assertProblem(await api.send('POST', '/outputs', body), 422, pointers)
  assertProblem(await api.ask('POST', '/rules'), 422, [''])
  assert.deepEqual(await api.get('/rules'), [])
  assert.deepEqual(await api.get('/outputs'), [])
})

test('requests that are wrong as such are problems too', async () => {
  await using api = await Api.start()
  assertProblem(await api.send('POST', '/rules', '{"id":'), 400)
  assertProblem(await api.send('POST', '/rules', ''), 400)
  assertProblem(await api.send('POST', '/rules', '{"__proto__": {"id": "x"}}'), 400)
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
    const init = { body: JSON.stringify(DROP_DEBUG), headers: { 'content-type': type } }
    assertProblem(await api.ask('POST', '/rules', init), 415)
  }
  const large = { ...DROP_DEBUG, params: { value: 'x'.repeat(1024 * 1024) } }
  assertProblem(await api.send('POST', '/rules', large), 413)
  assertProblem(await api.send('POST', '/publish', large), 413)
  assertProblem(await api.ask('GET', '/nothing/here?token=secret'), 404)
  assertProblem(await api.ask('PATCH', '/rules'), 404)
  assertProblem(await api.ask('DELETE', '/rules/%zz'), 400)
  assertProblem(await api.ask('DELETE', `/rules/${'x'.repeat(300)}`), 414)
  assert.deepEqual(await api.get('/rules'), [])
})

test('header values and credentials in URLs are masked in answers and literal in what is published', async () => {
  await using api = await Api.start()
  const outputs = [
    { type: 'http', url: 'https://one.example/', headers: { Authorization: 'Bearer s3cret', 'X-Key': 's3cret' } },
    { type: 'http', url: 'http://user:s3cret@two.example:9000/logs?a=b@c' },
    { type: 'http', url: 'https://s3cret@three.example/' },
    { type: 'http', url: 'http:\\\\user:s3cret%40@four.example' },
  ]
  const shown = [
    { ...outputs[0], headers: { Authorization: '[redacted]', 'X-Key': '[redacted]' } },
    { type: 'http', url: 'http://user:[redacted]@two.example:9000/logs?a=b@c' },
    { type: 'http', url: 'https://[redacted]@three.example/' },
    { type: 'http', url: 'http://user:[redacted]@four.example/' },
  ]
  for (const [i, output] of outputs.entries())
    assertOk(await api.send('POST', '/outputs', output), { status: 'added', output: shown[i] })
  assertOk(await api.ask('GET', '/outputs'), shown)
  const published = await api.ask('POST', '/publish')
  assert.ok(!JSON.stringify(published).includes('s3cret'))
  assert.deepEqual((published.body as { manifest: { pipelines: object[] } }).manifest.pipelines[0], {
    name: 'default_pipeline',
    processors: [],
    outputs: shown,
    batch_size: BATCH_SIZE_DEFAULT,
  })
  assert.deepEqual(JSON.parse(api.bus.manifests[0]!).pipelines[0].outputs, outputs)
  const again = await api.send('POST', '/outputs', outputs[1])
  assertProblem(again, 400, ['/url'])
  assert.ok(!JSON.stringify(again).includes('s3cret'))
})

test('two requests for the same output at the same time add it once', async () => {
  await using api = await Api.start()
  const output = { type: 'http', url: 'http://vendor.example' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.send('POST', '/outputs', output)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(400)])
  assert.deepEqual(await api.get('/outputs'), [output])
})

test('there is a limit to rules and outputs', async () => {
  await using api = await Api.start()
  const processors = Array.from({ length: RULES_MAX }, (_, i) => ({ ...DROP_DEBUG, id: `rule_${i}` }))
  const outputs = Array.from({ length: OUTPUTS_MAX }, () => ({ type: 'console' }))
  const draft = JSON.stringify(documentOf(processors, outputs))
  await api.database.db.updateTable('configurations').set({ draft }).execute()
  assertProblem(await api.send('POST', '/rules', DROP_DEBUG), 422)
  assert.equal((await api.send('PUT', '/rules/rule_999', { type: 'filter' })).status, 200, 'replacing is not adding')
  assertProblem(await api.send('POST', '/outputs', { type: 'console' }), 422)
})

test('a bus that is away gives a warning, all of them away 503; what was published stands all the same', async () => {
  await using api = await Api.start()
  api.bus.fails = true
  const partly = await api.ask('POST', '/publish')
  assert.equal(partly.status, 200)
  assert.partialDeepStrictEqual(partly.body, { subscribers_notified: 2, warning: 'first: is away' })
  api.other.fails = true
  await api.send('POST', '/rules', DROP_DEBUG)
  const none = await api.ask('POST', '/publish')
  assertProblem(none, 503)
  assert.match((none.body as { detail: string }).detail, /first: is away; second: is away/)
  assert.match((await api.live()) ?? '', /drop_debug/)
})

test('the books are shown where a node is in the process', async () => {
  await using api = await Api.start()
  assertProblem(await api.ask('GET', '/api/v1/stats'), 503)
  api.runtime.books = exampleStats()
  assertOk(await api.ask('GET', '/api/v1/stats'), exampleStats())
  assertProblem(await api.ask('GET', '/stats'), 404)
})

test('health is the process, readiness is the store', async () => {
  const api = await Api.start()
  assertOk(await api.ask('GET', '/healthz'), { status: 'ok' })
  assertOk(await api.ask('GET', '/readyz'), { status: 'ready' })
  await api.database.close()
  assertProblem(await api.ask('GET', '/readyz'), 503)
  assertOk(await api.ask('GET', '/healthz'), { status: 'ok' })
  const failed = await api.ask('GET', '/rules')
  assertProblem(failed, 500)
  assert.deepEqual(failed.body, {
    type: 'about:blank',
    title: 'Internal error',
    status: 500,
    detail: 'something went wrong; the log says what',
  })
  await api[Symbol.asyncDispose]()
})

test('/openapi.json is OpenAPI 3.1 and has every path', async () => {
  await using api = await Api.start()
  const document = (await api.get('/openapi.json')) as {
    openapi: string
    info: { version: string }
    paths: Record<string, Record<string, { summary?: string }>>
  }
  assert.match(document.openapi, /^3\.1\./)
  assert.equal(document.info.version, '1.2.3')
  const mirrored: [string, string[]][] = [
    ['/rules', ['get', 'post']],
    ['/rules/{id}', ['delete', 'put']],
    ['/outputs', ['delete', 'get', 'post']],
    ['/config/batch_size', ['get', 'post']],
    ['/publish', ['post']],
  ]
  const expected = mirrored.flatMap(([path, methods]) => [
    [path, methods],
    [`/api/v1${path}`, methods],
  ])
  for (const [path, methods] of expected)
    assert.deepEqual(Object.keys(document.paths[path as string] ?? {}).sort(), methods, path as string)
  for (const methods of Object.values(document.paths))
    for (const { summary } of Object.values(methods)) assert.ok(summary !== undefined)
})

test('/docs is a page that loads nothing from other hosts', async () => {
  await using api = await Api.start()
  const page = await fetch(`${api.address}/docs`)
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  const html = await page.text()
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => new URL(link!, page.url))
  assert.ok(parts.length > 3)
  for (const part of parts) {
    assert.equal(part.origin, api.address)
    const answer = await fetch(part)
    assert.equal(answer.status, 200, part.href)
    const text = await answer.text()
    if (part.pathname.endsWith('swagger-initializer.js')) {
      assert.match(text, /validatorUrl: null/, 'the badge would ask a server of others')
      assert.doesNotMatch(text.replace(/\/\/ .*/g, ''), /https?:\/\//)
    }
  }
})

test('a port that is taken is refused with a remedy', async () => {
  await using api = await Api.start()
  const { database, runtime, box } = api
  const options = { host: '127.0.0.1', version: '1', database, box, runtime, publishers: [], access, authenticate }
  await assert.rejects(
    startController({ ...options, port: Number(new URL(api.address).port), log: silentLogger }),
    (error) => error instanceof StreamgateError && error.code === 'SG_LISTEN' && /--control-port/.test(error.message),
  )
})

test('no body makes the controller fail', async () => {
  await using api = await Api.start()
  const word = fc.constantFrom('id', 'type', 'params', 'when', 'required', 'on_error', 'url', 'headers', 'x')
  const shaped = fc.dictionary(fc.oneof(word, fc.string()), fc.jsonValue({ maxDepth: 3 }))
  const near = fc.record(
    {
      id: fc.string(),
      type: fc.string(),
      params: shaped,
      url: fc.webUrl(),
      headers: fc.dictionary(fc.string(), fc.string()),
    },
    { requiredKeys: ['type'] },
  )
  const path = fc.constantFrom('/rules', '/outputs', '/publish', '/config/batch_size?size=5', '/api/v1/rules')
  const body = fc.oneof(
    fc.json(),
    shaped.map((value) => JSON.stringify(value)),
    near.map((value) => JSON.stringify(value)),
  )
  await fc.assert(
    fc.asyncProperty(path, body, async (where, text) => {
      const { status, type } = await api.send('POST', where, text)
      assert.ok(status < 500, `${where} answers ${status} to ${text}`)
      if (status !== 200) assert.match(type, /^application\/problem\+json/)
    }),
    { seed: SEED, numRuns: 400 },
  )
  // Whatever was taken can also be listed and published.
  for (const listed of ['/rules', '/outputs']) await api.get(listed)
  assert.equal((await api.ask('POST', '/publish')).status, 200)
})
