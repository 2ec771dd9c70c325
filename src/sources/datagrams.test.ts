import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeIntake, recordsOf } from '#test/support/fake-intake.ts'
import { DATAGRAM_BYTES_MAX, Datagrams } from './datagrams.ts'

const SEED = 20_260_102

function add(datagrams: Datagrams, datagram: Buffer): void {
  datagram.copy(datagrams.bytes, datagrams.next)
  datagrams.add(datagram.length)
}

function expectedRecord(datagram: Buffer): string {
  return datagram.toString('latin1').replace(/\r?\n$/, '')
}

const datagram = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r'), fc.stringMatching(/^[a-z]{0,5}$/)), { maxLength: 5 })
  .map((parts) => Buffer.from(parts.join('')))

test('every datagram becomes one record, in order, with one trailing newline less, however the intake fills up', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(datagram, fc.boolean(), fc.nat(3)), { maxLength: 20 }), (steps) => {
      const intake = new FakeIntake()
      const datagrams = new Datagrams(intake, 2 * DATAGRAM_BYTES_MAX)
      for (const [bytes, flush, room] of steps) {
        add(datagrams, bytes)
        intake.setRoom(room)
        if (flush) datagrams.flush()
      }
      intake.setRoom(Number.POSITIVE_INFINITY)
      assert.ok(datagrams.flush())
      const records = intake.entries.flatMap((entry) => recordsOf(entry).map((record) => record.toString('latin1')))
      assert.deepEqual(
        records,
        steps.map(([bytes]) => expectedRecord(bytes)),
      )
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('datagrams without inner newlines share one entry', () => {
  const intake = new FakeIntake()
  const datagrams = new Datagrams(intake, 2 * DATAGRAM_BYTES_MAX)
  for (const text of ['a', 'b\n', 'c\r\n']) add(datagrams, Buffer.from(text))
  assert.ok(datagrams.flush())
  assert.deepEqual(
    intake.entries.map((entry) => [entry.framing, entry.bytes.toString()]),
    [['lines', 'a\nb\nc\r\n']],
  )
})

test('there is no room once the largest datagram would not fit, until a flush', () => {
  const datagrams = new Datagrams(new FakeIntake(), DATAGRAM_BYTES_MAX + 10)
  assert.equal(datagrams.next, 0)
  add(datagrams, Buffer.alloc(20, 'x'))
  assert.equal(datagrams.next, -1)
  assert.ok(datagrams.flush())
  assert.equal(datagrams.next, 0)
})
