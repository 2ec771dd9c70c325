import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleSets } from '#ui/screens/studio/sample-sets.ts'
import { SAMPLE_CHARACTERS_MAX, samplesOf } from '#ui/screens/studio/samples.ts'

for (const { id, splitting, make } of sampleSets) {
  test(`the samples ${id} are whole, and the same each time`, () => {
    const text = make()
    assert.equal(make(), text)
    assert.ok(text.length < SAMPLE_CHARACTERS_MAX / 10)
    const { records } = samplesOf(text, splitting)
    assert.ok(records.length >= 60)
    // All that looks like an address is one that was set apart for examples.
    for (const [address] of text.matchAll(/\b\d+\.\d+\.\d+\.\d+\b/g))
      assert.match(address, /^(192\.0\.2|198\.51\.100)\./)
    for (const [mail] of text.matchAll(/[\w.]+@[\w.]+/g)) assert.match(mail, /@example\.com$/)
    if (text.startsWith('{')) for (const record of records) JSON.parse(record)
  })
}

test('a stack trace is one record', () => {
  const { records } = samplesOf(sampleSets.find(({ id }) => id === 'java')!.make(), 'indented')
  assert.equal(records.length, 60)
})
