/** TLS as both kinds of listeners speak it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { z } from 'zod'
import type { Exchange } from '#component/exchange.ts'
import { StreamgateError } from '#contract/error.ts'
import { type Clock, ManualClock, systemClock } from '#std/clock.ts'
import { authority, clientCertificate, clientKey, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { tlsFiles } from '#test/support/tls-files.ts'
import { httpListenerOptions } from './options.ts'
import type { StreamPeer } from './stream-connection.ts'
import { TcpListener, tcpListenerOptions } from './tcp-listener.ts'

interface Listener {
  address(): string
  stop(): Promise<void>
  /** Connects and makes the listener answer with the subject of the client. */
  subject(options?: ConnectionOptions): Promise<string>
}

type Start = (tls: object | undefined, context: FakeSourceContext, more?: object) => Promise<Listener>

const trusting: ConnectionOptions = { ca: authority, servername: 'server.test' }
const asClient: ConnectionOptions = { ...trusting, cert: clientCertificate, key: clientKey }

async function secure(address: string, options: ConnectionOptions): Promise<TLSSocket> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port), ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** What comes after `said`, until the other side closes. */
async function ask(address: string, options: ConnectionOptions, said: string): Promise<string> {
  const socket = await secure(address, options)
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk
  })
  socket.write(said)
  await once(socket, 'close')
  if (got === '') throw new Error('closed without an answer')
  return got
}

const startHttp: Start = async (tls, context, more) => {
  const options = z.strictObject(httpListenerOptions('127.0.0.1:0')).parse({ tls, ...more })
  const handle = (exchange: Exchange) => exchange.answer(200, {}, `${exchange.clientSubject}`)
  const routes = [{ method: 'GET', path: '/', handle } as const]
  const mounted = await context.listeners.mount({ source: context, options, routes })
  const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  return {
    address: mounted.address,
    stop: mounted.unmount,
    subject: async (how = trusting) => (await ask(mounted.address(), how, request)).split('\r\n\r\n')[1]!,
  }
}

const startTcp: Start = async (tls, context, more) => {
  const options = z.strictObject(tcpListenerOptions('127.0.0.1:0')).parse({ tls, ...more })
  const frame = (peer: StreamPeer) => ({
    take(chunk: Uint8Array) {
      peer.write(`${peer.clientSubject}`)
      peer.close()
      return chunk.length
    },
    end: () => true,
  })
  const listener = new TcpListener(context, options, frame)
  await listener.start()
  return {
    address: () => listener.address(),
    stop: () => listener.stop(),
    subject: (how = trusting) => ask(listener.address(), how, 'who am I?'),
  }
}

