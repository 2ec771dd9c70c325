import assert from 'node:assert/strict'
import type { SampleWindow } from '#contract/observation.ts'
import type { Db } from '#control/store/database.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { SeriesWriter } from './ingest.ts'
import { HOUR_MS, SERVICES_MAX } from './limits.ts'
import { completed, readSeries } from './query.ts'
import { keepUp } from './upkeep.ts'

const START = Date.UTC(2026, 0, 1)
const SEED = 7

interface World {
  db: Db
  clock: ManualClock
  writer: SeriesWriter
  node: ExampleNode
  say: (windows?: SampleWindow[]) => Promise<void>
  series: (asked: object) => ReturnType<typeof readSeries>
}

function worldOn(database: { db: Db; dialect: 'sqlite' | 'postgres' }): World {
  const clock = new ManualClock(START)
  const writer = new SeriesWriter(database)
  const node = new ExampleNode(START)
  return {
    db: database.db,
    clock,
    writer,
    node,
    say: async (windows = []) => {
      const at = clock.wall()
      await writer.write([{ org: 'o', gateway: 'g', configuration: 'default', stats: node.stats(), windows, at }])
      await writer.writeWeights()
    },
    series: (asked) => {
      const query = { configuration: 'default', by: 'total' as const, top: 8, ...asked }
      return readSeries(database.db, 'o', completed(query, clock.wall())!)
    },
  }
}

const sum = (list: readonly number[] = []) => list.reduce((a, b) => a + b, 0)

testOnDatabases(
  'hours and days are the sum of their minutes, before and after they are rolled up',
  async (database) => {
    const { clock, node, say, series } = worldOn(database)
    const random = randomFrom(SEED)
    let all = 0
    for (let minute = 0; minute < 60 * 30; minute += 7) {
      const records = 1 + Math.floor(random() * 100)
      all += records
      node.take({ pipeline: random() < 0.5 ? 'a' : 'b', records, bytes: records * 10 })
      node.queueBytes = minute
      await say()
      clock.advance(60_000)
      node.queueBytes = 0
      await say()
      clock.advance(6 * 60_000)
    }
    const asked = { from: START, to: clock.wall(), step: 'hour' as const }
    const before = [
      await series(asked),
      await series({ ...asked, by: 'output' }),
      await series({ ...asked, step: 'day' }),
    ]
    assert.equal(sum(before[0]!.series[0]!.values['in_records']), all)
    assert.equal(before[0]!.times.length, 31)
    await keepUp({ db: database.db, clock })
    await keepUp({ db: database.db, clock })
    const after = [
      await series(asked),
      await series({ ...asked, by: 'output' }),
      await series({ ...asked, step: 'day' }),
    ]
    assert.deepEqual(after, before)
    const hours = await database.db.selectFrom('series_pipelines').select('at').where('step', '=', 3600).execute()
    assert.equal(new Set(hours.map(({ at }) => at)).size, 30)
    assert.equal(Math.max(...after[1]!.series[0]!.values['queue_bytes']!), 60 * 30 - 1)
  },
)

testOnDatabases(
  'minutes go after two days, hours after their time, and nothing that is not rolled up',
  async (database) => {
    const { clock, node, say, series } = worldOn(database)
    const { db } = database
    for (let hour = 0; hour < 60; hour++) {
      node.take({ pipeline: 'a', records: 10, bytes: 100 })
      await say()
      clock.advance(HOUR_MS)
    }
    const count = async (step: number) =>
      (await db.selectFrom('series_pipelines').select('at').where('step', '=', step).execute()).length
    const minutes = await count(60)
    await keepUp({ db, clock })
    assert.ok((await count(60)) < minutes)
    const kept = await db.selectFrom('series_pipelines').select('at').where('step', '=', 60).orderBy('at').execute()
    assert.ok(kept[0]!.at >= clock.wall() - 48 * HOUR_MS)
    const asked = { from: START, to: clock.wall(), step: 'hour' as const }
    assert.equal(sum((await series(asked)).series[0]!.values['in_records']), 600)
    clock.advance(401 * 24 * HOUR_MS)
    await say()
    await keepUp({ db, clock })
    assert.equal(await count(3600), 0)
  },
)

const window = (records: [service: string, level: string, fate: 'forwarded' | 'dropped', bytes: number][]) => ({
  pipeline: 'a',
  from: START,
  to: START + 1000,
  seen: { records: 1000, bytes: 100_000 },
  records: records.map(([service, level, fate, bytes]) => ({
    pipeline: 'a',
    source: 's',
    at: START + 500,
    fate,
    rule: fate === 'dropped' ? 'drop' : null,
    edited_by: [],
    before: { text: JSON.stringify({ service, level, message: 'x' }) },
    after: null,
    bytes_in: bytes,
    bytes_out: fate === 'forwarded' ? bytes : 0,
  })),
})

