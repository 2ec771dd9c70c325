import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyRecords, encodeWithin } from '#test/support/encoding.ts'
import { blockOf } from '#test/support/outputs.ts'
import { DatedName } from './dated-name.ts'
import { elasticsearchBulk } from './elasticsearch_bulk.ts'

const SEED = 20260108
const ARRIVAL = Date.UTC(2026, 0, 31, 23, 30)

function linesOf(encoded: Buffer): [action: Record<string, Record<string, string>>, document: Record<string, unknown>] {
  const lines = encoded.toString().split('\n')
  assert.equal(lines.length, 3)
  assert.equal(lines[2], '')
  return [JSON.parse(lines[0]!), JSON.parse(lines[1]!)]
}

for (const options of [{ action: 'create' }, { action: 'index', index: 'logs-%Y.%m.%d-%H%H' }]) {
  test(`elasticsearch_bulk: any record becomes an action and a document, within the bound (${options.action})`, () => {
    const encoder = elasticsearchBulk.create(options)
    const ids = new Set<string>()
    fc.assert(
      fc.property(anyRecords(['@timestamp', 'timestamp', 'message']), (records) => {
        const written = encodeWithin(encoder, blockOf(records, { arrivalMs: ARRIVAL }))
        assert.equal(written.length, records.length)
        for (const bytes of written) {
          const [action, document] = linesOf(bytes)
          assert.ok('@timestamp' in document)
          const { _id: id, ...rest } = action[options.action]!
          assert.match(id!, /^[0-9a-f]{20}\d{12}$/)
          assert.ok(!ids.has(id!))
          ids.add(id!)
          if (options.index === undefined) assert.deepEqual(rest, {})
          else assert.match(rest['_index']!, /^logs-\d{4}\.\d\d\.\d\d-\d{4}$/)
        }
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
}

test('elasticsearch_bulk: ids count on, and encoders do not share them', () => {
  const [one, other] = [elasticsearchBulk.create({ action: 'create' }), elasticsearchBulk.create({ action: 'create' })]
  const ids = (encoder: typeof one) =>
    encodeWithin(encoder, blockOf(Array.from({ length: 12 }, () => 'a'))).map(
      (bytes) => linesOf(bytes)[0]['create']!['_id']!,
    )
  const first = ids(one)
  assert.deepEqual(
    first.map((id) => Number(id.slice(20))),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  )
  assert.equal(Number(ids(one)[0]!.slice(20)), 12)
  assert.notEqual(ids(other)[0]!.slice(0, 20), first[0]!.slice(0, 20))
})

test("elasticsearch_bulk: the index carries the record's own hour, where that is likely", () => {
  const name = new DatedName('l-%Y.%m.%d.%H-%d')
  const at = (text: string) => name.at(Date.parse(text), ARRIVAL)
  assert.equal(at('2026-01-31T23:30:00Z'), 'l-2026.01.31.23-31')
  assert.equal(at('2026-02-01T00:00:00Z'), 'l-2026.02.01.00-01')
  assert.equal(at('2026-01-01T23:30:00Z'), 'l-2026.01.01.23-01')
  assert.equal(at('2026-01-01T23:29:59Z'), 'l-2026.01.31.23-31')
  assert.equal(at('2026-02-01T23:30:01Z'), 'l-2026.01.31.23-31')
  assert.equal(at('1970-01-01T00:00:00Z'), 'l-2026.01.31.23-31')
  assert.ok(name.bytesMax >= at('2026-01-31T23:30:00Z').length)
})
