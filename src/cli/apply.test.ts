import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DiffEntry } from '#contract/configuration.ts'
import { TestController } from '#test/support/controller.ts'
import { ApiClient } from './api-client.ts'
import { applyDocument } from './apply.ts'
import { ConfigurationApi } from './configuration-api.ts'
import { documentText, type GivenDocument, readDocument } from './document-files.ts'

const KEY = 'do-not-print-me'
const NAME = 'default'

function given(text: string): Promise<GivenDocument> {
  const input = (async function* () {
    yield Buffer.from(text)
  })()
  return readDocument('-', input)
}

function apiOf(controller: TestController): ConfigurationApi {
  return new ConfigurationApi(new ApiClient(controller.address), NAME)
}

function names(entries: readonly DiffEntry[]): string[] {
  return entries.map(({ op, path }) => `${op} ${path}`)
}

const FIRST = `
pipelines:
  - id: p
    processors:
      - { id: drop, type: filter, params: { value: DEBUG } }
    outputs: [o]
outputs:
  - { id: o, type: http, url: 'http://127.0.0.1:1/', headers: { x-api-key: ${KEY} } }
`

test('a file becomes the draft; the same again changes nothing, and what was exported is the same', async () => {
  await using controller = await TestController.start()
  const api = apiOf(controller)
  const first = await applyDocument(api, await given(FIRST), false)
  assert.deepEqual(names(first.changes), ['remove pipelines/default_pipeline', 'add pipelines/p', 'add outputs/o'])
  const again = await applyDocument(api, await given(FIRST), false)
  assert.deepEqual(again, { changes: [], etag: first.etag })
  const text = documentText(await api.export('draft'))
  assert.match(text, /x-api-key: "?\[redacted\]/)
  assert.deepEqual(await applyDocument(api, await given(text), false), { changes: [], etag: first.etag })
  const changed = await applyDocument(api, await given(text.replace('DEBUG', 'TRACE')), false)
  assert.deepEqual(names(changed.changes), ['change pipelines/p/processors/drop'])
  assert.ok(JSON.stringify(await stored(controller)).includes(KEY), 'the masked value kept what was stored')
})

test('a dry run says the same and keeps nothing', async () => {
  await using controller = await TestController.start()
  const api = apiOf(controller)
  const before = await api.draft()
  assert.equal((await applyDocument(api, await given(FIRST), true)).changes.length, 3)
  assert.deepEqual(await api.draft(), before)
})

test('complaints have the lines of the file', async () => {
  await using controller = await TestController.start()
  const refused = async (text: string, message: RegExp | string) => {
    const document = await given(text)
    await assert.rejects(applyDocument(apiOf(controller), document, false), { code: 'SG_CONFIG_INVALID', message })
  }
  await refused(
    FIRST.replace('value: DEBUG', 'valu: DEBUG'),
    /^standard input:5:45: pipelines\/0\/processors\/0\/params\/valu: there is no key "valu"; did you mean "value"\?/m,
  )
  await refused('pipelnies: []\n', 'standard input:1:1: pipelnies: there is no key "pipelnies"')
  await refused('[]\n', /^standard input:1:1: invalid input: expected record, received array$/)
  await refused(
    FIRST.replace(KEY, '"[redacted]"'),
    /^standard input:8:65: outputs\/0\/headers\/x-api-key: is masked, and no value is stored here$/,
  )
})

test('files for collectors go the same way', async () => {
  await using controller = await TestController.start()
  const body = { name: 'collectors', kind: 'otel_collector', draft: { files: {} } }
  await controller.must(201, 'POST', '/configurations', { body })
  const api = new ConfigurationApi(new ApiClient(controller.address), 'collectors')
  const files = { '': { body: 'receivers:\n  otlp: {}\n', content_type: 'text/yaml' } }
  const { changes, etag } = await applyDocument(api, await given(JSON.stringify({ files })), false)
  assert.deepEqual(names(changes), ['change files'])
  const text = documentText(await api.export('draft'))
  assert.equal(text, 'files:\n  "":\n    body: |\n      receivers:\n        otlp: {}\n    content_type: text/yaml\n')
  assert.deepEqual(await applyDocument(api, await given(text), false), { changes: [], etag })
})

/** Somebody else is always a moment faster. */
class Overtaken extends ConfigurationApi {
  attempts = 0
  readonly #other: (attempt: number) => Promise<void>
  constructor(client: ApiClient, other: (attempt: number) => Promise<void>) {
    super(client, NAME)
    this.#other = other
  }
  override async replaceDraft(...given: Parameters<ConfigurationApi['replaceDraft']>): Promise<string | undefined> {
    await this.#other(++this.attempts)
    return await super.replaceDraft(...given)
  }
}

test('what somebody else changes meanwhile is not taken away', async () => {
  await using controller = await TestController.start()
  const others = new Overtaken(new ApiClient(controller.address), async () => {
    await controller.must(201, 'POST', `/configurations/${NAME}/outputs`, { body: { id: 'theirs', type: 'console' } })
  })
  await assert.rejects(
    applyDocument(others, await given(FIRST), false),
    /somebody else has just changed the draft of "default": look at it with streamgate diff, and apply again/,
  )
  assert.deepEqual((await others.draft()).document['outputs'], [{ id: 'theirs', type: 'console' }])
})

test('a draft that only counts as changed is replaced all the same', async () => {
  await using controller = await TestController.start()
  const others = new Overtaken(new ApiClient(controller.address), async (attempt) => {
    if (attempt > 2) return
    const base = `/configurations/${NAME}/outputs`
    await controller.must(201, 'POST', base, { body: { id: 'brief', type: 'console' } })
    assert.equal((await controller.change('DELETE', `${base}/brief`)).status, 204)
  })
  assert.equal((await applyDocument(others, await given(FIRST), false)).changes.length, 3)
  assert.equal(others.attempts, 3)
})

async function stored({ database }: TestController): Promise<unknown> {
  return JSON.parse((await database.db.selectFrom('configurations').select('draft').executeTakeFirstOrThrow()).draft)
}

const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 })
const id = fc.stringMatching(/^[a-z][a-z0-9_.:-]{0,8}$/)
const options = fc.dictionary(
  fc.string().filter((key) => !['id', 'type', 'sources', 'outputs', 'processors', '__proto__'].includes(key)),
  value,
  { maxKeys: 3 },
)
const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,8}$/), fc.string({ unit: 'binary' }), { maxKeys: 2 })
const url = fc.constantFrom('http://x/', 'https://user:password@host/path', 'nats://token@host:4222')
const component = fc
  .tuple(options, fc.record({ id, type: id, url, headers, password: fc.string() }, { requiredKeys: ['id', 'type'] }))
  .map(([rest, own]) => ({ ...rest, ...own }))
