import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mock, test } from 'node:test'
import { authority, serverCertificate, serverKey } from '#test/support/certificates.ts'
import { deadUrl, TargetServer } from '#test/support/target-server.ts'
import type { HealthCheckPlan, TlsPlan } from './plan.ts'
import { ProbeLoop, probe, waitMs } from './probe.ts'

const check: HealthCheckPlan = {
  type: 'http',
  path: '/up?x=1',
  intervalMs: 1_000,
  timeoutMs: 100,
  jitterRatio: 0.1,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  statuses: [
    [200, 299],
    [401, 401],
  ],
}
const patience = () => AbortSignal.timeout(10_000)

test('a status tells whether a target is well; no answer, a broken one or a late one does not', async () => {
  await using server = await new TargetServer().listen()
  const ask = (signal = patience()) => probe(new URL(server.url), check, undefined, signal)
  const results: boolean[] = []
  for (const reply of [200, 401, 302, 500, 'reset'] as const) {
    server.probeReply = reply
    results.push(await ask())
  }
  assert.deepEqual(results, [true, true, false, false, false])
  server.probeReply = 'hang'
  assert.equal(await ask(AbortSignal.timeout(20)), false)
  assert.equal(await ask(AbortSignal.abort()), false)
  assert.equal(await probe(new URL(await deadUrl()), check, undefined, patience()), false)
})

test('https is checked as requests are', async () => {
  await using server = await new TargetServer({ cert: serverCertificate, key: serverKey }).listen()
  const tls: TlsPlan = { ca: authority, cert: undefined, key: undefined, serverName: 'server.test', verify: true }
  const ask = (changes: Partial<TlsPlan>) => probe(new URL(server.url), check, { ...tls, ...changes }, patience())
  assert.equal(await ask({}), true)
  assert.equal(await ask({ serverName: 'other.test' }), false)
  assert.equal(await ask({ ca: undefined }), false)
  assert.equal(await ask({ ca: undefined, verify: false }), true)
})

test('tcp is content with a connection', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as { port: number }
  const ask = (url: string) => probe(new URL(url), { ...check, type: 'tcp' }, undefined, patience())
  assert.equal(await ask(`http://127.0.0.1:${address.port}`), true)
  assert.equal(await ask(await deadUrl()), false)
  server.close()
})

test('the loop asks at once, then in intervals, gives each its time, and ends when it is stopped', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const asked: AbortSignal[] = []
    const told: boolean[] = []
    let answer = Promise.withResolvers<boolean>()
    const run = (signal: AbortSignal) => {
      asked.push(signal)
      signal.addEventListener('abort', () => answer.resolve(false))
      return answer.promise
    }
    const loop = new ProbeLoop(
      check,
      run,
      (ok) => told.push(ok),
      () => 0.5,
    )
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    loop.start()
    answer.resolve(true)
    await settle()
    assert.deepEqual([asked.length, told], [1, [true]])
    answer = Promise.withResolvers()
    mock.timers.tick(999)
    assert.equal(asked.length, 1)
    mock.timers.tick(1)
    assert.equal(asked.length, 2)
    mock.timers.tick(100)
    await settle()
    assert.deepEqual(told, [true, false])
    answer = Promise.withResolvers()
    mock.timers.tick(1_000)
    loop.stop()
    assert.equal(asked[2]?.aborted, true)
    await settle()
    mock.timers.tick(10_000)
    assert.deepEqual([asked.length, told.length], [3, 2])
  } finally {
    mock.timers.reset()
  }
})

test('waits vary by the jitter, both ways', () => {
  assert.deepEqual(
    [0, 0.5, 1].map((random) => waitMs(check, random)),
    [900, 1_000, 1_100],
  )
})
