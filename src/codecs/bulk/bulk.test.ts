import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntry } from '#test/support/decoding.ts'
import { fuzz } from './bulk.fuzz.ts'
import { bulk } from './bulk.ts'

const HEAD = '{"field":"es_index","index":"logs"}\n'

const golden: [name: string, entry: string, records: string[]][] = [
  [
    'documents get the index that their action means, or the head',
    `${HEAD}{"create":{"_id":"1","_index":"a"}}\n{"message":"x"}\n{"index":{}}\n{"message":"y"}\n`,
    ['{"es_index":"a","message":"x"}', '{"es_index":"logs","message":"y"}'],
  ],
  [
    'one that names an index stays as it is, and so do all without a name for it',
    '{"field":"es_index"}\n{"index":{"_index":"a"}}\n{"es_index":"own"}\n{"index":{}}\n{"b":1}\n',
    ['{"es_index":"own"}', '{"b":1}'],
  ],
  ['without a field', '{}\n{"index":{"_index":"a"}}\n{"b":1}\n', ['{"b":1}']],
  [
    'blank lines, a line end of Windows, empty documents, no newline at the end',
    `${HEAD}     \n\r\n{"create":{"_index":null}} \r\n {} \r\n   \n{"index":{"_index":"z"}}\n{"a":1}`,
    ['{"es_index":"logs"}', '{"es_index":"z","a":1}'],
  ],
  ['nothing but blanks', `${HEAD}   \n  \n`, []],
]
for (const [name, entry, records] of golden) {
  test(`bulk: ${name}`, () => {
    assert.deepEqual(decodeEntry(bulk, entry), { records, malformed: 0, blocks: 1 })
    assert.deepEqual(decodeEntry(bulk, entry, 1).records, records)
  })
}

test('bulk: an action without a document, or a document that is none, ends the entry and is counted', () => {
  for (const bad of ['{"index":{}}', '{"index":{}}\nxyz\n', 'x\n{}\n', '{"index":{}}\n[1]\n'])
    assert.partialDeepStrictEqual(decodeEntry(bulk, `{}\n{"index":{}}\n{"a":1}\n${bad}`), {
      records: ['{"a":1}'],
      malformed: 1,
    })
})

test('bulk: the seeds of its fuzzer pass', () => {
  for (const seed of fuzz.seeds) fuzz.run(seed)
})
