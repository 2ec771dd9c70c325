import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { type Flags, loadConfig } from './load.ts'
import { ConfigError, editDistance, suggest } from './problems.ts'
import type { Environment } from './resolve.ts'

let folder = ''
before(() => {
  enableLinearRegex()
  folder = mkdtempSync(join(tmpdir(), 'streamgate-config-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function load(text: string, flags: Flags = {}, env: Environment = {}) {
  const file = join(folder, 'test.yaml')
  writeFileSync(file, text)
  return loadConfig({ config: file, ...flags }, env, registry)
}

function problemsOf(text: string, env: Environment = {}): string[] {
  try {
    load(text, {}, env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.split('\n').map((line) => line.slice(line.indexOf('test.yaml')))
  }
  return []
}

const GOOD = `version: 2
sources:
  - { id: tcp, type: tcp, listen: 127.0.0.1:0 }
pipelines:
  - id: default_pipeline
    sources: [tcp]
    processors:
      - { id: drop, type: filter, params: { value: DEBUG } }
    outputs: [console]
outputs:
  - { id: console, type: console }
`

test('without a file the built-in configuration runs', () => {
  const { plan, settings, warnings } = loadConfig({}, {}, registry)
  assert.deepEqual(
    plan.sources.map(({ id, options }) => [id, options['listen']]),
    [
      ['tcp', '0.0.0.0:8081'],
      ['udp', '0.0.0.0:8082'],
      ['http', '0.0.0.0:8080'],
    ],
  )
  assert.deepEqual(plan.pipelines[0]?.batch, {}, 'outputs have their own defaults')
  assert.partialDeepStrictEqual(settings.control, { host: '127.0.0.1', port: 8000, auth: 'open' })
  assert.partialDeepStrictEqual(settings.opamp, { host: '127.0.0.1', port: 4320, auth: 'open' })
  assert.deepEqual(settings.admin, { host: '127.0.0.1', port: 8083 })
  assert.equal(settings.redis, undefined)
  assert.deepEqual(warnings, [])
})

test('a file without sources, pipelines and outputs has the built-in ones, as a controller needs none', () => {
  const { plan, value, settings } = load('version: 2\ncontrol: { auth: required }\n', { 'tcp-port': '6514' })
  assert.deepEqual(
    plan.sources.map(({ options }) => options['listen']),
    ['0.0.0.0:6514', '0.0.0.0:8082', '0.0.0.0:8080'],
  )
  assert.ok('pipelines' in (value as object), 'what is published is laid over them')
  assert.equal(settings.control.auth, 'required')
  assert.match(problemsOf('version: 2\noutputs: []\n')[0]!, /sources: /, 'some of the three are not enough')
})

test('proxies are named by address or network', () => {
  const { settings } = load(`${GOOD}control: { trusted_proxies: [10.0.0.0/8, '2001:db8::/32', 192.0.2.1] }\n`)
  assert.deepEqual(settings.control.trustedProxies, ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'])
  for (const wrong of ['proxy.internal', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', ''])
    assert.match(problemsOf(`${GOOD}control: { trusted_proxies: ['${wrong}'] }\n`)[0] ?? '', /network/, wrong)
})

test('everything that is wrong is said at once, with its place and what to do', () => {
  const lines = problemsOf(`version: 2
sources:
  - { id: tcp, type: tcp, lisen: 127.0.0.1:0 }
  - { id: tcp, type: udp }
pipelines:
  - id: p
    sources: [tcp, tpc]
    processors:
      - { id: a, type: fliter, params: { value: x } }
      - { id: b, type: redact, params: { pattern: '(?=x)a' } }
      - { id: c, type: filter, params: { value: x }, when: { field: level } }
    outputs: [console]
outputs:
  - { id: console, type: console }
`)
  const expected = [
    /^test.yaml:3:27: sources\/0\/lisen: there is no key "lisen"; did you mean "listen"\? \[SG_CONFIG_UNKNOWN_KEY\]$/,
    /^test.yaml:9:18: pipelines\/0\/processors\/0\/type: .*did you mean "filter"\? \[SG_CONFIG_UNKNOWN_TYPE\]$/,
    /^test.yaml:10:42: pipelines\/0\/processors\/1\/params\/pattern: .*look.*\[SG_PATTERN_UNSAFE\]$/,
    /^test.yaml:11:\d+: pipelines\/0\/processors\/2\/when.*exactly one of.*\[SG_CONFIG_INVALID\]$/,
    /^test.yaml:4:7: sources\/1\/id: .*taken.*\[SG_CONFIG_DUPLICATE_ID\]$/,
    /^test.yaml:7:20: pipelines\/0\/sources\/1: there is no source "tpc".*\[SG_CONFIG_REFERENCE\]$/,
  ]
  for (const pattern of expected)
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in\n${lines.join('\n')}`,
    )
  assert.equal(lines.length, expected.length)
})

test('what is not YAML, not there or not this format is told so', () => {
  assert.match(problemsOf('version: 2\nsources: [')[0]!, /^test.yaml:2:.*SG_CONFIG_SYNTAX/)
  assert.match(problemsOf('version: 1')[0]!, /version: must be 2/)
  assert.match(problemsOf('')[0]!, /version/)
  assert.throws(() => loadConfig({ config: join(folder, 'none.yaml') }, {}, registry), { code: 'SG_CONFIG_READ' })
})

test('a source that feeds nothing is a warning', () => {
  const { warnings } = load(GOOD.replace('pipelines:', '  - { id: lonely, type: udp }\npipelines:'))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /test.yaml:4:5: no pipeline takes what source "lonely" brings/)
})

test('references are resolved, and values never show', () => {
  const secret = join(folder, 'secret')
  writeFileSync(secret, 'from-file\n')
  const text = GOOD.replace(
    '{ id: console, type: console }',
    `{ id: console, type: http, url: 'http://127.0.0.1:1', headers: { a: '\${env:TOKEN}', b: 'x \${file:${secret}}' } }`,
  )
  const { plan } = load(text, {}, { TOKEN: 's3cret' })
  const headers = plan.outputs[0]?.options['headers'] as Record<string, { reveal(): string }>
  assert.equal(headers['a']?.reveal(), 's3cret')
  assert.equal(headers['b']?.reveal(), 'x from-file')
  assert.ok(!JSON.stringify(plan).includes('s3cret'))
  assert.match(problemsOf(text)[0]!, /test.yaml:11:\d+: outputs\/0\/headers\/a: the environment has no TOKEN/)
})

test('a secret by name comes from its directory, and from nowhere else', () => {
  const reference = (name: string) => `\${secret:${name}}`
  const text = (value: string) =>
    GOOD.replace(
      '{ id: console, type: console }',
      `{ id: console, type: http, url: 'http://127.0.0.1:1', headers: { api-key: '${value}' } }`,
    )
  writeFileSync(join(folder, 'vendor-key'), 's3cret\n')
  const headerOf = (value: string, env: Environment) => {
    const headers = load(text(value), {}, env).plan.outputs[0]!.options['headers'] as Record<
      string,
      { reveal(): string }
    >
    return headers['api-key']
  }
  assert.equal(headerOf(reference('vendor-key'), { SECRETS_DIR: folder })?.reveal(), 's3cret')
  assert.match(problemsOf(text(reference('none')), { SECRETS_DIR: folder })[0]!, /there is no secret "none" in /)
  assert.match(problemsOf(text(reference('../x')), { SECRETS_DIR: folder })[0]!, /there is no secret "..\/x" in /)
})

test('a secret in plain text is warned of, with its place and without its value', () => {
  const text = GOOD.replace(
    '{ id: console, type: console }',
    `{ id: console, type: http, url: 'http://127.0.0.1:1', headers: { api-key: 's3cret', accept: 'text/plain' } }`,
  )
  const { warnings } = load(text)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /test.yaml:11:\d+: a secret stands here in plain text/)
  assert.ok(!warnings[0]!.includes('s3cret'))
})

test('what a durable source promises no output may give up, and only a source that answers may promise', () => {
  const durable = (output: string, source = 'http') => `
version: 2
sources: [{ id: in, type: ${source}, durable: true }]
pipelines: [{ id: p, sources: [in], outputs: [o] }]
outputs: [{ id: o, type: console, ${output} }]
`
  assert.equal(load(durable('when_full: spool')).plan.sources[0]?.overflow, 'block')
  assert.match(problemsOf(durable('when_full: drop_oldest'))[0]!, /outputs\/0\/when_full: source "in" is durable/)
  assert.match(problemsOf(durable('spool: { when_full: drop_newest }'))[0]!, /outputs\/0\/spool\/when_full: /)
  assert.match(problemsOf(durable('when_full: spool', 'tcp'))[0]!, /sources\/0\/durable: source "in" cannot promise/)
})

test('flags win over the environment, and that over the file', () => {
  const port = (flags: Flags, env: Environment) => load(GOOD, flags, env).plan.sources[0]?.options['listen']
  assert.equal(port({}, {}), '127.0.0.1:0')
  assert.equal(port({}, { TCP_PORT: '7001' }), '127.0.0.1:7001')
  assert.equal(port({ 'tcp-port': '7002' }, { TCP_PORT: '7001' }), '127.0.0.1:7002')
  const { settings } = load(GOOD, { 'control-port': '9000', 'node-id': 'n1' }, { CONTROL_PORT: '1', LOG_LEVEL: 'warn' })
  assert.equal(settings.control.port, 9000)
  assert.equal(settings.nodeId, 'n1')
  assert.equal(settings.logLevel, 'warn')
  assert.throws(() => load(GOOD, { 'tcp-port': '99999' }), /--tcp-port must be a port/)
  assert.throws(() => load(GOOD, {}, { HTTP_PORT: 'x' }), /HTTP_PORT must be a port/)
})

test('redis is what was named, in the order flag, environment, file', () => {
  const redis = (text: string, flags: Flags, env: Environment) => load(text, flags, env).settings.redis
  const inFile = `${GOOD}redis: { host: filehost }\n`
  assert.equal(redis(GOOD, {}, {}), undefined)
  assert.deepEqual(redis(inFile, {}, {}), { host: 'filehost', port: 6379 })
  assert.deepEqual(redis(inFile, {}, { REDIS_HOST: 'h', REDIS_PORT: '7' }), { host: 'h', port: 7 })
  assert.deepEqual(redis(inFile, {}, { REDIS_URL: 'redis://u' }), { url: 'redis://u' })
  assert.deepEqual(redis(inFile, { 'redis-url': 'redis://f' }, { REDIS_URL: 'redis://u' }), { url: 'redis://f' })
})

const WITH_UPSTREAMS = GOOD.replace(
  '{ id: console, type: console }',
  '{ id: console, type: http, url: "http://x", upstream: collectors }',
)

test('upstreams are part of the plan, and outputs find them by name', () => {
  const { plan } = load(`${WITH_UPSTREAMS}upstreams:\n  - { id: collectors, targets: [{ url: "http://a" }] }\n`)
  assert.deepEqual(
    plan.upstreams.map(({ id, targets }) => [id, targets]),
    [['collectors', [{ url: 'http://a', weight: 1 }]]],
  )
  assert.deepEqual(load(GOOD).plan.upstreams, [])
})

test('what is wrong with upstreams is told with its place', () => {
  const lines = problemsOf(`${WITH_UPSTREAMS}upstreams:
  - { id: colectors, targets: [{ url: "http://a" }] }
  - { id: colectors, targets: [{ url: "http://b" }], tls: { ca_file: /none/at/all.pem } }
`)
  const expected = [
    /^test.yaml:11:\d+: outputs\/0\/upstream: there is no upstream "collectors"; did you mean "colectors"\? \[SG_/,
    /^test.yaml:14:\d+: upstreams\/1\/id: .*taken.*\[SG_CONFIG_DUPLICATE_ID\]$/,
    /^test.yaml:14:\d+: upstreams\/1\/tls\/ca_file: the file \/none\/at\/all.pem cannot be read \[SG_/,
  ]
  for (const pattern of expected) {
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern} in\n${lines.join('\n')}`,
    )
  }
  assert.equal(lines.length, expected.length)
  const keys = problemsOf(
    `${GOOD}upstreams:\n  - { id: a, targets: [{ url: "http://a", wieght: 2 }], balanse: hash }\n`,
  )
  assert.match(keys.join('\n'), /test.yaml:13:\d+: upstreams\/0\/targets\/0\/wieght: there is no key/)
  assert.match(keys.join('\n'), /test.yaml:13:\d+: upstreams\/0\/balanse: there is no key/)
})

test('suggestions are near, or a list', () => {
  assert.equal(editDistance('listen', 'lisen'), 1)
  assert.equal(editDistance('', 'abc'), 3)
  assert.equal(suggest('lisen', ['listen', 'type']), '; did you mean "listen"?')
  assert.equal(suggest('zzzzzz', ['listen', 'type']), '; known here: listen, type')
  assert.equal(suggest('x', []), '')
})

test('a secret of a source in plain text is warned of as well', () => {
  const { warnings } = load(`version: 2
sources: [{ id: in, type: http, listen: 127.0.0.1:0, api_keys: [{ name: a, key: s3cret-of-a-source }] }]
pipelines: [{ id: p, sources: [in], outputs: [o] }]
outputs: [{ id: o, type: console }]
`)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /a secret stands here in plain text/)
  assert.ok(!warnings[0]!.includes('s3cret'))
})

test('what is not for the signal of its pipeline is refused with its place', () => {
  const config = (pipelines: string) => `version: 2
sources: [{ id: in, type: tcp, listen: 127.0.0.1:0 }]
pipelines:
${pipelines}
outputs: [{ id: o, type: console }, { id: dd, type: datadog, api_key: '\${env:KEY}' }]
`
  const found = (pipelines: string) => problemsOf(config(pipelines), { KEY: 'k' }).join('\n')
  assert.equal(found('  - { id: p, sources: [in], outputs: [o] }'), '')
  assert.match(
    found('  - { id: p, signal: metrics, sources: [in], outputs: [o] }'),
    /test.yaml:4:\d+: pipelines\/0\/sources\/0: source "in" \(tcp\) brings logs; pipeline "p" carries metrics/,
  )
  assert.match(
    found('  - { id: p, sources: [in], processors: [{ id: a, type: aggregate }], outputs: [o] }'),
    /pipelines\/0\/processors\/0\/type: processor "a" \(aggregate\) works on metrics; pipeline "p" carries logs/,
  )
  assert.match(
    found('  - { id: p, signal: traces, sources: [in], outputs: [dd] }'),
    /pipelines\/0\/outputs\/0: output "dd" \(datadog\) takes logs; pipeline "p" carries traces/,
  )
  assert.match(found('  - { id: p, signal: log, sources: [in], outputs: [o] }'), /pipelines\/0\/signal: /)
})
