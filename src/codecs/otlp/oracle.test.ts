/**
 * What skimming finds in messages that protobufjs wrote is what they were written from, and edits decode to what was
 * meant.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromLatin1, fromText } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { stringsOf } from '#telemetry/strings.ts'
import { anyValueOf, attributesOf, recordsBlock, requestOf } from '#test/support/otlp-blocks.ts'
import { decodeMessage } from '#test/support/otlp-messages.ts'
import { checkRequest } from './request.ts'

const SEED = 20260110
const NEEDLE = '123-45-6789'

/** Plain JSON; -0 has no integer of its own. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', NEEDLE, `a ${NEEDLE} é ${NEEDLE}`, 'x'.repeat(130), `${'y'.repeat(120)}${NEEDLE}`),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      text,
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const key = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('user', 'http.status', 'k'.repeat(200)))
const attributes = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

interface Plain {
  severity_text?: string
  severity_number?: number
  body?: unknown
  attributes: Record<string, unknown>
  trace_id?: Uint8Array
}
const log: fc.Arbitrary<Plain> = fc.record(
  {
    severity_text: text,
    severity_number: fc.integer({ min: 0, max: 24 }),
    body: value,
    attributes,
    trace_id: bytes(16),
  },
  { requiredKeys: ['attributes'] },
)
const request = fc.record({
  resource: attributes,
  scope: attributes,
  logs: fc.array(log, { minLength: 1, maxLength: 4 }),
})

function blockOf({ resource, scope, logs }: { resource: object; scope: object; logs: readonly Plain[] }): Block {
  const records = logs.map((one) => ({
    ...one,
    ...('body' in one ? { body: anyValueOf(one.body) } : {}),
    attributes: attributesOf(one.attributes),
  }))
  return recordsBlock('logs', records, {
    resource: { attributes: attributesOf(resource) },
    scope: { attributes: attributesOf(scope) },
  })
}

/** All strings of a value, in the order in which they stand. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(stringsIn)
}

function textOf(block: Block, name: string, i: number): string | undefined {
  const found = block.context.format.lookup(name).find(block, i)
  return found === undefined ? undefined : fromLatin1(found.text.slice(found.from, found.to))
}

test('otlp: every text, every attribute, and the JSON form are those that were written', () => {
  fc.assert(
    fc.property(request, (plain) => {
      const block = blockOf(plain)
      const { lines } = stringsOf(block)
      const found = Array.from({ length: lines.count }, (_, i) => lines.recordText(i)).sort()
      const written = [plain.resource, plain.scope, plain.logs.map(({ trace_id: _, ...rest }) => rest)].flatMap(
        stringsIn,
      )
      assert.deepEqual(found, written.map((one) => one.toWellFormed()).sort())

      const into = new Block()
      block.context.format.toJson(block, into)
      plain.logs.forEach((one, i) => {
        for (const [name, value] of Object.entries(one.attributes)) {
          if (name === '' || name.includes('/')) continue
          const isScalar = typeof value !== 'object' || value === null
          assert.equal(textOf(block, `attributes/${name}`, i), isScalar ? String(value) : undefined, name)
        }
        assert.equal(textOf(block, 'trace_id', i), one.trace_id && Buffer.from(one.trace_id).toString('hex'))
        const json = JSON.parse(into.recordText(i))
        assert.deepEqual(json.attributes ?? {}, one.attributes)
        if (one.body != null) assert.deepEqual(json.message ?? json.body, one.body)
        assert.deepEqual(json.resource?.attributes ?? {}, plain.resource)
        assert.deepEqual(json.scope?.attributes ?? {}, plain.scope)
      })
    }),
    { seed: SEED, numRuns: 400 },
  )
})

test('otlp: what edits make decodes to what was meant, and what they leave alone has the same bytes', () => {
  fc.assert(
    fc.property(request, fc.constantFrom('', '*', 'x'.repeat(300)), (plain, replacement) => {
      const block = blockOf(plain)
      const hidden = (one: unknown): unknown => {
        if (typeof one === 'string') return one.replaceAll(NEEDLE, replacement)
        if (Array.isArray(one)) return one.map(hidden)
        if (typeof one !== 'object' || one === null) return one
        return Object.fromEntries(
          Object.entries(one).map(([name, inner]) => [name, inner instanceof Uint8Array ? inner : hidden(inner)]),
        )
      }
      const expected = blockOf(hidden(plain) as typeof plain)
      const before = plain.logs.map((_, i) => block.recordBytes(i).toString('hex'))
      const strings = stringsOf(block)
      const { lines } = strings
      for (let i = 0; i < lines.count; i++) {
        const text = lines.recordText(i)
        if (text.includes(NEEDLE)) lines.replaceRecord(i, fromText(text.replaceAll(NEEDLE, replacement)))
      }
      lines.commitEdits()
      strings.giveBack(block)
      plain.logs.forEach((one, i) => {
        assert.deepEqual(
          decodeMessage('LogRecord', block.recordBytes(i)),
          decodeMessage('LogRecord', expected.recordBytes(i)),
        )
        if (!stringsIn({ ...one, trace_id: 0 }).some((text) => text.includes(NEEDLE)))
          assert.equal(block.recordBytes(i).toString('hex'), before[i])
      })
      assert.deepEqual(
        block.shared.map((part) => part.toString('hex')),
        expected.shared.map((part) => part.toString('hex')),
      )
    }),
    { seed: SEED, numRuns: 400 },
  )
})

test('otlp: a request that is let through can be read by others, whatever became of it on its way', () => {
  const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  let passed = 0
  fc.assert(
    fc.property(request, fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.nat(), ({ logs }, mutations, cut) => {
      const records = logs.map(({ attributes }) => ({ attributes: attributesOf(attributes) }))
      const bytes = requestOf('logs', records)
      for (const [at, byte] of mutations) bytes[at % bytes.length] = byte
      const end = cut % 4 === 0 ? cut % bytes.length : bytes.length
      if (!checkRequest('logs', bytes, 0, end).ok) return
      passed++
      try {
        decodeMessage('ExportLogsServiceRequest', bytes.subarray(0, end))
      } catch (error) {
        // Text that is not UTF-8 is let through, as the collector does: checking it would cost more than all else.
        assert.equal((error as { code?: string }).code, 'ERR_ENCODING_INVALID_ENCODED_DATA')
      }
    }),
    { seed: SEED, numRuns: 3000 },
  )
  assert.ok(passed > 300, `${passed} let through`)
})
