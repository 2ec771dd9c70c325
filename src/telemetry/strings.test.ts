/** Texts of records that are no text: looking only at candidates finds what looking at everything finds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Processor } from '#component/processor.ts'
import { filter } from '#processors/filter/filter.ts'
import { redact } from '#processors/redact/redact.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { Block } from '#telemetry/block.ts'
import { recordsBlock } from '#test/support/otlp-blocks.ts'

enableLinearRegex()
const context = { random: () => 0, engine: 0, state: new SharedArrayBuffer(0) }

/** Digits and dashes, so that lengths and tags look like parts of what is looked for. */
const text = fc
  .array(fc.constantFrom('1', '23', '-', '-45-', '123-45-6789', 'DEBUG', 'DEB', 'UG', ' ', '\n', 'é', 'x'.repeat(44)), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
const attribute = fc.record({
  key: text.map((key) => `k${key}`),
  value: text.map((value) => ({ string_value: value })),
})
const log = fc.record({
  severity_text: text,
  body: text.map((value) => ({ string_value: value })),
  attributes: fc.uniqueArray(attribute, { maxLength: 4, selector: ({ key }) => key }),
})

interface Said {
  severity_text: string
  body: { string_value: string }
  attributes: { key: string; value: { string_value: string } }[]
}
const textsOf = ({ severity_text, body, attributes }: Said) => [
  severity_text,
  body.string_value,
  ...attributes.map(({ value }) => value.string_value),
]

function run(processor: Processor, logs: Said[], service: string): object[] {
  const resource = { attributes: [{ key: 'service.name', value: { string_value: service } }] }
  const block = recordsBlock('logs', logs, { resource })
  processor.process(block)
  const json = new Block()
  block.context.format.toJson(block, json)
  return Array.from({ length: json.count }, (_, i) => JSON.parse(json.recordText(i)) as object)
}

const SSN = /\d{3}-\d{2}-\d{4}/g

test('a filter drops the records in whose texts, or whose resource, the word stands, and no others', () => {
  for (const options of [{ value: 'DEBUG' }, { pattern: 'DEBUG' }, { pattern: '[D]EBUG' }]) {
    const processor = filter.create(filter.config.parse(options), context)
    fc.assert(
      fc.property(fc.array(log, { maxLength: 6 }), text, (logs, service) => {
        const left = service.includes('DEBUG')
          ? []
          : logs.filter((said) => !textsOf(said).some((each) => each.includes('DEBUG')))
        assert.equal(run(processor, logs, service).length, left.length)
      }),
      { numRuns: 150 },
    )
  }
})

test('a redaction leaves nothing behind, wherever lengths look like digits, and touches nothing else', () => {
  for (const pattern of ['\\d{3}-\\d{2}-\\d{4}', '\\d\\d\\d-\\d{2}-[0-9]{4}']) {
    const processor = redact.create(redact.config.parse({ pattern, replacement: '#' }), context)
    fc.assert(
      fc.property(fc.array(log, { minLength: 1, maxLength: 6 }), text, (logs, service) => {
        const hidden = (said: string) => said.replace(SSN, '#')
        const after = run(processor, logs, service)
        after.forEach((record, i) => {
          const said = logs[i]!
          const shown = JSON.stringify(record)
          assert.equal(
            (record as { body?: unknown }).body ?? (record as { message?: unknown }).message ?? '',
            hidden(said.body.string_value),
          )
          for (const { value } of said.attributes)
            assert.ok(shown.includes(JSON.stringify(hidden(value.string_value)).slice(1, -1)))
          if (service !== '') assert.ok(shown.includes(JSON.stringify(hidden(service)).slice(1, -1)))
        })
      }),
      { numRuns: 150 },
    )
  }
})
