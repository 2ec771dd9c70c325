import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { NodeStats } from '#contract/stats.ts'
import type { Db } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { columns, countersOf, keyOf } from './counters.ts'
import { StatsInbox } from './inbox.ts'
import { SeriesWriter } from './ingest.ts'
import { tables } from './rows.ts'
import { Sampling } from './sampling.ts'

const SEED = 20260101
const START = Date.UTC(2026, 0, 1)

/** What the minutes of all rows add up to, by kind and names. */
async function sums(db: Db, org: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>()
  for (const kind of ['pipelines', 'rules', 'outputs'] as const) {
    const { table, names, values } = tables[kind]
    const rows = await db.selectFrom(table).selectAll().where('org_id', '=', org).execute()
    for (const row of rows as unknown as Record<string, string & number>[]) {
      const counted = values.slice(0, columns[kind].length)
      const key = keyOf(
        kind,
        names.map((name) => row[name]!),
      )
      const before = found.get(key) ?? counted.map(() => 0)
      found.set(
        key,
        counted.map((name, i) => before[i]! + row[name]!),
      )
    }
  }
  return new Map([...found].filter(([, values]) => values.some((value) => value !== 0)))
}

/** What the books of all runs say. */
function expected(runs: readonly NodeStats[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const run of runs)
    for (const { kind, names, values } of countersOf(run)) {
      const before = found.get(keyOf(kind, names)) ?? values.map(() => 0)
      found.set(
        keyOf(kind, names),
        values.map((value, i) => before[i]! + value),
      )
    }
  return new Map([...found].filter(([, values]) => values.some((value) => value !== 0)))
}

const sorted = (map: Map<string, number[]>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('traffic' as const),
      pipeline: fc.constantFrom('a', 'b'),
      records: fc.integer({ min: 1, max: 1000 }),
      ended: fc.integer({ min: 0, max: 1 }),
      edited: fc.integer({ min: -50, max: 50 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('say' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 9000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('another' as const) }) },
)

testOnDatabases('the minutes add up to the books, whatever is repeated, late, lost or restarted', async (database) => {
  const { db, dialect } = database
  const runs = dialect === 'sqlite' ? 60 : 15
  let org = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const name = `org-${org++}`
      // Two controllers over one store; the gateway talks to one or the other.
      const writers = [new SeriesWriter(database), new SeriesWriter(database)]
      let at = START
      const node = new ExampleNode(at)
      const said: NodeStats[] = []
      const ended: NodeStats[] = []
      const say = (stats: NodeStats) =>
        writers[0]!.write([{ org: name, gateway: 'g', configuration: 'default', stats, windows: [], at }])
      for (const what of steps) {
        if (what.do === 'traffic') {
          const half = Math.floor(what.records / 2) * what.ended
          node.take({
            pipeline: what.pipeline,
            records: what.records,
            bytes: what.records * 100,
            ended: [{ rule: 'drop', type: 'filter', kind: 'dropped', records: half }],
            edited: { rule: 'redact', records: 1, bytes: what.edited },
          })
        } else if (what.do === 'say') {
          said.push(node.stats({ records: 3, bytes: 300 }))
          await say(said.at(-1)!)
        } else if (what.do === 'again') {
          const stats = said.at(-1 - what.back)
          if (stats !== undefined) await say(stats)
        } else if (what.do === 'restart') {
          ended.push(node.stats())
          await say(node.stats())
          at += 1000
          node.restart(at)
        } else if (what.do === 'reload') {
          node.reloads++
          said.push(node.stats())
        } else if (what.do === 'wait') at += what.seconds * 1000
        else writers.reverse()
      }
      await say(node.stats())
      await say(node.stats())
      assert.deepEqual(sorted(await sums(db, name)), sorted(expected([...ended, node.stats()])))
    }),
    { seed: SEED, numRuns: runs },
  )
})

testOnDatabases('what an output holds is the sum of the last values of all gateways', async (database) => {
  const writer = new SeriesWriter(database)
  const nodes = [new ExampleNode(START), new ExampleNode(START)]
  const say = async (i: number, queueBytes: number, at: number) => {
    nodes[i]!.take({ pipeline: 'a', records: 1, bytes: 10 })
    nodes[i]!.queueBytes = queueBytes
    const stats = nodes[i]!.stats()
    await writer.write([{ org: 'o', gateway: `g${i}`, configuration: 'c', stats, windows: [], at: START + at }])
  }
  await say(0, 100, 0)
  await say(1, 50, 1000)
  await say(0, 70, 10_000)
  nodes[0]!.restart(START + 20_000)
  await say(0, 30, 21_000)
  await say(1, 50, 61_000)
  const rows = await database.db.selectFrom('series_outputs').select(['at', 'queue_bytes']).orderBy('at').execute()
  assert.deepEqual(
    rows.map(({ at, queue_bytes }) => [at - START, queue_bytes]),
    [
      [0, 80],
      [60_000, 50],
    ],
  )
})

