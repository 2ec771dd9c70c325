import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type { OpampConnectionSettings, ServerToAgent } from '#codecs/opamp/messages.ts'
import { systemClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { OpampServer } from '#test/support/opamp-server.ts'
import { CAPABILITY, FakeNode, offer, testFolder } from '#test/support/opamp-world.ts'
import type { OpampAgentOptions } from './agent-options.ts'
import type { ServerAddress } from './connection.ts'
import { OpampAgent } from './opamp-agent.ts'

const { applied, applying, failed } = SettingsStatus

function start(t: TestContext, server: ServerAddress, rest: Partial<OpampAgentOptions> = {}) {
  const node = new FakeNode()
  const agent = new OpampAgent(node.options({ server, clock: systemClock, random: () => 0.01, ...rest }))
  t.after(() => agent.close())
  agent.start()
  return { node, agent }
}

function statuses(server: OpampServer): number[] {
  return server.calls.flatMap(({ message }) => message.remoteConfigStatus?.status ?? [])
}

for (const scheme of ['ws', 'http'] as const) {
  test(`${scheme}: shows its token and its id, is given a configuration, reports it, says goodbye`, async (t) => {
    await using server = await OpampServer.start()
    let offered = false
    server.answer = () => {
      if (offered) return {}
      offered = true
      return { capabilities: 0x7fn, ...offer('aa', 'x'.repeat(100_000)) }
    }
    const { agent, node } = start(t, { endpoint: server.endpoint(scheme), token: new Secret('let me in') })
    await server.until(() => statuses(server).includes(applied))
    assert.deepEqual(statuses(server), [0, applying, applied])
    assert.equal(node.applied.length, 1)
    assert.equal(server.calls[0]?.headers.authorization, 'Bearer let me in')
    assert.equal(server.calls[0]?.headers['opamp-instance-uid'], agent.instanceUid)
    const numbers = server.calls.map(({ message }) => Number(message.sequenceNum))
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i),
    )
    await agent.close()
    await server.until(() => server.calls.at(-1)?.message.agentDisconnect !== undefined)
    assert.equal(agent.isConnected, false)
  })

  test(`${scheme}: a server that is busy is left alone as long as it says, and nothing is lost`, async (t) => {
    await using server = await OpampServer.start()
    const refused: number[] = []
    server.gate = () => {
      refused.push(performance.now())
      return refused.length === 1 ? { status: 503, retryAfter: '1' } : undefined
    }
    start(t, { endpoint: server.endpoint(scheme) })
    await server.until(() => server.calls.length === 1)
    assert.ok(refused[1]! - refused[0]! >= 1000, `came again after ${refused[1]! - refused[0]!} ms`)
    assert.ok(server.calls[0]?.message.agentDescription !== undefined)
    assert.equal(server.calls[0]?.message.sequenceNum, 0n)
  })
}

test('ws: a connection that breaks is made again; the numbers go on, and what was answered is not told again', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = start(t, { endpoint: server.endpoint('ws') })
  await server.until(() => server.calls.length === 1)
  server.say({})
  await untilConnected(agent)
  server.cut()
  await server.until(() => server.calls.length === 2)
  assert.equal(server.calls[1]?.message.sequenceNum, 1n)
  assert.equal(server.calls[1]?.message.agentDescription, undefined)
})

test('ws: a server that was restarted and knows nothing asks for everything and gets it', async (t) => {
  const first = await OpampServer.start()
  const { port } = first
  const { agent } = start(t, { endpoint: first.endpoint('ws') })
  await untilConnected(agent)
  await first[Symbol.asyncDispose]()
  await using second = await OpampServer.start({ port })
  const known = new Set<string>()
  second.answer = ({ message }) => {
    if (message.agentDescription !== undefined) known.add('agent')
    return known.has('agent') ? {} : { flags: 1n, capabilities: 0x7fn }
  }
  await second.until(() => known.has('agent'))
  assert.equal(second.calls.length, 2)
})

test('ws: answers that come twice, late or never do no harm', async (t) => {
  await using server = await OpampServer.start()
  let count = 0
  server.answer = () => (count++ % 3 === 0 ? undefined : { capabilities: 0x7fn })
  const { node } = start(t, { endpoint: server.endpoint('ws') })
  await server.until(() => server.calls.length === 1)
  for (const hash of ['a1', 'a1', 'a2', 'a2', 'a2', 'a1', 'a3', 'a3']) server.say(offer(hash))
  const isLast = () => {
    const last = server.calls.findLast(({ message }) => message.remoteConfigStatus !== undefined)
    const { status, lastRemoteConfigHash } = last!.message.remoteConfigStatus!
    return status === applied && lastRemoteConfigHash[0] === 0xa3
  }
  await server.until(isLast)
  const hashes = node.applied.map((text) => text.slice(0, 2))
  assert.equal(hashes.at(-1), 'a3', 'the newest that was said runs')
  assert.ok(hashes.every((hash, i) => hash !== hashes[i - 1]))
})

