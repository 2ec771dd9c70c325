import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { decodeMultiStream, encode } from '@msgpack/msgpack'
import { fluent } from '#codecs/fluent/fluent.ts'
import { textFormat } from '#codecs/text/format.ts'
import { randomFrom } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { FakeIntake, FakeSourceContext, type StoredEntry } from '#test/support/fake-intake.ts'
import { fluentForward } from './fluent_forward.ts'

const SEED = 20_261_121

async function startSource(t: TestContext, options: object = {}, context = new FakeSourceContext()) {
  const source = fluentForward.create(fluentForward.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  const port = Number(new URL(source.address()).port)
  return { source, context, intake: context.intake, open: () => Peer.open(t, port) }
}

class Peer {
  readonly socket: Socket
  readonly #answers: AsyncGenerator<unknown>
  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    this.#answers = decodeMultiStream(socket)
  }
  static async open(t: TestContext, port: number): Promise<Peer> {
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return new Peer(socket)
  }
  send(...messages: unknown[]): void {
    for (const message of messages) this.socket.write(encode(message))
  }
  /** The next answer; undefined when the other side has closed. */
  async answer(): Promise<unknown> {
    const { value } = await this.#answers.next().catch(() => ({ value: undefined }))
    return value
  }
}

function recordsOf(entries: readonly StoredEntry[]): Record<string, unknown>[] {
  const decoder = fluent.create()
  const block = new Block()
  return entries.flatMap(({ bytes }) => {
    const records: Record<string, unknown>[] = []
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, { source: '', arrivalMs: 0, truncated: false, format: textFormat })
      const decoded = decoder.decode({ bytes, from: 0, to: bytes.length }, at, block, BLOCK_RECORDS_MAX)
      assert.equal(decoded.malformedRecords, 0)
      for (let i = 0; i < block.count; i++) records.push(JSON.parse(block.recordText(i)))
      at = decoded.end
      done = decoded.done
    }
    return records
  })
}

const events = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => [1, { n: from + i }])
const packed = (list: unknown[]) => Buffer.concat(list.map((event) => encode(event)))
const numbers = (intake: FakeIntake) => recordsOf(intake.entries).map((record) => record['n'])
const range = (to: number) => Array.from({ length: to }, (_, i) => i)

test('all modes bring the same events, each with its tag, in order', async (t) => {
  const { intake, open, context } = await startSource(t)
  const peer = await open()
  peer.send(['a.b', 1, { n: 0 }], null, ['a.b', 1, { n: 1 }, { size: 1 }], ['a.b', events(2, 4)])
  peer.send(['a.b', events(4, 6), null], ['a.b', packed(events(6, 8)), { chunk: 'x', size: 2 }])
  assert.deepEqual(await peer.answer(), { ack: 'x' })
  const members = Buffer.concat([gzipSync(packed(events(8, 9))), gzipSync(packed(events(9, 11)))])
  peer.send(['a.b', members, { compressed: 'gzip', chunk: 'y' }])
  peer.send(['a.b', zstdCompressSync(packed(events(11, 13))), { compressed: 'zstd', chunk: 'z' }])
  peer.send(['a.b', packed(events(13, 14)), { compressed: 'text', fluent_signal: 0, chunk: 'last' }])
  for (const chunk of ['y', 'z', 'last']) assert.deepEqual(await peer.answer(), { ack: chunk })
  assert.deepEqual(
    recordsOf(intake.entries),
    range(14).map((n) => ({ n, timestamp: '1970-01-01T00:00:01Z', fluent_tag: 'a.b' })),
  )
  assert.deepEqual(context.rejected, [])
})

test(`however a stream is cut, its events are the same (seed ${SEED})`, async (t) => {
  const random = randomFrom(SEED)
  const { intake, open } = await startSource(t)
  const peer = await open()
  const stream = Buffer.concat(
    range(200).map((i) => {
      if (i % 3 === 0) return encode(['t', 1, { n: i, text: 'x'.repeat(i) }])
      if (i % 3 === 1) return encode(['t', [[1, { n: i }]], { chunk: `c${i}` }])
      return encode(['t', gzipSync(packed([[1, { n: i }]])), { compressed: 'gzip' }])
    }),
  )
  peer.socket.resume()
  for (let at = 0; at < stream.length; ) {
    const next = at + 1 + Math.floor(random() * 300)
    peer.socket.write(stream.subarray(at, next))
    await new Promise(setImmediate)
    at = next
  }
  await intake.until(() => intake.entries.length === 200)
  assert.deepEqual(numbers(intake), range(200))
})

