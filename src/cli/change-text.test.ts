import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConfigurationDocument, configurationDocument } from '#contract/configuration.ts'
import { diffDocuments } from '#control/configurations/diff.ts'
import { changeCounts, changeText } from './change-text.ts'

/** Not a terminal. */
const STREAM = { isTTY: false } as NodeJS.WriteStream

function document(processors: object[], headers?: object): ConfigurationDocument {
  const outputs = headers === undefined ? [] : [{ id: 'o', type: 'http', url: 'http://x/', headers }]
  return configurationDocument.parse({ pipelines: [{ id: 'p', processors }], outputs })
}

const drop = { id: 'drop', type: 'filter', params: { value: 'DEBUG', mode: 'drop' } }
const hide = { id: 'hide', type: 'redact', params: { builtin: 'ssn' } }

test('each part has a line with a sign, and each value that differs', () => {
  const once = { id: 'once', type: 'dedupe', params: {}, when: { field: 'a\u001b[31m', equals: 'b' } }
  const entries = diffDocuments(
    document([drop, hide, once], { authorization: 'a', 'x-team': 'b' }),
    document([once, { ...drop, params: { value: 'TRACE', values: [1] } }, { id: 'new', type: 'sample' }], {
      authorization: 'other',
      'x-team': 'b',
    }),
  )
  assert.equal(
    changeText(entries, STREAM),
    `- pipelines/p/processors/hide (redact) {"params":{"builtin":"ssn"}}
> pipelines/p/processors/once  from place 3 to 1
> pipelines/p/processors/drop  from place 1 to 2
~ pipelines/p/processors/drop
    params.value: "DEBUG" → "TRACE"
    params.mode: "drop" (gone)
    params.values: [1] (new)
+ pipelines/p/processors/new (sample) {"params":{}}
~ outputs/o
    headers: another secret
`,
  )
  assert.equal(changeCounts(entries), '1 added, 2 changed, 2 moved, 1 removed')
  assert.equal(changeCounts([]), 'no changes')
})

test('long values are cut, and nothing reaches a terminal that it would obey', () => {
  const entries = diffDocuments(
    document([]),
    document([{ id: 'long', type: 'filter', params: { value: `\u009b31m${'x'.repeat(500)}` } }]),
  )
  const text = changeText(entries, STREAM)
  assert.ok(text.length < 150 && text.endsWith('…\n'))
  assert.ok(!text.includes('\u009b'))
})

test('what is no part has its values side by side', () => {
  const before = { files: { a: { body: 'x' } } }
  assert.equal(
    changeText(diffDocuments(before, { files: { a: { body: 'y' } } }), STREAM),
    '~ files\n    files.a.body: "x" → "y"\n',
  )
})
