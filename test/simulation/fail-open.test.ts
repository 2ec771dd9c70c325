/** What the node does when rules are too slow or broken: nothing is lost, and nothing leaks that a rule was to hide. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered, startNode } from '#test/support/node-harness.ts'

const quick = { stallMs: 100, killMs: 400, probeMs: 50 }

test('an engine in an endless loop is bypassed, replaced, and nothing is lost', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_spin', options: { on: 'FAULT', times: 1 } }],
    failOpen: quick,
  })
  it.put(numbered(0, 100))
  await it.until(() => it.out.length === 100, 'the first lines')
  it.put([...numbered(100, 10), 'FAULT once', ...numbered(111, 10)])
  await it.until(() => it.books.state === 'bypass', 'the bypass')
  for (let i = 0; i < 20; i++) it.put(numbered(1000 + i * 100, 100))
  await it.until(() => it.out.length >= 2100, 'raw records while the engine hangs')
  const books = await it.settle()
  assert.equal(books.in.records, 100 + 21 + 2000)
  assert.equal(books.forwarded.records, books.in.records)
  assert.equal(new Set(it.out).size, it.out.length, 'nothing twice')
  assert.ok(books.bypassed.records > 0)
  assert.equal(it.node.stats().engines[0]!.restarts, 1)
  it.put(numbered(9000, 10))
  await it.until(() => it.out.includes('00009009 INFO'), 'the new engine at work')
})

test('with a required processor a stalled engine holds records and lets none out raw', async () => {
  await using it = await startNode({
    processors: [
      { type: 'fault_spin', options: { on: 'FAULT', times: 1 } },
      { type: 'mark', options: { with: ' MARKED' }, required: true, onError: 'quarantine' },
    ],
    failOpen: quick,
  })
  it.put([...numbered(0, 10), 'FAULT once'])
  await it.until(() => it.books.state === 'hold', 'the hold')
  for (let i = 0; i < 20; i++) it.put(numbered(1000 + i * 100, 100))
  assert.ok(it.books.in_flight.records >= 2000, 'what waits is on the books')
  it.assertBalance()
  const books = await it.settle()
  assert.equal(it.out.length, 2011)
  assert.ok(
    it.out.every((line) => line.endsWith(' MARKED')),
    'no record went around the required processor',
  )
  assert.equal(books.bypassed.records, 0)
})

for (const [how, type] of [
  ['ends', 'fault_exit'],
  ['runs out of memory', 'fault_memory'],
] as const) {
  test(`an engine that ${how} is replaced and its work done by the next`, async () => {
    await using it = await startNode({
      processors: [{ type, options: { on: 'FAULT', times: 1 } }],
      failOpen: { ...quick, stallMs: 20_000, killMs: 25_000 },
    })
    for (let i = 0; i < 10; i++) it.put(numbered(i * 100, 100))
    it.put(['FAULT once'])
    for (let i = 10; i < 20; i++) it.put(numbered(i * 100, 100))
    const books = await it.settle()
    assert.equal(books.in.records, 2001)
    assert.deepEqual(
      it.out.filter((line) => line !== 'FAULT once'),
      numbered(0, 2000),
      'all, once, in order',
    )
    assert.equal(it.node.stats().engines[0]!.restarts, 1)
  })
}

test('a record that stops every engine is found and quarantined alone', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_exit', options: { on: 'POISON' }, required: true }],
    failOpen: { ...quick, stallMs: 20_000, killMs: 25_000 },
  })
  it.put([...numbered(0, 300), 'POISON', ...numbered(300, 300)])
  it.put(numbered(600, 400))
  const books = await it.settle()
  assert.equal(books.quarantined.records, 1)
  assert.deepEqual(it.out, numbered(0, 1000))
})

test('a processor that throws costs only the records it throws on, as on_error says', async () => {
  const cases = { pass: [1001, 0, 0], drop: [1000, 1, 0], quarantine: [1000, 0, 1] } as const
  for (const [onError, [forwarded, dropped, quarantined]] of Object.entries(cases)) {
    await using it = await startNode({ processors: [{ type: 'fault_throw', onError: onError as 'pass' }] })
    it.put([...numbered(0, 500), 'FAULT', ...numbered(500, 500)])
    const books = await it.settle()
    assert.deepEqual(
      [books.forwarded.records, books.dropped.records, books.quarantined.records],
      [forwarded, dropped, quarantined],
    )
    assert.equal(books.rules[0]!.errors, 1)
  }
})

test('under pressure only required processors run, and the books say how much went without the others', async () => {
  await using it = await startNode({
    processors: [
      { type: 'mark', options: { with: ' SAVER', busy_ms: 20 } },
      { type: 'mark', options: { with: ' REQUIRED' }, required: true },
    ],
    intakeBytesMax: 8 * 1024 * 1024,
    failOpen: { stallMs: 20_000, killMs: 25_000 },
    overflow: 'drop_oldest',
  })
  const lines = numbered(0, 1000, 'x'.repeat(200))
  for (let i = 0; i < 34; i++) it.put(lines)
  await it.until(() => it.books.state === 'pressed', 'the pressure to show')
  const books = await it.settle()
  assert.ok(
    it.out.every((line) => line.endsWith(' REQUIRED')),
    'required rules always ran',
  )
  assert.ok(
    it.out.some((line) => !line.includes(' SAVER')),
    'the others were skipped',
  )
  assert.equal(books.in.records, 34_000)
  assert.equal(books.forwarded.records, it.out.length)
})

test('drop_oldest gives up the oldest records, counts them, and keeps the newest', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_spin', options: { times: 1 }, required: true }],
    intakeBytesMax: 8 * 1024 * 1024,
    failOpen: { stallMs: 100, killMs: 5_000, probeMs: 50 },
  })
  it.put(['FAULT'])
  await it.until(() => it.books.state === 'hold', 'the hold')
  for (let i = 0; i < 200; i++) it.put(numbered(i * 1000, 1000, 'x'.repeat(100)))
  assert.ok(it.books.overwritten.records > 0)
  it.assertBalance()
  const books = await it.settle()
  assert.equal(books.in.records, 200_001)
  assert.equal(books.forwarded.records + books.overwritten.records, 200_001)
  assert.ok(it.out.at(-1)!.startsWith('00199999'), 'the newest is there')
  assert.equal(it.out.length, books.forwarded.records)
})

test('block answers no when the intake is half full, and nothing is lost', async () => {
  await using it = await startNode({
    processors: [{ type: 'mark', options: { with: '', busy_ms: 2 } }],
    intakeBytesMax: 8 * 1024 * 1024,
    overflow: 'block',
  })
  let sent = 0
  let refused = 0
  while (sent < 100) {
    if (it.put(numbered(sent * 1000, 1000, 'x'.repeat(100)))) sent++
    else {
      refused++
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  assert.ok(refused > 0)
  await it.settle()
  assert.equal(it.books.state, 'normal', 'waiting is not pressure')
  assert.equal(it.out.length, 100_000)
  assert.deepEqual(
    it.out.map((line) => line.slice(0, 8)),
    numbered(0, 100_000).map((line) => line.slice(0, 8)),
  )
})

test('a dead output delays no other', async () => {
  await using it = await startNode({ outputs: ['out', 'dead'], queueBytesMax: { dead: 100_000 } })
  it.held.add('dead')
  for (let i = 0; i < 50; i++) it.put(numbered(i * 1000, 1000))
  await it.until(() => it.out.length === 50_000, 'the live output')
  const dead = it.node.stats().outputs.find((output) => output.id === 'dead')!
  assert.ok(dead.overwritten.records > 0)
  assert.ok(dead.in_flight.bytes <= 100_000 + 256 * 1024)
  it.held.clear()
  await it.settle()
})

test('an engine that is done is not to blame for an output that takes nothing', async () => {
  await using it = await startNode({
    processors: [{ type: 'filter', options: { value: 'DEBUG' } }],
    failOpen: quick,
    overflow: 'block',
    whenFull: 'block',
    queueBytesMax: { out: 100_000 },
  })
  it.held.add('out')
  const states = new Set<string>()
  for (let i = 0; i < 100; i++) it.put([...numbered(i * 1000, 500), ...numbered(i * 1000 + 500, 500, 'DEBUG')])
  // Twice as long as it takes to replace an engine that hangs.
  const until = Date.now() + 2 * quick.killMs
  await it.until(() => {
    states.add(it.books.state)
    return Date.now() > until
  }, 'time to pass')
  it.held.clear()
  const books = await it.settle()
  assert.deepEqual([...states], ['normal'])
  assert.equal(books.bypassed.records, 0)
  assert.equal(books.dropped.records, 50_000, 'no rule was left out')
  assert.equal(it.out.length, 50_000)
  assert.equal(it.node.stats().engines[0]!.restarts, 0)
})
