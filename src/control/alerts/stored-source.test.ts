import assert from 'node:assert/strict'
import type { AlertScope } from '#contract/alert.ts'
import { ManualClock } from '#std/clock.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { type Gateway, newGateway } from '../fleet/gateway.ts'
import { rowOf } from '../fleet/records.ts'
import { SeriesWriter } from '../series/ingest.ts'
import type { Database } from '../store/database.ts'
import { fleetGateways } from './fleet-gateways.ts'
import { type GatewayObservation, MINUTE_MS } from './source.ts'
import { StoredSource } from './stored-source.ts'

const START = Date.UTC(2026, 0, 1)
const ORG = 'default'

class World {
  readonly clock = new ManualClock(START)
  readonly nodes: Record<'eu' | 'us', ExampleNode> = { eu: new ExampleNode(START), us: new ExampleNode(START) }
  readonly source: StoredSource
  readonly #writer: SeriesWriter
  readonly live = { list: () => this.held }
  held: ReturnType<World['books']>[] = []
  constructor(database: Database) {
    this.#writer = new SeriesWriter(database)
    const gateways = async (): Promise<GatewayObservation[]> =>
      ['eu', 'us'].map((uid) => ({
        uid,
        name: `${uid}-gateway`,
        configuration: 'default',
        online: true,
        since: START,
        failed: null,
      }))
    this.source = new StoredSource(database.db, { live: this.live, gateways })
  }
  books(gateway: 'eu' | 'us') {
    return { gateway, configuration: gateway === 'eu' ? 'default' : 'edge', stats: this.nodes[gateway].stats() }
  }
  async say(...gateways: ('eu' | 'us')[]): Promise<void> {
    const at = this.clock.wall()
    await this.#writer.write(gateways.map((gateway) => ({ org: ORG, ...this.books(gateway), windows: [], at })))
  }
  /** Of the first minutes, with the number of the minute. */
  async minutes(scope: AlertScope, count = 5) {
    const found = await this.source.minutes(ORG, scope, START, START + count * MINUTE_MS)
    return found.map(({ at, ...rest }) => ({ minute: (at - START) / MINUTE_MS, ...rest }))
  }
}

testOnDatabases(
  'minutes are what gateways told, with nothing where they were quiet, and none where they were not heard',
  async (database) => {
    const world = new World(database)
    const { nodes, clock } = world
    nodes.eu.take({
      pipeline: 'app',
      records: 10,
      bytes: 1000,
      ended: [{ rule: 'r', type: 'filter', kind: 'dropped', records: 4 }],
      bypassed: 1,
    })
    nodes.us.take({ pipeline: 'web', records: 5, bytes: 500, output: 'other' })
    await world.say('eu', 'us')
    clock.advance(MINUTE_MS)
    await world.say('eu')
    clock.advance(MINUTE_MS)
    nodes.eu.take({ pipeline: 'app', records: 1, bytes: 10 })
    await world.say('eu')

    const all = await world.minutes({})
    assert.deepEqual(
      all.map(({ minute, in: taken, out, bypassedBytes }) => [minute, taken?.bytes, out?.bytes, bypassedBytes]),
      [
        [0, 1500, 1100, 100],
        [1, 0, 0, 0],
        [2, 10, 10, 0],
      ],
    )
    assert.deepEqual(all[0]?.lost, 0)
    const bytes = async (scope: AlertScope) =>
      (await world.minutes(scope)).map(({ minute, in: taken }) => [minute, taken?.bytes])
    assert.deepEqual(await bytes({ pipeline: 'ap*' }), [
      [0, 1000],
      [1, 0],
      [2, 10],
    ])
    assert.deepEqual(await bytes({ configuration: 'edge' }), [
      [0, 500],
      [1, 0],
      [2, 0],
    ])
    assert.deepEqual(await bytes({ gateway: 'eu-*' }), [
      [0, 1000],
      [1, 0],
      [2, 10],
    ])
    assert.deepEqual(await bytes({ gateway: 'us-*' }), [[0, 500]], 'it has not been heard since')
    assert.deepEqual(await bytes({ gateway: 'nobody' }), [])
    assert.deepEqual(await world.source.minutes('other', {}, START, START + MINUTE_MS), [])
  },
)

