import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { newWebhook, type WebhookEventType } from '#contract/webhook.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { HttpSink } from '#test/support/sinks.ts'
import { SecretBox } from '../secret-box.ts'
import type { Db } from '../store/database.ts'
import { Deliverer, type DelivererContext } from './deliverer.ts'
import {
  CLAIM_MS,
  claimDue,
  dueReceivers,
  listDeliveries,
  recordAttempt,
  replayDelivery,
  waitMs,
} from './deliveries.ts'
import { DELIVERIES_MAX, EVENT_BYTES_MAX, enqueue, GIVE_UP_MS } from './enqueue.ts'
import { findWebhook, insertWebhook, openTarget, replaceWebhook } from './webhooks.ts'

const SEED = 20260103
const ORG = 'default'
const ALL = { webhook: undefined, state: undefined, before: undefined }

class World {
  readonly clock = new ManualClock()
  readonly box = new SecretBox(randomBytes(32))
  readonly db: Db
  constructor(db: Db) {
    this.db = db
  }
  get context(): DelivererContext {
    return { db: this.db, clock: this.clock, log: silentLogger, box: this.box, version: '1.2.3' }
  }
  deliverer(): Deliverer {
    return new Deliverer(this.context, { allowPrivate: true, random: randomFrom(SEED) })
  }
  async webhook(id: string, url: string, options: object = {}): Promise<void> {
    const body = newWebhook.parse({ id, name: id, url, ...options })
    const doing = { by: 'a test', at: this.clock.wall() }
    await this.db.transaction().execute((tx) => insertWebhook(tx, this.box, ORG, body, doing))
  }
  enqueue(type: WebhookEventType, data: unknown = {}, only: { webhooks?: string[] } = {}): Promise<string[]> {
    const at = this.clock.wall()
    return this.db.transaction().execute((tx) => enqueue(tx, ORG, { type, at, data, ...only }))
  }
  deliveries() {
    return listDeliveries(this.db, ORG, ALL, 10_000)
  }
  async only() {
    const rows = await this.deliveries()
    assert.equal(rows.length, 1)
    return rows[0]!
  }
}

async function deliver(deliverer: Deliverer): Promise<number> {
  const begun = await deliverer.deliverDue()
  await deliverer.settled()
  return begun
}

testOnDatabases('an event goes to who is subscribed, with one id, and is noted', async ({ db }) => {
  await using sink = await HttpSink.start()
  const world = new World(db)
  await world.webhook('all', `${sink.url}/all`)
  await world.webhook('alerts', `${sink.url}/alerts`, { events: ['alert.*', 'version.published'] })
  await world.webhook('off', `${sink.url}/off`, { enabled: false })
  await world.webhook('other', `${sink.url}/other`, { events: ['gateway.online'] })
  sink.answers.push({ status: 200, body: 'ok' }, { status: 204 })
  assert.equal((await world.enqueue('alert.firing', { n: 1 })).length, 2)
  assert.equal(await deliver(world.deliverer()), 2)
  assert.deepEqual(sink.requests.map(({ path }) => path).sort(), ['/alerts', '/all'])
  assert.equal(new Set(sink.requests.map(({ headers }) => headers['webhook-id'])).size, 1)
  const rows = await world.deliveries()
  assert.deepEqual(
    rows.map(({ state, attempts, finished_at }) => [state, attempts, finished_at]),
    rows.map(() => ['delivered', 1, world.clock.wall()]),
  )
  assert.deepEqual(JSON.parse(sink.requests[0]!.body), {
    type: 'alert.firing',
    timestamp: new Date(world.clock.wall()).toISOString(),
    data: { n: 1 },
  })
  assert.equal((await world.enqueue('alert.firing', {}, { webhooks: ['other', 'nobody'] })).length, 1)
  assert.equal((await world.enqueue('gateway.offline')).length, 1, 'all')
  assert.equal(await deliver(world.deliverer()), 2)
  assert.equal(await deliver(world.deliverer()), 0)
})

testOnDatabases('what is enqueued in a transaction that fails was never there', async ({ db }) => {
  const world = new World(db)
  await world.webhook('all', 'http://127.0.0.1:1/')
  const failing = db.transaction().execute(async (tx) => {
    await enqueue(tx, ORG, { type: 'version.published', at: 0, data: {} })
    throw new Error('the change failed')
  })
  await assert.rejects(failing)
  assert.equal((await world.deliveries()).length, 0)
})

