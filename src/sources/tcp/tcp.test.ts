import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectSecurely } from 'node:tls'
import { readData } from '#listeners/shared-read.ts'
import { ManualClock, systemClock } from '#std/clock.ts'
import { authority } from '#test/support/certificates.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { tlsFiles } from '#test/support/tls-files.ts'
import { tcp } from './tcp.ts'

type Input = Parameters<typeof tcp.config.parse>[0]

async function started(
  t: { after(f: () => Promise<void>): void },
  options: object = {},
  context = new FakeSourceContext(),
) {
  const input: Input = { listen: '127.0.0.1:0', ...options }
  const source = tcp.create(tcp.config.parse(input), context)
  await source.start()
  t.after(() => source.stop())
  const client = async (): Promise<Socket> => {
    const socket = connect({ port: Number(new URL(source.address()).port), host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  return { source, context, intake: context.intake, client }
}

/** Writes all of it, respecting backpressure. */
async function send(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain')
}

test('lines ended by \\n or \\r\\n arrive as records, and the last one without an end counts at close', async (t) => {
  const { intake, client } = await started(t)
  const socket = await client()
  socket.end('DEBUG one\nINFO two\r\n\nlast')
  await intake.until(() => intake.records().length === 4)
  assert.deepEqual(intake.records(), ['DEBUG one', 'INFO two', '', 'last'])
  await once(socket, 'close')
})

test('a sender that gives one byte at a time makes the same records', async (t) => {
  const { intake, client } = await started(t)
  const socket = await client()
  socket.setNoDelay(true)
  for (const byte of 'a\r\nbc\n\nd') await send(socket, byte)
  socket.end()
  await intake.until(() => intake.records().length === 4)
  assert.deepEqual(intake.records(), ['a', 'bc', '', 'd'])
})

test('each connection keeps its own origin and its own unfinished line', async (t) => {
  const { intake, client, context } = await started(t)
  const [one, two] = [await client(), await client()]
  await send(one, 'a1\na')
  await intake.until(() => intake.entries.length === 1)
  await send(two, 'b1\nb')
  await intake.until(() => intake.entries.length === 2)
  assert.equal(context.connections, 2)
  one.end('2\n')
  await intake.until(() => intake.entries.length === 3)
  two.end('2')
  await intake.until(() => intake.entries.length === 4)
  assert.deepEqual(intake.records(), ['a1', 'b1', 'a2', 'b2'])
  const origins = intake.entries.map((entry) => entry.origin)
  assert.deepEqual(
    origins.map((origin) => origin === origins[0]),
    [true, false, true, false],
  )
})

test('what came before a reset counts, the unfinished line too', async (t) => {
  const { intake, client } = await started(t)
  const socket = await client()
  await send(socket, 'whole\nhalf')
  await intake.until(() => intake.entries.length === 1)
  socket.resetAndDestroy()
  await intake.until(() => intake.entries.length === 2)
  assert.deepEqual(intake.records(), ['whole', 'half'])
})

test('100 MB without a newline stay within bounded memory and lose no byte', async (t) => {
  const { intake, client } = await started(t)
  intake.keep = false
  const megabyte = Buffer.alloc(1024 * 1024, 'x')
  const socket = await client()
  const before = process.memoryUsage.rss()
  let most = before
  for (let i = 0; i < 100; i++) {
    await send(socket, megabyte)
    most = Math.max(most, process.memoryUsage.rss())
  }
  socket.end()
  await intake.until(() => intake.bytes === 100 * megabyte.length)
  assert.equal(intake.oversized, 0)
  assert.equal(intake.puts, 100)
  assert.ok(most - before < 40e6, `RSS grew by ${((most - before) / 1e6).toFixed(0)} MB`)
})

test('a line that is too long is cut into truncated records, or dropped and counted', async (t) => {
  for (const [line_too_long, records, reasons] of [
    ['cut', ['ok', 'aaaaaaaaaa', 'aa', 'end'], []],
    ['drop', ['ok', 'end'], ['line_too_long']],
  ] as const) {
    const { intake, client, context } = await started(t, { line_bytes_max: 10, line_too_long })
    const socket = await client()
    socket.end(`ok\n${'a'.repeat(12)}\nend\n`)
    await intake.until(() => intake.records().includes('end'))
    assert.deepEqual(intake.records(), records)
    assert.deepEqual(context.reasons(), reasons)
  }
})

test('without room no byte is lost: the sender waits, and goes on when there is room', async (t) => {
  const { intake, client, context } = await started(t)
  intake.setRoom(0)
  const line = `${'x'.repeat(99)}\n`
  const [one, two] = [await client(), await client()]
  const chunk = Buffer.from(line.repeat(1000))
  const sent = (async () => {
    for (let i = 0; i < 100; i++) await send(one, chunk)
    one.end()
    await once(one, 'close')
  })()
  while (intake.waiting === 0) await new Promise(setImmediate)
  two.end('short')
  intake.keep = false
  // Room for one entry at a time, until all is through.
  for (; intake.bytes < 100 * chunk.length + 5; await new Promise(setImmediate)) intake.setRoom(1)
  intake.setRoom(Number.POSITIVE_INFINITY)
  await sent
  assert.equal(intake.bytes, 100 * chunk.length + 5)
  assert.equal(intake.oversized, 0)
  assert.deepEqual(context.rejected, [])
})

test('an idle connection is closed after the timeout, and what it held counts', async (t) => {
  const { intake, client } = await started(t, { idle_timeout_ms: 30 })
  const socket = await client()
  socket.resume()
  await send(socket, 'unfinished')
  await once(socket, 'close')
  assert.deepEqual(intake.records(), ['unfinished'])
})

test('connections beyond the maximum are closed at once, and said so at most once a second', async (t) => {
  const clock = new ManualClock()
  const context = new FakeSourceContext(new FakeIntake(), clock)
  const { client } = await started(t, { connections_max: 2 }, context)
  const first = await client()
  const refuse = async () => {
    const socket = await client()
    socket.resume()
    await once(socket, 'close')
  }
  await client()
  await refuse()
  await refuse()
  assert.deepEqual(context.logged, ['connections refused: there are too many'])
  clock.advance(1001)
  await refuse()
  assert.equal(context.logged.length, 2)
  first.end('still served')
  await context.intake.until(() => context.intake.entries.length === 1)
})

test('stop takes what is on its way, closes every connection, and leaves no byte behind', async (t) => {
  const { source, intake, client, context } = await started(t)
  const socket = await client()
  const idle = await client()
  idle.resume()
  const half = await client()
  const lines = 'line\n'.repeat(50_000)
  await send(half, 'unfinished')
  await intake.until(() => context.connections === 3)
  socket.write(lines)
  socket.resume()
  await source.stop()
  assert.equal(context.connections, 0)
  assert.equal(intake.bytes, lines.length + 'unfinished'.length)
  assert.deepEqual(
    intake.records().filter((record) => record !== 'line'),
    ['unfinished'],
  )
})

test('a peer that half-closes gets its close after everything is taken', async (t) => {
  const { intake, client } = await started(t)
  intake.setRoom(0)
  const socket = await client()
  socket.resume()
  let closed = false
  socket.on('close', () => {
    closed = true
  })
  socket.end('a\nb')
  while (intake.waiting === 0) await new Promise(setImmediate)
  assert.equal(closed, false)
  intake.setRoom(Number.POSITIVE_INFINITY)
  await once(socket, 'close')
  assert.deepEqual(intake.records(), ['a', 'b'])
})

test('data events serve a runtime whose handles cannot read into our buffer', async (t) => {
  const got: Buffer[] = []
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
    let refused = false
    const socket = readData(accepted, (length, buffer) => {
      got.push(Buffer.from(buffer.subarray(0, length)))
      if (refused) return true
      refused = true
      setImmediate(() => socket.resume())
      return false
    })
    socket.on('end', () => socket.end())
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = connect(address.port, '127.0.0.1')
  socket.resume()
  await send(socket, 'one ')
  const started = systemClock.now()
  while (got.length === 0 && systemClock.now() - started < 10_000) await new Promise(setImmediate)
  socket.end('two')
  await once(socket, 'close')
  assert.equal(Buffer.concat(got).toString(), 'one two')
})

test('lines over TLS arrive like plain ones, and who the list leaves out is refused', async (t) => {
  const { cert_file, key_file } = tlsFiles(t)
  const { intake, source } = await started(t, { tls: { cert_file, key_file }, allow: ['127.0.0.0/8'] })
  const socket = connectSecurely({
    port: Number(new URL(source.address()).port),
    host: '127.0.0.1',
    ca: authority,
    servername: 'server.test',
  })
  await once(socket, 'secureConnect')
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 100)}`)
  await send(socket, lines.join('\n'))
  socket.end()
  await once(socket, 'close')
  await intake.until(() => intake.bytes === lines.join('\n').length)
  assert.deepEqual(intake.records(), lines)
  const closed = await started(t, { allow: ['10.0.0.0/8'] })
  const refused = await closed.client()
  await once(refused, 'close')
  assert.deepEqual(closed.context.rejected, [{ reason: 'not_allowed', records: 1, bytes: 0 }])
})