test('ws: what is no message is passed by, and the connection stays', async (t) => {
  await using server = await OpampServer.start()
  const warnings: string[] = []
  const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) }
  const { node } = start(t, { endpoint: server.endpoint('ws') }, { log })
  await server.until(() => server.calls.length === 1)
  server.sayBytes('text')
  server.sayBytes(Buffer.from([0x01, 0x0a]))
  server.sayBytes(Buffer.from([0x00, 0x0a, 0xff]))
  server.say(offer('aa'))
  await server.until(() => statuses(server).includes(applied))
  assert.equal(node.applied.length, 1)
  assert.equal(warnings.length, 3)
  assert.equal(server.connections, 1)
})

test('ws: a message of more than 64 MiB ends the connection, and not the agent', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = start(t, { endpoint: server.endpoint('ws') })
  await server.until(() => server.calls.length === 1)
  server.sayBytes(Buffer.alloc(64 * 1024 * 1024 + 1))
  await server.until(() => server.connections === 2)
  await untilConnected(agent)
})

test('a server that asks for a certificate gets it, over both', async (t) => {
  const tls = { cert: serverCertificate, key: serverKey, ca: authority, requestCert: true, rejectUnauthorized: true }
  for (const scheme of ['ws', 'http'] as const) {
    await using server = await OpampServer.start({ tls })
    const shown = { ca: authority, cert: clientCertificate, key: new Secret(clientKey), serverName: 'server.test' }
    const { agent } = start(t, { endpoint: server.endpoint(scheme), tls: shown })
    await server.until(() => server.calls.length >= 1)
    await agent.close()
  }
})

test('a certificate that is not for the server is not trusted', async (t) => {
  await using server = await OpampServer.start({ tls: { cert: serverCertificate, key: serverKey } })
  for (const scheme of ['ws', 'http'] as const) {
    const said = Promise.withResolvers<string>()
    const warn = (fields: object) => said.resolve(JSON.stringify(fields))
    const log = { debug() {}, info() {}, error() {}, warn }
    const { agent } = start(t, { endpoint: server.endpoint(scheme), tls: { ca: authority } }, { log })
    assert.match(await said.promise, /altnames|IP:/i)
    await agent.close()
  }
  assert.equal(server.calls.length, 0)
})

// ─── Connection settings ──────────────────────────────────────────────────────────────────────────────────────────────

function settings(hash: number, opamp: Partial<OpampConnectionSettings>): Partial<ServerToAgent> {
  const complete = { destinationEndpoint: '', heartbeatIntervalSeconds: 30n, ...opamp }
  return { connectionSettings: { hash: new Uint8Array([hash]), opamp: complete, otherConnections: new Map() } }
}

function bearer(token: string) {
  return { headers: { headers: [{ key: 'authorization', value: `Bearer ${token}` }] } }
}

function settingsStatuses(server: OpampServer): [number, number | undefined, string][] {
  return server.calls.flatMap(({ message: { connectionSettingsStatus: status } }) =>
    status === undefined ? [] : [[status.status, status.lastConnectionSettingsHash[0], status.errorMessage]],
  )
}

for (const scheme of ['ws', 'http'] as const) {
  test(`${scheme}: a token is rotated: told, tried, kept, and used after a restart`, async (t) => {
    await using server = await OpampServer.start()
    const dataDir = testFolder(t)
    const address = { endpoint: server.endpoint(scheme), token: new Secret('old') }
    server.answer = ({ headers }) =>
      headers.authorization === 'Bearer old'
        ? { capabilities: 0x7fn, ...settings(1, { destinationEndpoint: server.endpoint(scheme), ...bearer('new') }) }
        : {}
    const { agent } = start(t, address, { dataDir })
    await server.until(() => settingsStatuses(server).some(([status]) => status === applied))
    const order = settingsStatuses(server).map(([status]) => status)
    assert.deepEqual(
      order.filter((status, i) => status !== order[i - 1]),
      [0, applying, applied],
    )
    assert.equal(server.calls.at(-1)?.headers.authorization, 'Bearer new')
    const goodbye = server.calls.find(({ message }) => message.agentDisconnect !== undefined)
    assert.equal(goodbye?.headers.authorization, 'Bearer old', 'it leaves before it comes again')
    await agent.close()
    const before = server.calls.length
    const again = start(t, address, { dataDir })
    await server.until(() => server.calls.length > before)
    assert.equal(server.calls[before]?.headers.authorization, 'Bearer new')
    await again.agent.close()
    // Whoever changes the options has the last word.
    const token = new Secret('newest')
    start(t, { ...address, token }, { dataDir })
    await server.until(() => server.calls.at(-1)?.headers.authorization === 'Bearer newest')
  })

  test(`${scheme}: settings that do not work are reverted and reported, and not tried again`, async (t) => {
    await using server = await OpampServer.start()
    server.gate = ({ authorization }) => (authorization === 'Bearer wrong' ? { status: 401 } : undefined)
    server.answer = () => ({
      capabilities: 0x7fn,
      ...settings(2, { destinationEndpoint: server.endpoint(scheme), ...bearer('wrong') }),
    })
    const address = { endpoint: server.endpoint(scheme), token: new Secret('old') }
    const { agent } = start(t, address, { dataDir: testFolder(t) })
    await server.until(() => settingsStatuses(server).some(([status]) => status === failed))
    const [status, hash, error] = settingsStatuses(server).at(-1)!
    assert.deepEqual([status, hash, error], [failed, 2, 'the server answered with status 401'])
    assert.equal(server.calls.at(-1)?.headers.authorization, 'Bearer old')
    await untilConnected(agent)
    const { connections } = server
    server.say(settings(2, { destinationEndpoint: server.endpoint(scheme), ...bearer('wrong') }))
    agent.changed('health')
    const seen = server.calls.length
    await server.until(() => server.calls.length > seen)
    assert.equal(server.connections, connections)
  })
}

