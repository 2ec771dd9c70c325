/** What `tcp` does not need of it: answers. The rest is tested there, and in `tls.test.ts`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { z } from 'zod'
import type { Intake } from '#component/source.ts'
import type { Bytes } from '#std/bytes.ts'
import { FakeSourceContext } from '#test/support/fake-intake.ts'
import type { StreamFraming, StreamPeer } from './stream-connection.ts'
import { TcpListener, tcpListenerOptions } from './tcp-listener.ts'

const schema = z.strictObject(tcpListenerOptions('127.0.0.1:0'))

/** A letter is a record, and is answered in upper case; `!` is no letter. */
class Letters implements StreamFraming {
  readonly #intake: Intake
  readonly #peer: StreamPeer
  readonly #owed: Promise<unknown>[] = []
  /** Answers wait for it. */
  readonly #gate: Promise<unknown> | undefined
  constructor(intake: Intake, peer: StreamPeer, gate?: Promise<unknown>) {
    this.#intake = intake
    this.#peer = peer
    this.#gate = gate
  }
  take(chunk: Bytes): number {
    for (let i = 0; i < chunk.length; i++) {
      const letter = String.fromCharCode(chunk[i]!)
      if (letter === '!') {
        this.#peer.write('no letter')
        this.#peer.close()
        return chunk.length
      }
      if (!this.#intake.put({ origin: this.#peer.origin, framing: 'record' }, null, chunk, i, i + 1)) return i
      else if (this.#gate === undefined) this.#peer.write(letter.toUpperCase())
      else this.#owed.push(this.#gate.then(() => this.#peer.write(letter.toUpperCase())))
    }
    return chunk.length
  }
  end(): boolean {
    return true
  }
  answered(): Promise<unknown> {
    return Promise.all(this.#owed)
  }
}

/** Answers with eight times what it reads. `z` ends a record. */
class Loud implements StreamFraming {
  readonly #intake: Intake
  readonly #peer: StreamPeer
  read = 0
  constructor(intake: Intake, peer: StreamPeer) {
    this.#intake = intake
    this.#peer = peer
  }
  take(chunk: Bytes): number {
    this.read += chunk.length
    this.#peer.write(Buffer.alloc(chunk.length * 8))
    if (chunk.at(-1) === 0x7a) this.#intake.put({ origin: 0, framing: 'record' }, null, chunk, 0, 0)
    return chunk.length
  }
  end(): boolean {
    return true
  }
}

type Frame = (intake: Intake, peer: StreamPeer) => StreamFraming
const letters: Frame = (intake, peer) => new Letters(intake, peer)

async function started(t: { after(f: () => Promise<void>): void }, options: object = {}, frame: Frame = letters) {
  const context = new FakeSourceContext()
  const listener = new TcpListener(context, schema.parse(options), (peer) => frame(context.intake, peer))
  await listener.start()
  t.after(() => listener.stop())
  const client = async (): Promise<Socket> => {
    const socket = connect({ port: Number(new URL(listener.address()).port), host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  return { listener, context, intake: context.intake, client }
}

async function allOf(socket: Socket): Promise<string> {
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk
  })
  await once(socket, 'close')
  return got
}

test('answers come back, also those that are due when the sender has said its last', async (t) => {
  const { client, intake } = await started(t)
  const socket = await client()
  socket.end('abc')
  assert.equal(await allOf(socket), 'ABC')
  assert.deepEqual(intake.records(), ['a', 'b', 'c'])
  const gate = Promise.withResolvers<void>()
  const slow = await started(t, {}, (intake, peer) => new Letters(intake, peer, gate.promise))
  const waits = await slow.client()
  waits.end('xyz')
  await slow.intake.until(() => slow.intake.puts === 3)
  gate.resolve()
  assert.equal(await allOf(waits), 'XYZ')
})

test('a stop gives the answers that are owed', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { client, intake, listener } = await started(t, {}, (intake, peer) => new Letters(intake, peer, gate.promise))
  const socket = await client()
  const all = allOf(socket)
  socket.write('ab')
  await intake.until(() => intake.puts === 2)
  const stopped = listener.stop()
  gate.resolve()
  assert.equal(await all, 'AB')
  await stopped
})

test('what is not of the protocol is answered, and ends the connection: nothing more is taken', async (t) => {
  const { client, intake, context } = await started(t)
  const socket = await client()
  socket.write('a!bc')
  assert.equal(await allOf(socket), 'Ano letter')
  assert.deepEqual(intake.records(), ['a'])
  assert.equal(context.connections, 0)
})

test('a full intake makes it wait in the middle of a read, and what came before a refusal is kept', async (t) => {
  const { client, intake } = await started(t)
  intake.setRoom(1)
  const socket = await client()
  socket.write('ab!c')
  await intake.until(() => intake.puts === 1)
  const all = allOf(socket)
  while (intake.waiting === 0) await new Promise(setImmediate)
  intake.setRoom(5)
  assert.equal(await all, 'ABno letter')
  assert.deepEqual(intake.records(), ['a', 'b'])
})

test('who does not read its answers is not read either, until it does', async (t) => {
  let framing: Loud | undefined
  const { client, intake } = await started(t, {}, (intake, peer) => {
    framing = new Loud(intake, peer)
    return framing
  })
  const socket = await client()
  const asks = Buffer.alloc(64 * 1024)
  const enough = 64 * 1024 * 1024
  let sent = 0
  // Until the system's buffers are full both ways.
  while (sent < enough && socket.writableLength < 1024 * 1024) {
    socket.write(asks)
    sent += asks.length
    await new Promise(setImmediate)
  }
  assert.ok(sent < enough && framing!.read < sent, `${framing!.read} of ${sent} bytes were read`)
  socket.write('z')
  let got = 0
  socket.on('data', (chunk) => {
    got += chunk.length
  })
  await intake.until(() => intake.puts === 1)
  while (got < (sent + 1) * 8) await new Promise(setImmediate)
  socket.destroy()
})

test('an idle connection, and one that leaves its answers unread, are closed in time', async (t) => {
  const { client, context } = await started(t, { idle_timeout_ms: 60 }, (intake, peer) => new Loud(intake, peer))
  const idle = await client()
  idle.resume()
  await once(idle, 'close')
  const unread = await client()
  unread.pause()
  unread.write(Buffer.alloc(4 * 1024 * 1024))
  // What is unread there keeps its own end from closing.
  while (context.connections > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  unread.destroy()
})
