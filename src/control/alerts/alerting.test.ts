import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type AlertRuleBody, type AlertScope, alertRuleBody } from '#contract/alert.ts'
import { newWebhook } from '#contract/webhook.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { SecretBox } from '../secret-box.ts'
import type { Db } from '../store/database.ts'
import { Alerting, SETTLE_MS } from './alerting.ts'
import { listDeliveries } from './deliveries.ts'
import { listEvents } from './events.ts'
import { notifyPublished } from './notices.ts'
import { deleteRule, findRule, insertRule, lockRule, replaceRule, silenceRule, standingOf } from './rules.ts'
import { type AlertSource, type GatewayObservation, MINUTE_MS, type MinuteObservation } from './source.ts'
import { insertWebhook } from './webhooks.ts'

const ORG = 'default'
const ALL = { state: undefined, rule: undefined, before: undefined }
const T0 = Date.UTC(2026, 0, 1)

class FakeSource implements AlertSource {
  readonly known = new Map<number, Partial<MinuteObservation>>()
  offline: GatewayObservation[] = []
  reads = 0
  fails = false
  async minutes(_org: string, _scope: AlertScope, from: number, to: number): Promise<MinuteObservation[]> {
    this.reads++
    if (this.fails) throw new Error('is away')
    const minutes: MinuteObservation[] = []
    for (let at = from; at < to; at += MINUTE_MS) {
      const known = this.known.get(at)
      if (known !== undefined)
        minutes.push({
          at,
          in: null,
          out: null,
          bypassedBytes: null,
          held: false,
          spoolBytes: null,
          deadLetters: null,
          lost: null,
          ...known,
        })
    }
    return minutes
  }
  async gateways(): Promise<GatewayObservation[]> {
    return this.offline
  }
  /** Bytes bypassed, minute by minute from T0; null: nothing is known. */
  bypass(...bytes: (number | null)[]): void {
    for (const [i, bypassedBytes] of bytes.entries())
      if (bypassedBytes !== null) this.known.set(T0 + i * MINUTE_MS, { bypassedBytes })
  }
}

class World {
  /** Just before minute 0 of the source is complete. */
  readonly clock = new ManualClock(T0 + SETTLE_MS)
  readonly source = new FakeSource()
  readonly db: Db
  constructor(db: Db) {
    this.db = db
  }
  alerting(holder = 'a'): Alerting {
    return new Alerting({ db: this.db, clock: this.clock, log: silentLogger }, this.source, holder)
  }
  async rule(id: string, options: object = {}): Promise<AlertRuleBody> {
    const body = alertRuleBody.parse({ name: id, condition: { kind: 'bypass' }, ...options })
    const doing = { by: 'a test', at: this.clock.wall() }
    await this.db.transaction().execute((tx) => insertRule(tx, ORG, id, body, doing))
    return body
  }
  async webhook(id: string, events: string[] = ['alert.*']): Promise<void> {
    const body = newWebhook.parse({ id, name: id, url: 'http://127.0.0.1:1', events })
    const box = new SecretBox(randomBytes(32))
    const doing = { by: 'a test', at: this.clock.wall() }
    await this.db.transaction().execute((tx) => insertWebhook(tx, box, ORG, body, doing))
  }
  events() {
    return listEvents(this.db, ORG, ALL, 100)
  }
  /** What was told, oldest first. */
  async told(): Promise<{ type: string; webhook: string; data: { text: string; records?: number } }[]> {
    const rows = await listDeliveries(this.db, ORG, { webhook: undefined, state: undefined, before: undefined }, 100)
    return rows.reverse().map(({ body, webhook }) => ({ ...JSON.parse(body), webhook }))
  }
  async state(id: string) {
    return standingOf((await findRule(this.db, ORG, id))!).state
  }
}

