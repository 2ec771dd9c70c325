import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AgentCapability, SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import {
  ALL_SERVER_CAPABILITIES,
  CAPABILITY,
  FakeNode,
  healthOf,
  MemoryWorld,
  offer,
  testFolder,
} from '#test/support/opamp-world.ts'
import { HEALTH_MS, HEARTBEAT_MS, SPACING_MS } from './agent-options.ts'
import { OpampAgent } from './opamp-agent.ts'

const { applied, applying, failed } = SettingsStatus

/** Members that are there beside the four of every message. */
function told(message: AgentToServer | undefined): string[] {
  const always = ['instanceUid', 'sequenceNum', 'capabilities', 'flags']
  return Object.keys(message ?? {})
    .filter((name) => !always.includes(name))
    .sort()
}

function statuses(sent: AgentToServer[]): number[] {
  return sent.flatMap(({ remoteConfigStatus }) => remoteConfigStatus?.status ?? [])
}

test('the first message tells everything; the next ones only what has changed', async (t) => {
  const world = new MemoryWorld(t)
  const [first, ...others] = await world.start()
  assert.deepEqual(others, [])
  assert.deepEqual(told(first), [
    'agentDescription',
    'customCapabilities',
    'effectiveConfig',
    'health',
    'remoteConfigStatus',
  ])
  assert.equal(first?.instanceUid.length, 16)
  assert.equal((first?.instanceUid[6] ?? 0) >> 4, 7)
  assert.ok((first!.capabilities & AgentCapability.reportsStatus) !== 0n)
  const attributes = first?.agentDescription?.identifyingAttributes.map(({ key, value }) => [key, value])
  assert.deepEqual(attributes?.[0], ['service.name', { kind: 'string', value: 'streamgate' }])
  assert.equal(world.agent.isConnected, false)
  assert.deepEqual(await world.say({ capabilities: ALL_SERVER_CAPABILITIES }), [])
  assert.equal(world.agent.isConnected, true)
  const [heartbeat] = await world.pass(HEARTBEAT_MS)
  assert.deepEqual(told(heartbeat), [])
  assert.equal(heartbeat?.sequenceNum, first!.sequenceNum + 1n)
})

test('an answer that changes nothing is not answered', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  for (let i = 0; i < 5; i++) assert.deepEqual(await world.say({ capabilities: ALL_SERVER_CAPABILITIES }), [])
})

test('health is told when it changes, and not when only its time does', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  await world.say({})
  world.node.health = healthOf({ statusTimeUnixNano: 99n })
  assert.deepEqual(await world.pass(HEALTH_MS), [])
  world.node.health = healthOf({ componentHealthMap: new Map([['out', healthOf({ healthy: false, lastError: 'x' })]]) })
  const [message] = await world.pass(HEALTH_MS)
  assert.deepEqual(told(message), ['health'])
  assert.equal(message?.health?.componentHealthMap.get('out')?.lastError, 'x')
})

test('a server that asks for everything gets it, and one that always asks gets it now and then', async (t) => {
  const world = new MemoryWorld(t)
  const [first] = await world.start()
  const [again] = await world.say({ flags: 1n })
  assert.deepEqual(told(again), told(first))
  for (let i = 0; i < 10; i++) assert.deepEqual(await world.say({ flags: 1n }), [])
  const later = await world.pass(SPACING_MS)
  assert.equal(later.length, 1)
  assert.deepEqual(told(later[0]), told(first))
})

test('a configuration is applied and reported, first as being applied', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  const sent = await world.say(offer('aa'))
  assert.deepEqual(world.node.applied, ['aa:streamgate.json=config aa'])
  assert.deepEqual(statuses(sent), [applying, applied])
  assert.deepEqual(sent.at(-1)?.remoteConfigStatus?.lastRemoteConfigHash, new Uint8Array([0xaa]))
  assert.ok(sent.at(-1)?.effectiveConfig !== undefined)
  assert.deepEqual(await world.say(offer('aa')), [], 'it runs already')
  assert.equal(world.node.applied.length, 1)
})

test('of configurations that come while one is applied only the newest is applied', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  world.node.held = Promise.withResolvers<void>()
  await world.say(offer('aa'))
  for (const hash of ['b1', 'b2', 'aa', 'b3', 'b3']) await world.say(offer(hash))
  world.node.held.resolve()
  await world.sent()
  assert.deepEqual(
    world.node.applied.map((text) => text.slice(0, 2)),
    ['aa', 'b3'],
  )
})

test('one that fails is reported and not tried again, however often a server that looks only at the status offers it', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  world.node.result = { status: 'failed', error: 'rules[0]: nonsense' }
  const sent = await world.say(offer('bb'))
  assert.deepEqual(statuses(sent), [applying, failed])
  assert.equal(sent.at(-1)?.remoteConfigStatus?.errorMessage, 'rules[0]: nonsense')
  for (let i = 0; i < 20; i++) assert.deepEqual(await world.say(offer('bb')), [])
  assert.equal(world.node.applied.length, 1)
  // A server that has taken note of the failure and offers it again means it.
  await world.say({})
  world.node.result = { status: 'applied' }
  assert.deepEqual(statuses(await world.say(offer('bb'))), [applying, applied])
  assert.equal(world.node.applied.length, 2)
})

