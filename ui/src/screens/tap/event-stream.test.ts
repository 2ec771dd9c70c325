import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_CHARACTERS_MAX, EventStreamParser } from '#ui/screens/tap/event-stream.ts'

test('events are the same however the stream is cut', () => {
  const text =
    ': watching\n\nevent: records\ndata: {"a":1}\n\n:\n\ndata:one\r\ndata: two\r\n\r\nevent: end\rdata: x\r\r'
  const expected = [
    { event: 'records', data: '{"a":1}' },
    { event: 'message', data: 'one\ntwo' },
    { event: 'end', data: 'x' },
  ]
  for (let size = 1; size <= text.length; size++) {
    const parser = new EventStreamParser()
    const events = []
    for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)))
    // A last carriage return may be half of a line end; what follows tells.
    events.push(...parser.push(':\n'))
    assert.deepEqual(events, expected, `pieces of ${size}`)
  }
})

test('an event without an end is let go at its bound', () => {
  const parser = new EventStreamParser()
  assert.deepEqual(parser.push(`data: ${'x'.repeat(EVENT_CHARACTERS_MAX)}`), [])
  assert.deepEqual(parser.push('\n\ndata: next\n\n'), [{ event: 'message', data: 'next' }])
})
