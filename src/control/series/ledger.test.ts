import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type PriceBody, priceBody, type Savings } from '#contract/savings.ts'
import type { Db } from '#control/store/database.ts'
import { OutputLedger } from '#observe/books.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { SeriesWriter } from './ingest.ts'
import { DAY_MS } from './ledger.ts'
import { addPrice } from './prices.ts'
import { readSavings, readSummary } from './savings.ts'

const START = Date.UTC(2026, 0, 31)
/** Far from midnight: what is told after a day is spread over two hours. */
const NOON_MS = DAY_MS / 2
const SEED = 20260131
const ORG = 'default'
const MILLION = 1_000_000

async function publish(db: Db, pipelines: Record<string, string[]>, at: number, number = 1): Promise<void> {
  const outputs = [...new Set(Object.values(pipelines).flat())].map((id) => ({ id, type: `${id}_type` }))
  const document = {
    version: 2,
    pipelines: Object.entries(pipelines).map(([id, outputs]) => ({ id, outputs })),
    outputs,
  }
  const version = {
    org_id: ORG,
    configuration: 'default',
    number,
    sha256: '',
    content: JSON.stringify(document),
    parent: null,
    restored_from: null,
    author: '',
    message: '',
    created_at: at,
    receipt: null,
  }
  await db.insertInto('versions').values(version).execute()
}

async function price(db: Db, body: Partial<PriceBody>): Promise<void> {
  const full = priceBody.parse({ currency: 'EUR', since: '2025-01-01', ...body })
  await db.transaction().execute((tx) => addPrice(tx, ORG, full, 'test', START))
}

