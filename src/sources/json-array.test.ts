import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutArray } from './json-array.ts'

const SEED = 20_260_103

function pieces(text: string, cuts: number[]): string[] {
  const bytes = Buffer.from(text)
  const ends = [...cuts, bytes.length - 1]
  return ends.map((end, i) => `[${bytes.toString('utf8', (i === 0 ? 0 : ends[i - 1]!) + 1, end)}]`)
}

test('the pieces of an array are arrays within the limit, and together hold the same elements', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 12 }),
      fc.integer({ min: 2, max: 60 }),
      fc.boolean(),
      async (value, max, pretty) => {
        const text = JSON.stringify(value, null, pretty ? 1 : 0)
        const bytes = Buffer.from(text)
        const cut = await cutArray(bytes, 0, bytes.length, max)
        if (!cut.ok) {
          assert.equal(cut.why, 'too_large')
          const longest = Math.max(...value.map((element) => Buffer.byteLength(JSON.stringify(element))))
          assert.ok(pretty || longest + 2 > max, 'an element that fits is not refused')
          return
        }
        const parts = pieces(text, cut.cuts)
        assert.ok(parts.every((part) => Buffer.byteLength(part) <= max))
        // Through JSON once more, where -0 is 0.
        assert.deepEqual(
          parts.flatMap((part) => JSON.parse(part)),
          JSON.parse(text),
        )
      },
    ),
    { seed: SEED, numRuns: 1000 },
  )
})

const malformed = ['[1]]', '["abc]', '["a\\"]', '[[1]', '[1]x]']
for (const text of malformed) {
  test(`${text} is malformed`, async () => {
    assert.deepEqual(await cutArray(Buffer.from(text), 0, text.length, 1000), { ok: false, why: 'malformed' })
  })
}

test('commas, brackets and quotes inside strings cut nothing', async () => {
  const text = '["a,]\\"[,","b\\\\",{"c":"},{"}]'
  const bytes = Buffer.from(text)
  const cut = await cutArray(bytes, 0, bytes.length, 16)
  assert.ok(cut.ok)
  assert.deepEqual(
    pieces(text, cut.cuts).map((part) => JSON.parse(part)),
    [['a,]"[,'], ['b\\'], [{ c: '},{' }]],
  )
})