test('a callback that throws is a failure', async (t) => {
  const applyRemoteConfig = async () => {
    throw new Error('it broke')
  }
  const world = new MemoryWorld(t, { applyRemoteConfig })
  await world.start()
  const sent = await world.say(offer('cc'))
  assert.equal(sent.at(-1)?.remoteConfigStatus?.errorMessage, 'it broke')
})

test('after a restart it is the same agent, and reports what it had applied', async (t) => {
  const dataDir = testFolder(t)
  const before = new MemoryWorld(t, { dataDir })
  await before.start()
  await before.say(offer('aa'))
  await before.agent.close()
  const file = join(dataDir, 'opamp-agent.json')
  assert.equal(statSync(file).mode & 0o077, 0)
  assert.deepEqual(readdirSync(dataDir), ['opamp-agent.json'])
  const after = new MemoryWorld(t, { dataDir })
  assert.equal(after.agent.instanceUid, before.agent.instanceUid)
  const [first] = await after.start()
  assert.equal(first?.remoteConfigStatus?.status, applied)
  assert.deepEqual(first?.remoteConfigStatus?.lastRemoteConfigHash, new Uint8Array([0xaa]))
  after.agent.forgetRemoteConfig()
  assert.equal((await after.sent())[0]?.remoteConfigStatus?.lastRemoteConfigHash.length, 0)
})

test('a configuration that the node ended under is tried again, and has failed when it ends there each time', async (t) => {
  const dataDir = testFolder(t)
  const ends = async () => {
    const world = new MemoryWorld(t, { dataDir })
    const [first] = await world.start()
    world.node.held = Promise.withResolvers<void>()
    await world.say(offer('dd'))
    return { said: first?.remoteConfigStatus, tried: world.node.applied.length }
  }
  for (let i = 0; i < 3; i++) {
    const { said, tried } = await ends()
    assert.deepEqual([said?.status, said?.lastRemoteConfigHash.length, tried], [0, 0, 1])
  }
  const after = new MemoryWorld(t, { dataDir })
  const [first] = await after.start()
  assert.equal(first?.remoteConfigStatus?.status, failed)
  assert.match(first?.remoteConfigStatus?.errorMessage ?? '', /ended 3 times/)
  after.agent.forgetRemoteConfig()
  assert.deepEqual(await after.say(offer('dd')), [])
  assert.deepEqual(after.node.applied, [])
  // Somebody wants another try, and it works.
  await after.say({})
  assert.deepEqual(statuses(await after.say(offer('dd'))), [applying, applied])
})

test('what was interrupted once and then applied counts from the beginning', async (t) => {
  const dataDir = testFolder(t)
  for (let i = 0; i < 4; i++) {
    const before = new MemoryWorld(t, { dataDir })
    await before.start()
    before.node.held = Promise.withResolvers<void>()
    await before.say(offer('dd'))
    const after = new MemoryWorld(t, { dataDir })
    await after.start()
    assert.deepEqual(statuses(await after.say(offer('dd'))), [applying, applied])
    await after.say(offer('aa'))
    await after.agent.close()
  }
})

test('another try that was asked for while the node was away is made', async (t) => {
  const dataDir = testFolder(t)
  const before = new MemoryWorld(t, { dataDir })
  before.node.result = { status: 'failed', error: 'no' }
  await before.start()
  await before.say(offer('ee'))
  await before.agent.close()
  const after = new MemoryWorld(t, { dataDir })
  await after.start()
  assert.deepEqual(statuses(await after.say(offer('ee'))), [applying, applied])
})

test('a file that is damaged is a warning and a new start', async (t) => {
  const dataDir = testFolder(t)
  const file = join(dataDir, 'opamp-agent.json')
  for (const text of ['{"version":1,"instance_', '{"version":1,"instance_uid":"../../etc"}', '[]', '']) {
    writeFileSync(file, text)
    const node = new FakeNode()
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) }
    const agent = new OpampAgent(node.options({ dataDir, log }))
    assert.equal(warnings.length, 1)
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).instance_uid, agent.instanceUid)
  }
})

test('what was told and not answered is told again when the connection was lost', async (t) => {
  const world = new MemoryWorld(t)
  const [first] = await world.start()
  world.peer?.closed('gone')
  await world.sent()
  const [again] = await world.pass(1000)
  assert.deepEqual(told(again), told(first))
  assert.equal(again?.sequenceNum, first!.sequenceNum + 1n)
  await world.say({})
  world.peer?.closed('gone')
  await world.sent()
  const [third] = await world.pass(1000)
  assert.deepEqual(told(third), [], 'all of it was answered')
  assert.equal(world.connections, 3)
})

test('a server that is away is asked again, later and later, and the node lives on', async (t) => {
  const world = new MemoryWorld(t)
  world.isAway = true
  await world.start()
  for (let i = 0; i < 100; i++) await world.pass(10_000)
  world.isAway = false
  const sent = await world.pass(60_000)
  assert.equal(told(sent[0]).length, 5)
})

