/** The fleet over both databases: restarts, several controllers, and what nodes tell beside the protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import type { TapBatch } from '#contract/observation.ts'
import type { Database } from '#control/store/database.ts'
import { ManualClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { uuidv7 } from '#std/uuid.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { FakeAgent, USUAL_CAPABILITIES } from '#test/support/fake-agent.ts'
import { configOf, type FleetWorld, fleetWorld } from '#test/support/fleet.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { SAMPLED_GATEWAYS_MAX } from './observers.ts'
import { findGateways } from './views.ts'

const UID = '019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a37'

/** An agent in the same process. */
class Inhabitant {
  readonly agent: FakeAgent
  readonly heard: ServerToAgent[] = []
  readonly #connection: { send(message: AgentToServer): void; close(): void }
  closedBecause: string | undefined
  #wake: (() => void)[] = []

  constructor(world: FleetWorld, options: Partial<ConstructorParameters<typeof FakeAgent>[0]> = {}) {
    this.agent = new FakeAgent({ uid: UID, ...options })
    this.#connection = world.fleet.connect({
      send: (message) => this.#receive(message),
      closed: (reason) => {
        this.closedBecause = reason
      },
    })
  }

  async say(extra: Partial<AgentToServer> = {}): Promise<void> {
    const heard = this.heard.length
    this.#connection.send({ ...this.agent.next(), ...extra })
    await this.until(() => this.heard.length > heard && !this.agent.isEager)
  }

  custom(type: string, value: object): Promise<void> {
    const data = Buffer.from(JSON.stringify(value))
    return this.say({ customMessage: { capability: NODE_CAPABILITY, type, data } })
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; !isSo(); i++) {
      assert.ok(i < 500, 'nothing of the kind came')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20)
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Newest custom message of a type. */
  asked(type: string): Record<string, unknown> | undefined {
    const message = this.heard.findLast(({ customMessage }) => customMessage?.type === type)?.customMessage
    return message === undefined ? undefined : JSON.parse(Buffer.from(message.data).toString())
  }

  close(): void {
    this.#connection.close()
  }

  #receive(message: ServerToAgent): void {
    this.heard.push(message)
    this.agent.receive(message)
    if (this.agent.isEager) queueMicrotask(() => this.#connection.send(this.agent.next()))
    for (const wake of this.#wake.splice(0)) wake()
  }
}

const talkative = { customCapabilities: { capabilities: [NODE_CAPABILITY] } }

async function shown(world: FleetWorld) {
  await world.fleet.flush()
  const [gateway] = await findGateways({ db: world.context.db, fleet: world.fleet, org: 'default' }, {}, undefined, 1)
  return gateway!
}

testOnDatabases('what is known of a gateway survives a restart of the controller', async (database: Database, t) => {
  const clock = new ManualClock()
  const world = await fleetWorld(t, { database, clock })
  world.live.set('default/default', configOf(1))
  const node = new Inhabitant(world)
  await node.say()
  await node.until(() => node.agent.status.status === 1)
  await node.say()
  const before = await shown(world)
  assert.equal(before.drift, null)
  await world.restartFleet()
  assert.equal(node.closedBecause, 'the controller is stopping')
  const after = await shown(world)
  assert.deepEqual({ ...after, online: true, drift: null, connected_at: before.connected_at }, before)
  assert.equal(after.drift, 'unreachable')
  const again = new Inhabitant(world)
  Object.assign(again, { agent: node.agent })
  await again.say()
  assert.equal(node.agent.fullStatesAskedFor, 0)
  clock.advance(31_000)
  await again.say()
  assert.equal((await shown(world)).in_sync, true)
  await world.fleet.close()
})

