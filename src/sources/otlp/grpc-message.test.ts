import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { ManualClock } from '#std/clock.ts'
import { readMessage } from './grpc-message.ts'

const SEED = 20_260_312
const BUDGET = 64 * 1024
const LIMIT = 8 * 1024

function prefixed(message: Uint8Array, flag: number, length = message.length): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0])
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}

/** Sends `bytes` in pieces that end at `cuts`, then ends or breaks off. */
async function read(bytes: Uint8Array, cuts: readonly number[], ends: boolean) {
  const budget = new ByteBudget(BUDGET)
  const stream = new PassThrough()
  stream.on('error', () => undefined)
  const limits = { bodyBytesMax: LIMIT, decompressedBytesMax: LIMIT, budget }
  const reading = readMessage(stream, { limits, clock: new ManualClock(), timeoutMs: 1000, gzip: true })
  let from = 0
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    stream.write(bytes.subarray(from, to))
    from = to
  }
  if (ends) stream.end()
  else stream.destroy()
  const result = await reading
  const message = result.ok ? Buffer.from(result.body.bytes) : undefined
  if (result.ok) result.body.release()
  assert.ok(budget.take(BUDGET), 'all memory was given back')
  return { result, message }
}

test('a message arrives however it is cut, compressed or not', async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 4000 }),
    fc.array(fc.nat(), { maxLength: 20 }),
    fc.boolean(),
    async (message, cuts, compressed) => {
      const sent = compressed ? prefixed(gzipSync(message), 1) : prefixed(message, 0)
      assert.deepEqual((await read(sent, cuts, true)).message, Buffer.from(message))
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: 200 })
})

test('whatever arrives, reading ends, and holds nothing afterwards', async () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 3 }), fc.nat({ max: 2 * LIMIT }))
      .map(([message, flag, length]) => prefixed(message, flag, length)),
  )
  const property = fc.asyncProperty(
    any,
    fc.array(fc.nat(), { maxLength: 9 }),
    fc.boolean(),
    async (bytes, cuts, ends) => {
      const { result } = await read(bytes, cuts, ends)
      if (!ends) assert.equal(result.ok, false)
    },
  )
  await fc.assert(property, { seed: SEED, numRuns: 500 })
})
