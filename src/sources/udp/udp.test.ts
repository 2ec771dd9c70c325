import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { udp } from './udp.ts'

async function started(
  t: { after(f: () => Promise<void>): void },
  options: object = {},
  context = new FakeSourceContext(),
) {
  const source = udp.create(udp.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  const sender = createSocket('udp4')
  t.after(async () => {
    sender.close()
    await source.stop()
  })
  const port = Number(new URL(source.address()).port)
  const send = (datagram: string | Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      sender.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
    })
  return { source, context, intake: context.intake, send }
}

test('each datagram is one record, and one trailing newline is no part of it', async (t) => {
  const { intake, send } = await started(t)
  const largest = 'x'.repeat(65_507)
  for (const datagram of ['a', 'b\n', 'c\r\n', 'd\n\n', 'e\nf', '', largest]) await send(datagram)
  await intake.until(() => intake.records().length === 7)
  assert.deepEqual(intake.records(), ['a', 'b', 'c', 'd\n', 'e\nf', '', largest])
  assert.ok(intake.entries.every((entry) => entry.origin === 0))
})

test('a burst arrives whole and in order, in far fewer entries than datagrams', async (t) => {
  const { intake, send } = await started(t)
  const expected: string[] = []
  for (let round = 0; round < 20; round++) {
    const sent: Promise<void>[] = []
    for (let i = 0; i < 100; i++) {
      expected.push(`api.request:${round * 100 + i}|c`)
      sent.push(send(expected.at(-1)!))
    }
    await Promise.all(sent)
  }
  await intake.until(() => intake.records().length === expected.length)
  assert.deepEqual(intake.records(), expected)
  assert.ok(intake.entries.length < expected.length / 4, `${intake.entries.length} entries`)
})

test('who is not in the list is refused and counted, and who is has all it sent taken, at stop too', async (t) => {
  const closed = await started(t, { allow: ['10.0.0.0/8'] })
  await Promise.all([closed.send('1'), closed.send('22')])
  while (closed.context.rejected.length < 2) await new Promise(setImmediate)
  assert.deepEqual(closed.context.rejected, [
    { reason: 'not_allowed', records: 1, bytes: 1 },
    { reason: 'not_allowed', records: 1, bytes: 2 },
  ])
  assert.ok(closed.context.logged.includes('refused: the sender is not in the list of those that may send'))
  const open = await started(t, { allow: ['127.0.0.1'] })
  const sent = Array.from({ length: 100 }, (_, i) => `${i}`)
  await Promise.all(sent.map(open.send))
  await open.source.stop()
  assert.deepEqual(open.intake.records(), sent)
  assert.deepEqual(open.context.rejected, [])
})

test('stop hands over what the kernel had already taken in', async (t) => {
  const { source, intake, send } = await started(t)
  // Three datagrams of one turn: nothing has been read when stop is called.
  await Promise.all([send('1'), send('2'), send('3')])
  await source.stop()
  assert.deepEqual(intake.records(), ['1', '2', '3'])
})

test('without room, what is gathered waits; what fits nowhere is counted, and nothing is lost uncounted', async (t) => {
  const { intake, send, context } = await started(t)
  intake.setRoom(0)
  const datagram = Buffer.alloc(60_000, 'x')
  const total = 60
  for (let i = 0; i < total; i++) {
    await send(datagram)
    await new Promise(setImmediate)
  }
  while (context.rejected.length === 0) await new Promise(setImmediate)
  assert.ok(
    context.rejected.every(({ reason, records, bytes }) => reason === 'overload' && records === 1 && bytes === 60_000),
  )
  intake.setRoom(Number.POSITIVE_INFINITY)
  await intake.until(() => intake.records().length + context.rejected.length === total)
  assert.ok(intake.records().length >= 15, 'a megabyte was held')
  assert.equal(intake.oversized, 0)
})

test('what the kernel dropped is told, and asked for at most once a second', {
  skip: !existsSync('/proc/net/udp'),
}, async (t) => {
  const clock = new ManualClock()
  const { source, send, intake } = await started(
    t,
    { receive_buffer_bytes: 4096 },
    new FakeSourceContext(new FakeIntake(), clock),
  )
  assert.equal(source.lostBefore?.(), 0)
  const sent: Promise<void>[] = []
  for (let i = 0; i < 500; i++) sent.push(send(Buffer.alloc(1000, 'x')))
  await Promise.all(sent)
  assert.equal(source.lostBefore?.(), 0)
  clock.advance(1000)
  const lost = source.lostBefore?.() ?? 0
  assert.ok(lost > 0)
  await intake.until(() => intake.records().length === 500 - lost)
  await source.stop()
  assert.equal(source.lostBefore?.(), lost)
})

test('the receive buffer that the system granted is logged', async (t) => {
  const { context } = await started(t)
  assert.deepEqual(context.logged, ['receive buffer granted'])
})
