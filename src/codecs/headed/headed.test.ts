import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { decodeEntry } from '#test/support/decoding.ts'
import { Newlines } from './headed.ts'
import { describedLines } from './lines.ts'

test('described lines become objects with what the head says', () => {
  const head = '{"host":"h","sourcetype":"st"}\n'
  const lines = 'plain "text"\r\n\n  {"host":"own","a":1}\n{}\n{"broken"\n\tlast \\'
  assert.deepEqual(decodeEntry(describedLines, head + lines).records, [
    '{"host":"h","sourcetype":"st","message":"plain \\"text\\""}',
    '{"sourcetype":"st","host":"own","a":1}',
    '{"host":"h","sourcetype":"st"}',
    '{"host":"h","sourcetype":"st","message":"{\\"broken\\""}',
    '{"host":"h","sourcetype":"st","message":"\\tlast \\\\"}',
  ])
})

test('described lines: bytes that are no UTF-8 are repaired, and a head that says nothing adds nothing', () => {
  const entry = Buffer.concat([Buffer.from('{}\n'), Buffer.from([0x61, 0xff, 0x0a, 0x7b, 0x7d])])
  assert.deepEqual(decodeEntry(describedLines, entry).records, ['{"message":"a\ufffd"}', '{}'])
})

test('newlines are found once, in the records that hold them', () => {
  const newlines = new Newlines()
  const bytes = fromText('aa\nbb,c\nc\n')
  newlines.begin()
  assert.deepEqual(
    [
      [0, 2],
      [3, 5],
      [6, 9],
      [9, 9],
    ].map(([from, to]) => newlines.within(bytes, from!, to!)),
    [false, false, true, false],
  )
})
