/** Every component there is can be told what it needs by a form of the dashboard, and is said in words. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { catalogOf } from '#config/catalog.ts'
import { readFile } from '#config/read.ts'
import { registry } from '#registry.ts'
import { conditionOf, nodeOf } from '#ui/forms/condition.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { type Control, controlOf, emptyOf, entriesOf, fits, unknownKeys } from '#ui/forms/schema.ts'

const catalog = catalogOf(registry)

/** The places of all controls, such as `tls.min_version: options`. */
function drawn(control: Control, place: string): string[] {
  const here = `${place}: ${control.kind}`
  if (control.kind === 'group')
    return [here, ...control.entries.flatMap((entry) => drawn(entry.control, `${place}.${entry.key}`))]
  if (control.kind === 'list' || control.kind === 'map') return [here, ...drawn(control.item, `${place}[]`)]
  if (control.kind === 'choice') return [here, ...control.branches.flatMap((one) => drawn(one.control, `${place}|`))]
  return [here]
}

test('every option of every component has a control of its own', () => {
  for (const { kind, type, schema } of catalog.components) {
    const control = controlOf(schema)
    assert.equal(control.kind, 'group', `${kind} ${type}`)
    const places = drawn(control, `${kind} ${type}`)
    assert.deepEqual(
      places.filter((place) => place.endsWith(': json')),
      [],
    )
  }
})

test('every default fits its control, so that it can be shown and changed', () => {
  for (const { kind, type, schema } of catalog.components) {
    for (const { key, control, fallback } of entriesOf(schema))
      assert.ok(fits(control, fallback), `${kind} ${type}.${key}: ${JSON.stringify(fallback)}`)
  }
})

test('what a control begins with is what it can show', () => {
  for (const { schema } of catalog.components)
    for (const { key, control } of entriesOf(schema)) assert.ok(fits(control, emptyOf(control)), key)
})

test('entries shared by all of a kind draw too, but for conditions and params, which have forms of their own', () => {
  for (const [name, schema] of Object.entries(catalog.entries)) {
    if (name === 'condition') continue
    const json = entriesOf(schema)
      .flatMap(({ key, control }) => drawn(control, key))
      .filter((one) => one.endsWith('json'))
    const known = name === 'processor' ? ['params: json', 'when: json'] : name === 'pipeline' ? json : []
    assert.deepEqual(json, known, name)
  }
})

test('secrets, units and required options are seen as such', () => {
  const http = catalog.components.find(({ kind, type }) => kind === 'source' && type === 'http')!
  const entries = entriesOf(http.schema)
  const entry = (key: string) => entries.find((one) => one.key === key)!
  assert.equal(entry('keep_alive_ms').unit, 'ms')
  assert.equal(entry('body_bytes_max').unit, 'bytes')
  assert.equal(entry('connections_max').unit, undefined)
  const keys = entry('api_keys').control
  assert.ok(keys.kind === 'list' && keys.item.kind === 'group')
  assert.deepEqual(
    keys.item.entries.map(({ key, control, required, unit }) => [key, control.kind, required, unit]),
    [
      ['name', 'text', true, undefined],
      ['key', 'secret', true, undefined],
      ['records_per_second', 'number', false, undefined],
      ['bytes_per_second', 'number', false, undefined],
    ],
  )
})

test('every rule type has a sentence of its own', () => {
  const examples: Record<string, Record<string, unknown>> = {
    filter: { value: 'x' },
    attribute_filter: { attribute: 'level', equals: 'x' },
    redact: { builtin: 'ssn' },
    sample: { keep_ratio: 0.1 },
    dedupe: {},
    aggregate: {},
    cardinality_limit: {},
    metric_filter: { names: ['up'] },
    metric_rename: { names: { a: 'b' } },
    relabel: { configs: [{ action: 'labeldrop', regex: 'pod' }] },
  }
  for (const { name, summary } of registry.processors)
    assert.ok(!ruleWords(name, examples[name] ?? {}, summary).startsWith(summary), name)
})

test('what the examples say is drawn, key by key', () => {
  const files = globSync(fileURLToPath(new URL('../../examples/*.yaml', import.meta.url)))
  let seen = 0
  for (const file of files.filter((one) => !one.endsWith('.test.yaml'))) {
    const document = readFile(file).value as Record<string, Record<string, unknown>[]>
    const rules = (document['pipelines'] ?? []).flatMap(
      ({ processors }) => (processors ?? []) as Record<string, unknown>[],
    )
    const parts = [
      ...(document['sources'] ?? []).map((part) => ['source', part, part] as const),
      ...(document['outputs'] ?? []).map((part) => ['output', part, part] as const),
      ...rules.map((part) => ['processor', part, part['params'] ?? {}] as const),
    ]
    for (const [kind, part, options] of parts) {
      const component = catalog.components.find((one) => one.kind === kind && one.type === part['type'])!
      const shared = kind === 'processor' ? [] : entriesOf(catalog.entries[kind])
      const entries = [...entriesOf(component.schema), ...shared]
      assert.deepEqual(unknownKeys(entries, options as Record<string, unknown>), [], `${file} ${String(part['id'])}`)
      for (const { key, control } of entries)
        assert.ok(fits(control, (options as Record<string, unknown>)[key]), `${file} ${String(part['id'])}.${key}`)
      if (part['when'] !== undefined) assert.deepEqual(conditionOf(nodeOf(part['when'])!), part['when'])
      seen++
    }
  }
  assert.ok(seen > 10)
})
