/** Two sources of a node on one address, through reloads. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '#config/load.ts'
import { StreamgateError } from '#contract/error.ts'
import { Node } from '#engine/node.ts'
import { silentLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { authority, clientCertificate, clientKey } from '#test/support/certificates.ts'
import { temporaryFolder } from '#test/support/program.ts'
import { tlsFiles } from '#test/support/tls-files.ts'

/** Everything that the sources bring goes nowhere. */
function planOf(t: TestContext, sources: object[]) {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'node.json')
  const config = {
    version: 2,
    sources: sources.map((source) => ({ type: 'http', ...source })),
    pipelines: [{ id: 'all', sources: sources.map((source) => Reflect.get(source, 'id')), outputs: ['out'] }],
    outputs: [{ id: 'out', type: 'blackhole' }],
  }
  writeFileSync(path, JSON.stringify(config))
  return loadConfig({ config: path }, {}, registry).plan
}

test('sources that share an address come, change and go by reloads, and those that stay keep their connections', async (t) => {
  const node = new Node({
    id: 'test',
    version: '0.0.0',
    registry,
    limits: { engines: 1, intakeBytesMax: 64 * 1024 * 1024, intakeEntriesMax: 65_536 },
    workerUrl: new URL('../support/engine-worker.ts', import.meta.url),
    log: silentLogger,
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority, servername: 'server.test' })
  t.after(async () => {
    agent.destroy()
    await node.stop(5000)
  })
  const tls = tlsFiles(t)
  const withClients = { ...tls, client_auth: 'require' }
  const { client_ca_file: _, ...plain } = tls
  const a = { id: 'a', listen: '127.0.0.1:0', tls: plain }
  await node.start(planOf(t, [a]))
  const at = new URL(node.addresses()[0]!.address)
  assert.equal(at.protocol, 'https:')
  const post = (path: string, how: object = {}) =>
    new Promise<string>((resolve, reject) => {
      const sent = request(new URL(path, at), { method: 'POST', agent, ...how }, (response) => {
        response.resume()
        response.on('end', () => resolve(`${response.statusCode}${sent.reusedSocket ? '' : ' anew'}`))
      })
      sent.on('error', reject)
      sent.end('a record')
    })
  assert.equal(await post('/'), '202 anew')
  const b = { id: 'b', listen: at.host, tls: plain, paths: ['/b'] }
  await node.apply(planOf(t, [a, b]))
  assert.equal(await post('/b'), '202')
  await node.apply(planOf(t, [a, { ...b, paths: ['/c'] }]))
  assert.deepEqual([await post('/c'), await post('/b'), await post('/')], ['202', '503', '202'])
  await assert.rejects(node.apply(planOf(t, [a, { ...b, tls: withClients }])), (error) => {
    assert.ok(error instanceof StreamgateError && error.code === 'SG_LISTEN')
    assert.match(error.message, /Source "b" and source "a" share https:.*different listeners/)
    return true
  })
  assert.equal(await post('/'), '202', 'who has the listener goes on')
  assert.equal(await post('/c'), '202', 'who cannot change goes on as before')
  const both = [
    { ...a, listen: at.host, tls: withClients },
    { ...b, tls: withClients },
  ]
  await node.apply(planOf(t, both))
  const asClient = {
    agent: undefined,
    ca: authority,
    servername: 'server.test',
    cert: clientCertificate,
    key: clientKey,
  }
  assert.equal(await post('/b', asClient), '202 anew')
  await assert.rejects(post('/b', { ...asClient, cert: undefined, key: undefined }))
  const taken = node.stats().sources.map(({ id, entries, rejected }) => [id, entries, rejected])
  assert.deepEqual(taken, [
    ['a', 3, { handshake: { records: 1, bytes: 0 } }],
    ['b', 4, {}],
  ])
})

test('an output whose file is not there is named', async (t) => {
  const plan = planOf(t, [{ id: 'a', listen: '127.0.0.1:0' }])
  const node = new Node({
    id: 'test',
    version: '0.0.0',
    registry,
    limits: { engines: 1, intakeBytesMax: 64 * 1024 * 1024, intakeEntriesMax: 65_536 },
    workerUrl: new URL('../support/engine-worker.ts', import.meta.url),
    log: silentLogger,
  })
  t.after(() => node.stop(5000))
  const siem = { ...plan.outputs[0]!, id: 'out', type: 'syslog' }
  const { config } = registry.outputs.find(({ name }) => name === 'syslog')!
  const tls = { ca_file: '/nowhere/ca.pem' }
  siem.options = config.parse({ address: '127.0.0.1:6514', transport: 'tls', tls }) as Record<string, unknown>
  await assert.rejects(node.start({ ...plan, outputs: [siem] }), {
    message: 'output "out": tls/ca_file: the file /nowhere/ca.pem cannot be read',
  })
})
