import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyRecords, encodeWithin } from '#test/support/encoding.ts'
import { blockOf } from '#test/support/outputs.ts'
import { EventJson } from './event_json.ts'

const SEED = 20260107
const LONG = 'a name of the message that is longer than any that loggers use'

const encoder = new EventJson({
  after: ',',
  members: [
    { key: 'timestamp', value: 'milliseconds' },
    { key: 'service.name', value: 'service', otherwise: 'x' },
  ],
  record: { as: 'members', message: LONG, rename: true },
})

test('event_json: a renamed message keeps its value and its place, whatever is around it, within the bound', () => {
  fc.assert(
    fc.property(anyRecords(['msg', 'message', 'log', 'body', 'timestamp', 'service', LONG]), (records) => {
      const written = encodeWithin(encoder, blockOf(records))
      for (const [i, bytes] of written.entries()) {
        assert.equal(bytes.at(-1), 0x2c)
        const entry = JSON.parse(bytes.subarray(0, -1).toString()) as Record<string, unknown>
        const original = objectIn(records[i]!)
        if (original === undefined) {
          assert.equal(entry[LONG], records[i]!.toString())
          continue
        }
        const name = Object.keys(original).find((key) => !(key in entry))
        for (const [key, value] of Object.entries(original)) if (key !== name) assert.deepEqual(entry[key], value)
        if (name === undefined) continue
        assert.ok(['msg', 'message', 'log', 'body'].includes(name) && !(LONG in original))
        assert.deepEqual(entry[LONG], original[name])
      }
    }),
    { seed: SEED, numRuns: 300 },
  )
})

function objectIn(record: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(record.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
