/** What every processor promises. The strongest of it: a block gives what its records, one by one, give. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { z } from 'zod'
import { conditionSchema } from '#component/matcher.ts'
import type { Processor, ProcessorDefinition } from '#component/processor.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import type { BenchOptions } from '#test/support/bench.ts'
import { allOf, blockOf } from '#test/support/blocks.ts'

enableLinearRegex()

const SEED = 20_264

/** Options to try each processor with, as a user writes them. A new processor adds its own. */
const variants: Record<string, object[]> = {
  filter: [
    { value: 'DEBUG' },
    { value: 'é' },
    { values: ['a', 'é', 'DEBUG'], mode: 'keep' },
    { pattern: '^a|b$' },
    { pattern: '[^a ]b', mode: 'keep' },
    { value: 'debug', ignore_case: true },
  ],
  redact: [
    { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
    { pattern: '(a)(.)?', replacement: '[$2$1é]' },
    { pattern: '^[^"]|é', replacement: '' },
    { builtins: ['ssn', 'email', 'credit_card', 'ipv4', 'ipv6', 'jwt', 'aws_key', 'iban'] },
  ],
  attribute_filter: [
    { attribute: 'service', equals: 'a' },
    { attribute: 'service', contains: 'é', mode: 'keep' },
    { path: 'a/b', regex: '^.b?$' },
    { path: 'n', equals: 1 },
  ],
  sample: [
    { keep_ratio: 0.5 },
    { keep_ratio: 0.5, key: 'service' },
    { keep_ratio: 0.25, key: 'a', missing_key: 'drop' },
  ],
  cardinality_limit: [{}, { limit: 2, action: 'replace_value' }, { mode: 'probabilistic', labels: ['a', 'b'] }],
  metric_filter: [{ names: ['a', 'b'] }, { pattern: 'go_.*', mode: 'keep' }, { labels: { host: 'a|b' } }],
  metric_rename: [{ names: { a: 'b' } }, { pattern: '(.*)_x', replacement: '$1', labels: { l: 'k' } }],
  relabel: [{ configs: [{ action: 'labeldrop', regex: 'pod' }] }],
  aggregate: [{}, { without: ['host'], gauges: 'avg' }, { by: ['zone'], interval_ms: 60_000 }],
  dedupe: [{}, { fields: ['service'], max_keys: 64 }, { count_field: 'n' }],
}

const processors: readonly ProcessorDefinition[] = registry.processors.map(asDefinition)

for (const definition of processors) {
  const { name } = definition
  const tried = variants[name] ?? []

  test(`${name}: has options to be tried with, and each option says what it is for`, () => {
    assert.ok(tried.length > 0, `add options for ${name} to this test`)
    for (const options of tried) assert.ok(definition.config.safeParse(options).success)
    for (const [option, schema] of Object.entries(definition.config.shape)) {
      assert.ok(describes(schema), `${option} has no description`)
    }
  })

  test(`${name}: refuses an unknown option`, () => {
    const result = definition.config.safeParse({ ...tried[0], no_such_option: 1 })
    assert.equal(result.success, false)
    assert.match(result.error!.message, /no_such_option/)
  })

  test(`${name}: takes numbers and booleans as text, as foreign manifests have them`, () => {
    for (const options of tried) {
      const asText = Object.fromEntries(
        Object.entries(options).map(([key, value]) => [key, typeof value === 'object' ? value : String(value)]),
      )
      const { equals: _asked, ...expected } = { equals: 0, ...definition.config.parse(options) }
      const { equals: _got, ...actual } = { equals: 0, ...definition.config.parse(asText) }
      assert.deepEqual(actual, expected)
    }
  })

  test(`${name}: the example of its README is valid`, () => {
    const readme = readFileSync(new URL(`../../src/processors/${name}/README.md`, import.meta.url), 'utf8')
    const example = /```yaml\n(.*?)```/s.exec(readme)?.[1]
    assert.ok(example, 'the README has a yaml block')
    const rules = z.strictObject({ processors: z.array(ruleSchema) }).parse(parse(example)).processors
    assert.ok(rules.some((rule) => rule.type === name))
    for (const rule of rules) {
      assert.equal(rule.type, name)
      make(definition, rule.params)
    }
  })

  if (!definition.signals.includes('logs')) continue

  test(`${name}: a block gives what its records give one by one`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...tried), contents, separators, fc.nat(), (options, records, separator, hide) => {
        const block = blockOf(records, { separator })
        for (let i = 0; i < block.count; i++) if ((hide >>> (i % 31)) & 1) block.drop(i)
        const single = records.map((record, i) => {
          const one = blockOf([record], { separator })
          one.sequence = i
          if (block.selection[0 + i] === 0) one.drop(0)
          return one
        })
        make(definition, options).process(block)
        const processor = make(definition, options)
        for (const one of single) processor.process(one)
        assert.deepEqual(
          allOf(block),
          single.map((one) => allOf(one)[0]),
        )
        assert.deepEqual(
          selectionOf(block),
          single.map((one) => one.selection[0]),
        )
        checkSums(block)
      }),
      { seed: SEED, numRuns: 1500 },
    )
  })

  test(`${name}: leaves records alone that are hidden from it`, () => {
    for (const options of tried) {
      for (const separator of ['\n', '\r\n']) {
        const block = blockOf(SAMPLES, { separator })
        const before = allOf(block)
        for (let i = 0; i < block.count; i += 2) block.drop(i)
        make(definition, options).process(block)
        for (let i = 0; i < block.count; i += 2) {
          assert.deepEqual([block.selection[i], allOf(block)[i]], [0, before[i]])
        }
        checkSums(block)
      }
    }
  })

  test(`${name}: ${definition.mutates ? 'ends no record twice' : 'changes no byte'}`, () => {
    for (const options of tried) {
      const block = blockOf(SAMPLES)
      const before = allOf(block)
      const { bytes } = block
      const processor = make(definition, options)
      processor.process(block)
      const ended = block.count - block.selected
      assert.equal(ended + selectionOf(block).filter((one) => one === 1).length, before.length)
      if (!definition.mutates)
        assert.deepEqual([block.bytes === bytes, block.edited, allOf(block)], [true, false, before])
    }
  })

  test(`${name}: has a bench that runs`, async () => {
    const { bench }: { bench: (options: BenchOptions) => object } = await import(
      `../../src/processors/${name}/${name}.bench.ts`
    )
    assert.ok(Object.keys(bench({ records: 40 })).length > 0)
  })

  test(`${name}: works on no record, on an empty one and on as many as a block can have`, () => {
    for (const options of tried) {
      const none = blockOf([])
      make(definition, options).process(none)
      assert.equal(none.selected, 0)
      const empty = blockOf([''])
      make(definition, options).process(empty)
      checkSums(empty)
      const full = blockOf(Array.from({ length: BLOCK_RECORDS_MAX }, (_, i) => SAMPLES[i % SAMPLES.length]!))
      make(definition, options).process(full)
      assert.equal(full.count, BLOCK_RECORDS_MAX)
      checkSums(full)
    }
  })
}

