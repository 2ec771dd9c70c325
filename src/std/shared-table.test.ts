import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { SharedTable, sharedTableBytes } from './shared-table.ts'

const WINDOW_MS = 1000

function tableOf(keys: number): SharedTable {
  return new SharedTable(new SharedArrayBuffer(sharedTableBytes(keys)), keys)
}

test('a key is first once in its window, and the next one after it hears of the repeats', () => {
  const table = tableOf(64)
  let owner = 0
  const see = (now: number, low = 1) => {
    const { first, repeats } = table.see(low, 2, now, WINDOW_MS, ++owner)
    return first ? repeats : 'repeat'
  }
  assert.deepEqual([see(0), see(1), see(999)], [0, 'repeat', 'repeat'])
  assert.deepEqual([see(1000), see(1500), see(2000), see(3000)], [2, 'repeat', 1, 0])
  assert.equal(see(3000, 7), 0)
})

test('keys that differ in one half of the fingerprint only are two', () => {
  const table = tableOf(64)
  for (const [low, high] of [
    [1, 1],
    [1, 2],
    [2, 1],
    [0, 0],
    [0, 1],
    [-0x8000_0000, 5],
  ] as const) {
    assert.equal(table.see(low, high, 0, WINDOW_MS, 1).first, true, `${low} ${high}`)
    assert.equal(table.see(low, high, 0, WINDOW_MS, 2).first, false, `${low} ${high}`)
  }
})

test('the same sighting told twice is first twice', () => {
  const table = tableOf(64)
  assert.equal(table.see(1, 1, 0, WINDOW_MS, 42).first, true)
  assert.equal(table.see(1, 1, 0, WINDOW_MS, 42).first, true)
  assert.equal(table.see(1, 1, 0, WINDOW_MS, 43).first, false)
})

test('time goes on across the end of its 32 bits, and a key is not held for ever by an old sighting', () => {
  const table = tableOf(64)
  const near = 2 ** 31 - 10
  const see = (now: number) => table.see(1, 1, now | 0, WINDOW_MS, now | 1).first
  assert.deepEqual([see(near), see(near + 500), see(near + 1000)], [true, false, true])
  assert.equal(see(near + 1000 + 30 * 86_400_000), true)
})

test('a thread whose time is slightly behind sees a repeat', () => {
  const table = tableOf(64)
  table.see(1, 1, 500, WINDOW_MS, 1)
  assert.equal(table.see(1, 1, 490, WINDOW_MS, 2).first, false)
})

test('a full neighbourhood forgets its oldest key', () => {
  const table = tableOf(4)
  for (let i = 0; i < 8; i++) assert.equal(table.see(8 * i + 8, 1, i, WINDOW_MS, 1 + i).first, true)
  assert.equal(table.see(1000, 1, 10, WINDOW_MS, 20).first, true)
  assert.equal(table.see(8, 1, 11, WINDOW_MS, 21).first, true, 'forgotten')
  assert.equal(table.see(64, 1, 12, WINDOW_MS, 22).first, false, 'remembered')
})

test('slots that a dead thread left half written are used again', () => {
  const memory = new SharedArrayBuffer(sharedTableBytes(4))
  const words = new Int32Array(memory)
  const table = new SharedTable(memory, 4)
  for (let i = 0; i < 7; i++) words[i * 5] = -0x8000_0000
  for (let i = 1; i < 20; i++) assert.equal(table.see(i, 1, i, WINDOW_MS, i).first, true)
  words.fill(-0x8000_0000)
  assert.equal(table.see(1, 1, 1, WINDOW_MS, 1).first, true)
})

test('of many threads that see a key at once, one is first', { timeout: 60_000 }, async () => {
  const keys = 20_000
  const rounds = 3
  // So roomy that no neighbourhood fills.
  const table = new SharedArrayBuffer(sharedTableBytes(8 * keys))
  const gate = new SharedArrayBuffer(4)
  const firsts = await Promise.all([1, 2].map((thread) => seeAll({ table, gate, keys, rounds, thread })))
  // In every round each key opens one window, whichever thread does it.
  assert.equal(firsts[0]!.firsts + firsts[1]!.firsts, keys * rounds)
  // One repeat a round; one that is seen just while a window turns may count to either, and none is lost.
  const after = new SharedTable(table, 8 * keys)
  let repeats = firsts[0]!.repeats + firsts[1]!.repeats
  for (let key = 0; key < keys; key++) repeats += after.see(lowOf(key), key, rounds * 1000, 1000, -key - 1).repeats
  assert.equal(repeats, keys * rounds)
})

function lowOf(key: number): number {
  return Math.imul(key + 1, 0x9e37_79b1)
}

interface Job {
  table: SharedArrayBuffer
  gate: SharedArrayBuffer
  keys: number
  rounds: number
  thread: number
}

const SEER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { module, table: memory, gate, keys, rounds, thread } = workerData
  import(module).then(({ SharedTable }) => {
    const table = new SharedTable(memory, 8 * keys)
    const arrived = new Int32Array(gate)
    const meet = (count) => {
      Atomics.add(arrived, 0, 1)
      while (Atomics.load(arrived, 0) < count) {}
    }
    let firsts = 0, repeats = 0
    for (let round = 0; round < rounds; round++) {
      meet(2 * (round + 1))
      for (let key = 0; key < keys; key++) {
        const seen = table.see(Math.imul(key + 1, 0x9e3779b1), key, round * 1000, 1000, 2 * (round * keys + key) + thread)
        if (seen.first) firsts++
        repeats += seen.repeats
      }
    }
    parentPort.postMessage({ firsts, repeats })
  })
`

function seeAll(job: Job): Promise<{ firsts: number; repeats: number }> {
  const module = new URL('./shared-table.ts', import.meta.url).href
  return new Promise((resolve, reject) => {
    const worker = new Worker(SEER, { eval: true, workerData: { ...job, module } })
    worker.once('message', resolve).once('error', reject)
  })
}
