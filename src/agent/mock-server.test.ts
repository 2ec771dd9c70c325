import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { type TestContext, test } from 'node:test'
import { ManualClock, systemClock } from '#std/clock.ts'
import { FakeNode, testFolder } from '#test/support/opamp-world.ts'
import { OpampAgent } from './opamp-agent.ts'

/** What the package gives that is needed here; it has no types. */
interface MockServer {
  endpoint: string
  start(): Promise<void>
  close(): Promise<void>
  setAgentConfigMap(map: object): void
  testGetRequests(): { a2s?: Sent; s2a?: object; err?: Error }[]
}
interface Sent {
  sequenceNum: bigint
  agentDescription?: object
  remoteConfigStatus?: { status: number; lastRemoteConfigHash: Uint8Array; errorMessage: string }
  agentDisconnect?: object
}
const { MockOpAMPServer } = createRequire(import.meta.url)('@elastic/mockopampserver')

async function peer(t: TestContext, options: object = {}): Promise<MockServer> {
  const server = new MockOpAMPServer({ logLevel: 'fatal', hostname: '127.0.0.1', port: 0, testMode: true, ...options })
  await server.start()
  t.after(() => server.close())
  return server
}

function start(t: TestContext, server: MockServer, dataDir = testFolder(t)) {
  const node = new FakeNode()
  const address = { endpoint: server.endpoint }
  const agent = new OpampAgent(node.options({ server: address, clock: systemClock, dataDir, heartbeatMs: 20 }))
  t.after(() => agent.close())
  agent.start()
  return { node, agent }
}

function configMap(text: string) {
  return { configMap: { 'streamgate.json': { body: Buffer.from(text), contentType: 'application/json' } } }
}

function sent(server: MockServer): Sent[] {
  return server.testGetRequests().flatMap(({ a2s }) => a2s ?? [])
}

async function until(is: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!is() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.ok(is())
}

test("Elastic's server offers a configuration; it is applied, reported, and applied anew when it changes", async (t) => {
  const server = await peer(t, { agentConfigMap: configMap('{"a":1}') })
  const { node, agent } = start(t, server)
  const reported = (status: number) => sent(server).filter((message) => message.remoteConfigStatus?.status === status)
  await until(() => reported(1).length === 1)
  assert.equal(node.applied.length, 1)
  server.setAgentConfigMap(configMap('{"a":2}'))
  await until(() => reported(1).length === 2)
  assert.match(node.applied[1]!, /streamgate\.json=\{"a":2\}$/)
  node.result = { status: 'failed', error: 'no' }
  server.setAgentConfigMap(configMap('{"a":3}'))
  await until(() => reported(3).length === 1)
  const count = sent(server).length
  await until(() => sent(server).length > count + 3)
  assert.equal(node.applied.length, 3, 'what failed is not tried again')
  await agent.close()
  assert.ok(sent(server).at(-1)?.agentDisconnect !== undefined)
  assert.equal(server.testGetRequests().filter(({ err }) => err !== undefined).length, 0)
  const numbers = sent(server).map(({ sequenceNum }) => Number(sequenceNum))
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i),
  )
})

test("after a restart Elastic's server is told what runs, and does not offer it again", async (t) => {
  const server = await peer(t, { agentConfigMap: configMap('{"a":1}') })
  const dataDir = testFolder(t)
  const { agent } = start(t, server, dataDir)
  await until(() => sent(server).some((message) => message.remoteConfigStatus?.status === 1))
  await agent.close()
  const before = sent(server).length
  const again = start(t, server, dataDir)
  await until(() => sent(server).length > before + 2)
  assert.equal(sent(server)[before]?.remoteConfigStatus?.status, 1)
  assert.deepEqual(again.node.applied, [])
})

for (const [badMode, busy] of [
  ['server_error_response_unavailable', 42],
  ['server_error_response_unknown', 30],
] as const) {
  test(`Elastic's server in its mode ${badMode} is left alone for ${busy} seconds`, async (t) => {
    const server = await peer(t, { badMode })
    const refused = Promise.withResolvers<void>()
    const log = { debug() {}, info() {}, error() {}, warn: () => refused.resolve() }
    const clock = new ManualClock()
    const options = { server: { endpoint: server.endpoint }, clock, log, random: () => 0 }
    const agent = new OpampAgent(new FakeNode().options(options))
    t.after(() => agent.close())
    agent.start()
    await refused.promise
    clock.advance(busy * 1000 - 1)
    assert.equal(sent(server).length, 1)
    assert.equal(agent.isConnected, false)
    clock.advance(1)
    await until(() => sent(server).length === 2)
    assert.ok(sent(server)[1]?.agentDescription !== undefined)
  })
}
