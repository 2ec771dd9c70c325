import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { groupsOf, writeGroupHeader } from './grouped.ts'

test('groups keep the order of their records, whatever stands between them', () => {
  const records: [string, string][] = [
    ['a', '1'],
    ['b', ''],
    ['a', '3'],
    ['', '4'],
    ['x'.repeat(300), '5'],
    ['b', '6'],
  ]
  const target = Buffer.alloc(2000)
  let at = 0
  const ends = Int32Array.from(records, ([key, payload]) => {
    at = writeGroupHeader(fromText(key), target, at)
    at += target.write(payload, at)
    return at
  })
  const groups = groupsOf({ bytes: target, ends, records: records.length })
  assert.deepEqual(
    groups.map(({ key, records, from, to }) => [key, records, from.map((f, i) => target.toString('utf8', f, to[i]))]),
    [
      ['a', [0, 2], ['1', '3']],
      ['b', [1, 5], ['', '6']],
      ['', [3], ['4']],
      ['x'.repeat(300), [4], ['5']],
    ],
  )
})