testOnDatabases('a rule fires, is told, is resolved, and that is told too', async ({ db }) => {
  const world = new World(db)
  world.source.bypass(0, 5, 7, 0, 0)
  await world.webhook('ops')
  await world.webhook('others')
  await world.rule('leaks', { for_minutes: 2, severity: 'critical', scope: { pipeline: 'app*' } })
  await world.rule('named', { webhooks: ['ops'], severity: 'info' })
  await world.rule('off', { enabled: false })
  const alerting = world.alerting()
  const states = []
  for (let minute = 0; minute < 5; minute++) {
    world.clock.advance(MINUTE_MS)
    assert.equal(await alerting.evaluateDue(), 2)
    assert.equal(await alerting.evaluateDue(), 0, 'once a minute')
    states.push(await world.state('leaks'))
  }
  assert.deepEqual(states, ['ok', 'pending', 'firing', 'ok', 'ok'])
  const events = await world.events()
  assert.deepEqual(
    events.map(({ rule, started_at, resolved_at, value, notified }) => [
      rule,
      (started_at - T0) / MINUTE_MS,
      (resolved_at! - T0) / MINUTE_MS,
      value,
      notified,
    ]),
    [
      ['leaks', 3, 4, 7, 1],
      ['named', 2, 4, 5, 1],
    ],
  )
  const told = await world.told()
  assert.deepEqual(told.map(({ type, webhook }) => `${webhook} ${type}`).sort(), [
    'ops alert.firing',
    'ops alert.firing',
    'ops alert.resolved',
    'ops alert.resolved',
    'others alert.firing',
    'others alert.resolved',
  ])
  const texts = told.filter(({ webhook }) => webhook === 'others').map(({ data }) => data.text)
  assert.deepEqual(texts, [
    '[critical] leaks: bytes bypassed per minute above 0, or a pipeline in bypass or hold (7) for 2 min; pipeline app*',
    '[resolved] leaks: was firing for 1 min',
  ])
  assert.equal(await world.state('off'), 'ok')
})

testOnDatabases(
  'minutes that were missed are made up for, and a fault of ours is no silence of theirs',
  async ({ db }) => {
    const world = new World(db)
    await world.webhook('ops')
    await world.rule('leaks')
    await world.rule('silent', { no_data: 'alert' })
    const alerting = world.alerting()
    world.source.bypass(0, 1, 1, null, null, 0, 0, 1)
    world.clock.advance(MINUTE_MS)
    assert.equal(await alerting.evaluateDue(), 2)
    world.source.fails = true
    world.clock.advance(3 * MINUTE_MS)
    assert.equal(await alerting.evaluateDue(), 0)
    world.source.fails = false
    world.clock.advance(4 * MINUTE_MS)
    assert.equal(await alerting.evaluateDue(), 2)
    const events = await world.events()
    const minutes = events.map(({ rule, started_at, resolved_at }) => [
      rule,
      (started_at - T0) / MINUTE_MS,
      resolved_at === null ? null : (resolved_at - T0) / MINUTE_MS,
    ])
    assert.deepEqual(
      minutes.sort(),
      [
        ['leaks', 2, 6],
        ['leaks', 8, null],
        ['silent', 2, 6],
        ['silent', 8, null],
      ].sort(),
    )
    assert.ok(events.every(({ cause }) => cause === 'condition'))
    world.clock.advance(MINUTE_MS)
    await alerting.evaluateDue()
    assert.deepEqual([await world.state('leaks'), await world.state('silent')], ['no_data', 'no_data'])
    assert.equal((await world.events()).filter(({ resolved_at }) => resolved_at === null).length, 1, 'silent alone')
  },
)

testOnDatabases('of two controllers one evaluates, and the other goes on when it is gone', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops')
  await world.rule('leaks')
  world.source.bypass(1, 1, 1, 0)
  const [a, b] = [world.alerting('a'), world.alerting('b')]
  world.clock.advance(MINUTE_MS)
  const counts = await Promise.all([a.evaluateDue(), b.evaluateDue()])
  assert.deepEqual(counts.sort(), [0, 1])
  assert.equal((await world.events()).length, 1)
  // Should both believe that they have the lease, the row lets one of them go on.
  world.clock.advance(MINUTE_MS)
  await db.deleteFrom('leases').execute()
  const twice = Promise.all([a.evaluateDue(), a.evaluateDue(), a.evaluateDue()])
  assert.equal(
    (await twice).reduce((sum, count) => sum + count),
    1,
  )
  world.clock.advance(MINUTE_MS)
  await a.stop()
  assert.equal(await b.evaluateDue(), 1, 'at once after a stop')
  assert.equal(await a.evaluateDue(), 0)
  assert.equal((await world.events()).length, 1)
  assert.equal((await world.told()).length, 1)
})

