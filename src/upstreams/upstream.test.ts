import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { deadUrl, TargetServer } from '#test/support/target-server.ts'
import { breakerDefaults, privatePlan, type UpstreamPlan, upstreamDefaults } from './plan.ts'
import { Upstream, type UpstreamRequest, type UpstreamResult } from './upstream.ts'

type Target = TargetServer | string

function planFor(targets: Target[], changes: Partial<UpstreamPlan> = {}): UpstreamPlan {
  return {
    ...upstreamDefaults,
    id: 'test',
    targets: targets.map((target) => ({ url: typeof target === 'string' ? target : target.url, weight: 1 })),
    // Waits within a request are tested beside the rule; here they only take time.
    retry: { ...upstreamDefaults.retry, baseMs: 1, capMs: 1 },
    ...changes,
  }
}

class Harness implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly upstream: Upstream
  constructor(plan: UpstreamPlan) {
    this.upstream = new Upstream(plan, { clock: this.clock, random: randomFrom(1), log: silentLogger })
  }
  send(changes: Partial<UpstreamRequest> = {}): Promise<UpstreamResult> {
    const signal = new AbortController().signal
    const request: UpstreamRequest = { method: 'POST', path: '/x', headers: {}, body: BODY, timeoutMs: 10_000, signal }
    return this.upstream.request({ ...request, ...changes })
  }
  /** One after the other: `status` or code of each. */
  async series(count: number, changes: Partial<UpstreamRequest> = {}): Promise<(number | string)[]> {
    const results: (number | string)[] = []
    for (let i = 0; i < count; i++) results.push(wordFor(await this.send(changes)))
    return results
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream.stop()
  }
}

const BODY = Buffer.from('body')
const wordFor = (result: UpstreamResult) => (result.answered ? result.status : result.code)
const servers = (count: number) => Promise.all(Array.from({ length: count }, () => new TargetServer().listen()))