testOnDatabases('services and severities are scaled to what the books say', async (database) => {
  const { node, say, series, clock } = worldOn(database)
  const drop = { rule: 'drop', type: 'filter', kind: 'dropped' as const, records: 400 }
  node.take({ pipeline: 'a', records: 1000, bytes: 100_000, ended: [drop] })
  await say([
    window([
      ['shop', 'info', 'forwarded', 100],
      ['shop', 'error', 'forwarded', 100],
      ['cart', 'info', 'forwarded', 100],
      ['shop', 'debug', 'dropped', 100],
    ]),
  ])
  node.take({ pipeline: 'b', records: 7, bytes: 70 })
  await say()
  clock.advance(1000)
  const byService = await series({ by: 'service' })
  const figures = byService.series.map(({ key, samples, values }) => [
    key,
    samples,
    sum(values['in_records']),
    sum(values['forwarded_records']),
    sum(values['dropped_bytes']),
  ])
  assert.deepEqual(figures, [
    ['shop', 3, 800, 400, 40_000],
    ['cart', 1, 200, 200, 0],
    ['unknown', 0, 7, 7, 0],
  ])
  const severities = (await series({ by: 'severity' })).series
  assert.deepEqual(
    severities.map(({ key, values }) => [key, sum(values['in_records'])]),
    [
      ['debug', 400],
      ['info', 400],
      ['error', 200],
      ['unknown', 7],
    ],
  )
})

testOnDatabases('beyond their number services are one, and the parts still add up', async (database) => {
  const { node, say, series, clock } = worldOn(database)
  const random = randomFrom(SEED)
  let bytes = 0
  for (let i = 0; i < 10; i++) {
    const size = 1000 + Math.floor(random() * 10_000)
    bytes += size
    node.take({ pipeline: 'a', records: 100 + i, bytes: size })
    await say([window(Array.from({ length: 60 }, (_, n) => [`s${i * 50 + n}`, 'info', 'forwarded', 10 + n]))])
    clock.advance(30_000)
  }
  const names = await database.db
    .selectFrom('series_estimates')
    .select('name')
    .distinct()
    .where('dimension', '=', 'service')
    .execute()
  assert.equal(names.length, SERVICES_MAX + 1)
  const all = (await series({ by: 'service', top: 5 })).series
  assert.equal(all.length, 6)
  assert.equal(sum(all.flatMap(({ values }) => values['in_bytes']!)), bytes)
  assert.equal(sum(all.flatMap(({ values }) => values['forwarded_records']!)), 1045)
})

testOnDatabases('of many rules the largest are shown, and the rest together', async (database) => {
  const { node, say, series, clock } = worldOn(database)
  const ended = Array.from({ length: 20 }, (_, i) => ({
    rule: `r${i}`,
    type: 'filter',
    kind: 'dropped' as const,
    records: i + 1,
  }))
  node.take({ pipeline: 'a', records: 1000, bytes: 10_000, ended })
  await say()
  clock.advance(1000)
  const { series: shown } = await series({ by: 'rule', top: 3 })
  assert.deepEqual(
    shown.map(({ key, labels, values }) => [key, labels['rule'], sum(values['ended_records'])]),
    [
      ['a/r19/filter', 'r19', 20],
      ['a/r18/filter', 'r18', 19],
      ['a/r17/filter', 'r17', 18],
      ['other', undefined, 153],
    ],
  )
})

testOnDatabases('what arrives after a gap is added to hours that were rolled up already', async (database) => {
  const { clock, node, say, series } = worldOn(database)
  const { db } = database
  node.take({ pipeline: 'a', records: 10, bytes: 100 })
  await say()
  clock.advance(HOUR_MS + 10 * 60_000)
  await keepUp({ db, clock })
  node.take({ pipeline: 'a', records: 1000, bytes: 10_000 })
  await say()
  const read = async () => {
    const { series: all } = await series({ from: START, to: START + 2 * HOUR_MS, step: 'hour' })
    return all[0]!.values['in_records']
  }
  // Over 70 minutes: 20 of them have 15, the others 14; the first hour has 59 of them.
  const expected = [10 + 20 * 15 + 39 * 14, 11 * 14]
  assert.deepEqual(await read(), expected)
  for (let hour = 0; hour < 5; hour++) {
    clock.advance(HOUR_MS)
    await keepUp({ db, clock })
    assert.deepEqual(await read(), expected)
  }
})