testOnDatabases('a silence is kept, and what still fires at its end is told then', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops')
  await world.rule('leaks')
  world.source.bypass(1, 1, 1, 1, 0, 1, 0)
  const silence = async (until: number) => {
    await db.transaction().execute(async (tx) => {
      const row = await lockRule(tx, ORG, 'leaks')
      await silenceRule(tx, row!, { until, by: 'somebody', reason: 'works' })
    })
  }
  const alerting = world.alerting()
  await silence(T0 + 3 * MINUTE_MS)
  for (let minute = 0; minute < 5; minute++) {
    world.clock.advance(MINUTE_MS)
    await alerting.evaluateDue()
    assert.equal((await world.told()).length, minute < 2 ? 0 : minute < 4 ? 1 : 2, `minute ${minute}`)
  }
  assert.deepEqual(
    (await world.told()).map(({ type }) => type),
    ['alert.firing', 'alert.resolved'],
  )
  await silence(T0 + 60 * MINUTE_MS)
  for (let minute = 0; minute < 2; minute++) {
    world.clock.advance(MINUTE_MS)
    await alerting.evaluateDue()
  }
  const [event] = await world.events()
  assert.partialDeepStrictEqual(event!, { notified: 0, resolved_by: 'condition' })
  assert.equal((await world.told()).length, 2, 'who was not told that it fired is not told that it ended')
})

testOnDatabases('what is measured anew begins anew; all else leaves the standing alone', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops')
  const body = await world.rule('leaks')
  world.source.bypass(1, 1, 1, 1, 1)
  const alerting = world.alerting()
  const step = async () => {
    world.clock.advance(MINUTE_MS)
    await alerting.evaluateDue()
  }
  // What is told within a millisecond has no order.
  const put = (changed: AlertRuleBody) => {
    world.clock.advance(1)
    return db.transaction().execute(async (tx) => {
      const row = await lockRule(tx, ORG, 'leaks')
      return replaceRule(tx, row!, changed, { by: 'a test', at: world.clock.wall() })
    })
  }
  await step()
  await put({ ...body, name: 'another', severity: 'info' })
  await step()
  assert.equal((await world.events()).length, 1)
  await put({ ...body, scope: { pipeline: 'a' } })
  assert.equal(await world.state('leaks'), 'ok')
  assert.equal((await world.events())[0]?.resolved_by, 'rule_changed')
  await step()
  await put({ ...body, scope: { pipeline: 'a' }, enabled: false })
  await step()
  assert.deepEqual(
    (await world.events()).map(({ resolved_by }) => resolved_by),
    ['rule_disabled', 'rule_changed'],
  )
  await put({ ...body, scope: { pipeline: 'a' } })
  await step()
  world.clock.advance(1)
  await db.transaction().execute(async (tx) => deleteRule(tx, (await lockRule(tx, ORG, 'leaks'))!, world.clock.wall()))
  assert.equal((await world.events())[0]?.resolved_by, 'rule_deleted')
  assert.deepEqual(
    (await world.told()).map(({ type }) => type.slice(6)),
    ['firing', 'resolved', 'firing', 'resolved', 'firing', 'resolved'],
  )
})

testOnDatabases('gateways that are offline are named, and organisations are apart', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops')
  const condition = { kind: 'gateway_offline' }
  await world.rule('offline', { condition, for_minutes: 3 })
  world.source.offline = [
    { uid: '1', name: 'edge-1', configuration: 'default', online: false, since: T0, failed: null },
  ]
  const alerting = world.alerting()
  for (let minute = 0; minute < 3; minute++) {
    assert.equal((await world.events()).length, 0)
    world.clock.advance(MINUTE_MS)
    await alerting.evaluateDue()
  }
  const [event] = await world.events()
  assert.deepEqual(JSON.parse(event!.subjects), ['edge-1'])
  assert.equal(event!.started_at, T0 + 3 * MINUTE_MS)
  assert.match((await world.told())[0]!.data.text, /at least 1 gateway offline \(1\) for 3 min; edge-1$/)
  assert.deepEqual(await listEvents(db, 'other', ALL, 10), [])
})

