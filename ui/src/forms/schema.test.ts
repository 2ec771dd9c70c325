import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from '#config/catalog.ts'
import { registry } from '#registry.ts'
import { quantityOf, quantityWords } from './quantity.ts'
import { branchOf, type Control, controlOf, emptyOf, entriesOf, fits, labelOf, unknownKeys } from './schema.ts'

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

test('labels are words, without the unit', () => {
  const cases: [string, 'ms' | 'bytes' | undefined, string][] = [
    ['keep_ratio', undefined, 'Keep ratio'],
    ['window_ms', 'ms', 'Window'],
    ['body_bytes_max', 'bytes', 'Body max'],
    ['max_bytes', 'bytes', 'Max bytes'],
    ['url', undefined, 'URL'],
    ['api_keys', undefined, 'API keys'],
  ]
  for (const [key, unit, label] of cases) assert.equal(labelOf({ key, ...(unit !== undefined && { unit }) }), label)
})

test('what is not as the schema has it is not taken for it', () => {
  const list = controlOf({ type: 'array', items: { type: 'string' } })
  assert.ok(!fits(list, 'one'))
  assert.ok(!fits(list, [1, { a: 2 }]))
  assert.ok(fits(list, ['one']))
  assert.ok(!fits(controlOf({ type: 'string' }), 5))
  assert.deepEqual(unknownKeys(entriesOf({ type: 'object', properties: { a: { type: 'string' } } }), { a: 1, b: 2 }), [
    'b',
  ])
})

test('a value is shown by the branch that takes it', () => {
  const control = controlOf({
    anyOf: [
      { type: 'boolean', const: false },
      { type: 'object', properties: {} },
    ],
  })
  assert.ok(control.kind === 'choice')
  assert.deepEqual(
    control.branches.map(({ label }) => label),
    ['Off', 'With options'],
  )
  assert.equal(branchOf(control.branches, undefined), -1)
  assert.equal(branchOf(control.branches, false), 0)
  assert.equal(branchOf(control.branches, { listen: 'x' }), 1)
  const either = controlOf({ anyOf: [{ type: 'string' }, { type: 'integer' }] })
  assert.ok(either.kind === 'choice')
  assert.equal(branchOf(either.branches, 200), 1)
  assert.equal(branchOf(either.branches, '200-399'), 0)
})

test('quantities are read as people write them', () => {
  assert.equal(quantityOf('10 s', 'ms'), 10_000)
  assert.equal(quantityOf('1.5h', 'ms'), 5_400_000)
  assert.equal(quantityOf('2 min', 'seconds'), 120)
  assert.equal(quantityOf('16 MiB', 'bytes'), 16_777_216)
  assert.equal(quantityOf('16', 'bytes'), undefined)
  assert.equal(quantityOf('ten s', 'ms'), undefined)
  assert.equal(quantityOf('3 parsecs', 'ms'), undefined)
  assert.equal(quantityWords(10_000, 'ms'), '10 s')
  assert.equal(quantityWords(16_777_216, 'bytes'), '16 MiB')
  assert.equal(quantityWords(200, 'ms'), '')
})