const ruleSchema = z.strictObject({
  id: z.string(),
  type: z.string(),
  params: z.record(z.string(), z.unknown()),
  when: conditionSchema.optional(),
})

/** The registry's entries have each its own options; here they are what a schema gave out, and nothing more is known. */
function asDefinition(definition: { name: string }): ProcessorDefinition {
  return definition as ProcessorDefinition
}

/** A new processor with state of its own and chance that repeats. */
function make(definition: ProcessorDefinition, options: object): Processor {
  const parsed = definition.config.parse(options)
  return definition.create(parsed, {
    random: randomFrom(SEED),
    engine: 0,
    state: new SharedArrayBuffer(definition.stateBytes?.(parsed) ?? 0),
  })
}

function describes(schema: unknown): boolean {
  return (
    typeof schema === 'object' && schema !== null && 'description' in schema && typeof schema.description === 'string'
  )
}

function selectionOf(block: Block): number[] {
  return [...block.selection.subarray(0, block.count)]
}

function checkSums(block: Block): void {
  const kept = selectionOf(block).flatMap((one, i) => (one === 1 ? [i] : []))
  assert.equal(block.selected, kept.length)
  assert.equal(
    block.selectedBytes,
    kept.reduce((sum, i) => sum + block.ends[i]! - block.starts[i]!, 0),
  )
}

const SAMPLES: readonly (string | Uint8Array)[] = [
  '2026-01-01T00:00:00Z DEBUG checkout ssn=123-45-6789 mail=a.b@example.com',
  '{"service":"a","level":"DEBUG","n":1,"a":{"b":"éb"}}',
  '',
  'a',
  '{"service":"\\u0061","n":1.0}',
  'card 4111 1111 1111 1111 and 10.0.0.1 or ::1, GB33BUKB20201555555555',
  '{"service":"a"',
  'é debug é',
  new Uint8Array([0x61, 0xff, 0xfe, 0x62]),
  'first line\nsecond DEBUG line\nb',
  'a\rb',
  '{}',
  '{"service":{"name":"a"},"attributes":{"a":"b"}}',
  '2026-01-01T00:00:00Z DEBUG checkout ssn=123-45-6789 mail=a.b@example.com',
]

const pieces = fc.constantFrom(
  ...['a', 'b', 'é', '😀', ' ', '"', '\\', '{', '}', ':', ',', '1', '-', '.', '@', 'DEBUG', 'debug'],
  ...['123-45-6789', 'x@y.co', '4111111111111111', '10.1.2.3', '::1', 'eyJh.eyJi.c', 'AKIAIOSFODNN7EXAMPLE'],
)
const jsonObjects = fc
  .dictionary(
    fc.constantFrom('service', 'service.name', 'a', 'n', 'level', 'attributes', 'sample_rate', 'dedupe_count'),
    fc.oneof(
      fc.constantFrom('a', 'b', 'é', 'a"\\', 1, 0.5, true, null),
      fc.dictionary(fc.constantFrom('b', 'service.name'), fc.constantFrom('a', 'b', 'éb', '\n')),
    ),
  )
  .map((value) => JSON.stringify(value))
const record = fc.oneof(
  fc.constantFrom(...SAMPLES),
  jsonObjects,
  fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
  fc.array(fc.oneof(pieces, fc.constantFrom('\r', '\n')), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.uint8Array({ maxLength: 6 }),
)
const contents = fc.oneof(
  fc.array(record, { maxLength: 12 }),
  fc.array(fc.oneof(jsonObjects, fc.constant('DEBUG a')), { maxLength: 12 }),
)
const separators = fc.constantFrom('\n', '\r\n')
