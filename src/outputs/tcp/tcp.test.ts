import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, outputContext } from '#test/support/outputs.ts'
import { TcpSink, until } from '#test/support/sinks.ts'
import { reasonOf } from '../socket-writer.ts'
import { tcp } from './tcp.ts'

const never = new AbortController().signal
const batch = (text: string) => batchOf(text)

function outputTo(port: number, options: Record<string, unknown> = {}) {
  const parsed = tcp.config.parse({ address: `127.0.0.1:${port}`, ...options })
  return tcp.create(parsed, outputContext())
}

test('lines go over one connection, opened with the first of them', async () => {
  await using sink = await TcpSink.start()
  const output = outputTo(sink.port)
  await output.start()
  assert.equal(sink.sockets.size, 0)
  for (const line of ['a\n', 'b\n', 'c\n']) assert.deepEqual(await output.send(batch(line), never), { ok: true })
  assert.equal(sink.sockets.size, 1)
  await output.stop()
  await until(() => sink.text === 'a\nb\nc\n', 'the lines')
})

test('a peer that is away, or goes, is tried again by the next send', async () => {
  const first = await TcpSink.start()
  const { port } = first
  const output = outputTo(port)
  assert.deepEqual(await output.send(batch('a\n'), never), { ok: true })
  await until(() => first.text === 'a\n', 'the first line')
  await first[Symbol.asyncDispose]()
  await until(() => first.sockets.size === 0, 'the connection to end')
  // How soon this side hears of it is the kernel's matter; until then a write may still be taken.
  let result = await output.send(batch('b\n'), never)
  for (let i = 0; i < 100 && result.ok; i++) result = await output.send(batch('b\n'), never)
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  await using second = await TcpSink.start(port)
  assert.deepEqual(await output.send(batch('c\n'), never), { ok: true })
  await output.stop()
  await until(() => second.text === 'c\n', 'the line on the new connection')
})

test('a peer that reads nothing is given up after write_timeout_ms', async () => {
  await using sink = await TcpSink.start()
  const output = outputTo(sink.port, { write_timeout_ms: 100 })
  await output.send(batch('a\n'), never)
  await until(() => sink.sockets.size === 1, 'the connection')
  for (const socket of sink.sockets) socket.pause()
  const large = batchOf(Buffer.alloc(64 * 1024 * 1024, 'x'))
  assert.partialDeepStrictEqual(await output.send(large, never), { ok: false, retryable: true, code: 'timeout' })
  await output.stop()
})

test('an address that is none is refused', () => {
  for (const address of ['nohost', 'host:', ':1', 'host:123456', '::1:80']) {
    assert.equal(tcp.config.safeParse({ address }).success, false, address)
  }
  assert.equal(tcp.config.safeParse({ address: '[::1]:80' }).success, true)
})

test('after stop nothing connects any more, and a connection that was being made is given up', async () => {
  await using sink = await TcpSink.start()
  const output = outputTo(sink.port)
  const early = output.send(batch('a\n'), never)
  await output.stop()
  const late = await output.send(batch('b\n'), never)
  for (const result of [await early, late]) {
    assert.partialDeepStrictEqual(result, { ok: false, retryable: true, code: 'stopped' })
  }
  await until(() => sink.sockets.size === 0, 'no connection')
  assert.equal(sink.text, '')
})

test('a signal that is aborted already keeps it from connecting', async () => {
  await using sink = await TcpSink.start()
  const output = outputTo(sink.port)
  assert.partialDeepStrictEqual(await output.send(batch('a\n'), AbortSignal.abort()), { ok: false, code: 'aborted' })
  assert.equal(sink.sockets.size, 0)
  await output.stop()
})

test('a name with several addresses, none of which answers, says so for each', () => {
  const errors = [new Error('connect ECONNREFUSED ::1:80'), new Error('connect ECONNREFUSED 127.0.0.1:80')]
  assert.equal(reasonOf(new AggregateError(errors)), 'connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80')
  assert.equal(reasonOf(new Error('plain')), 'plain')
})
