/** Agents that come by wire. */
import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createOpAMPClient } from '@elastic/opamp-client-node'
import { WebSocket } from 'ws'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { AgentCapability, ServerErrorType } from '#codecs/opamp/constants.ts'
import { decodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import { uuidv7 } from '#std/uuid.ts'
import { authority, clientCertificate, clientKey } from '#test/support/certificates.ts'
import { FakeAgent, USUAL_CAPABILITIES } from '#test/support/fake-agent.ts'
import { configOf, type FleetWorld, fleetWorld } from '#test/support/fleet.ts'
import { tlsFiles } from '#test/support/tls-files.ts'
import { loadGateway } from './gateway-store.ts'
import { takesGzip } from './http-exchange.ts'

const newUid = () => uuidv7(Date.now())

async function rowOf(world: FleetWorld, uid: string) {
  await world.fleet.flush()
  return (await loadGateway(world.context.db, 'default', uid))!
}

test('over a WebSocket a gateway gets what is published, at once', async (t) => {
  const world = await fleetWorld(t)
  await world.serve()
  const uid = newUid()
  const client = await world.connect(new FakeAgent({ uid }))
  client.send()
  const greeting = await client.next()
  assert.notEqual(greeting.capabilities, 0n)
  world.live.set('default/default', configOf(1))
  await world.fleet.published('default', 'default')
  await client.until(() => client.agent.status.status === 1 && !client.agent.isEager)
  await client.until(() => client.replies.length >= 3)
  const { gateway, attempts } = await rowOf(world, uid)
  assert.equal(gateway.reported?.hash, configOf(1).hash)
  assert.equal(attempts.get(configOf(1).hash)?.offers, 1)
  client.socket.close()
  await client.closed
})

test('headers of frames are as in the specification, and frames of before there were any are read', async (t) => {
  const world = await fleetWorld(t)
  await world.serve()
  const agent = new FakeAgent({ uid: newUid() })
  const client = await world.connect(agent)
  client.socket.send(encodeAgentToServer(agent.next()))
  await client.next()
  client.socket.send(Buffer.from([5, 1, 2, 3]))
  const refused = await client.next(({ errorResponse }) => errorResponse !== undefined)
  assert.equal(refused.errorResponse?.type, ServerErrorType.badRequest)
  assert.equal(refused.capabilities, 0n)
})

test('too long a frame closes the WebSocket with 1009', async (t) => {
  const world = await fleetWorld(t)
  await world.serve({ messageBytesMax: 1000 })
  const client = await world.connect(new FakeAgent({ uid: newUid() }))
  client.socket.send(Buffer.alloc(2000))
  assert.equal((await client.closed).code, 1009)
})

test('by plain HTTP each request is answered, compressed where it may be', async (t) => {
  const world = await fleetWorld(t)
  world.live.set('default/default', {
    ...configOf(1),
    files: new Map([['x', { body: Buffer.alloc(9000), contentType: '' }]]),
  })
  const { address } = await world.serve({ messageBytesMax: 20_000 })
  const agent = new FakeAgent({ uid: newUid() })
  const post = (body: Buffer, headers: Record<string, string>) => {
    return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const request = httpRequest(address, { method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
      request.on('error', reject)
      request.end(body)
    })
  }
  const type = { 'content-type': 'application/x-protobuf' }
  const message = Buffer.from(encodeAgentToServer(agent.next()))
  const zipped = await post(gzipSync(message), { ...type, 'content-encoding': 'gzip', 'accept-encoding': 'gzip' })
  assert.equal(zipped.status, 200)
  assert.equal(zipped.headers['content-encoding'], 'gzip')
  const decoded = decodeServerToAgent(gunzipSync(zipped.body))
  assert.ok(decoded.ok && decoded.message.remoteConfig !== undefined)
  const plain = await post(message, { ...type, 'accept-encoding': 'gzip;q=0' })
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.equal((await post(message, { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await post(message, { ...type, 'content-encoding': 'br' })).status, 415)
  assert.equal((await post(Buffer.from('nonsense'), { ...type, 'content-encoding': 'gzip' })).status, 400)
  assert.equal((await post(Buffer.from('nonsense'), type)).status, 400)
  assert.equal((await post(Buffer.alloc(20_001), type)).status, 413)
  assert.equal((await post(gzipSync(Buffer.alloc(30_000)), { ...type, 'content-encoding': 'gzip' })).status, 413)
  assert.equal((await fetch(address)).status, 405)
  assert.equal((await fetch(address.replace('opamp', 'other'))).status, 404)
})

test('what a client accepts is read as HTTP says', () => {
  for (const [header, expected] of [
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['*', true],
    ['*, gzip;q=0', false],
    ['identity', false],
    [undefined, false],
  ] as const)
    assert.equal(takesGzip(header), expected, header)
})

test('without a credential nobody comes in, and the token makes way for a credential of its own', async (t) => {
  const world = await fleetWorld(t)
  const { address } = await world.serve({ auth: 'required' })
  assert.equal(
    (await fetch(address, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' } })).status,
    401,
  )
  await assert.rejects(world.connect(new FakeAgent({ uid: newUid() })), /401/)
  const token = await world.token({ uses_max: 1 })
  const uid = newUid()
  const agent = new FakeAgent({
    uid,
    capabilities: USUAL_CAPABILITIES | AgentCapability.acceptsOpampConnectionSettings,
  })
  const authorised = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })
  const first = await world.connect(agent, authorised(token))
  first.send()
  const { opamp } = (await first.next(({ connectionSettings }) => connectionSettings !== undefined)).connectionSettings!
  assert.equal(opamp!.destinationEndpoint, address.replace('http', 'ws'))
  const own = opamp!.headers!.headers[0]!.value.replace('Bearer ', '')
  assert.match(own, /^sga_/)
  assert.equal((await rowOf(world, uid)).gateway.holder.startsWith('token:'), true)
  // The token is good until the credential was seen.
  first.socket.close()
  await first.closed
  const again = await world.connect(agent, authorised(token))
  again.send()
  await again.next()
  again.socket.close()
  await again.closed
  const second = await world.connect(agent, authorised(own))
  second.send()
  await second.next()
  assert.equal((await rowOf(world, uid)).gateway.holder.startsWith('credential:'), true)
  second.socket.close()
  await second.closed
  const late = await world.ask(agent.next(), { authorization: `Bearer ${token}` }).catch((error) => error)
  assert.match(String(late), /401/, 'its one use was used, and nobody needs it any more')
})

test('a uid that another credential claims is refused and noted', async (t) => {
  const world = await fleetWorld(t)
  await world.serve({ auth: 'required' })
  const [mine, others] = [await world.token(), await world.token()]
  const uid = newUid()
  await world.ask(new FakeAgent({ uid }).next(), { authorization: `Bearer ${mine}` })
  const { reply } = await world.ask(new FakeAgent({ uid }).next(), { authorization: `Bearer ${others}` })
  assert.match(reply.errorResponse!.errorMessage, /another credential/)
  assert.equal(reply.capabilities, 0n)
  const { gateway } = await rowOf(world, uid)
  assert.match(gateway.note!.text, /claimed/)
  const { reply: own } = await world.ask(new FakeAgent({ uid }).next(), { authorization: `Bearer ${mine}` })
  assert.equal(own.errorResponse, undefined)
})

test('of two live agents with one uid the second gets another', async (t) => {
  const world = await fleetWorld(t)
  await world.serve()
  const uid = newUid()
  const first = await world.connect(new FakeAgent({ uid }))
  first.send()
  await first.next()
  const second = await world.connect(new FakeAgent({ uid }))
  second.send()
  await second.next(({ agentIdentification }) => agentIdentification !== undefined)
  second.send()
  await second.next(({ instanceUid }) => Buffer.from(instanceUid).equals(Buffer.from(second.agent.uid)))
  assert.equal(world.fleet.size, 2)
})

test('an agent may ask for a uid', async (t) => {
  const world = await fleetWorld(t)
  await world.serve()
  const { reply } = await world.ask({ ...new FakeAgent({ uid: newUid() }).next(), flags: 1n })
  assert.equal(reply.agentIdentification?.newInstanceUid.length, 16)
  assert.equal(world.fleet.size, 0)
})

test('who is too much is told when to come again, before the upgrade', async (t) => {
  const world = await fleetWorld(t, { agentsMax: 1 })
  const { address } = await world.serve({ handshakesPerSecond: 3 })
  await world.ask(new FakeAgent({ uid: newUid() }).next())
  const { status, reply } = await world.ask(new FakeAgent({ uid: newUid() }).next())
  assert.equal(status, 503)
  assert.equal(reply.errorResponse?.type, ServerErrorType.unavailable)
  assert.ok(reply.errorResponse!.retryInfo!.retryAfterNanoseconds >= 24_000_000_000n)
  const refused = new WebSocket(address.replace('http', 'ws'))
  refused.on('error', () => undefined)
  const response = await new Promise<IncomingMessage>((resolve) => {
    refused.once('unexpected-response', (_request, answer) => {
      answer.resume()
      resolve(answer)
    })
  })
  assert.equal(response.statusCode, 503)
  const after = Number(response.headers['retry-after'])
  assert.ok(after >= 24 && after <= 36)
  refused.terminate()
})

test('the client of Elastic gets its configuration, says so, and gets it once', async (t) => {
  const world = await fleetWorld(t)
  const { address } = await world.serve()
  world.live.set('default/default', configOf(1, 'otel_collector'))
  let offers = 0
  const applied = Promise.withResolvers<void>()
  const client = createOpAMPClient({
    endpoint: address,
    heartbeatIntervalSeconds: 0.1,
    capabilities: 0x1002n as never,
    diagEnabled: false,
    onMessage: ({ remoteConfig }: { remoteConfig?: { configHash: Uint8Array } }) => {
      if (remoteConfig === undefined) return
      offers++
      client.setRemoteConfigStatus({ status: 1, lastRemoteConfigHash: remoteConfig.configHash } as never)
      applied.resolve()
    },
  } as never)
  client.setAgentDescription({ identifyingAttributes: { 'service.name': 'elastic' } })
  client.start()
  try {
    await applied.promise
    const hash = configOf(1, 'otel_collector').hash
    for (let tries = 0; ; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await world.fleet.flush()
      const row = await world.context.db.selectFrom('gateways').selectAll().executeTakeFirstOrThrow()
      if (row.product === 'elastic' && row.reported?.includes(`"${hash}","status":1`)) break
      assert.ok(tries < 100, `${row.reported}`)
    }
    assert.equal(offers, 1)
  } finally {
    await client.shutdown()
  }
})

test('over TLS a client certificate is enough, and plain HTTP is told what is spoken here', async (t) => {
  const world = await fleetWorld(t)
  const files = tlsFiles(t)
  const tls = { certFile: files.cert_file, keyFile: files.key_file, clientCaFile: files.client_ca_file }
  const { address } = await world.serve({ auth: 'required', tls })
  assert.match(address, /^https:/)
  const plain = await fetch(address.replace('https', 'http'), { method: 'POST' })
  assert.equal(plain.status, 400)
  assert.match(await plain.text(), /wss:\/\//)
  const trusting = { ca: authority, servername: 'server.test' }
  await assert.rejects(world.connect(new FakeAgent({ uid: newUid() }), trusting), /401/)
  const uid = newUid()
  const client = await world.connect(new FakeAgent({ uid }), { ...trusting, cert: clientCertificate, key: clientKey })
  client.send()
  await client.next()
  assert.match((await rowOf(world, uid)).gateway.holder, /^certificate:/)
})

test('a controller that stops says so, and its agents count as gone', async (t) => {
  const world = await fleetWorld(t)
  await world.serve()
  const uid = newUid()
  const client = await world.connect(new FakeAgent({ uid }))
  client.send()
  await client.next()
  await world.stopServing()
  assert.equal((await client.closed).code, 1001)
  await world.restartFleet()
  assert.equal((await rowOf(world, uid)).gateway.connectedAt, null)
})
