import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readEvents } from './sse.ts'

async function eventsOf(text: string, cuts: readonly number[] = []): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  async function* chunks() {
    let from = 0
    for (const to of ends) {
      yield bytes.subarray(from, to)
      from = to
    }
  }
  const events = await Array.fromAsync(readEvents(chunks()))
  return events.map(({ event, data, id }) => [event, data, id])
}

test('fields, comments and line ends are read as the standard says', async () => {
  assert.deepEqual(await eventsOf('data: a\ndata:b\ndata\n\n'), [['message', 'a\nb\n', '']])
  assert.deepEqual(await eventsOf('\ufeffdata:  two\r\rid: 1\nevent: e\ndata: x\r\n\r\n: c\ndata: y\n\n'), [
    ['message', ' two', ''],
    ['e', 'x', '1'],
    ['message', 'y', '1'],
  ])
  assert.deepEqual(await eventsOf('event: none\n\nid: 3\n\nid: a\0\ndata: {"a":1}\n\n'), [['message', '{"a":1}', '3']])
  assert.deepEqual(await eventsOf('data: not ended\n'), [])
})

test('it makes no difference where the chunks are cut', async () => {
  const text = '\ufeffevent: tap\r\ndata: grün 🙂\r\ndata: b\r\n\r\nid: 9\rdata: c\r\rdata: d\n\n'
  const whole = await eventsOf(text)
  assert.equal(whole.length, 3)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(100), { maxLength: 12 }), async (cuts) => {
      assert.deepEqual(await eventsOf(text, cuts), whole)
    }),
  )
})

test('an event that is too large ends the reading', async () => {
  async function* endless() {
    for (;;) yield new TextEncoder().encode('data: xxxxxxxxxx\n')
  }
  await assert.rejects(Array.fromAsync(readEvents(endless(), 1000)), /an event of more than 1000 characters/)
})