const close = (actual: number, expected: number, what = '') =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${what} is ${actual}, not ${expected}`,
  )

const amount = (list: { currency: string; amount: number }[], currency = 'EUR') =>
  list.find((one) => one.currency === currency)?.amount ?? 0

testOnDatabases('savings by hand: rules, outputs, currencies, the price of the day', async (database) => {
  const { db } = database
  await publish(db, { main: ['vendor', 'archive', 'free'] }, START - DAY_MS)
  await price(db, { output: 'vendor', per_gb: 0.1, per_million_events: 1.5 })
  await price(db, { output: 'vendor', per_gb: 0.2, per_million_events: null, since: '2026-02-01' })
  await price(db, { output_type: 'archive_type', per_gb: 1, unit: 'GiB', currency: 'USD' })
  await price(db, { output_type: 'vendor_type', per_gb: 1000 })
  const writer = new SeriesWriter(database)
  const node = new ExampleNode(START)
  const archive = new OutputLedger()
  const free = new OutputLedger()
  node.outputs.set('archive', archive)
  node.outputs.set('free', free)
  const day = async (at: number) => {
    // 10 GB come in; 4 are dropped, 1 is sampled away; of 5 that go on 1 GB is cut off; 0.5 GB is overwritten.
    node.take({
      pipeline: 'main',
      records: 10 * MILLION,
      bytes: 10_000 * MILLION,
      ended: [
        { rule: 'debug', type: 'filter', kind: 'dropped', records: 4 * MILLION },
        { rule: 'half', type: 'sample', kind: 'sampled', records: MILLION },
      ],
      edited: { rule: 'trim', records: MILLION, bytes: -1000 * MILLION },
      overwritten: MILLION / 2,
      bypassed: MILLION,
      output: 'vendor',
      ratio: 1.2,
    })
    // Of 4.5 million records with 3.5 GB.
    archive.forwarded.add(4.5 * MILLION, 350 * MILLION)
    free.forwarded.add(4.5 * MILLION, 3500 * MILLION)
    free.overwritten.add(5, 55)
    await writer.write([{ org: ORG, gateway: 'g', configuration: 'default', stats: node.stats(), windows: [], at }])
  }
  await day(START + NOON_MS)
  await day(START + DAY_MS + NOON_MS)
  const { total, buckets } = await readSavings(db, ORG, 'default', START, START + DAY_MS + 1, 'day')
  assert.equal(buckets.length, 2)
  const [first, second] = buckets as [Savings, Savings]
  assert.deepEqual(first.saved, { records: 5 * MILLION, bytes: 6000 * MILLION })
  // 6 GB × 1.2 × 0.10 + 5 million × 1.5; the next day 6 GB × 1.2 × 0.20.
  close(amount(first.money), 0.72 + 7.5)
  close(amount(second.money), 1.44)
  // 6 GB shrink to a tenth: 0.6e9 / 2^30 at 1.
  close(amount(first.money, 'USD'), (600 * MILLION) / 2 ** 30)
  close(amount(total.money), 0.72 + 7.5 + 1.44)
  const rules = first.by_rule.map(({ rule, saved, money }) => [rule, saved.records, saved.bytes, amount(money)])
  assert.deepEqual(
    rules.map(([rule, records, bytes]) => [rule, records, bytes]),
    [
      ['debug', 4 * MILLION, 4000 * MILLION],
      ['half', MILLION, 1000 * MILLION],
      ['trim', 0, 1000 * MILLION],
    ],
  )
  close(rules[0]![3] as number, 0.48 + 6, 'debug')
  close(rules[1]![3] as number, 0.12 + 1.5, 'half')
  close(rules[2]![3] as number, 0.12, 'trim')
  const vendor = total.by_output.find(({ output }) => output === 'vendor')!
  assert.deepEqual(
    vendor.prices.map(({ since, per_gb }) => [since, per_gb]),
    [
      ['2025-01-01', 0.1],
      ['2026-02-01', 0.2],
    ],
  )
  assert.deepEqual(vendor.ratio, { bytes: 1.2, records: 1 })
  const unpriced = total.by_output.find(({ output }) => output === 'free')!
  assert.deepEqual([unpriced.money, unpriced.prices], [[], []])
  assert.deepEqual(unpriced.lost.overwritten, { records: 10, bytes: 110 })
  assert.deepEqual(total.not_counted.bypassed, { records: 2 * MILLION, bytes: 2000 * MILLION })
  assert.deepEqual(total.not_counted.overwritten, { records: MILLION, bytes: 1000 * MILLION })
  const { buckets: months } = await readSavings(db, ORG, undefined, START, START + DAY_MS + 1, 'month')
  assert.deepEqual(
    months.map(({ from, saved }) => [from, saved.records]),
    [
      [START, 5 * MILLION],
      [START + DAY_MS, 5 * MILLION],
    ],
  )
})

testOnDatabases('this month: until now, per day, and what it comes to at its end', async (database) => {
  const { db } = database
  const monthFrom = Date.UTC(2026, 1, 1)
  await publish(db, { main: ['vendor'] }, START)
  await price(db, { output: 'vendor', per_gb: 1 })
  const writer = new SeriesWriter(database)
  const node = new ExampleNode(monthFrom)
  for (const [day, gigabytes] of [
    [0, 2],
    [1, 4],
    [2, 1],
  ] as const) {
    const ended = [{ rule: 'r', type: 'filter', kind: 'dropped' as const, records: gigabytes * 10 }]
    node.take({ pipeline: 'main', records: gigabytes * 20, bytes: gigabytes * 2e9, ended, output: 'vendor' })
    const at = monthFrom + day * DAY_MS + NOON_MS
    await writer.write([{ org: ORG, gateway: 'g', configuration: 'default', stats: node.stats(), windows: [], at }])
  }
  const summary = await readSummary(db, ORG, undefined, monthFrom + 2.5 * DAY_MS)
  close(amount(summary.money), 7)
  assert.equal(summary.days, 2)
  close(amount(summary.per_day), 3)
  close(amount(summary.forecast), 7 + 3 * 25.5)
  assert.deepEqual(summary.unpriced, [])
})

const traffic = fc.record({
  pipeline: fc.constantFrom('a', 'b', 'c'),
  day: fc.integer({ min: 0, max: 3 }),
  records: fc.integer({ min: 100, max: 100_000 }),
  size: fc.integer({ min: 1, max: 2000 }),
  share: fc.double({ min: 0, max: 0.5, noNaN: true }),
  kind: fc.constantFrom('dropped', 'sampled', 'deduplicated', 'aggregated'),
  edited: fc.integer({ min: -50, max: 50 }),
  emitted: fc.integer({ min: 0, max: 20 }),
  ratio: fc.double({ min: 0.05, max: 3, noNaN: true }),
})

testOnDatabases('whichever way they are divided, savings add up to the same', async (database) => {
  const { db, dialect } = database
  await publish(db, { a: ['x'], b: ['x', 'y'], c: [] }, START)
  await price(db, { output: 'x', per_gb: 100, per_million_events: 7 })
  await price(db, { output: 'y', per_gb: 50, currency: 'USD' })
  await price(db, { output: 'z', per_gb: 10, since: '2026-02-02' })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(traffic, { minLength: 1, maxLength: 20 }), async (all) => {
      const gateway = `g${run++}`
      for (const table of ['series_pipelines', 'series_rules', 'series_outputs', 'series_estimates'] as const)
        await db.deleteFrom(table).execute()
      const writer = new SeriesWriter(database)
      const node = new ExampleNode(START)
      for (const { day, pipeline, records, size, share, kind, edited, emitted, ratio } of all.toSorted(
        (a, b) => a.day - b.day,
      )) {
        const ended = [{ rule: `${kind}_it`, type: kind, kind, records: Math.floor(records * share) }]
        node.take({
          pipeline,
          records,
          bytes: records * size,
          ended,
          edited: { rule: 'edit', records: 1, bytes: edited },
          emitted: { records: emitted, bytes: emitted * 3 },
          output: { a: 'x', b: 'y', c: 'z' }[pipeline],
          ratio,
        })
        const at = START + day * DAY_MS + NOON_MS
        await writer.write([{ org: ORG, gateway, configuration: 'default', stats: node.stats(), windows: [], at }])
      }
      const { total, buckets } = await readSavings(db, ORG, 'default', START, START + 4 * DAY_MS, 'day')
      for (const one of [total, ...buckets]) {
        for (const unit of ['records', 'bytes'] as const) {
          const sum = (list: { saved: { records: number; bytes: number } }[]) =>
            list.reduce((total, { saved }) => total + saved[unit], 0)
          assert.equal(sum(one.by_rule), one.saved[unit])
          assert.equal(sum(one.by_kind), one.saved[unit])
          assert.equal(sum(one.by_service), one.saved[unit])
          const { in: taken, forwarded, not_counted: gone } = one
          const rest = gone.quarantined[unit] + gone.rejected[unit] + gone.overwritten[unit]
          assert.equal(one.saved[unit], taken[unit] - forwarded[unit] - rest)
        }
        for (const currency of ['EUR', 'USD']) {
          const sum = (list: { money: Savings['money'] }[]) =>
            list.reduce((total, { money }) => total + amount(money, currency), 0)
          for (const list of [one.by_rule, one.by_kind, one.by_service, one.by_output])
            close(sum(list), amount(one.money, currency), currency)
        }
      }
      for (const currency of ['EUR', 'USD'])
        close(
          buckets.reduce((sum, { money }) => sum + amount(money, currency), 0),
          amount(total.money, currency),
        )
    }),
    { seed: SEED, numRuns: dialect === 'sqlite' ? 40 : 8 },
  )
})
