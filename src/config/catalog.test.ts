import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { conditionSchema } from '#component/matcher.ts'
import { componentCatalog } from '#contract/component.ts'
import { registry } from '#registry.ts'
import { catalogOf } from './catalog.ts'

const catalog = catalogOf(registry)

/** By place, such as `outputs datadog.api_key`. */
function secretsIn(value: unknown, place: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const here = (value as { format?: unknown }).format === 'password' ? [place] : []
  const below = Object.entries(value).flatMap(([key, part]) =>
    secretsIn(part, ['properties', 'items', 'anyOf', '0'].includes(key) ? place : `${place}.${key}`),
  )
  return [...here, ...below]
}

test('every component is in the catalogue, with a sound schema that says what each option means', () => {
  componentCatalog.parse(catalog)
  const count = registry.sources.length + registry.processors.length + registry.outputs.length
  assert.equal(catalog.components.length, count)
  for (const { kind, type, schema } of catalog.components) {
    new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
    for (const [name, option] of Object.entries(schema['properties'] as Record<string, { description?: string }>))
      assert.ok(option.description, `${kind} ${type}: ${name} has a description`)
  }
  for (const schema of Object.values(catalog.entries))
    new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
})

test('what the schemas become a secret of is marked, and nothing else', () => {
  const found = catalog.components.flatMap(({ kind, type, schema }) => secretsIn(schema, `${kind} ${type}`))
  for (const place of [
    'source http.api_keys.key',
    'source cloudwatch_logs.credentials.secret_access_key',
    'source prometheus_scrape.bearer_token',
    'output http.headers.additionalProperties',
    'output datadog.api_key',
    'output loki.password',
    'output loki.bearer_token',
    'output s3.secret_access_key',
    'output gcp_logging.credentials',
  ])
    assert.ok(found.includes(place), `${place} is in ${found.join(', ')}`)
  for (const place of found)
    assert.match(place, /key$|token$|password$|credentials$|nkey_seed$|headers\.additionalProperties$/, place)
  assert.doesNotMatch(JSON.stringify(catalog.entries), /"password"/)
})

test('defaults of processors are those of their definitions', () => {
  const redact = catalog.components.find(({ type }) => type === 'redact')
  assert.partialDeepStrictEqual(redact, {
    kind: 'processor',
    required_by_default: true,
    on_error_default: 'quarantine',
    mutates: true,
    signals: ['logs', 'traces'],
  })
  const schema = redact!.schema as { required?: string[]; properties: Record<string, unknown> }
  assert.equal(schema.required, undefined, 'what has a default need not be given')
  assert.deepEqual(schema.properties['ignore_case'], {
    description: 'Whether upper and lower case are the same to the pattern.',
    default: false,
    type: 'boolean',
  })
})

test('the schema of conditions takes what conditions are, also inside of processors and pipelines', () => {
  const ajv = new Ajv2020({ strict: false })
  const isCondition = ajv.compile(catalog.entries.condition)
  const isRule = ajv.compile(catalog.entries.processor)
  const isPipeline = ajv.compile(catalog.entries.pipeline)
  const values: unknown[] = [
    { field: 'level', equals: 'DEBUG' },
    { field: 'status', equals: 500 },
    { field: 'a/b', exists: false },
    { all: [{ field: 'level', regex: '^D' }, { not: { any: [{ field: 'x', contains: 'y' }] } }] },
    { field: 'level' },
    { field: 'level', equals: 'x', exists: true },
    { field: '', equals: 'x' },
    { all: [] },
    { all: [{ field: 'x', equals: 'y' }], any: [{ field: 'x', equals: 'y' }] },
    { not: [{ field: 'x', equals: 'y' }] },
    { nothing: true },
    'text',
    null,
  ]
  for (const when of values) {
    const expected = conditionSchema.safeParse(when).success
    const rule = { id: 'r', type: 'filter', when }
    assert.equal(isCondition(when), expected, JSON.stringify(when))
    assert.equal(isRule(rule), expected, JSON.stringify(when))
    assert.equal(isPipeline({ id: 'p', processors: [rule] }), expected, JSON.stringify(when))
  }
})
