/** A node's agent and a fleet, each the real one, over the wire. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ServerAddress } from '#agent/connection.ts'
import { nodeHealth } from '#agent/health.ts'
import { Link } from '#agent/link.ts'
import type { ApplyResult } from '#agent/remote-config.ts'
import type { NodeStats } from '#contract/stats.ts'
import { loadGateway } from '#control/fleet/gateway-store.ts'
import { silentLogger } from '#observe/log.ts'
import { systemClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { configOf, type FleetWorld, fleetWorld } from '#test/support/fleet.ts'
import { testFolder } from '#test/support/opamp-world.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'

class TestNode {
  readonly applied: string[] = []
  result: ApplyResult = { status: 'applied' }
  taps = 0
  link: Link
  constructor(t: TestContext, server: ServerAddress, dataDir: string) {
    this.link = new Link({
      server,
      description: { version: '1.2.3', id: 'node-1', labels: { site: 'b' } },
      dataDir,
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      heartbeatMs: 50,
      node: {
        apply: async (files) => {
          this.applied.push([...files].map(([name, { body }]) => `${name}=${Buffer.from(body)}`).join())
          return this.result
        },
        effectiveConfig: () => new Map(),
        stats: exampleStats,
        health: () => nodeHealth(exampleStats(), systemClock.wall()),
        samples: () => [],
        kept: () => undefined,
        tap: (_selection, sink) => {
          this.taps++
          sink({ records: [], skipped: 3 })
          return { stop: () => this.taps-- }
        },
      },
    })
    t.after(() => this.link.close())
    this.link.start()
  }
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8000
  while (!(await is())) {
    assert.ok(performance.now() < deadline, 'it did not come')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function reported(world: FleetWorld, uid: string) {
  await world.fleet.flush()
  return (await loadGateway(world.context.db, 'default', uid))?.gateway
}

for (const scheme of ['ws', 'http'] as const) {
  test(`${scheme}: a node joins by a token, gets a credential of its own, what is published, and says what became of it`, async (t) => {
    // Over plain HTTP the interval is how often a node asks.
    const world = await fleetWorld(t, { heartbeatMs: 1000 })
    const { address } = await world.serve({ auth: 'required' })
    world.live.set('default/default', configOf(1))
    const books: NodeStats[] = []
    world.fleet.observers.onStats(({ stats }) => void books.push(stats))
    const token = new Secret(await world.token({ uses_max: 1 }))
    const server = { endpoint: address.replace(/^http/, scheme), token }
    const dataDir = testFolder(t)
    const first = new TestNode(t, server, dataDir)
    const uid = first.link.instanceUid
    await until(async () => (await reported(world, uid))?.reported?.status === 1)
    assert.equal(first.applied.length, 1)
    await until(async () => (await reported(world, uid))?.holder.startsWith('credential:') === true)
    await until(() => books.length > 0)
    // A version that is refused is offered once.
    first.result = { status: 'failed', error: 'no' }
    world.live.set('default/default', configOf(2))
    await world.fleet.published('default', 'default')
    await until(async () => (await reported(world, uid))?.reported?.status === 3)
    const row = await reported(world, uid)
    assert.equal(row?.reported?.error, 'no')
    assert.equal(first.applied.length, 2)
    // The node comes back with its own credential: the token has no uses left.
    await first.link.close()
    const again = new TestNode(t, server, dataDir)
    await until(() => again.link.isConnected)
    assert.equal(again.link.instanceUid, uid)
    world.live.set('default/default', configOf(3))
    await world.fleet.published('default', 'default')
    await until(() => again.applied.length === 1)
    await until(async () => (await reported(world, uid))?.reported?.hash === configOf(3).hash)
    await until(async () => (await reported(world, uid))?.reported?.status === 1)
  })
}

test('a tap goes through', async (t) => {
  const world = await fleetWorld(t)
  const { address } = await world.serve()
  const node = new TestNode(t, { endpoint: address.replace(/^http/, 'ws') }, testFolder(t))
  await until(async () => (await reported(world, node.link.instanceUid)) !== undefined && node.link.isConnected)
  const seen: number[] = []
  await until(() => world.fleet.size === 1)
  const stop = world.fleet.observers.tap(
    'default',
    {},
    { raw: false, per_second_max: 1 },
    ({ skipped }) => void seen.push(skipped),
  )
  assert.ok(stop !== undefined)
  await until(() => seen.length > 0)
  assert.deepEqual(seen, [3])
  assert.equal(node.taps, 1)
  stop()
  await until(() => node.taps === 0)
})