testOnDatabases(
  'a delivery is tried for a day, ever more seldom, with the same id, and can be replayed',
  async ({ db }) => {
    await using sink = await HttpSink.start()
    const world = new World(db)
    await world.webhook('all', sink.url)
    await world.enqueue('alert.firing')
    const deliverer = world.deliverer()
    const begin = world.clock.wall()
    for (let i = 0; i < 500 && (await world.only()).state === 'pending'; i++) {
      sink.answers.push({ status: 500, body: `no ${i}` })
      const { next_at } = await world.only()
      world.clock.advance(Math.max(0, next_at - world.clock.wall()))
      assert.equal(await deliver(deliverer), 1, `seed ${SEED}`)
    }
    const dead = await world.only()
    assert.equal(dead.state, 'dead')
    assert.equal(dead.finished_at, begin + GIVE_UP_MS, 'the last attempt is made when the day is over')
    assert.ok(dead.attempts > 30 && dead.attempts < 120, `${dead.attempts} attempts, seed ${SEED}`)
    assert.equal(dead.response, `no ${dead.attempts - 1}`)
    const recent = JSON.parse(dead.recent_attempts)
    assert.equal(recent.length, 10)
    assert.partialDeepStrictEqual(recent.at(-1), { status: 500, error: null, at: dead.finished_at })
    world.clock.advance(86_400_000)
    assert.equal(await deliver(deliverer), 0)

    assert.equal(await db.transaction().execute((tx) => replayDelivery(tx, ORG, dead.id, world.clock.wall())), true)
    assert.equal(await db.transaction().execute((tx) => replayDelivery(tx, ORG, dead.id, world.clock.wall())), false)
    assert.equal(
      await db.transaction().execute((tx) => replayDelivery(tx, 'other', dead.id, world.clock.wall())),
      false,
    )
    assert.equal(await deliver(deliverer), 1)
    assert.equal((await world.only()).state, 'delivered')
    assert.equal(new Set(sink.requests.map(({ headers }) => headers['webhook-id'])).size, 1)
    const times = sink.requests.map(({ headers }) => Number(headers['webhook-timestamp']))
    assert.equal(times.at(-1), Math.floor(world.clock.wall() / 1000), 'the time of the attempt, not of the event')
  },
)

testOnDatabases('two controllers at once never send the same delivery', async ({ db }) => {
  await using sink = await HttpSink.start()
  const world = new World(db)
  for (let i = 0; i < 8; i++) await world.webhook(`w${i}`, `${sink.url}/${i}`)
  for (let i = 0; i < 5; i++) await world.enqueue('alert.firing', { i })
  const workers = [world.deliverer(), world.deliverer(), world.deliverer()]
  for (let i = 0; i < 100 && sink.requests.length < 40; i++) {
    await Promise.all(workers.map((worker) => worker.deliverDue()))
    await Promise.all(workers.map((worker) => worker.settled()))
  }
  const sent = sink.requests.map(({ path, headers }) => `${path} ${headers['webhook-id']}`)
  assert.equal(sent.length, 40)
  assert.equal(new Set(sent).size, 40)
  assert.ok((await world.deliveries()).every(({ state, attempts }) => state === 'delivered' && attempts === 1))
})

testOnDatabases(
  'what was sent but not noted is sent again with the same id, once the claim has run out',
  async ({ db }) => {
    await using sink = await HttpSink.start()
    const world = new World(db)
    await world.webhook('all', sink.url)
    await world.enqueue('alert.firing')
    // A controller that claims, sends, and dies before it notes anything.
    const [receiver] = await dueReceivers(db, world.clock.wall(), 10)
    const [claimed] = await claimDue(db, receiver!, world.clock.wall(), 10)
    assert.equal((await claimDue(db, receiver!, world.clock.wall(), 10)).length, 0)
    const other = world.deliverer()
    assert.equal(await deliver(other), 0)
    world.clock.advance(CLAIM_MS + 1)
    assert.equal(await deliver(other), 1)
    assert.equal(sink.requests[0]!.headers['webhook-id'], claimed!.message_id)
    // And should it not be dead but slow: what it has to say is not heard any more.
    const attempt = { at: 0, duration_ms: 1, status: 500, error: null, response: null }
    const late = { state: 'pending', retryAfterMs: 0 } as const
    assert.equal(await recordAttempt(db, claimed!, attempt, late, world.clock.wall(), () => 0), undefined)
    assert.equal((await world.only()).state, 'delivered')
  },
)

