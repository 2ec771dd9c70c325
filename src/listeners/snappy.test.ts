import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { declaredSnappyLength, unsnappy } from './snappy.ts'

const SEED = 20_260_121

test(`what a block declares is what it holds, however it repeats itself (seed ${SEED})`, async () => {
  const repeated = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 500 }))
  await fc.assert(
    fc.asyncProperty(repeated, async ([bytes, times]) => {
      const content = Buffer.concat(Array<Uint8Array>(times).fill(bytes))
      const block = compressSync(content)
      assert.equal(declaredSnappyLength(block), content.length)
      assert.deepEqual(Buffer.from((await unsnappy(block))!), content)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test(`noise declares no more than its own size allows, and is a block or is none (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
      const length = declaredSnappyLength(noise)
      if (length === undefined) return
      assert.ok(length <= noise.length * 22)
      const content = await unsnappy(noise)
      assert.ok(content === undefined || content.length === length)
    }),
    { seed: SEED, numRuns: 2000 },
  )
})