test('a busy server is left alone for as long as it says', async (t) => {
  const world = new MemoryWorld(t)
  const [first] = await world.start()
  const busy = {
    errorResponse: { type: 2, errorMessage: 'busy', retryInfo: { retryAfterNanoseconds: 42_000_000_000n } },
  }
  assert.deepEqual(await world.say(busy), [])
  assert.deepEqual(await world.pass(41_999), [])
  const [again] = await world.pass(0.2 * 42_000 + 1)
  assert.deepEqual(told(again), told(first))
  assert.deepEqual(await world.say({ errorResponse: { type: 2, errorMessage: 'busy' } }), [])
  assert.deepEqual(await world.pass(29_999), [])
})

test('what the server calls bad is not sent again', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  assert.deepEqual(await world.say({ errorResponse: { type: 1, errorMessage: 'bad' } }), [])
  const [heartbeat] = await world.pass(HEARTBEAT_MS)
  assert.deepEqual(told(heartbeat), [])
})

test('parts beside an error or a command are not taken', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  await world.say({ ...offer('aa'), errorResponse: { type: 1, errorMessage: 'bad' } })
  await world.say({ ...offer('aa'), command: { type: 0 } })
  assert.deepEqual(world.node.applied, [])
  assert.equal(world.node.restarts, 1)
  await world.say({ command: { type: 0 } })
  await world.say({ command: { type: 7 } })
  assert.equal(world.node.restarts, 1)
})

test('another id is kept, and everything is told under it; a server that always gives another is not followed', async (t) => {
  const dataDir = testFolder(t)
  const world = new MemoryWorld(t, { dataDir })
  await world.start()
  const uid = (byte: number) => ({ agentIdentification: { newInstanceUid: new Uint8Array(16).fill(byte) } })
  const [message] = await world.say(uid(7))
  assert.equal(message?.instanceUid[0], 7)
  assert.equal(told(message).length, 5)
  assert.equal(
    JSON.parse(readFileSync(join(dataDir, 'opamp-agent.json'), 'utf8')).instance_uid,
    world.agent.instanceUid,
  )
  assert.deepEqual(await world.say(uid(7)), [])
  for (let i = 8; i < 20; i++) assert.deepEqual(await world.say(uid(i)), [])
  assert.deepEqual(await world.say({ agentIdentification: { newInstanceUid: new Uint8Array(3) } }), [])
  assert.equal(world.agent.instanceUid.startsWith('07070707-'), true)
})

test('messages for another agent are passed by', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  await world.say({ ...offer('aa'), instanceUid: new Uint8Array(16).fill(9) })
  assert.deepEqual(world.node.applied, [])
})

test('components are told by their hash, and whole when asked', async (t) => {
  const details = { metadata: [], subComponentMap: new Map() }
  const world = new MemoryWorld(t, {
    components: new Map([
      ['b', details],
      ['a', details],
    ]),
  })
  const [first] = await world.start()
  assert.equal(first?.availableComponents?.components.size, 0)
  assert.equal(first?.availableComponents?.hash.length, 32)
  const [whole] = await world.say({ flags: 2n })
  assert.deepEqual(told(whole), ['availableComponents'])
  assert.deepEqual([...(whole?.availableComponents?.components.keys() ?? [])], ['a', 'b'])
  assert.deepEqual(whole?.availableComponents?.hash, first?.availableComponents?.hash)
})

test('custom messages wait until the server has said that it speaks them', async (t) => {
  const world = new MemoryWorld(t)
  const letter = (text: string) => ({ type: 'stats', key: 'stats', data: Buffer.from(text), expendable: false })
  world.agent.sendCustom(letter('1'))
  world.agent.sendCustom(letter('2'))
  const sent = await world.start()
  assert.equal(sent[0]?.customMessage, undefined)
  const answers = await world.say({ customCapabilities: { capabilities: [CAPABILITY] } })
  assert.deepEqual(
    answers.map(({ customMessage }) => `${customMessage?.capability} ${Buffer.from(customMessage?.data ?? [])}`),
    [`${CAPABILITY} 2`],
  )
  await world.say({ customMessage: { capability: CAPABILITY, type: 'samples', data: Buffer.from('x') } })
  await world.say({ customMessage: { capability: 'com.else', type: 'samples', data: Buffer.from('y') } })
  assert.deepEqual(world.node.custom, ['samples x'])
})

test('what the server does not take is not sent', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  const [message] = await world.say({ capabilities: 3n, flags: 1n })
  assert.equal(message?.effectiveConfig, undefined)
  assert.ok(message?.health !== undefined)
})

test('at the end it says goodbye, and nothing more', async (t) => {
  const world = new MemoryWorld(t)
  await world.start()
  await world.agent.close()
  const sent = await world.sent()
  assert.ok(sent.at(-1)?.agentDisconnect !== undefined)
  assert.equal(world.closed, 1)
  world.agent.changed('health')
  assert.deepEqual(await world.pass(120_000), [])
  assert.equal(world.clock.nextAt, undefined, 'no timer is left')
})
