import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleWords, suggestedId } from './rule-words.ts'

const cases: [type: string, params: Record<string, unknown>, words: string, id: string][] = [
  ['filter', { value: 'DEBUG' }, 'Drops records that contain “DEBUG”', 'drop_debug'],
  ['filter', { values: ['a', 'b'], mode: 'keep' }, 'Keeps only records that contain “a” or “b”', 'keep_a'],
  ['filter', { values: ['a', 'b', 'c', 'd'] }, 'Drops records that contain “a”, “b” or 2 more', 'drop_a'],
  ['filter', { pattern: '^GET /health' }, 'Drops records that match /^GET /health/', 'drop_get_health'],
  ['filter', {}, 'A summary.', 'drop'],
  [
    'attribute_filter',
    { attribute: 'level', equals: 'DEBUG' },
    'Drops records whose level is “DEBUG”',
    'drop_level_debug',
  ],
  ['redact', { builtin: 'ssn' }, 'Replaces social security numbers', 'redact_ssn'],
  [
    'redact',
    { builtins: ['email', 'credit_card'], replacement: '***' },
    'Replaces e-mail addresses and card numbers with “***”',
    'redact_email_credit_card',
  ],
  ['sample', { keep_ratio: 0.1, key: 'trace_id' }, 'Keeps 10 % of records, chosen by trace_id', 'sample_10_percent'],
  ['dedupe', {}, 'Drops repeats of a record for 10 s', 'dedupe'],
  ['dedupe', { window_ms: 60_000, fields: ['a', 'b'] }, 'Drops records with the same a and b for 1 min', 'dedupe'],
  ['aggregate', { by: ['job'] }, 'Makes one point every 10 s of all that come, by job', 'aggregate'],
  [
    'cardinality_limit',
    { limit: 50 },
    'Lets each label of a metric have 50 values, and drops the label from the rest',
    'cardinality_limit',
  ],
  ['metric_filter', { names: ['up'] }, 'Drops metrics named “up”', 'metric_filter'],
  ['metric_rename', { names: { a: 'b' }, labels: { c: 'd' } }, 'Renames a → b and label c → d', 'metric_rename'],
  ['relabel', { configs: [{ action: 'labeldrop', regex: 'pod' }] }, 'Relabels: labeldrop /pod/', 'relabel'],
  ['of_tomorrow', { depth: 3 }, 'A summary. depth: 3', 'of_tomorrow'],
]

test('a rule is said in a sentence, and has an id that fits', () => {
  for (const [type, params, words, id] of cases) {
    assert.equal(ruleWords(type, params, 'A summary.'), words)
    assert.equal(suggestedId(type, params, []), id)
  }
})

test('an id that is taken gets a number', () => {
  assert.equal(suggestedId('filter', { value: 'x' }, ['drop_x', 'drop_x_2']), 'drop_x_3')
})

test('a pattern gives the words that it looks for, or its kind', () => {
  const named = (pattern: string) => suggestedId('redact', { pattern }, [])
  assert.equal(named(String.raw`\b\d{3}-\d{2}-\d{4}\b`), 'redact_ssn')
  assert.equal(named(String.raw`(?:\d{1,3}\.){3}\d{1,3}`), 'redact_ip')
  assert.equal(named(String.raw`[\w.+-]+@[\w-]+\.\w+`), 'redact_email')
  assert.equal(named(String.raw`(token=)[^\s,;&"]+`), 'redact_token')
  assert.equal(named(String.raw`\d{5,}`), 'redact_pattern')
  assert.equal(suggestedId('redact', { pattern: String.raw`\d+` }, ['redact_pattern']), 'redact_pattern_2')
  assert.equal(suggestedId('filter', { pattern: '^(?:DEBUG|INFO) ' }, []), 'drop_debug_info')
  assert.equal(suggestedId('attribute_filter', { attribute: 'path', regex: '^/health' }, []), 'drop_path_health')
})

test('a long text gives whole words', () => {
  const value = 'Connection from the internal monitoring network closed'
  assert.equal(suggestedId('filter', { value }, []), 'drop_connection_from_the')
})
