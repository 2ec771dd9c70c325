import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { explain, run } from './jobs.ts'
import type { RuleEntry } from './messages.ts'
import type { Span } from './spans.ts'

enableLinearRegex()

function tried(processors: readonly RuleEntry[], ...texts: string[]) {
  const answer = run({ processors, records: texts.map((text) => ({ text })), seed: 7 })
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return answer.result
}

/** What is pointed out in one record before and after. */
function pointedOut(rule: Omit<RuleEntry, 'id'>, text: string): { before: string[]; after: string[] } {
  const [record] = tried([{ id: 'r', ...rule }], text).records
  const cut = (of: string | undefined, spans: readonly Span[]) => spans.map(([from, to]) => of!.slice(from, to))
  return { before: cut(text, record!.spans.before), after: cut(record!.after?.text, record!.spans.after) }
}

test('rules run as on a node, and each says what it did', () => {
  const { records, rules } = tried(
    [
      { id: 'noise', type: 'filter', params: { value: 'DEBUG' } },
      { id: 'mail', type: 'redact', params: { builtin: 'email' } },
    ],
    'DEBUG x',
    'mail jo@example.org',
    'INFO',
  )
  assert.deepEqual(
    records.map(({ fate, rule, edited_by, after }) => [fate, rule, edited_by, after?.text]),
    [
      ['dropped', 'noise', [], undefined],
      ['forwarded', null, ['mail'], 'mail [email]'],
      ['forwarded', null, [], 'INFO'],
    ],
  )
  assert.deepEqual(
    rules.map(({ id, ended, edited, bytes }) => [id, ended, edited, bytes]),
    [
      ['noise', 1, 0, 7],
      ['mail', 0, 1, 7],
    ],
  )
})

test('what a rule looks for is pointed out in what it ended, what it changed in the rest', () => {
  assert.deepEqual(
    pointedOut({ type: 'filter', params: { values: ['grün', 'DEBUG'] } }, 'ü DEBUG grün 🙂 DEBUG').before,
    ['DEBUG', 'grün', 'DEBUG'],
  )
  assert.deepEqual(pointedOut({ type: 'filter', params: { value: 'debug', ignore_case: true } }, 'a Debug').before, [
    'Debug',
  ])
  assert.deepEqual(pointedOut({ type: 'filter', params: { pattern: '[0-9]+' } }, 'a 12 🙂 345').before, ['12', '345'])
  assert.deepEqual(pointedOut({ type: 'filter', params: { value: 'x', mode: 'keep' } }, 'nothing'), {
    before: [],
    after: [],
  })
  const field = { type: 'attribute_filter', params: { attribute: 'service', equals: 'api' } }
  assert.deepEqual(pointedOut(field, '{"a":"é","service":"api"}').before, ['api'])
  assert.deepEqual(pointedOut({ type: 'redact', params: { builtin: 'email' } }, 'to jo@x.org now'), {
    before: ['jo@x.org'],
    after: ['[email]'],
  })
  assert.deepEqual(pointedOut({ type: 'sample', params: { keep_ratio: 0 } }, 'x'), { before: [], after: [] })
})

test('what is wrong with rules is said with its place, all of it at once', () => {
  const answer = run({
    processors: [
      { id: 'a', type: 'filter', params: { pattern: '(?=x)y' } },
      { id: 'b', type: 'filtre' },
      { id: 'c', type: 'redact', params: { builtin: 'email', replace: 'x' } },
      { id: 'd', type: 'filter', params: { value: 'x' }, when: { field: 'level' } },
      { id: 'e', type: 'metric_filter', params: { names: ['x'] } },
      { id: '', type: 'filter', params: { value: 'x' } },
    ],
    records: [{ text: 'x' }],
  })
  assert.equal(answer.ok, false)
  const problems = answer.ok ? [] : answer.problems
  assert.deepEqual(
    problems.map(({ processor, pointer }) => [processor, pointer]),
    [
      [0, '/params/pattern'],
      [1, '/type'],
      [2, '/params/replace'],
      [3, '/when'],
      [4, '/type'],
      [5, '/id'],
    ],
  )
  assert.match(problems[0]!.detail, /cannot be matched in linear time because it has the look-ahead/)
  assert.match(problems[1]!.detail, /did you mean "filter"/)
  assert.match(problems[4]!.detail, /works on metrics, not on logs/)
})

test('one record is explained rule by rule', () => {
  const processors = [
    { id: 'mail', type: 'redact', params: { builtin: 'email' } },
    { id: 'noise', type: 'filter', params: { value: 'DEBUG' } },
    { id: 'late', type: 'filter', params: { value: 'x' } },
  ]
  const answer = explain({ processors, record: { text: 'DEBUG jo@example.org' } })
  assert.deepEqual(answer.ok && answer.result.map(({ id, result, after }) => [id, result, after]), [
    ['mail', 'edited', 'DEBUG [email]'],
    ['noise', 'dropped', null],
  ])
  const bytes = explain({ processors: [], record: { base64: '/w==' } })
  assert.deepEqual(bytes, { ok: true, result: [] })
})