testOnDatabases('outputs tell what they refused, lost, and keep on disk', async (database) => {
  const world = new World(database)
  const { nodes } = world
  nodes.eu.take({ pipeline: 'app', records: 10, bytes: 1000, output: 'vendor' })
  nodes.us.take({ pipeline: 'app', records: 10, bytes: 1000, output: 'archive' })
  const vendor = nodes.eu.outputs.get('vendor')!
  vendor.rejected.add(3, 300)
  vendor.expired.add(2, 200)
  nodes.us.outputs.get('archive')!.overwritten.add(7, 700)
  await world.say('eu', 'us')
  const outputs = async (scope: AlertScope) => {
    const [minute] = await world.minutes(scope, 1)
    return [minute?.deadLetters, minute?.lost, minute?.spoolBytes]
  }
  assert.deepEqual(await outputs({}), [3, 9, 0])
  assert.deepEqual(await outputs({ output: 'vend*' }), [3, 2, 0])
  assert.deepEqual(await outputs({ configuration: 'edge' }), [0, 7, 0])
  assert.deepEqual(await outputs({ pipeline: 'app' }), [null, null, null])
  await database.db.updateTable('series_outputs').set({ spool_bytes: 5 }).execute()
  assert.deepEqual(await outputs({}), [3, 9, 10])
})

testOnDatabases('a pipeline that holds is seen while it does', async (database) => {
  const world = new World(database)
  world.nodes.eu.take({ pipeline: 'app', records: 1, bytes: 10 })
  await world.say('eu')
  world.clock.advance(2 * MINUTE_MS)
  await world.say('eu')
  const books = world.books('eu')
  Object.assign(books.stats.pipelines[0]!, { state: 'hold', since: START + MINUTE_MS + 1 })
  world.held = [books]
  const held = async (scope: AlertScope) => (await world.minutes(scope)).map((minute) => minute.held)
  assert.deepEqual(await held({}), [false, true, true])
  assert.deepEqual(await held({ pipeline: 'other' }), [false, false, false])
})

testOnDatabases('many pipelines are asked for at once', async (database) => {
  const world = new World(database)
  for (let i = 0; i < 60; i++) world.nodes.eu.take({ pipeline: `p${i}`, records: 1, bytes: 10 })
  await world.say('eu')
  const [minute] = await world.minutes({ pipeline: 'p*' }, 1)
  assert.equal(minute?.in?.bytes, 600)
})

testOnDatabases(
  'gateways are offline when they have not been heard, and failed while they refuse what was offered last',
  async ({ db }) => {
    const now = START + 600_000
    const offered = { hash: 'a', configuration: 'edge', version: 7, at: START }
    const refused = { hash: 'a', status: 3, error: 'no', at: START + 5 }
    const fresh = { lastSeenAt: now - 1000, connectedAt: START }
    const cases: [Partial<Gateway>, Partial<GatewayObservation>][] = [
      [fresh, { online: true, since: START, failed: null, configuration: 'default' }],
      [{ ...fresh, tokenConfiguration: 'edge' }, { configuration: 'edge' }],
      [{ ...fresh, offered, reported: refused }, { failed: { version: '7', at: START + 5 } }],
      [{ ...fresh, offered: { ...offered, hash: 'b' }, reported: refused }, { failed: null }],
      [{ ...fresh, offered, reported: { ...refused, status: 1 } }, { failed: null }],
      [
        { ...fresh, connectedAt: null },
        { online: false, since: now - 1000 },
      ],
      [{ connectedAt: START, lastSeenAt: now - 100_000 }, { online: true }],
      [
        { connectedAt: START, lastSeenAt: now - 100_001 },
        { online: false, since: now - 100_001 },
      ],
    ]
    const people = { name: null, labels: '{}', configuration: null, touched_at: 0, restart_requested_at: null }
    for (const [i, [facts]] of cases.entries()) {
      const gateway = { ...newGateway(ORG, `uid-${i}`, 'open', 'websocket', START), ...facts }
      await db
        .insertInto('gateways')
        .values({ ...rowOf(gateway), ...people })
        .execute()
    }
    await db.updateTable('gateways').set({ name: 'edge-0' }).where('uid', '=', 'uid-0').execute()
    const found = await fleetGateways(db, ORG, now)
    for (const [i, [, expected]] of cases.entries()) assert.partialDeepStrictEqual(found[i]!, expected, `case ${i}`)
    assert.deepEqual([found[0]?.name, found[1]?.name], ['edge-0', 'uid-1'])
    assert.deepEqual(await fleetGateways(db, 'other', now), [])
  },
)