testOnDatabases('dead letters are told of to who is subscribed, once', async ({ db }) => {
  const world = new World(db)
  for (let i = 0; i < 20; i++) world.source.known.set(T0 + i * MINUTE_MS, { deadLetters: i < 6 ? 1 : 0 })
  await world.webhook('ops', ['dead_letters.*'])
  const [a, b] = [world.alerting('a'), world.alerting('b')]
  for (let minute = 0; minute < 20; minute++) {
    world.clock.advance(MINUTE_MS)
    await db.deleteFrom('leases').execute()
    await a.evaluateDue()
    await db.deleteFrom('leases').execute()
    await b.evaluateDue()
  }
  assert.deepEqual(
    (await world.told()).map(({ type, data }) => [type, data.records]),
    [
      ['dead_letters.added', 1],
      ['dead_letters.added', 5],
    ],
  )
})

testOnDatabases('gateways that come, go and refuse are told of, once, all in one', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops', ['gateway.*'])
  const gateway = (uid: string, online: boolean, failed: GatewayObservation['failed'] = null) => ({
    uid,
    name: `edge-${uid}`,
    configuration: 'default',
    online,
    since: T0,
    failed,
  })
  const [a, b] = [world.alerting('a'), world.alerting('b')]
  const look = async (...gateways: GatewayObservation[]) => {
    world.source.offline = gateways
    world.clock.advance(MINUTE_MS)
    await a.evaluateDue()
    await db.deleteFrom('leases').execute()
    await b.evaluateDue()
    await db.deleteFrom('leases').execute()
    const told = await world.told()
    await db.deleteFrom('webhook_deliveries').execute()
    return told.map(({ data }) => data.text)
  }
  assert.deepEqual(await look(gateway('1', true), gateway('2', false)), [], 'how it is at first is no news')
  assert.deepEqual(await look(gateway('1', true), gateway('2', true), gateway('3', true), gateway('4', false)), [
    'online: edge-2, edge-3',
  ])
  const failed = { version: '7', at: T0 }
  assert.deepEqual((await look(gateway('1', false), gateway('2', true, failed))).sort(), [
    'offline: edge-1',
    'refused a version: edge-2',
  ])
  assert.deepEqual(await look(gateway('1', false), gateway('2', true, failed)), [])
  assert.deepEqual(await look(gateway('2', true, { version: '8', at: T0 })), ['refused a version: edge-2'])
  world.clock.advance(2 * 3_600_000)
  assert.deepEqual(await look(gateway('2', false), gateway('5', true)), [], 'nor is how it is after a long time')
  const many = Array.from({ length: 1200 }, (_, i) => gateway(`m${i}`, true))
  const [text] = await look(...many)
  assert.match(text!, /^online: edge-m0, .*, …$/)
})

testOnDatabases('a version that is published is told of', async ({ db }) => {
  const world = new World(db)
  await world.webhook('ops', ['version.published'])
  const version = { org_id: ORG, configuration: 'edge', number: 8, sha256: 'ab', author: 'a@b', message: 'Less debug' }
  await db.transaction().execute((tx) => notifyPublished(tx, { ...version, restored_from: 5 }, world.clock.wall()))
  const [told] = await world.told()
  assert.equal(told?.type, 'version.published')
  assert.equal(told?.data.text, 'a@b published version 8 of edge, which is version 5 again: Less debug')
})

testOnDatabases('it runs by itself from start to stop', async ({ db }) => {
  const world = new World(db)
  await world.rule('leaks')
  world.source.bypass(1)
  const alerting = world.alerting()
  alerting.start()
  for (let i = 0; i < 200 && (await world.events()).length === 0; i++) {
    world.clock.advance(10_000)
    await new Promise(setImmediate)
  }
  assert.equal((await world.events()).length, 1)
  await alerting.stop()
  assert.equal(world.clock.nextAt, undefined)
  assert.equal((await db.selectFrom('leases').selectAll().execute()).length, 0)
})