testOnDatabases('410 disables the webhook; a test is tried once, also when it is disabled', async ({ db }) => {
  await using sink = await HttpSink.start()
  const world = new World(db)
  await world.webhook('all', sink.url)
  await world.enqueue('alert.firing', { n: 1 })
  await world.enqueue('alert.firing', { n: 2 })
  sink.answers.push({ status: 503 }, { status: 503 })
  const deliverer = world.deliverer()
  await deliver(deliverer)
  sink.answers.push({ status: 410 }, { status: 410 })
  world.clock.advance(60_000)
  await deliver(deliverer)
  const webhook = await findWebhook(db, ORG, 'all')
  assert.equal(webhook?.enabled, 0)
  assert.match(webhook?.disabled_reason ?? '', /410/)
  const audit = await db.selectFrom('audit').select(['action', 'object', 'actor']).execute()
  assert.partialDeepStrictEqual(audit[0]!, { action: 'webhook.disable', object: 'webhooks/all', actor: 'system' })
  assert.deepEqual(
    (await world.deliveries()).map(({ state }) => state),
    ['dead', 'dead'],
  )
  assert.equal((await world.enqueue('alert.firing')).length, 0)
  await world.enqueue('webhook.test', {}, { webhooks: ['all'] })
  sink.answers.push({ status: 500 })
  await deliver(deliverer)
  const [tried] = await world.deliveries()
  assert.partialDeepStrictEqual(tried!, { type: 'webhook.test', state: 'dead', attempts: 1 })
})

testOnDatabases(
  'a webhook that hangs takes no more than its share, and a stop breaks it off without a trace',
  async ({ db }) => {
    await using sink = await HttpSink.start()
    await using other = await HttpSink.start()
    const world = new World(db)
    await world.webhook('hangs', sink.url)
    for (let i = 0; i < 5; i++) await world.enqueue('alert.firing', { i })
    sink.answers.push('hang', 'hang')
    const deliverer = world.deliverer()
    assert.equal(await deliverer.deliverDue(), 2)
    await world.webhook('well', other.url)
    await world.enqueue('alert.resolved')
    assert.equal(await deliverer.deliverDue(), 1)
    const isNoted = async () => (await world.deliveries()).some(({ state }) => state === 'delivered')
    while (sink.requests.length < 2 || !(await isNoted())) await new Promise(setImmediate)
    await deliverer.stop()
    const rows = await world.deliveries()
    assert.equal(rows.filter(({ state }) => state === 'delivered').length, 1)
    assert.ok(
      rows.every(({ attempts, state, claimed_until }) => state === 'delivered' || attempts + claimed_until === 0),
    )
  },
)

testOnDatabases('a new secret is used beside the old one for a day', async ({ db }) => {
  await using sink = await HttpSink.start()
  const world = new World(db)
  await world.webhook('all', sink.url)
  const before = (await findWebhook(db, ORG, 'all'))!
  assert.ok(!before.sealed.includes('127.0.0.1'))
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const body = { name: 'all', events: ['*'], enabled: true, secret }
  const doing = { by: 'a test', at: world.clock.wall() }
  await db.transaction().execute((tx) => replaceWebhook(tx, world.box, before, body, doing))
  const deliverer = world.deliverer()
  await world.enqueue('alert.firing')
  await deliver(deliverer)
  world.clock.advance(86_400_000)
  await world.enqueue('alert.firing')
  await deliver(deliverer)
  assert.deepEqual(
    sink.requests.map(({ headers }) => String(headers['webhook-signature']).split(' ').length),
    [2, 1],
  )
  const otherBox = new SecretBox(randomBytes(32))
  assert.equal(openTarget(otherBox, (await findWebhook(db, ORG, 'all'))!), undefined)
})

testOnDatabases('what is kept is bounded: the oldest finished ones go first', async ({ db }) => {
  const world = new World(db)
  await world.webhook('all', 'http://127.0.0.1:1/')
  await world.enqueue('alert.firing', { text: 'x'.repeat(EVENT_BYTES_MAX) })
  const { org_id, id, ...row } = await world.only()
  assert.match(row.body, /"omitted"/)
  const rows = Array.from({ length: DELIVERIES_MAX }, (_, i) => ({
    ...row,
    org_id,
    id: String(i).padStart(6, '0'),
    state: i % 2 === 0 ? 'pending' : 'dead',
  }))
  for (let i = 0; i < rows.length; i += 500)
    await db
      .insertInto('webhook_deliveries')
      .values(rows.slice(i, i + 500))
      .execute()
  await world.enqueue('alert.firing')
  const left = await world.deliveries()
  assert.equal(left.length, DELIVERIES_MAX)
  assert.deepEqual(
    left.slice(-3).map((it) => it.id),
    ['000004', '000002', '000000'],
  )
})

test('a wait is any up to a bound that doubles from 5 s to an hour, or what the answer asks for', () => {
  const bounds = [1, 2, 3, 10, 11, 50].map((failed) => waitMs(failed, 0, () => 1))
  assert.deepEqual(bounds, [5000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000])
  assert.equal(
    waitMs(5, 0, () => 0),
    0,
  )
  assert.equal(
    waitMs(1, 120_000, () => 0),
    120_000,
  )
})