const rules = fc.uniqueArray(
  fc.record({ id, type: id, params: fc.record({ token: fc.string(), more: value }) }, { requiredKeys: ['id', 'type'] }),
  { selector: (rule) => rule.id, maxLength: 3 },
)
const list = <Part extends { id: string }>(part: fc.Arbitrary<Part>) =>
  fc.uniqueArray(part, { selector: (entry) => entry.id, maxLength: 3 })
const documents = fc.record(
  {
    sources: list(component),
    pipelines: list(fc.tuple(options, id, rules).map(([rest, id, processors]) => ({ ...rest, id, processors }))),
    outputs: list(component),
    upstreams: list(component),
  },
  { requiredKeys: [] },
)

test('whatever a draft is, what was exported applies without a change', async () => {
  const runtime = { checkDocument: () => [] } as never
  await using controller = await TestController.start({ runtime })
  const api = apiOf(controller)
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      await api.replaceDraft(document, '*', false)
      const { etag } = await api.draft()
      const exported = await given(documentText(await api.export('draft')))
      assert.deepEqual(await applyDocument(api, exported, false), { changes: [], etag })
      const before = await stored(controller)
      await api.replaceDraft(exported.value, etag, false)
      assert.deepEqual(await stored(controller), before, 'secrets, too, keep their values')
    }),
    { numRuns: 100 },
  )
})
