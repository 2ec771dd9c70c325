import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentIn, contentName, contentOptions, versionNumberFrom } from './content-ref.ts'

test('contents are read from the URL; what is none counts as not given', () => {
  const cases: [unknown, unknown][] = [
    ['draft', 'draft'],
    ['live', 'live'],
    [3, 3],
    ['3', 3],
    ['0', undefined],
    [-1, undefined],
    [1.5, undefined],
    ['1e3', undefined],
    ['newest', undefined],
    [undefined, undefined],
    [{ a: 1 }, undefined],
  ]
  for (const [value, expected] of cases) assert.equal(contentIn({ from: value }, 'from'), expected, String(value))
  assert.equal(versionNumberFrom('12'), 12)
  assert.equal(contentName(4), 'version 4')
})

test('a version that is not among the newest can still be chosen', () => {
  const versions = [{ number: 9, message: 'Drop debug\n\nmore', live: true }]
  assert.deepEqual(
    contentOptions(versions, [2, 'live']).map(({ label }) => label),
    ['Draft', 'Live', 'Version 9 (live): Drop debug', 'Version 2'],
  )
})
