/** What every source that takes a vendor's requests over HTTP promises. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { SourceDefinition } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import { registry } from '#registry.ts'
import { FakeSourceContext } from '#test/support/fake-intake.ts'

const AGENTS = ['datadog', 'splunk_hec', 'elasticsearch']
const LOCAL = { listen: '127.0.0.1:0' }
/** By these, a source that takes requests over the shared HTTP listener is known. */
const LISTENER_OPTIONS = ['listen', 'api_keys', 'request_timeout_ms', 'durable_timeout_ms']

const definitions = (registry.sources as readonly unknown[] as readonly SourceDefinition[]).filter(({ config }) =>
  LISTENER_OPTIONS.every((option) => option in config.shape),
)

function start(definition: SourceDefinition, context: FakeSourceContext, options: object = LOCAL) {
  return definition.create(definition.config.parse(options), context)
}

test('there are such sources', () => {
  const names = definitions.map(({ name }) => name)
  for (const name of AGENTS) assert.ok(names.includes(name), name)
})

for (const definition of definitions) {
  const { name, config } = definition

  test(`${name}: it can promise, its defaults are valid, and every option says what it is for`, () => {
    assert.equal(definition.promising, true)
    assert.ok(config.safeParse({}).success)
    assert.equal(config.safeParse({ listn: '0.0.0.0:1' }).success, false)
    for (const [option, schema] of Object.entries(config.shape)) assert.ok(schema.description, option)
  })

  test(`${name}: the README names every option, and its example is valid`, () => {
    const readme = readFileSync(new URL(`../../src/sources/${name}/README.md`, import.meta.url), 'utf8')
    for (const option of Object.keys(config.shape)) assert.ok(readme.includes(`| \`${option}\` |`), option)
    const example = /```yaml\n(.*?)```/s.exec(readme)?.[1]
    assert.ok(example)
    const { sources } = parse(example)
    assert.ok(sources.length > 0)
    for (const { id, type, overflow: _, durable: __, ...options } of sources) {
      assert.equal(type, name)
      assert.ok(id)
      config.parse(options)
    }
  })

  test(`${name}: stop is safe before start and when called twice, and the address is real`, async () => {
    const context = new FakeSourceContext()
    await start(definition, context).stop()
    const source = start(definition, context)
    await source.start()
    assert.match(source.address(), /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    await Promise.all([source.stop(), source.stop()])
    await source.stop()
    assert.equal(context.connections, 0)
  })

  test(`${name}: two on one address cannot both have its paths, and the message names them`, async (t) => {
    const context = new FakeSourceContext()
    const first = start(definition, context)
    await first.start()
    t.after(() => first.stop())
    const listen = new URL(first.address()).host
    await assert.rejects(start(definition, context, { listen }).start(), (error) => {
      assert.ok(error instanceof StreamgateError)
      assert.equal(error.code, 'SG_LISTEN')
      assert.ok(error.message.includes('under_test'), error.message)
      return true
    })
  })
}

test('those for agents share one address, and each takes what is its own', async (t) => {
  const context = new FakeSourceContext()
  let listen = LOCAL.listen
  for (const definition of definitions.filter(({ name }) => AGENTS.includes(name))) {
    const source = start(definition, context, { listen })
    await source.start()
    t.after(() => source.stop())
    listen = new URL(source.address()).host
  }
  const status = async (path: string, body: string) =>
    (await fetch(`http://${listen}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
      .status
  assert.equal(await status('/api/v2/logs', '[{"a":1}]'), 202)
  assert.equal(await status('/services/collector/event', '{"event":1}'), 200)
  assert.equal(await status('/_bulk', '{"index":{}}\n{"a":1}\n'), 200)
  assert.deepEqual(
    context.intake.entries.map(({ framing }) => framing),
    ['datadog_logs', 'hec_events', 'bulk'],
  )
})
