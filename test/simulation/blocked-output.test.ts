/** Outputs that have no room and whose policy is to wait: the engines have done nothing wrong, and a reload gets past them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type NodeHarness, numbered, startNode } from '#test/support/node-harness.ts'

const STALL_MS = 60
const KILL_MS = 150

/** Puts 2000 lines: one block fills the queue, and another waits for room. */
async function fill(it: NodeHarness): Promise<void> {
  it.held.add('out')
  it.put(numbered(0, 1000))
  await it.until(() => it.node.stats().outputs[0]!.in_flight.records > 0, 'a full queue')
  it.put(numbered(1000, 1000))
  await it.until(() => it.books.in_flight.records === 1000, 'what waits')
}

test('an engine that has done its work is not stalled because an output has no room', async () => {
  await using it = await startNode({
    processors: [{ type: 'mark', options: { with: ' MARKED' } }],
    failOpen: { stallMs: STALL_MS, killMs: KILL_MS, probeMs: 20 },
    whenFull: 'block',
    overflow: 'block',
    queueBytesMax: { out: 1024 },
  })
  await fill(it)
  const states = new Set<string>()
  for (let waitedMs = 0; waitedMs < 4 * KILL_MS; waitedMs += 10) {
    await sleep(10)
    states.add(it.books.state)
  }
  for (let i = 20; i < 40; i++) it.put(numbered(i * 100, 100))
  it.held.delete('out')
  const books = await it.settle()
  assert.deepEqual([...states], ['normal'], 'nothing fails open because a vendor is slow')
  assert.equal(it.node.stats().engines[0]!.restarts, 0)
  assert.equal(books.bypassed.records, 0)
  assert.equal(it.out.length, 4000)
  assert.ok(
    it.out.every((line) => line.endsWith(' MARKED')),
    'no record went around the rules',
  )
})

test('an engine that hangs while an output has no room is replaced all the same', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_spin', options: { on: 'FAULT', times: 1 } }],
    failOpen: { stallMs: STALL_MS, killMs: KILL_MS, probeMs: 20 },
    whenFull: 'block',
    overflow: 'block',
    queueBytesMax: { out: 1024 },
  })
  await fill(it)
  it.put(['FAULT once'])
  await it.until(() => it.node.stats().engines[0]!.state !== 'running', 'the engine to be found out')
  it.held.delete('out')
  await it.settle()
  assert.equal(it.out.length, 2001)
})

test('a reload that replaces an output without room does not wait for it', async () => {
  await using it = await startNode({ whenFull: 'block', overflow: 'block', queueBytesMax: { out: 1024 } })
  await fill(it)
  const plan = it.plan()
  // The same output by name, sent elsewhere: as when the address was wrong.
  plan.outputs[0]!.options = { name: 'elsewhere' }
  await it.node.apply(plan)
  const later = numbered(5000, 10)
  it.put(later)
  const elsewhere = () => it.collected.get('elsewhere') ?? []
  await it.until(() => later.every((line) => elsewhere().includes(line)), 'what came later at the new output')
  it.held.delete('out')
  await it.settle()
  // What waited for an engine when the reload came may be made for either.
  assert.ok(it.out.length >= 1000, 'what was made for the old one went there')
  assert.equal(new Set([...it.out, ...elsewhere()]).size, 2010)
  assert.equal(it.out.length + elsewhere().length, 2010)
})

test('a stop after a reload, with an output without room, is an orderly one', async () => {
  await using it = await startNode({ whenFull: 'block', overflow: 'block', queueBytesMax: { out: 1024 } })
  await fill(it)
  await it.node.apply(it.plan([{ type: 'mark', options: { with: ' MARKED' } }]))
  const { drained } = await it.node.stop(50)
  assert.equal(drained, false)
  it.assertBalance()
  const { expired, in_flight } = it.node.stats().outputs[0]!
  assert.deepEqual([expired.records, in_flight.records], [1000, 0], 'what was taken over is not forgotten')
})

test('a stop ends outputs that a reload has replaced and that are not done yet', async () => {
  await using it = await startNode({})
  it.held.add('out')
  it.put(numbered(0, 10))
  await it.until(() => it.node.stats().outputs[0]!.in_flight.records === 10, 'the output to hold them')
  const plan = it.plan()
  plan.outputs[0]!.options = { name: 'elsewhere' }
  await it.node.apply(plan)
  const { drained } = await it.node.stop(50)
  assert.equal(drained, false)
  const { expired, in_flight } = it.node.stats().outputs[0]!
  assert.deepEqual([expired.records, in_flight.records], [10, 0])
})
