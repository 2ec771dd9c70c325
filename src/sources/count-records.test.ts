import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countRecords } from './count-records.ts'

const counts: ['lines' | 'json', string, number][] = [
  ['lines', '', 0],
  ['lines', 'a', 1],
  ['lines', 'a\n', 1],
  ['lines', 'a\n\nb', 3],
  ['lines', 'a\n'.repeat(1_500_000), 1_500_000],
  ['json', '{"a":[1,2]}', 1],
  ['json', ' [1,{"a":[2,3]},"[,]"]\n', 3],
  ['json', '[1]', 1],
  ['json', '[', 1],
  ['json', '', 1],
]
for (const [media, text, count] of counts) {
  test(`${media} ${JSON.stringify(text.slice(0, 30))} counts as ${count}`, async () => {
    assert.equal(await countRecords(media, Buffer.from(text)), count)
  })
}