testOnDatabases('what another controller publishes and changes arrives here', async (database, t) => {
  const clock = new ManualClock()
  const [here, there] = [await fleetWorld(t, { database, clock }), await fleetWorld(t, { database, clock })]
  const node = new Inhabitant(here)
  await node.say()
  here.live.set('default/default', configOf(3))
  await here.fleet.reconcile()
  await node.until(() => node.agent.running?.hash === configOf(3).hash)
  await here.fleet.flush()
  await there.context.db
    .updateTable('gateways')
    .set({ configuration: 'edge', touched_at: clock.wall() })
    .where('uid', '=', UID)
    .execute()
  here.live.set('default/edge', configOf(4))
  await here.fleet.reconcile()
  await node.until(() => node.agent.running?.hash === configOf(4).hash)
  await node.say()
  assert.equal((await shown(there)).configuration, 'edge')
  await Promise.all([here.fleet.close(), there.fleet.close()])
})

testOnDatabases('heartbeats are noted together, and who is silent is gone', async (database, t) => {
  const clock = new ManualClock()
  const world = await fleetWorld(t, { database, clock })
  const nodes = Array.from({ length: 5 }, (_, i) => new Inhabitant(world, { uid: uuidv7(i + 1) }))
  for (const node of nodes) await node.say()
  clock.advance(20_000)
  for (const node of nodes) await node.say()
  await world.fleet.flush()
  clock.advance(1_000)
  await world.fleet.flush()
  const rows = await database.db.selectFrom('gateways').select(['seq', 'last_seen_at']).execute()
  assert.deepEqual(new Set(rows.map(({ seq }) => seq)), new Set(['1']))
  assert.deepEqual(new Set(rows.map((row) => clock.wall() - row.last_seen_at)), new Set([1_000]))
  for (let i = 0; i < 20; i++) {
    clock.advance(5_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await nodes[0]!.until(() => nodes.every(({ closedBecause }) => closedBecause !== undefined))
  assert.equal(world.fleet.size, 0)
  const gateway = await shown(world)
  assert.equal(gateway.online, false)
  assert.equal(gateway.connected_at, null)
  await world.fleet.close()
})

test('books of nodes reach who listens, and what is none is passed over', async (t) => {
  const world = await fleetWorld(t)
  const node = new Inhabitant(world)
  await node.say(talkative)
  const heard: string[] = []
  const stop = world.fleet.observers.onStats(({ org, gateway, configuration }) =>
    heard.push(`${org} ${gateway} ${configuration}`),
  )
  await node.custom('stats', exampleStats())
  await node.custom('stats', { id: 'x' })
  assert.deepEqual(heard, [`default ${UID} default`])
  stop()
  await node.custom('stats', exampleStats())
  assert.equal(heard.length, 1)
})

test('samples are asked for and gathered; who does not answer is not waited for longer than said', async (t) => {
  const clock = new ManualClock()
  const world = await fleetWorld(t, { clock })
  const nodes = [new Inhabitant(world), new Inhabitant(world, { uid: uuidv7(5) })]
  for (const node of nodes) await node.say(talkative)
  const asked = world.fleet.observers.requestSamples('default', 'default', 2_000)
  const { request } = nodes[0]!.asked('samples')!
  const windows = [{ pipeline: 'p', from: 0, to: 1, seen: { records: 1, bytes: 2 }, records: [] }]
  await nodes[0]!.custom('samples', { request, windows })
  await nodes[0]!.custom('samples', { request, windows })
  clock.advance(2_000)
  const { samples, ...counts } = await asked
  assert.deepEqual(counts, { asked: 2, answered: 1 })
  assert.deepEqual(
    samples.map(({ gateway, windows: those }) => [gateway, those]),
    [[UID, windows]],
  )
  assert.deepEqual(await world.fleet.observers.requestSamples('other', 'default', 10), {
    asked: 0,
    answered: 0,
    samples: [],
  })
})

test('gateways beyond those that are asked for samples count as ones that did not answer', async (t) => {
  const clock = new ManualClock()
  const world = await fleetWorld(t, { clock })
  const nodes = Array.from(
    { length: SAMPLED_GATEWAYS_MAX + 3 },
    (_, i) => new Inhabitant(world, { uid: uuidv7(i + 5) }),
  )
  for (const node of nodes) await node.say(talkative)
  const asked = world.fleet.observers.requestSamples('default', 'default', 2_000)
  const own = nodes.filter((node) => node.asked('samples') !== undefined)
  assert.equal(own.length, SAMPLED_GATEWAYS_MAX)
  for (const node of own) await node.custom('samples', { request: node.asked('samples')!['request'], windows: [] })
  assert.partialDeepStrictEqual(await asked, { asked: SAMPLED_GATEWAYS_MAX + 3, answered: SAMPLED_GATEWAYS_MAX })
})

test('a tap shows what its gateways send, also of one that comes later, and ends', async (t) => {
  const world = await fleetWorld(t)
  const node = new Inhabitant(world)
  await node.say(talkative)
  const shownBatches: [TapBatch, string][] = []
  const selection = { raw: false, per_second_max: 5 }
  const stop = world.fleet.observers.tap('default', {}, selection, (batch, gateway) =>
    shownBatches.push([batch, gateway]),
  )!
  const { tap, selection: told } = node.asked('tap_start')!
  assert.deepEqual(told, selection)
  await node.custom('tap', { tap, records: [], skipped: 3 })
  assert.deepEqual(shownBatches, [[{ records: [], skipped: 3 }, UID]])
  const late = new Inhabitant(world, { uid: uuidv7(5) })
  await late.say(talkative)
  assert.equal(late.asked('tap_start')?.['tap'], tap)
  stop()
  assert.deepEqual(node.asked('tap_stop'), { tap })
  await node.custom('tap', { tap, records: [], skipped: 1 })
  assert.equal(shownBatches.length, 1)
})

test('agents that take it are told where to send their own metrics', async (t) => {
  const ownMetrics = { endpoint: 'http://metrics:4318/v1/metrics', headers: { 'x-key': new Secret('k') } }
  const world = await fleetWorld(t, { ownMetrics })
  const node = new Inhabitant(world, { capabilities: USUAL_CAPABILITIES | (1n << 6n) })
  await node.say()
  const { connectionSettings } = node.heard[0]!
  assert.equal(connectionSettings?.opamp, undefined)
  assert.deepEqual(connectionSettings?.ownMetrics, {
    destinationEndpoint: ownMetrics.endpoint,
    headers: { headers: [{ key: 'x-key', value: 'k' }] },
  })
})

testOnDatabases('a gateway that went to another controller is not noted as gone by the first', async (database, t) => {
  const clock = new ManualClock()
  const [here, there] = [await fleetWorld(t, { database, clock }), await fleetWorld(t, { database, clock })]
  const node = new Inhabitant(here)
  await node.say()
  await here.fleet.flush()
  clock.advance(1_000)
  const moved = new Inhabitant(there)
  Object.assign(moved, { agent: node.agent })
  await moved.say()
  await there.fleet.flush()
  node.close()
  await new Promise((resolve) => setImmediate(resolve))
  await here.fleet.flush()
  assert.equal((await shown(there)).online, true)
  moved.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await shown(there)).online, false)
  await Promise.all([here.fleet.close(), there.fleet.close()])
})

testOnDatabases(
  'requests of one agent that go to two controllers in turn are one conversation',
  async (database, t) => {
    const worlds = [await fleetWorld(t, { database }), await fleetWorld(t, { database })]
    for (const world of worlds) {
      await world.serve()
      world.live.set('default/default', configOf(1))
    }
    if (database.dialect === 'sqlite') return void (await Promise.all(worlds.map(closeButStore)))
    const agent = new FakeAgent({ uid: UID })
    for (let i = 0; i < 8; i++) {
      const world = worlds[i % 2]!
      agent.receive((await world.ask(agent.next())).reply)
      await world.fleet.flush()
      // Heartbeats are noted once a second; here the second is over at once.
      await database.db
        .updateTable('gateways')
        .set({ seq: String(i), last_seen_at: Date.now() + i })
        .execute()
    }
    await Promise.all(worlds.map(closeButStore))
    assert.equal(agent.fullStatesAskedFor, 0)
    assert.equal(agent.offers.length, 1)
  },
)

async function closeButStore(world: FleetWorld): Promise<void> {
  await world.stopServing()
  await world.fleet.close()
}
