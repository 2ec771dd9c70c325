/** A node's own end of OpAMP and the fleet, in one process and over WebSockets. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { nodeHealth } from '#agent/health.ts'
import { Link, type LinkOptions, type NodeFacade } from '#agent/link.ts'
import { findGateways, gatewayBody } from '#control/fleet/views.ts'
import { silentLogger } from '#observe/log.ts'
import { systemClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { configOf, type FleetWorld, fleetWorld } from '#test/support/fleet.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'

const PATIENCE_MS = 15_000

interface Node {
  link: Link
  applied: string[]
  refusal: string | undefined
}

function startNode(t: TestContext, server: LinkOptions['server'], dataDir?: string): Node {
  const node: Node = { link: undefined as never, applied: [], refusal: undefined }
  let files: ReturnType<NodeFacade['effectiveConfig']> = new Map()
  const facade: NodeFacade = {
    async apply(offered, hash) {
      if (node.refusal !== undefined) return { status: 'failed', error: node.refusal }
      node.applied.push(hash)
      files = offered
      return { status: 'applied' }
    },
    effectiveConfig: () => files,
    stats: exampleStats,
    health: () => nodeHealth(exampleStats(), Date.now()),
    samples: () => [{ pipeline: 'p', from: 0, to: 1, seen: { records: 0, bytes: 0 }, records: [] }],
    kept: () => undefined,
    tap: (_selection, sink) => {
      queueMicrotask(() => sink({ records: [], skipped: 1 }))
      return { stop: () => undefined }
    },
  }
  node.link = new Link({
    server,
    description: { version: '1.0', id: 'edge-1' },
    dataDir,
    clock: systemClock,
    random: () => 0.1,
    log: silentLogger,
    node: facade,
  })
  t.after(() => node.link.close())
  node.link.start()
  return node
}

async function gatewayOf(world: FleetWorld) {
  await world.fleet.flush()
  const about = { db: world.context.db, fleet: world.fleet, org: 'default' }
  const row = await world.context.db.selectFrom('gateways').selectAll().executeTakeFirst()
  return row === undefined ? undefined : await gatewayBody(about, row)
}

async function until<T>(find: () => T | Promise<T>, isIt: (found: T) => unknown): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await find()
    if (isIt(found)) return found
    assert.ok(Date.now() < deadline, `it did not come to be: ${JSON.stringify(found)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a node in the process of the controller follows, refuses, tries again and shows its records', async (t) => {
  const world = await fleetWorld(t)
  world.live.set('default/default', configOf(1))
  const node = startNode(t, (peer) => world.fleet.connect(peer))
  const first = await until(
    () => gatewayOf(world),
    (gateway) => gateway?.states.effective?.matches === true,
  )
  assert.equal(first!.id, node.link.instanceUid)
  assert.equal(first!.product, 'streamgate')
  assert.equal(first!.drift, null)
  node.refusal = 'no such output'
  world.live.set('default/default', configOf(2))
  await world.fleet.published('default', 'default')
  const failed = await until(
    () => gatewayOf(world),
    (gateway) => gateway?.drift === 'failed',
  )
  assert.equal(failed!.attempts[0]!.error, 'no such output')
  const samples = await world.fleet.observers.requestSamples('default', 'default', 5_000)
  assert.deepEqual([samples.asked, samples.answered, samples.samples[0]?.windows.length], [1, 1, 1])
  let tapped = 0
  const stop = world.fleet.observers.tap('default', {}, { raw: false, per_second_max: 5 }, () => tapped++)!
  await until(
    () => tapped,
    (count) => count > 0,
  )
  stop()
  const found = await findGateways(
    { db: world.context.db, fleet: world.fleet, org: 'default' },
    { state: 'failed' },
    undefined,
    5,
  )
  assert.equal(found.length, 1)
})

test('over a WebSocket a node gives its token for a credential of its own', async (t) => {
  const world = await fleetWorld(t)
  world.live.set('default/default', configOf(1))
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-link-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { address } = await world.serve({ auth: 'required' })
  const token = new Secret(await world.token({ uses_max: 1 }))
  const node = startNode(t, { endpoint: address.replace('http', 'ws'), token }, folder)
  const gateway = await until(
    () => gatewayOf(world),
    (found) => found?.drift === null && found.online && found.connection_settings?.status === 'applied',
  )
  assert.equal(gateway!.credential, 'credential')
  assert.deepEqual(node.applied, [configOf(1).hash])
  assert.equal(gateway!.note, null)
})