/** A connection is used again after a turn of the event loop; before that a request gets another one. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(condition(), `waited in vain for ${condition}`)
}

test('a request arrives whole behind the path of its target, signed for it; connections are used again', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([`${server.url}/base/`]))
  server.reply = { status: 201, headers: { 'retry-after': '7', 'x-a': 'b' }, body: 'made' }
  const sign = async (target: URL) => ({ 'x-signed': target.pathname })
  const result = await harness.send({ path: '/x?y=1', headers: { 'x-one': '1' }, sign })
  assert.ok(result.answered)
  assert.equal(result.status, 201)
  assert.equal(result.body.toString(), 'made')
  assert.equal(result.headers['x-a'], 'b')
  assert.equal(result.retryAfterMs, 7_000)
  await settled()
  await harness.send()
  const [first, second] = server.requests
  assert.deepEqual([first?.method, first?.path, first?.body], ['POST', '/base/x?y=1', 'body'])
  assert.deepEqual([first?.headers['x-one'], first?.headers['x-signed']], ['1', '/base/'])
  assert.deepEqual([first?.use, second?.use, server.connections], [0, 1, 1])
})

test('requests are shared between targets, and a drained one gets none', async () => {
  const [a, b, c] = (await servers(3)) as [TargetServer, TargetServer, TargetServer]
  await using _ = disposeAll(a, b, c)
  const plan = planFor([a, b, c], { balance: 'round_robin' })
  plan.targets[2]!.weight = 0
  await using harness = new Harness(plan)
  await harness.series(6)
  assert.deepEqual([a.requests.length, b.requests.length, c.requests.length], [3, 3, 0])
  assert.equal(harness.upstream.snapshot().targets[2]?.state, 'drained')
})

test('what cannot be reached is tried at another target; what was seen only where that does no harm', async () => {
  const [a, b] = (await servers(2)) as [TargetServer, TargetServer]
  await using _ = disposeAll(a, b)
  await using harness = new Harness(planFor([await deadUrl(), a], { balance: 'round_robin' }))
  assert.deepEqual(await harness.series(4), [200, 200, 200, 200])
  assert.equal(harness.upstream.snapshot().retries, 2)
  await using other = new Harness(planFor([a, b], { balance: 'round_robin' }))
  a.replies.push(503, 503, 'reset')
  assert.equal(wordFor(await other.send()), 503)
  await other.send()
  assert.equal(wordFor(await other.send({ method: 'PUT' })), 200)
  assert.equal(b.requests.at(-1)?.method, 'PUT')
})

test('a Retry-After beyond the limit goes to whoever asked, and retries end with the budget of attempts', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server]))
  server.reply = { status: 503, headers: { 'retry-after': '100' } }
  assert.equal(wordFor(await harness.send({ method: 'GET', body: null })), 503)
  assert.equal(server.requests.length, 1)
  server.reply = 503
  await harness.send({ method: 'GET', body: null })
  assert.equal(server.requests.length, 3)
})

test('a stale keep-alive connection is replayed, even where nothing else is tried again', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(privatePlan('out', server.url, undefined))
  await harness.send()
  await settled()
  server.replies.push('reset')
  assert.equal(wordFor(await harness.send()), 200)
  assert.deepEqual(
    server.requests.map(({ use }) => use),
    [0, 1, 0],
  )
  const [target] = harness.upstream.snapshot().targets
  assert.deepEqual([target?.requests, target?.failures], [2, 0])
  // The first request of a connection may have been taken: that is for the owner to decide.
  await server.close()
  await server.listen()
  server.replies.push('reset')
  assert.equal(wordFor(await harness.send()), 'econnreset')
})

test('a target that fails is left out for a time, and comes back', async () => {
  const [good, bad] = (await servers(2)) as [TargetServer, TargetServer]
  await using _ = disposeAll(good, bad)
  await using harness = new Harness(planFor([good, bad], { balance: 'round_robin' }))
  bad.reply = 500
  await harness.series(10)
  assert.equal(bad.requests.length, 5)
  const [, target] = harness.upstream.snapshot().targets
  assert.deepEqual([target?.state, target?.ejections], ['ejected', 1])
  assert.equal(target?.ejected_until, harness.clock.wall() + 30_000)
  assert.deepEqual(await harness.series(10), Array(10).fill(200))
  assert.equal(bad.requests.length, 5)
  harness.clock.advance(30_000)
  bad.reply = 200
  await harness.series(4)
  assert.equal(bad.requests.length, 7)
})

test('when everything is out, everything is used: a panic', async () => {
  const all = await servers(3)
  await using _ = disposeAll(...all)
  const outlier = { ...upstreamDefaults.outlier, maxEjectionPercent: 100 }
  const plan = planFor(all, { balance: 'round_robin', outlier, breaker: undefined })
  await using harness = new Harness(plan)
  for (const server of all) server.reply = 502
  await harness.series(15)
  const { panic, targets } = harness.upstream.snapshot()
  assert.deepEqual(
    targets.map(({ state }) => state),
    ['ejected', 'ejected', 'ejected'],
  )
  assert.equal(panic, true)
  for (const server of all) server.reply = 200
  assert.deepEqual(await harness.series(3), [200, 200, 200])
  // Whoever does not want that is told when to come back.
  harness.upstream.configure({ ...plan, panicRatio: 0 })
  assert.deepEqual(await harness.send(), {
    answered: false,
    code: 'no_target',
    message: 'no target is well',
    retryAfterMs: 30_000,
  })
})

test('a dead target gets no requests but probes, and is back when it answers them', async () => {
  const [good, dead] = (await servers(2)) as [TargetServer, TargetServer]
  await using _ = disposeAll(good, dead)
  const healthCheck = {
    type: 'http' as const,
    path: '/health',
    intervalMs: 10,
    timeoutMs: 1_000,
    jitterRatio: 0.1,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
    statuses: [[200, 299]] as [number, number][],
  }
  await using harness = new Harness(planFor([good, dead], { balance: 'round_robin', healthCheck }))
  dead.probeReply = 503
  harness.upstream.watch()
  const state = () => harness.upstream.snapshot().targets[1]?.state
  await until(() => state() === 'unhealthy')
  const probesBefore = dead.probes
  await harness.series(10)
  assert.deepEqual([good.requests.length, dead.requests.length], [10, 0])
  await until(() => dead.probes > probesBefore + 2)
  dead.probeReply = 200
  await until(() => state() === 'healthy')
  await harness.series(4)
  assert.equal(dead.requests.length, 2)
  // Gone altogether, it is found out by the thresholds, and a plan without checks forgets that.
  await dead.close()
  await until(() => state() === 'unhealthy')
  harness.upstream.configure(planFor([good, dead], { balance: 'round_robin' }))
  assert.equal(state(), 'healthy')
})

test('a tcp check is content with a connection, and a good check ends an ejection', async () => {
  const [a, b] = (await servers(2)) as [TargetServer, TargetServer]
  await using _ = disposeAll(a, b)
  const plan = planFor([a, b], { balance: 'round_robin' })
  await using harness = new Harness(plan)
  b.reply = 500
  await harness.series(10)
  const state = () => harness.upstream.snapshot().targets[1]?.state
  assert.equal(state(), 'ejected')
  harness.upstream.configure({
    ...plan,
    healthCheck: {
      type: 'tcp',
      path: '/',
      intervalMs: 5,
      timeoutMs: 1_000,
      jitterRatio: 0,
      healthyThreshold: 1,
      unhealthyThreshold: 1,
      statuses: [],
    },
  })
  await until(() => state() === 'healthy')
  assert.equal(b.probes, 0)
})

test('an open breaker answers without the network, and closes after good probes', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server]))
  server.reply = 500
  assert.deepEqual(await harness.series(10), Array(10).fill(500))
  const refused = await harness.send()
  assert.ok(!refused.answered)
  assert.equal(refused.code, 'breaker_open')
  assert.ok(refused.retryAfterMs! >= 30_000 && refused.retryAfterMs! <= 33_000)
  assert.equal(server.requests.length, 10)
  harness.clock.advance(refused.retryAfterMs!)
  server.reply = 200
  assert.deepEqual(await harness.series(3), [200, 200, 200])
  assert.equal(harness.upstream.snapshot().breaker?.state, 'closed')
  server.reply = 404
  assert.deepEqual(await harness.series(30), Array(30).fill(404))
})

test('a private upstream rests for a second, not for half a minute', async () => {
  await using harness = new Harness(privatePlan('out', await deadUrl(), undefined))
  assert.deepEqual(await harness.series(10), Array(10).fill('econnrefused'))
  const refused = await harness.send()
  assert.ok(!refused.answered && refused.code === 'breaker_open' && refused.retryAfterMs! <= 1_100)
})

test('connections have a limit, so has the line behind them, and who is beyond is told at once', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server], { connectionsMax: 2, pendingMax: 1 }))
  server.reply = 'hang'
  const under = [harness.send(), harness.send(), harness.send()]
  await until(() => server.held === 2)
  const [target] = harness.upstream.snapshot().targets
  assert.deepEqual([target?.active, target?.waiting], [3, 1])
  assert.equal(wordFor(await harness.send()), 'overflow')
  server.reply = 200
  server.release()
  assert.deepEqual((await Promise.all(under)).map(wordFor), [200, 200, 200])
  assert.equal(server.connections, 2)
})

test('time and signal end a request wherever it is, and its place is free again', async () => {
  await using server = await new TargetServer().listen()
  const concurrency = { adaptive: false, min: 1, max: 1 }
  await using harness = new Harness(planFor([server], { concurrency, breaker: undefined }))
  server.reply = 'hang'
  const abort = new AbortController()
  const first = harness.send({ signal: abort.signal })
  await until(() => server.held === 1)
  const waiting = harness.send({ timeoutMs: 20 })
  assert.equal(harness.upstream.snapshot().concurrency?.waiting, 1)
  assert.equal(wordFor(await waiting), 'timeout')
  abort.abort()
  assert.equal(wordFor(await first), 'aborted')
  assert.equal(wordFor(await harness.send({ signal: abort.signal })), 'aborted')
  assert.equal(wordFor(await harness.send({ timeoutMs: 20 })), 'timeout')
  server.reply = 200
  assert.equal(wordFor(await harness.send()), 200)
  const { active, requests, targets } = harness.upstream.snapshot()
  assert.deepEqual([active, targets[0]?.active], [0, 0])
  assert.deepEqual(requests, { answered: 1, failed: 2, overflow: 0, breaker_open: 0, cancelled: 2 })
})

test('the status is the answer, even when the rest stalls, breaks off or is too long', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server]))
  server.reply = { status: 200, headers: { 'content-length': '100' }, body: 'only this' }
  const short = await harness.send({ timeoutMs: 50 })
  assert.ok(short.answered)
  assert.equal(short.body.toString(), 'only this')
  server.reply = { status: 200, body: 'x'.repeat(3 * 1024 * 1024) }
  const long = await harness.send()
  assert.ok(long.answered)
  assert.equal(long.body.length, 1024 * 1024)
})

test('what HTTP cannot say is no fault of the target', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server]))
  const result = await harness.send({ headers: { 'x-token': 'se\ncret' } })
  assert.ok(!result.answered)
  assert.equal(result.code, 'invalid_request')
  assert.ok(!result.message.includes('cret'))
  assert.equal(harness.upstream.snapshot().targets[0]?.failures, 0)
})

test('a signature that fails is no fault of the target', async () => {
  await using server = await new TargetServer().listen()
  await using harness = new Harness(planFor([server]))
  const sign = () => Promise.reject(new Error('no key'))
  assert.deepEqual(await harness.send({ sign }), {
    answered: false,
    code: 'sign',
    message: 'the request cannot be signed: no key',
  })
  const abort = new AbortController()
  const hanging = harness.send({ sign: () => new Promise(() => undefined), signal: abort.signal })
  await settled()
  abort.abort()
  assert.equal(wordFor(await hanging), 'aborted')
  const early = new AbortController()
  const sent = harness.send({ sign: () => new Promise(() => undefined), signal: early.signal })
  early.abort()
  assert.equal(wordFor(await sent), 'aborted')
  assert.equal(server.requests.length, 0)
  assert.equal(harness.upstream.snapshot().targets[0]?.failures, 0)
})

test('a reload under load keeps what is known, and a target that is gone finishes what it has', async () => {
  const [a, b, c] = (await servers(3)) as [TargetServer, TargetServer, TargetServer]
  await using _ = disposeAll(a, b, c)
  await using harness = new Harness(planFor([a, b], { balance: 'round_robin' }))
  b.reply = 500
  await harness.series(10)
  assert.equal(harness.upstream.snapshot().targets[1]?.state, 'ejected')
  a.reply = 'hang'
  const slow = [harness.send(), harness.send()]
  await until(() => a.held === 2)
  harness.upstream.configure(planFor([b, c], { balance: 'round_robin', connectionsMax: 7 }))
  const { targets } = harness.upstream.snapshot()
  assert.deepEqual(
    targets.map(({ url, state }) => [url, state]),
    [
      [`${b.url}/`, 'ejected'],
      [`${c.url}/`, 'healthy'],
    ],
  )
  assert.deepEqual(await harness.series(4), [200, 200, 200, 200])
  assert.deepEqual([a.requests.length, c.requests.length], [7, 4])
  a.release()
  assert.deepEqual((await Promise.all(slow)).map(wordFor), [200, 200])
  // It keeps its connections when nothing about them changes, and is new when its way in changes.
  await settled()
  const before = c.connections
  harness.upstream.configure(planFor([b, c], { balance: 'hash', connectionsMax: 7, breaker: breakerDefaults }))
  await harness.series(1)
  assert.equal(c.connections, before)
})

test('a target that goes while its request is being signed leaves it to another', async () => {
  const [a, b] = (await servers(2)) as [TargetServer, TargetServer]
  await using _ = disposeAll(a, b)
  await using harness = new Harness(privatePlan('out', a.url, undefined))
  const sign = async () => {
    harness.upstream.configure({ ...harness.upstream.plan, targets: [{ url: b.url, weight: 1 }] })
    return {}
  }
  assert.equal(wordFor(await harness.send({ sign })), 200)
  assert.deepEqual([a.requests.length, b.requests.length], [0, 1])
})

test('requests with the same key go to the same target, and only those of a dead one move', async () => {
  const all = await servers(4)
  await using _ = disposeAll(...all)
  await using harness = new Harness(planFor(all, { balance: 'hash', breaker: undefined }))
  const keys = Array.from({ length: 80 }, (_, i) => `/key-${i}`)
  const homes = async () => {
    for (const server of all) server.requests.length = 0
    for (const key of keys) assert.equal(wordFor(await harness.send({ hashKey: key, path: key })), 200)
    return new Map(all.flatMap((server, i) => server.requests.map(({ path }) => [path, i] as const)))
  }
  const before = await homes()
  assert.deepEqual(await homes(), before)
  await all[0]!.close()
  const after = await homes()
  for (const key of keys) {
    if (before.get(key) === 0) assert.notEqual(after.get(key), 0)
    else assert.equal(after.get(key), before.get(key))
  }
})

test('an adaptive limit comes down to what the server can take', async () => {
  await using server = await new TargetServer().listen()
  const concurrency = { adaptive: true, min: 1, max: 100 }
  await using harness = new Harness(planFor([server], { concurrency, breaker: undefined, outlier: undefined }))
  server.reply = () => (server.held >= 4 ? 429 : 'hang')
  const releasing = setInterval(() => server.release(), 1)
  const results = await Promise.all(Array.from({ length: 30 }, () => harness.series(30)))
  clearInterval(releasing)
  const { limit, waiting } = harness.upstream.snapshot().concurrency!
  assert.ok(limit <= 12, `limit ${limit}`)
  assert.equal(waiting, 0)
  const refused = results.flat().filter((word) => word === 429).length
  assert.ok(refused > 0, 'it found out by being refused')
})

test('a stopped upstream says so, and ends what it has', async () => {
  await using server = await new TargetServer().listen()
  const harness = new Harness(planFor([server]))
  server.reply = 'hang'
  const hanging = harness.send()
  await until(() => server.held === 1)
  await harness.upstream.stop()
  assert.equal(wordFor(await hanging), 'stopped')
  assert.equal(wordFor(await harness.send()), 'stopped')
})

function disposeAll(...servers: TargetServer[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    },
  }
}