test('an offer that cannot be followed is refused without leaving', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = start(t, { endpoint: server.endpoint('ws') }, { dataDir: testFolder(t) })
  await untilConnected(agent)
  const tls = {
    caPemContents: '',
    includeSystemCaCertsPool: false,
    insecureSkipVerify: true,
    minVersion: '',
    maxVersion: '',
    cipherSuites: [],
  }
  const empty = new Uint8Array(0)
  const offers: [Partial<OpampConnectionSettings>, RegExp][] = [
    [{ destinationEndpoint: '' }, /none of ws/],
    [{ destinationEndpoint: 'ftp://example.test' }, /none of ws/],
    [{ proxy: { url: 'http://proxy' } }, /proxies/],
    [{ tls }, /insecure_skip_verify/],
    [{ certificate: { cert: Buffer.from('no'), privateKey: empty, caCert: empty } }, /certificate cannot be used/],
  ]
  for (const [i, [opamp, reason]] of offers.entries()) {
    server.say(settings(100 + i, { destinationEndpoint: server.endpoint('ws'), ...opamp }))
    await server.until(() => settingsStatuses(server).at(-1)?.[1] === 100 + i)
    assert.equal(settingsStatuses(server).at(-1)?.[0], failed)
    assert.match(settingsStatuses(server).at(-1)![2], reason)
  }
  assert.equal(server.connections, 1)
})

test('another heartbeat alone needs no new connection, and 0 ends it', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = start(t, { endpoint: server.endpoint('ws') }, { dataDir: testFolder(t) })
  await untilConnected(agent)
  server.say(settings(1, { destinationEndpoint: server.endpoint('ws'), heartbeatIntervalSeconds: 1n }))
  await server.until(() => settingsStatuses(server).at(-1)?.[0] === applied)
  const before = server.calls.length
  await server.until(() => server.calls.length === before + 1)
  server.say(settings(2, { destinationEndpoint: server.endpoint('ws'), heartbeatIntervalSeconds: 0n }))
  await server.until(() => settingsStatuses(server).at(-1)?.[1] === 2)
  assert.equal((server.calls.at(-1)?.message.capabilities ?? 0n) & 0x2000n, 0n, 'it says so')
  assert.equal(server.connections, 1)
})

test('without a data directory settings are not accepted, and it says so', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = start(t, { endpoint: server.endpoint('ws') })
  await untilConnected(agent)
  assert.equal(server.calls[0]!.message.capabilities & 0x8100n, 0n)
  server.say(settings(1, { destinationEndpoint: server.endpoint('ws'), ...bearer('new') }))
  server.say({ customCapabilities: { capabilities: [CAPABILITY] } })
  agent.sendCustom({ type: 'stats', data: Buffer.from('{}'), expendable: false })
  await server.until(() => server.calls.at(-1)?.message.customMessage !== undefined)
  assert.equal(server.connections, 1)
})

test('where to send its own metrics is handed on, and known after a restart', async (t) => {
  await using server = await OpampServer.start()
  const dataDir = testFolder(t)
  const seen: string[] = []
  const options = { dataDir, ownMetrics: (own: { endpoint: string }) => void seen.push(own.endpoint) }
  const ownMetrics = { destinationEndpoint: 'https://otlp.test/v1/metrics' }
  server.answer = () => ({
    capabilities: 0x7fn,
    connectionSettings: { hash: new Uint8Array([5]), ownMetrics, otherConnections: new Map() },
  })
  const { agent } = start(t, { endpoint: server.endpoint('ws') }, options)
  await server.until(() => settingsStatuses(server).some(([status]) => status === applied))
  await agent.close()
  start(t, { endpoint: server.endpoint('ws') }, options)
  assert.deepEqual(seen, ['https://otlp.test/v1/metrics', 'https://otlp.test/v1/metrics'])
})

/** The agent has had an answer. */
async function untilConnected(agent: OpampAgent): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!agent.isConnected && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.ok(agent.isConnected)
}