test('a large message becomes several entries; an event that none can hold is refused, and not sent again', async (t) => {
  const { intake, open, context } = await startSource(t, {}, new FakeSourceContext(new FakeIntake(1000)))
  const peer = await open()
  const list = range(100).map((n) => [1, { n, filler: 'x'.repeat(n === 50 ? 2000 : 40) }])
  peer.send(['t', list, { chunk: 'a' }], ['t', packed(list), { chunk: 'b' }])
  peer.send(['t', 1, { n: 7, filler: 'x'.repeat(2000) }, { chunk: 'c' }])
  for (const chunk of ['a', 'b', 'c']) assert.deepEqual(await peer.answer(), { ack: chunk })
  const expected = range(100).filter((n) => n !== 50)
  assert.deepEqual(numbers(intake), [...expected, ...expected])
  assert.equal(intake.oversized, 0)
  assert.deepEqual(context.reasons(), ['body_too_large', 'body_too_large', 'body_too_large'])
})

test('when the intake is full, the message waits, and nothing more is read; then all of it arrives', async (t) => {
  const { intake, open } = await startSource(t)
  intake.setRoom(0)
  const peer = await open()
  peer.send(['t', events(0, 2), { chunk: 'a' }])
  const other = await open()
  other.send(['t', 1, { n: 2 }])
  while (intake.waiting < 2) await new Promise(setImmediate)
  peer.send(['t', events(3, 5), { chunk: 'b' }])
  intake.setRoom(100)
  assert.deepEqual([await peer.answer(), await peer.answer()], [{ ack: 'a' }, { ack: 'b' }])
  await intake.until(() => intake.entries.length === 3)
  assert.deepEqual(numbers(intake).sort(), [0, 1, 2, 3, 4])
})

test('a durable source acknowledges what is safe, and closes where something is not', async (t) => {
  const context = new FakeSourceContext()
  context.durable = true
  const { intake, open } = await startSource(t, {}, context)
  const safety = Promise.withResolvers<boolean>()
  intake.isSafe = safety.promise
  const peer = await open()
  peer.send(['t', events(0, 1), { chunk: 'a' }], ['t', [], { chunk: 'empty' }])
  // What holds nothing is safe at once.
  assert.deepEqual(await peer.answer(), { ack: 'empty' })
  await intake.until(() => intake.entries.length === 1)
  safety.resolve(true)
  assert.deepEqual(await peer.answer(), { ack: 'a' })
  intake.isSafe = false
  peer.send(['t', events(1, 2), { chunk: 'b' }])
  assert.equal(await peer.answer(), undefined)
  assert.ok(context.logged.length > 0)
})

test('what is no message is refused, counted, and its connection closed; others go on', async (t) => {
  const { intake, open, context } = await startSource(t, { message_bytes_max: 4096, decompressed_bytes_max: 4096 })
  const bomb = gzipSync(Buffer.alloc(100_000))
  const cases: [Uint8Array, string][] = [
    [Buffer.from('["tag",1,{"a":1}]'), 'malformed'],
    [Buffer.from('{"a":1}'), 'malformed'],
    [Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'malformed'],
    [encode('text'), 'malformed'],
    [encode([]), 'malformed'],
    [encode([1, 2, {}]), 'malformed'],
    [encode(['t', 1]), 'malformed'],
    [encode(['t', [], 'option']), 'malformed'],
    [encode(['t', [], { chunk: 5 }]), 'malformed'],
    [encode(['t', [], { compressed: 'gzip' }]), 'malformed'],
    [encode(['t', 'x', { compressed: 'lz4' }]), 'malformed'],
    [encode(['t', 'not gzip', { compressed: 'gzip' }]), 'malformed'],
    [encode(['t', gzipSync(packed(events(0, 3))).subarray(0, 20), { compressed: 'gzip' }]), 'malformed'],
    [encode(['t'.repeat(5000), 1, {}]), 'body_too_large'],
    [encode(['t', bomb, { compressed: 'gzip' }]), 'body_too_large'],
    [encode(['t', zstdCompressSync(Buffer.alloc(100_000)), { compressed: 'zstd' }]), 'body_too_large'],
    [Buffer.from([0xc1]), 'malformed'],
    [Buffer.from([0x93, 0xa1, 0x74, 0xdd, 0xff, 0xff, 0xff, 0xff]), 'body_too_large'],
    [Buffer.from([0x93, 0xa1, 0x74, 0xc6, 0xff, 0xff, 0xff, 0xff]), 'body_too_large'],
    [Buffer.alloc(100, 0x91), 'malformed'],
  ]
  for (const [bytes, reason] of cases) {
    context.rejected.length = 0
    const peer = await open()
    peer.socket.write(bytes)
    assert.equal(await peer.answer(), undefined)
    assert.deepEqual(context.reasons(), [reason], Buffer.from(bytes).toString('latin1').slice(0, 40))
  }
  const peer = await open()
  peer.send(['t', 1, { n: 1 }])
  await intake.until(() => intake.entries.length === 1)
  context.rejected.length = 0
  peer.socket.end(encode(['t', 1, { n: 2 }]).subarray(0, 5))
  await once(peer.socket.resume(), 'close')
  assert.deepEqual(context.rejected, [{ reason: 'malformed', records: 1, bytes: 5 }])
})

