import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type { OpampConnectionSettings, ServerToAgent } from '#codecs/opamp/messages.ts'
import { Secret } from '#std/secret.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { OpampServer } from '#test/support/opamp-server.ts'
import { CAPABILITY, startAgent, testFolder, untilConnected } from '#test/support/opamp-world.ts'

const { applied, applying, failed } = SettingsStatus

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
    const { agent } = startAgent(t, address, { dataDir })
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
    const again = startAgent(t, address, { dataDir })
    await server.until(() => server.calls.length > before)
    assert.equal(server.calls[before]?.headers.authorization, 'Bearer new')
    await again.agent.close()
    // A registration token has done its work: operators take it away.
    const count = server.calls.length
    const without = startAgent(t, { endpoint: address.endpoint }, { dataDir })
    await server.until(() => server.calls.length > count)
    assert.equal(server.calls[count]?.headers.authorization, 'Bearer new')
    await without.agent.close()
    // Whoever changes the options has the last word.
    const token = new Secret('newest')
    startAgent(t, { ...address, token }, { dataDir })
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
    const { agent } = startAgent(t, address, { dataDir: testFolder(t) })
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
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') }, { dataDir: testFolder(t) })
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
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') }, { dataDir: testFolder(t) })
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
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') })
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
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') }, options)
  await server.until(() => settingsStatuses(server).some(([status]) => status === applied))
  await agent.close()
  startAgent(t, { endpoint: server.endpoint('ws') }, options)
  assert.deepEqual(seen, ['https://otlp.test/v1/metrics', 'https://otlp.test/v1/metrics'])
})

test('settings that were being tried when the node ended are tried again', async (t) => {
  await using server = await OpampServer.start()
  const dataDir = testFolder(t)
  const address = { endpoint: server.endpoint('ws'), token: new Secret('old') }
  const first = startAgent(t, address, { dataDir })
  await untilConnected(first.agent)
  await first.agent.close()
  const file = join(dataDir, 'opamp-agent.json')
  const state = JSON.parse(readFileSync(file, 'utf8'))
  const candidate = { endpoint: address.endpoint, headers: { authorization: 'Bearer new' }, heartbeat_s: 30 }
  writeFileSync(
    file,
    JSON.stringify({ ...state, candidate, connection_settings: { hash: '07', status: 2, error: '' } }),
  )
  startAgent(t, address, { dataDir })
  await server.until(() => settingsStatuses(server).at(-1)?.[0] === applied)
  assert.equal(server.calls.at(-1)?.headers.authorization, 'Bearer new')
  assert.equal(settingsStatuses(server).at(-1)?.[1], 7)
})

test('a client certificate is rotated', async (t) => {
  const tls = { cert: serverCertificate, key: serverKey, ca: authority, requestCert: true, rejectUnauthorized: false }
  await using server = await OpampServer.start({ tls })
  const dataDir = testFolder(t)
  const address = { endpoint: server.endpoint('ws'), tls: { ca: authority, serverName: 'server.test' } }
  const { agent } = startAgent(t, address, { dataDir })
  await untilConnected(agent)
  const certificate = {
    cert: Buffer.from(clientCertificate),
    privateKey: Buffer.from(clientKey),
    caCert: Buffer.alloc(0),
  }
  server.say(settings(1, { destinationEndpoint: server.endpoint('ws'), certificate }))
  await server.until(() => settingsStatuses(server).at(-1)?.[0] === applied)
  assert.equal(server.connections, 2)
  const mismatched = { ...certificate, privateKey: Buffer.from(serverKey) }
  server.say(settings(2, { destinationEndpoint: server.endpoint('ws'), certificate: mismatched }))
  await server.until(() => settingsStatuses(server).at(-1)?.[1] === 2)
  assert.equal(settingsStatuses(server).at(-1)?.[0], failed)
  const leaving = { destinationEndpoint: server.endpoint('ws').replace('wss:', 'ws:') }
  server.say(settings(3, leaving))
  await server.until(() => settingsStatuses(server).at(-1)?.[1] === 3)
  assert.equal(settingsStatuses(server).at(-1)?.[2], 'the endpoint would leave TLS')
  assert.equal(server.connections, 2)
})