testOnDatabases('what arrives after a gap is spread over it', async (database) => {
  const writer = new SeriesWriter(database)
  const node = new ExampleNode(START)
  const say = (at: number) =>
    writer.write([{ org: 'o', gateway: 'g', configuration: 'c', stats: node.stats(), windows: [], at: START + at }])
  node.take({ pipeline: 'a', records: 5, bytes: 50 })
  await say(0)
  node.take({ pipeline: 'a', records: 31, bytes: 310 })
  await say(3 * 60_000)
  const rows = await database.db.selectFrom('series_pipelines').select(['at', 'in_records']).orderBy('at').execute()
  assert.deepEqual(
    rows.map(({ at, in_records }) => [(at - START) / 60_000, in_records]),
    [
      [0, 5],
      [1, 11],
      [2, 10],
      [3, 10],
    ],
  )
})

testOnDatabases('the inbox writes once a second, and keeps what the store refuses', async (database) => {
  const clock = new ManualClock(START)
  const errors: string[] = []
  const log = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) }
  const broken = { fails: true }
  const db = new Proxy(database.db, {
    get: (target, name) => {
      if (name === 'transaction' && broken.fails) throw new Error('is away')
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const inbox = new StatsInbox({ ...database, db, clock, log })
  const node = new ExampleNode(START)
  node.take({ pipeline: 'a', records: 5, bytes: 50 })
  inbox.offer('o', 'g', 'c', node.stats())
  clock.advance(1000)
  await inbox.flush()
  assert.equal(errors.length, 1)
  broken.fails = false
  node.take({ pipeline: 'a', records: 2, bytes: 20 })
  const newer = node.stats()
  inbox.offer('o', 'g', 'c', newer)
  inbox.offer('o', 'g', 'c', { ...newer, pipelines: [] })
  await inbox.close()
  const row = await database.db.selectFrom('series_gateways').selectAll().executeTakeFirstOrThrow()
  assert.deepEqual([row.in_records, row.out_records], [7, 7])
  assert.deepEqual(inbox.live.list('o').length, 1)
})

testOnDatabases('two controllers that are told the same at once count it once', async (database) => {
  const clock = new ManualClock(START)
  const failures: string[] = []
  const log = { ...silentLogger, error: (_: object, message: string) => void failures.push(message) }
  const inboxes = [new StatsInbox({ ...database, clock, log }), new StatsInbox({ ...database, clock, log })]
  const nodes = Array.from({ length: 12 }, () => new ExampleNode(START))
  for (let round = 0; round < 6; round++) {
    nodes.forEach((node, i) => {
      if (round === 3) node.restart(START + 1 + i)
      node.take({ pipeline: 'a', records: 10 + i, bytes: 100 })
      const stats = node.stats()
      for (const inbox of inboxes) inbox.offer('o', `g${i}`, 'c', stats)
    })
    if (round % 2 === 0)
      for (const inbox of inboxes) for (const [i, node] of nodes.entries()) inbox.offer('o', `g${i}`, 'c', node.stats())
    await Promise.all(inboxes.map((inbox) => inbox.flush()))
    clock.advance(10_000)
  }
  // What one of them could not write, because the other one was faster, it tries again.
  for (const inbox of inboxes) await inbox.close()
  const { total } = await database.db
    .selectFrom('series_gateways')
    .select((eb) => eb.fn.sum<number | string>('in_records').as('total'))
    .executeTakeFirstOrThrow()
  const once = nodes.reduce((sum, _, i) => sum + 10 + i, 0)
  assert.equal(Number(total), 6 * once)
})

testOnDatabases('samples that are asked for go with the next books of their gateway', async (database) => {
  const clock = new ManualClock(START)
  const inbox = new StatsInbox({ ...database, clock, log: silentLogger })
  const node = new ExampleNode(START)
  inbox.offer('o', 'g', 'c', node.stats())
  const asked: string[] = []
  const record = {
    ...{
      pipeline: 'a',
      source: 's',
      at: START + 1,
      fate: 'forwarded' as const,
      rule: null,
      edited_by: [],
      after: null,
    },
    ...{ before: { text: '{"service":"shop"}' }, bytes_in: 10, bytes_out: 10 },
  }
  const seen = { records: 1, bytes: 10 }
  const windows = [{ pipeline: 'a', from: START, to: START + 60_000, seen, records: [record] }]
  const sampling = new Sampling({ clock, log: silentLogger }, inbox, async (org, configuration) => {
    asked.push(`${org}/${configuration}`)
    return { samples: [{ gateway: 'g', windows }] }
  })
  sampling.start()
  await sampling.run()
  node.take({ pipeline: 'a', records: 5, bytes: 50 })
  inbox.offer('o', 'g', 'c', node.stats())
  sampling.stop()
  await inbox.close()
  assert.deepEqual(asked, ['o/c'])
  const named = database.db.selectFrom('series_estimates').select(['dimension', 'name', 'in_records'])
  const rows = await named.orderBy('dimension').execute()
  assert.deepEqual(
    rows.map(({ dimension, name, in_records }) => [dimension, name, in_records]),
    [
      ['service', 'shop', 5],
      ['severity', 'unknown', 5],
    ],
  )
})