test('metrics and traces of Fluent Bit are refused, and not sent again', async (t) => {
  const { intake, open, context } = await startSource(t)
  const peer = await open()
  peer.send(
    ['m', Buffer.from('x'), { fluent_signal: 1, chunk: 'm' }],
    ['t', Buffer.from('x'), { fluent_signal: 2, chunk: 't' }],
  )
  assert.deepEqual([await peer.answer(), await peer.answer()], [{ ack: 'm' }, { ack: 't' }])
  assert.deepEqual(context.reasons(), ['unsupported_media_type', 'unsupported_media_type'])
  assert.equal(intake.entries.length, 0)
})

test('memory for what is received in part has one bound for all', async (t) => {
  const { open, context } = await startSource(t, { buffered_bytes_max: 300_000 })
  const large = encode(['t', 1, { text: 'x'.repeat(200_000) }])
  const peers = await Promise.all([open(), open()])
  for (const peer of peers) peer.socket.write(large.subarray(0, 190_000))
  const first = await Promise.race(peers.map(async (peer, i) => ((await peer.answer()) === undefined ? i : -1)))
  assert.deepEqual(context.reasons(), ['overload'])
  peers[1 - first]!.socket.write(large.subarray(190_000))
  await context.intake.until(() => context.intake.entries.length === 1)
})

const sha = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

test('with a shared key, who knows it is let in, and shown that we know it too', async (t) => {
  const users = [{ name: 'ana', password: 'secret of ana' }]
  const { intake, open, context } = await startSource(t, { shared_key: 'k', users, self_hostname: 'gate' })
  const salt = Buffer.from([0xff, 0x00, 0x80])
  const ping = async (
    key: string,
    user: string,
    password: string,
    more: (elements: unknown[]) => unknown[] = (all) => all,
  ) => {
    const peer = await open()
    const [helo, { nonce, auth, keepalive }] = (await peer.answer()) as [string, Record<string, Uint8Array>]
    assert.deepEqual([helo, keepalive, nonce!.length, auth!.length], ['HELO', true, 32, 32])
    const digest = sha(salt, 'host', nonce!, key)
    peer.send(more(['PING', 'host', salt, digest, user, sha(auth!, user, password)]), ['t', 1, { n: 1 }])
    return { peer, pong: await peer.answer(), nonce: nonce! }
  }
  const { pong, nonce } = await ping('k', 'ana', 'secret of ana')
  assert.deepEqual(pong, ['PONG', true, '', 'gate', sha(salt, 'gate', nonce, 'k')])
  await intake.until(() => intake.entries.length === 1)
  for (const [key, user, password, reason] of [
    ['wrong', 'ana', 'secret of ana', 'shared_key mismatch'],
    ['k', 'ana', 'wrong', 'username/password mismatch'],
    ['k', 'bob', '', 'username/password mismatch'],
  ] as const) {
    const { pong, peer } = await ping(key, user, password)
    assert.deepEqual(pong, ['PONG', false, reason, '', ''])
    assert.equal(await peer.answer(), undefined)
  }
  for (const more of [
    () => ['t', 1, {}],
    (all: unknown[]) => all.slice(0, 4),
    (all: unknown[]) => ['PONG', ...all.slice(1)],
  ]) {
    const { pong } = await ping('k', 'ana', 'secret of ana', more)
    assert.equal((pong as unknown[])[1], false)
  }
  assert.deepEqual(new Set(context.reasons()), new Set(['unauthorized']))
  assert.equal(intake.entries.length, 1)
  assert.ok(!JSON.stringify(context.logged).includes('secret of'))
})

test('who shows no key in time is let go, and so is who sends too much before', async (t) => {
  const { open, context } = await startSource(t, { shared_key: 'k', handshake_timeout_ms: 20 })
  const silent = await open()
  await silent.answer()
  assert.equal(await silent.answer(), undefined)
  const loud = await open()
  await loud.answer()
  loud.socket.write(encode(['PING', 'x'.repeat(10_000)]))
  assert.equal(await loud.answer(), undefined)
  assert.deepEqual(context.reasons(), ['timeout', 'body_too_large'])
})

test('stop hands over what has come, also what is being decompressed', async (t) => {
  const { source, intake, open } = await startSource(t)
  const peer = await open()
  peer.send(['t', gzipSync(packed(events(0, 1000))), { compressed: 'gzip', chunk: 'a' }], ['t', 1, { n: 1000 }])
  const ack = peer.answer()
  await ack
  await source.stop()
  assert.deepEqual(numbers(intake), range(1001))
})

test('options: keys and passwords do not print, users need a key, names of fields are plain', () => {
  const options = fluentForward.config.parse({ shared_key: 'hidden', users: [{ name: 'a', password: 'hidden' }] })
  assert.ok(!JSON.stringify(options).includes('hidden'))
  for (const wrong of [
    { users: [{ name: 'a', password: 'b' }] },
    { tag_field: 'a b' },
    { tag_field: '"' },
    { self_hostname: '' },
  ]) {
    assert.equal(fluentForward.config.safeParse(wrong).success, false, JSON.stringify(wrong))
  }
})