for (const [name, start] of [
  ['http', startHttp],
  ['tcp', startTcp],
] as const) {
  const started = async (
    t: { after(f: () => void | Promise<void>): void },
    tls: object = {},
    clock: Clock = systemClock,
    more: object = {},
  ) => {
    const { client_ca_file, ...files } = tlsFiles(t)
    const context = new FakeSourceContext(new FakeIntake(), clock)
    const withClients = 'client_auth' in tls ? { client_ca_file } : {}
    const listener = await start({ ...files, ...withClients, ...tls }, context, more)
    t.after(() => listener.stop())
    return { listener, context, files }
  }

  test(`${name}: a client without a certificate is nobody`, async (t) => {
    for (const tls of [{}, { client_auth: 'request' }]) {
      const { listener } = await started(t, tls)
      assert.equal(await listener.subject(), 'undefined')
      assert.ok(listener.address().startsWith(name === 'http' ? 'https://' : 'tcp://'))
    }
  })

  test(`${name}: a client's certificate that is verified tells who it is`, async (t) => {
    for (const client_auth of ['request', 'require']) {
      const { listener } = await started(t, { client_auth })
      assert.equal(await listener.subject(asClient), 'CN=client.test')
    }
  })

  test(`${name}: a required certificate that is missing, or of a stranger, is refused and counted`, async (t) => {
    const { listener, context, files } = await started(t, { client_auth: 'require' })
    await assert.rejects(listener.subject(trusting))
    while (context.rejected.length < 1) await new Promise(setImmediate)
    assert.deepEqual(context.rejected, [{ reason: 'handshake', records: 1, bytes: 0 }])
    assert.deepEqual(context.logged, ['connections refused: their TLS handshake failed'])
    // Its own authority is not the one that signed the client's.
    const stranger = await started(t, { client_auth: 'require', client_ca_file: files.cert_file })
    assert.equal(await stranger.listener.subject(asClient).catch(() => 'refused'), 'refused')
    while (stranger.context.rejected.length < 1) await new Promise(setImmediate)
    assert.deepEqual(stranger.context.reasons(), ['handshake'])
    const merely = await started(t, { client_auth: 'request', client_ca_file: files.cert_file })
    assert.equal(await merely.listener.subject(asClient), 'undefined')
  })

  test(`${name}: TLS below the minimum is refused`, async (t) => {
    const { listener, context } = await started(t, { min_version: '1.3' })
    await assert.rejects(listener.subject({ ...trusting, maxVersion: 'TLSv1.2' }))
    while (context.rejected.length < 1) await new Promise(setImmediate)
    assert.equal(await listener.subject({ ...trusting, minVersion: 'TLSv1.3' }), 'undefined')
    assert.deepEqual(context.reasons(), ['handshake'])
  })

  test(`${name}: silence, noise and a goodbye in the handshake: the first two are counted`, async (t) => {
    const { listener, context } = await started(t, { handshake_timeout_ms: 100 })
    const { hostname, port } = new URL(listener.address())
    for (const said of ['', 'GET / HTTP/1.1\r\n\r\n', null]) {
      const socket = connectPlain(Number(port), hostname)
      socket.on('error', () => undefined).resume()
      await once(socket, 'connect')
      if (said === null) socket.resetAndDestroy()
      else if (said !== '') socket.write(said)
      if (!socket.closed) await once(socket, 'close')
    }
    assert.equal(await listener.subject(), 'undefined')
    assert.deepEqual(context.reasons(), ['handshake', 'handshake'])
  })

  test(`${name}: a stop does not wait for handshakes`, async (t) => {
    const { listener } = await started(t, { handshake_timeout_ms: 600_000 })
    const { hostname, port } = new URL(listener.address())
    const socket = connectPlain(Number(port), hostname)
    socket.on('error', () => undefined).resume()
    await once(socket, 'connect')
    await Promise.all([listener.stop(), once(socket, 'close')])
  })

  test(`${name}: new files are put to work, broken ones are not, and who is there stays`, async (t) => {
    const clock = new ManualClock()
    const { listener, context, files } = await started(t, {}, clock)
    const stays = await secure(listener.address(), trusting)
    const shown = async () => {
      const socket = await secure(listener.address(), { rejectUnauthorized: false })
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.CN
    }
    const logged = async (message: RegExp) => {
      clock.advance(30_000)
      while (!message.test(context.logged.at(-1) ?? '')) await new Promise(setImmediate)
      // Until it waits again.
      while (clock.nextAt === undefined) await new Promise(setImmediate)
    }
    assert.equal(await shown(), 'server.test')
    writeFileSync(files.cert_file, clientCertificate)
    await logged(/old ones stay/)
    assert.equal(await shown(), 'server.test', 'the key does not fit yet')
    writeFileSync(files.key_file, clientKey)
    await logged(/are in use/)
    assert.equal(await shown(), 'client.test')
    writeFileSync(files.key_file, 'rubbish')
    await logged(/old ones stay/)
    assert.equal(await shown(), 'client.test')
    assert.equal(stays.destroyed, false)
    stays.destroy()
    const count = context.logged.length
    clock.advance(30_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(context.logged.length, count, 'nothing has changed')
    writeFileSync(files.cert_file, serverCertificate)
    writeFileSync(files.key_file, serverKey)
    await logged(/are in use/)
    assert.equal(await shown(), 'server.test')
  })

  test(`${name}: unusable files are an SG_LISTEN that names source and file and quotes nothing`, async (t) => {
    const { cert_file, key_file, client_ca_file } = tlsFiles(t)
    const good = { cert_file, key_file }
    for (const [tls, file, what] of [
      [{ ...good, cert_file: '/nowhere.pem' }, '/nowhere.pem', 'cannot be read'],
      [{ ...good, cert_file: key_file }, key_file, 'no PEM certificate'],
      [{ ...good, key_file: cert_file }, cert_file, 'no PEM key'],
      [{ ...good, client_ca_file: key_file, client_auth: 'require' }, key_file, 'no PEM certificate'],
      [{ ...good, cert_file: client_ca_file }, key_file, 'no PEM key that fits'],
    ] as const) {
      await assert.rejects(start(tls, new FakeSourceContext()), (error) => {
        assert.ok(error instanceof StreamgateError && error.code === 'SG_LISTEN')
        for (const part of ['"under_test"', file, what]) assert.ok(error.message.includes(part), error.message)
        assert.ok(!inspect(error, { depth: 9 }).includes('PRIVATE KEY-----'))
        return true
      })
    }
  })

  test(`${name}: who is not in the list is not let in, before any handshake`, async (t) => {
    const { listener, context } = await started(t, {}, systemClock, { allow: ['10.0.0.0/8'] })
    await assert.rejects(listener.subject())
    assert.deepEqual(context.rejected, [{ reason: 'not_allowed', records: 1, bytes: 0 }])
  })
}

test('client certificates need an authority', () => {
  const schema = z.strictObject(tcpListenerOptions('127.0.0.1:0'))
  const files = { cert_file: 'a', key_file: 'b' }
  assert.ok(schema.safeParse({ tls: files }).success)
  for (const client_auth of ['request', 'require']) {
    const { error } = schema.safeParse({ tls: { ...files, client_auth } })
    assert.deepEqual(error?.issues[0]?.path, ['tls', 'client_ca_file'])
  }
})
