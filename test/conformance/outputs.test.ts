/** What every output must do, whichever it is. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { resolveOutput } from '#config/components.ts'
import { registry } from '#registry.ts'
import { batchOf, outputContext } from '#test/support/outputs.ts'

const keyPair = { access_key_id: 'id', secret_access_key: 'secret' }

/** The fewest options that each can be made with. Nothing listens there. */
const minimal: Record<string, Record<string, unknown>> = {
  http: { url: 'http://127.0.0.1:1' },
  tcp: { address: '127.0.0.1:1' },
  splunk_hec: { token: 'token', url: 'http://127.0.0.1:1' },
  elasticsearch: { url: 'http://127.0.0.1:1' },
  syslog: { address: '127.0.0.1:1' },
  newrelic: { api_key: 'key', url: 'http://127.0.0.1:1' },
  datadog: { api_key: 'key', url: 'http://127.0.0.1:1' },
  cloudwatch_logs: {
    region: 'eu-central-1',
    group: 'g',
    access_key_id: 'a',
    secret_access_key: 's',
    url: 'http://127.0.0.1:1',
  },
  gcp_logging: { project: 'my-project', url: 'http://127.0.0.1:1' },
  nats: { servers: ['nats://127.0.0.1:1'] },
  s3: { bucket: 'logs', region: 'us-east-1', endpoint: 'http://127.0.0.1:1', ...keyPair },
  loki: { url: 'http://127.0.0.1:1' },
  otlp: { url: 'http://127.0.0.1:1' },
  datadog_metrics: { api_key: 'key', url: 'http://127.0.0.1:1' },
  gcp_monitoring: { project: 'my-project', url: 'http://127.0.0.1:1' },
  statsd: { address: '127.0.0.1:1' },
  prometheus_exposition: { listen: '127.0.0.1:0' },
  prometheus_remote_write: { url: 'http://127.0.0.1:1/api/v1/write' },
  file: { path: '/nonexistent/streamgate/out.log', create_directories: false },
}

for (const definition of registry.outputs) {
  const { name } = definition
  const options = { id: 'out', type: name, ...minimal[name] }
  const readme = readFileSync(new URL(`../../src/outputs/${name}/README.md`, import.meta.url), 'utf8')
  const create = () => {
    const { plan } = resolveOutput(options, [], registry)
    assert.ok(plan !== undefined)
    return definition.create(plan.options as never, outputContext())
  }

  test(`${name}: the fewest options are enough, and every option says what it is for`, () => {
    assert.equal(resolveOutput(options, [], registry).problems, undefined)
    for (const [option, schema] of Object.entries(definition.config.shape)) {
      assert.ok((schema as { description?: string }).description, `${option} has a description`)
    }
  })

  test(`${name}: an unknown key is refused with its place`, () => {
    const { problems } = resolveOutput({ ...options, qeue_bytes_max: 1 }, ['outputs', 0], registry)
    assert.equal(problems?.[0]?.code, 'SG_CONFIG_UNKNOWN_KEY')
    assert.match(problems?.[0]?.message ?? '', /did you mean "queue_bytes_max"/)
  })

  test(`${name}: the README names every option, and its example is valid`, () => {
    for (const option of Object.keys(definition.config.shape)) assert.ok(readme.includes(`\`${option}\``), option)
    const example = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1]
    const { outputs } = parse(example ?? '') as { outputs: Record<string, unknown>[] }
    for (const output of outputs) assert.equal(resolveOutput(output, [], registry).problems, undefined)
  })

  test(`${name}: stop is safe before start and when called twice, and a send after it says so`, async () => {
    const output = create()
    await output.stop()
    await output.stop()
    const result = await output.send(batchOf('a\n'), new AbortController().signal)
    if (name !== 'blackhole') assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'stopped' })
  })

  test(`${name}: an aborted signal settles a send soon`, { timeout: 10_000 }, async () => {
    if (name === 'console') return
    const output = create()
    await output.start()
    const result = await output.send(batchOf('a\n'), AbortSignal.abort())
    assert.ok(result.ok || result.retryable)
    await output.stop()
  })
}
