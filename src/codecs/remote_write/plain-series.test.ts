import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricFormat } from '#codecs/metric/format.ts'
import { concat } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import { encodeRequest } from '#test/support/prometheus-protos.ts'
import { HeadFlag, remoteWrite } from './decoder.ts'
import { FieldCursor } from './fields.ts'
import { survey } from './survey.ts'

const SEED = 20_261_121
const random = randomFrom(SEED)
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

const names = ['__name__', '__nam', '__name__x', 'A', 'a', 'aa', 'ab', 'job', 'pod', 'n'.repeat(127), 'n'.repeat(128)]
const lengths = [1, 2, 60, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 300, 16_370, 16_383, 16_384]
const values = [0, 1, -0.5, 1e300, Number.POSITIVE_INFINITY]
const usual = 1_700_000_000_123
const times = [usual, usual + 1, usual + 2, 0, 1, 127, 128, 2 ** 44, 2 ** 44 + 1, 2 ** 49, -1]

/** Mostly as senders write it, and sometimes not. */
function seriesOf() {
  const count = Math.floor(random() * 6)
  const labels = Array.from({ length: count }, () => ({ name: pick(names), value: 'v'.repeat(pick(lengths)) }))
  if (random() < 0.8) labels.sort((a, b) => (a.name < b.name ? -1 : 1))
  if (random() < 0.1) labels.push({ name: 'z', value: '' })
  const points = random() < 0.9 ? 1 : Math.floor(random() * 3)
  const samples = Array.from({ length: points }, () => ({ value: pick(values), timestamp: pick(times) }))
  return { labels, samples }
}

/** The same with a field behind the samples that says nothing: so none is plain. */
function unusual(body: Buffer): Buffer {
  const top = new FieldCursor()
  top.begin(body, 0, body.length)
  assert.ok(top.next())
  const series = concat([body.subarray(top.from, top.to), Buffer.from([0x78, 1])])
  const { length } = series
  return concat([Buffer.from([0x0a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]), series])
}

/** The type of its family stands before it. */
function withFamily(body: Buffer): Buffer {
  return concat([encodeRequest(1, { metadata: [{ type: 1, metric_family_name: 'v', help: 'h' }] }), body])
}

function decoded(body: Buffer, flags = 0) {
  const bytes = concat([Buffer.from([flags]), body])
  const block = new Block()
  block.fill(bytes, 0, 0, { source: 's', arrivalMs: 0, truncated: false, format: metricFormat })
  const { malformedRecords } = remoteWrite.create().decode({ bytes, from: 0, to: bytes.length }, 0, block, 100)
  return { records: Array.from({ length: block.count }, (_, i) => Buffer.from(block.recordBytes(i))), malformedRecords }
}

test('series that are walked over once come out as those that are read field by field', () => {
  let records = 0
  let shortened = 0
  for (let i = 0; i < 4000; i++) {
    const series = seriesOf()
    const body = encodeRequest(1, { timeseries: [series] })
    const told = `seed ${SEED}, series ${i}: ${JSON.stringify(series).slice(0, 500)}`
    const plain = decoded(body)
    assert.deepEqual(plain, decoded(unusual(body)), told)
    records += plain.records.length
    const found = survey(body, 1)
    const other = survey(unusual(body), 1)
    if (typeof found === 'string') {
      assert.equal(found, other, told)
      continue
    }
    const alike = { fieldBytesMax: 0, isPlain: false }
    assert.deepEqual({ ...found, ...alike }, { ...(other as typeof found), ...alike }, told)
    if (!found.isPlain) continue
    shortened++
    assert.deepEqual(decoded(body, HeadFlag.PLAIN), plain, told)
    assert.deepEqual(decoded(withFamily(body), HeadFlag.PLAIN), decoded(withFamily(body)), told)
  }
  assert.ok(records > 1000)
  assert.ok(shortened > 100)
})

test('a label that ends as a sample begins is told from one', () => {
  const end = Buffer.from([0x12, 16, 0x09, 1, 2, 3, 4, 5, 6]).toString('latin1')
  const labels = [{ name: '__name__', value: `v${end}` }]
  const body = encodeRequest(1, { timeseries: [{ labels, samples: [{ value: 0, timestamp: usual }] }] })
  const found = survey(body, 1)
  assert.ok(typeof found === 'object' && !found.isPlain)
  assert.deepEqual(decoded(body), decoded(unusual(body)))
})

test('a series that is changed anywhere comes out the same either way', () => {
  const labels = ['__name__', 'a', 'job'].map((name) => ({ name, value: 'v'.repeat(name === 'a' ? 140 : 3) }))
  const body = encodeRequest(1, { timeseries: [{ labels, samples: [{ value: 1.5, timestamp: usual }] }] })
  // Behind the tag and the length of the series, which says how much is copied.
  for (let at = 3; at < body.length; at++) {
    for (const change of [0, 1, 2, 8, 9, 0x0a, 0x10, 0x12, 0x7f, 0x80, 0x8a, 0xff]) {
      const changed = Buffer.from(body)
      changed[at] = change
      const { records } = decoded(changed)
      if (records.length > 0) assert.deepEqual(records, decoded(unusual(changed)).records, `${at}: ${change}`)
      const found = survey(changed, 1)
      if (typeof found !== 'string') assert.equal(typeof survey(unusual(changed), 1), 'object', `${at}: ${change}`)
    }
  }
})
