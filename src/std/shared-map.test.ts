import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { fromText } from '#std/bytes.ts'
import { SharedMap, sharedMapBytes } from './shared-map.ts'

test('it is a map: what was put in is found, refused when full, and stays over a clearing out', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ maxLength: 40 }), { maxLength: 60 }), fc.nat(100), (keys, odd) => {
      const map = new SharedMap(new SharedArrayBuffer(sharedMapBytes(50, 2000)), 0, 50, 2000, 0)
      const model = new Map<string, number>()
      keys.forEach((key, i) => {
        const bytes = fromText(key)
        assert.equal(map.find(bytes, 0, bytes.length), -1)
        const entry = map.insert(bytes, 0, bytes.length, 8)
        if (entry === -1) return
        map.doubles[map.valueAt(entry) / 8] = i
        model.set(key, i)
      })
      assert.equal(map.size, model.size)
      assert.ok(map.size === Math.min(keys.length, 50) || map.used > 1500)
      map.keepOnly((entry) => map.doubles[map.valueAt(entry) / 8]! % 7 !== odd % 7)
      for (const [key, i] of model) {
        const bytes = fromText(key)
        const entry = map.find(bytes, 0, bytes.length)
        if (i % 7 === odd % 7) assert.equal(entry, -1)
        else assert.equal(map.doubles[map.valueAt(entry) / 8], i)
      }
      let count = 0
      for (let entry = map.next(-1); entry !== -1; entry = map.next(entry)) count++
      assert.equal(count, map.size)
    }),
  )
})

test('threads add under the lock, and nothing is lost', async () => {
  const memory = new SharedArrayBuffer(sharedMapBytes(10, 1000))
  const source = `
    import { workerData } from 'node:worker_threads'
    import { SharedMap } from ${JSON.stringify(new URL('./shared-map.ts', import.meta.url).href)}
    const map = new SharedMap(workerData.memory, 0, 10, 1000, workerData.owner)
    const key = Buffer.from('k')
    for (let i = 0; i < 5000; i++) {
      map.lock()
      let entry = map.find(key, 0, 1)
      if (entry === -1) entry = map.insert(key, 0, 1, 8)
      map.doubles[map.valueAt(entry) / 8] += 1
      map.unlock()
    }`
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
  await Promise.all(
    [1, 2].map(
      (owner) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(url, { workerData: { memory, owner } })
          worker.once('exit', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  const map = new SharedMap(memory, 0, 10, 1000, 0)
  assert.equal(map.doubles[map.valueAt(map.find(fromText('k'), 0, 1)) / 8], 10_000)
})

test('a successor takes over the lock of one that died with it', () => {
  const memory = new SharedArrayBuffer(sharedMapBytes(10, 1000))
  new SharedMap(memory, 0, 10, 1000, 3).lock()
  const successor = new SharedMap(memory, 0, 10, 1000, 3)
  successor.lock()
  successor.unlock()
})
