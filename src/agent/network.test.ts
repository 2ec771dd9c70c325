import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import { ManualClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { OpampServer } from '#test/support/opamp-server.ts'
import { CAPABILITY, offer, startAgent, untilConnected } from '#test/support/opamp-world.ts'
import { ANSWER_MS } from './transport.ts'

const { applied, applying } = SettingsStatus

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
    const { agent, node } = startAgent(t, { endpoint: server.endpoint(scheme), token: new Secret('let me in') })
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
    startAgent(t, { endpoint: server.endpoint(scheme) })
    await server.until(() => server.calls.length === 1)
    assert.ok(refused[1]! - refused[0]! >= 1000, `came again after ${refused[1]! - refused[0]!} ms`)
    assert.ok(server.calls[0]?.message.agentDescription !== undefined)
    assert.equal(server.calls[0]?.message.sequenceNum, 0n)
  })
}

test('ws: a connection that breaks is made again; the numbers go on, and what was answered is not told again', async (t) => {
  await using server = await OpampServer.start()
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') })
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
  const { agent } = startAgent(t, { endpoint: first.endpoint('ws') })
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
  const { node } = startAgent(t, { endpoint: server.endpoint('ws') })
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
  const { node } = startAgent(t, { endpoint: server.endpoint('ws') }, { log })
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
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') })
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
    const { agent } = startAgent(t, { endpoint: server.endpoint(scheme), tls: shown })
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
    const { agent } = startAgent(t, { endpoint: server.endpoint(scheme), tls: { ca: authority } }, { log })
    assert.match(await said.promise, /altnames|IP:/i)
    await agent.close()
  }
  assert.equal(server.calls.length, 0)
})

test('http: an answer that is too large, even if only unpacked, is not taken', async (t) => {
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1))
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(zeros)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const said = Promise.withResolvers<string>()
  const warn = (fields: object) => said.resolve(JSON.stringify(fields))
  const { port } = server.address() as AddressInfo
  const log = { debug() {}, info() {}, error() {}, warn }
  const { agent } = startAgent(t, { endpoint: `http://127.0.0.1:${port}/v1/opamp` }, { log })
  assert.match(await said.promise, /more than 67108864 bytes/)
  assert.equal(agent.isConnected, false)
})

test('http: a message that the server finds too large is not sent again', async (t) => {
  await using server = await OpampServer.start()
  let isFirst = true
  server.gate = () => {
    if (!isFirst) return undefined
    isFirst = false
    return { status: 413 }
  }
  startAgent(t, { endpoint: server.endpoint('http') })
  await server.until(() => server.calls.length === 1)
  assert.equal(server.calls[0]?.message.agentDescription, undefined)
})

test('http: large messages are packed', async (t) => {
  await using server = await OpampServer.start()
  const labels = { note: 'x'.repeat(10_000) }
  startAgent(t, { endpoint: server.endpoint('http') }, { description: { version: '1', id: 'n', labels } })
  await server.until(() => server.calls.length === 1)
  assert.equal(server.calls[0]?.headers['content-encoding'], 'gzip')
  assert.ok(Number(server.calls[0]?.headers['content-length']) < 2000)
})

test('ws: a server may send the agent elsewhere; the token stays here', async (t) => {
  await using server = await OpampServer.start()
  const other = createServer()
  other.on('upgrade', (_request, socket) => {
    const location = server.endpoint('ws')
    socket.end(`HTTP/1.1 307 Elsewhere\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  startAgent(t, { endpoint: `ws://127.0.0.1:${port}/v1/opamp`, token: new Secret('mine') })
  await server.until(() => server.calls.length === 1)
  assert.equal(server.calls[0]?.headers.authorization, undefined, 'it is not for another server')
})

test('an address that nobody can connect to is a warning, again and again', async (t) => {
  for (const endpoint of ['ws://127.0.0.1:1/v1/opamp', 'https://127.0.0.1:1/v1/opamp', 'wss://name.invalid/v1/opamp']) {
    const said = Promise.withResolvers<void>()
    const log = { debug() {}, info() {}, error() {}, warn: () => said.resolve() }
    const { agent } = startAgent(t, { endpoint, tls: { caFile: '/nowhere/ca.pem' } }, { log })
    await said.promise
    await agent.close()
  }
})

test('ws: a server that says nothing is asked whether it is there, and left when it is not', async (t) => {
  await using server = await OpampServer.start()
  server.answer = () => undefined
  const clock = new ManualClock()
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') }, { clock, heartbeatMs: 0 })
  await server.until(() => server.calls.length === 1)
  const pinged = server.pings
  clock.advance(ANSWER_MS)
  await server.until(() => server.pings > pinged)
  await server.read()
  clock.advance(ANSWER_MS)
  await server.read()
  assert.equal(server.open, 1, 'it answers pings')
  server.hold(true)
  agent.changed('health')
  clock.advance(ANSWER_MS)
  clock.advance(ANSWER_MS)
  server.hold(false)
  await server.until(() => server.open === 0)
})

test('ws: nothing piles up before a server that does not read, and what is left comes when it does', async (t) => {
  await using server = await OpampServer.start()
  server.answer = () => ({ capabilities: 0x7fn, customCapabilities: { capabilities: [CAPABILITY] } })
  const { agent } = startAgent(t, { endpoint: server.endpoint('ws') })
  await untilConnected(agent)
  server.hold(true)
  let dropped = 0
  const data = randomBytes(512 * 1024)
  for (let i = 0; i < 100; i++) {
    agent.sendCustom({ type: 'tap', data, expendable: true, dropped: () => dropped++ })
  }
  assert.ok(dropped > 40, `${dropped} dropped`)
  server.hold(false)
  await server.until(
    () => server.calls.filter(({ message }) => message.customMessage !== undefined).length === 100 - dropped,
  )
})
