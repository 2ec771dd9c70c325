import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { Acceptance, type Piece } from './acceptance.ts'

function world(durable = false) {
  const clock = new ManualClock()
  const intake = new FakeIntake()
  const context = new FakeSourceContext(intake, clock)
  context.durable = durable
  return { clock, intake, acceptance: new Acceptance(context, 1000) }
}

function piecesOf(...texts: string[]): Piece[] {
  return texts.map((text) => {
    const body = Buffer.from(text)
    return { entry: { origin: 7, framing: 'record' }, body, from: 0, to: body.length }
  })
}

test('what finds no room at the first is not taken; what has begun waits for room', async () => {
  const { acceptance, intake } = world()
  intake.setRoom(0)
  assert.equal(await acceptance.accept(7, piecesOf('a', 'b')), 'no_room')
  assert.equal(intake.waiting, 0)
  intake.setRoom(1)
  const accepted = acceptance.accept(7, piecesOf('a', 'b', 'c'))
  while (intake.puts < 3) {
    await new Promise(setImmediate)
    if (intake.waiting > 0) intake.setRoom(1)
  }
  assert.equal(await accepted, 'taken')
  assert.deepEqual(intake.records(), ['a', 'b', 'c'])
  assert.equal(await acceptance.accept(7, []), 'taken')
})

test('pieces are made one at a time, so that each may use the memory of the one before', async () => {
  const { acceptance, intake } = world()
  const body = Buffer.alloc(1)
  const pieces = function* (): Iterable<Piece> {
    for (const letter of 'abc') {
      body.write(letter)
      yield { entry: { origin: 7, framing: 'record' }, head: Buffer.from('>'), body, from: 0, to: 1 }
    }
  }
  assert.equal(await acceptance.accept(7, pieces()), 'taken')
  assert.deepEqual(intake.records(), ['>a', '>b', '>c'])
})

test('durable: it is taken when it is safe, and unsafe when it is not', async () => {
  const { acceptance, intake, clock } = world(true)
  const safety = Promise.withResolvers<boolean>()
  intake.isSafe = safety.promise
  let accepted: string | undefined
  const waiting = acceptance.accept(7, piecesOf('a')).then((answer) => {
    accepted = answer
  })
  await new Promise(setImmediate)
  assert.equal(accepted, undefined, 'not before')
  safety.resolve(true)
  await waiting
  assert.equal(accepted, 'taken')
  assert.equal(clock.nextAt, undefined, 'no timer is left')
  intake.isSafe = false
  assert.equal(await acceptance.accept(7, piecesOf('b')), 'unsafe')
  assert.equal(acceptance.isLate, false)
})

test('durable: what is late keeps others out until it is known, or for half a minute', async () => {
  const { acceptance, intake, clock } = world(true)
  for (const known of [true, false]) {
    const safety = Promise.withResolvers<boolean>()
    intake.isSafe = safety.promise
    const first = acceptance.accept(7, piecesOf('a'))
    while (clock.nextAt === undefined) await new Promise(setImmediate)
    clock.advance(1000)
    assert.equal(await first, 'unsafe')
    const { puts } = intake
    assert.equal(await acceptance.accept(7, piecesOf('b')), 'late')
    assert.equal(intake.puts, puts)
    if (known) safety.resolve(true)
    else clock.advance(30_000)
    await new Promise(setImmediate)
    assert.equal(acceptance.isLate, false)
    assert.equal(clock.nextAt, undefined)
  }
})
