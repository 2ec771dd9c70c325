/** The original product's Redis contract, against a real server and programs that know nothing but that contract. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { Redis } from 'ioredis'
import { Follower } from '#agent/follower.ts'
import { type NodeReport, nodeReport } from '#contract/manifest.ts'
import { documentOf, manifestOf } from '#control/configurations/projection.ts'
import { RedisPublisher } from '#control/sync/redis-publisher.ts'
import { REPORT_EXPIRY_S, RedisWatcher } from '#control/sync/redis-watcher.ts'
import { type Logger, silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { Program } from '#test/support/program.ts'
import { freePort, RedisServer, startRedis } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'

const PATIENCE_MS = 30_000
const KEY = 'streamgate_config'
const CHANNEL = 'streamgate_updates'

/** As it stands in the original documents, with headers filled in. */
const ORIGINAL = {
  version: '1.0',
  pipelines: [
    {
      name: 'default_pipeline',
      processors: [{ id: 'f1', type: 'filter', params: { value: 'DEBUG' } }],
      outputs: [{ type: 'http', url: 'http://example.com', headers: { 'X-Api-Key': 'secret' } }],
      batch_size: 100,
    },
  ],
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const numbered = (n: number) =>
  JSON.stringify({ version: '1.0', pipelines: [{ name: 'default_pipeline', batch_size: n }] })

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What the original controller does at `POST /publish`. */
async function publishAsOriginal(client: Redis, manifest: string): Promise<void> {
  await client.set(KEY, manifest)
  await client.publish(CHANNEL, 'RELOAD')
}

/** What the original node does: hears the signal, reads the key. */
async function originalNode(server: RedisServer) {
  const signals: string[] = []
  const manifests: unknown[] = []
  const [subscription, commands] = [server.client(), server.client()]
  subscription.on('message', async (channel: string, message: string) => {
    signals.push(`${channel} ${message}`)
    manifests.push(JSON.parse((await commands.get(KEY))!))
  })
  await subscription.subscribe(CHANNEL)
  return { signals, manifests }
}

/** Our node's side, with an engine that takes what is JSON. */
function startNode(t: TestContext, { host, port }: { host: string; port: number }, log: Logger = silentLogger) {
  const applied: string[] = []
  const clock = new ManualClock()
  const follower = new Follower(async (manifest) => {
    JSON.parse(manifest)
    applied.push(manifest)
  }, log)
  const watcher = new RedisWatcher({
    address: { host, port },
    nodeId: 'node-1',
    version: '1.2.3',
    follower,
    clock,
    log,
  })
  t.after(() => watcher.close())
  return { applied, clock, follower }
}

/** `stored`: what the store has published, the live one first. */
function startPublisher(t: TestContext, { host, port }: { host: string; port: number }, stored: string[] = []) {
  const publications = { live: async () => stored[0], earlier: async () => stored.slice(1) }
  const publisher = new RedisPublisher({ host, port }, silentLogger, publications)
  t.after(() => publisher.close())
  return publisher
}

/** Publishes as soon as the connection stands. */
async function publishWhenConnected(publisher: RedisPublisher, manifest: string): Promise<void> {
  await until(
    () =>
      publisher.publish(manifest).then(
        () => true,
        () => false,
      ),
    'the publisher to be connected',
  )
}

async function reportOf(client: Redis): Promise<NodeReport | undefined> {
  const text = await client.get('streamgate_node:node-1')
  return text === null ? undefined : nodeReport.parse(JSON.parse(text))
}

test('a foreign controller publishes, and our node applies', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const client = redis.client()
  const { applied, follower } = startNode(t, redis)
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  assert.deepEqual(applied, [], 'a Redis without a manifest changes nothing')
  const manifest = JSON.stringify(ORIGINAL)
  await publishAsOriginal(client, manifest)
  await until(() => follower.running === hash(manifest), 'the manifest to run')
  await publishAsOriginal(client, manifest)
  await publishAsOriginal(client, numbered(2))
  await until(() => follower.running === hash(numbered(2)), 'the second manifest')
  assert.deepEqual(applied, [manifest, numbered(2)], 'the same again is not applied again')
})

test('what was published before the node came is read at once', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  await publishAsOriginal(redis.client(), numbered(1))
  const { follower } = startNode(t, redis)
  await until(() => follower.running === hash(numbered(1)), 'the manifest to run')
})

test('our controller publishes, and a foreign node hears RELOAD and reads the original shape', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const node = await originalNode(redis)
  const publisher = startPublisher(t, redis)
  const { processors: rules, outputs, batch_size } = ORIGINAL.pipelines[0]!
  const document = documentOf(rules, outputs, batch_size)
  await publishWhenConnected(publisher, JSON.stringify(manifestOf(document)))
  await until(() => node.manifests.length > 0, 'the signal')
  assert.equal(node.signals[0], 'streamgate_updates RELOAD')
  assert.deepEqual(node.manifests[0], ORIGINAL)
  const client = redis.client()
  assert.equal(await client.get(KEY), JSON.stringify(ORIGINAL), 'to the letter')
  assert.equal(await client.ttl(KEY), -1, 'it does not expire')

  // What the original does not know stands in the same shape, where it skips it.
  const sample = { id: 's1', type: 'sample', params: { keep_ratio: 0.5 }, when: { field: 'level', equals: 'info' } }
  document.pipelines[0]!.processors.push({ ...sample, required: true, on_error: 'drop' })
  assert.equal(await publisher.publish(JSON.stringify(manifestOf(document))), 1)
  const processors = () => (node.manifests.at(-1) as typeof ORIGINAL).pipelines[0]?.processors
  await until(() => processors()?.length === 2, 'the second signal')
  assert.deepEqual(processors()?.[1], { ...sample, required: true, on_error: 'drop' })
})

test('a server that is away at the start is found when it comes, and told what was published meanwhile', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = new RedisServer(await freePort())
  const { follower } = startNode(t, redis)
  const publisher = startPublisher(t, redis)
  await assert.rejects(publisher.publish(numbered(1)))
  await assert.rejects(publisher.publish(numbered(2)), (error: Error) => {
    assert.equal(error.message, 'redis is away; it is told as soon as it is back')
    return true
  })
  await redis.start()
  await until(() => follower.running === hash(numbered(2)), 'the newest manifest to run')
  assert.equal(await redis.client().get(KEY), numbered(2))
})

test('a server that is killed and comes back empty has the manifest again, and the node hears what follows', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const { applied, follower } = startNode(t, redis)
  const publisher = startPublisher(t, redis, [numbered(1)])
  await publishWhenConnected(publisher, numbered(1))
  await until(() => follower.running === hash(numbered(1)), 'the manifest to run')
  await redis.restart()
  const client = redis.client()
  await until(async () => (await client.get(KEY)) === numbered(1), 'the key to be there again')
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  await publishAsOriginal(client, numbered(2))
  await until(() => follower.running === hash(numbered(2)), 'the next manifest')
  assert.deepEqual(applied, [numbered(1), numbered(2)], 'nothing was applied twice')
})

test('a controller that starts anew gives an empty server the last publication, and leaves what it finds', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const client = redis.client()
  const node = await originalNode(redis)
  startPublisher(t, redis, [numbered(1)])
  await until(() => node.manifests.length === 1, 'the signal')
  assert.deepEqual(node.manifests, [JSON.parse(numbered(1))])
  await client.set(KEY, numbered(2))
  const other = startPublisher(t, redis, [numbered(3)])
  await until(async () => String(await client.client('LIST')).split('cmd=get').length === 2, 'its look')
  assert.equal(await client.get(KEY), numbered(2), 'what another controller wrote stands')
  await publishWhenConnected(other, numbered(4))
  assert.equal(await client.get(KEY), numbered(4))
})

test('a controller that ended before it could tell of its last publication does so when it starts anew', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const { follower } = startNode(t, redis)
  await publishAsOriginal(redis.client(), numbered(1))
  await until(() => follower.running === hash(numbered(1)), 'what was published before')
  startPublisher(t, redis, [numbered(3), numbered(2), numbered(1)])
  await until(() => follower.running === hash(numbered(3)), 'the last publication')
})

test('garbage under the key is refused with a reason, and what runs keeps running', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const client = redis.client()
  const { applied, follower } = startNode(t, redis)
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  await publishAsOriginal(client, numbered(1))
  await until(async () => (await reportOf(client))?.running === hash(numbered(1)), 'the report')
  const garbage = '{"version": "1.0", "pipe'
  await publishAsOriginal(client, garbage)
  await until(async () => (await reportOf(client))?.state === 'FAILED', 'the report of the failure')
  const failed = await reportOf(client)
  assert.equal(failed?.running, hash(numbered(1)))
  assert.equal(failed?.failed?.hash, hash(garbage))
  assert.match(failed?.failed?.reason ?? '', /JSON/)
  await publishAsOriginal(client, numbered(2))
  await until(async () => (await reportOf(client))?.state === 'RUNNING', 'the report of recovery')
  assert.equal((await reportOf(client))?.failed, null)
  assert.equal(follower.running, hash(numbered(2)))
  assert.deepEqual(applied, [numbered(1), numbered(2)])
})

test('a key of another kind is logged, and the node hears what follows', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const client = redis.client()
  const warnings: object[] = []
  const { applied, follower } = startNode(t, redis, { ...silentLogger, warn: (fields) => warnings.push(fields) })
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  await client.hset(KEY, 'a', 'b')
  await client.publish(CHANNEL, 'RELOAD')
  await until(() => JSON.stringify(warnings).includes('WRONGTYPE'), 'the warning')
  await publishAsOriginal(client, numbered(1))
  await until(() => follower.running === hash(numbered(1)), 'the manifest to run')
  assert.deepEqual(applied, [numbered(1)])
})

test('a burst of a hundred publications ends at the newest', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const { applied, follower } = startNode(t, redis)
  const publisher = startPublisher(t, redis)
  await publishWhenConnected(publisher, numbered(0))
  await Promise.all(Array.from({ length: 100 }, (_, i) => publisher.publish(numbered(i + 1))))
  assert.equal(await redis.client().get(KEY), numbered(100))
  await until(() => follower.running === hash(numbered(100)), 'the newest')
  const order = applied.map((manifest) => JSON.parse(manifest).pipelines[0].batch_size as number)
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    'never back to an older one',
  )
})

test('a node says who it is and what it runs, for a minute', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const client = redis.client()
  const { clock } = startNode(t, redis)
  await until(async () => (await reportOf(client)) !== undefined, 'the first report')
  const first = {
    id: 'node-1',
    version: '1.2.3',
    running: null,
    state: 'RUNNING',
    failed: null,
    reported_at: '2026-01-01T00:00:00.000Z',
  }
  assert.deepEqual(await reportOf(client), first)
  assert.equal(REPORT_EXPIRY_S, 60)
  const ttl = await client.ttl('streamgate_node:node-1')
  assert.ok(ttl > 50 && ttl <= 60, `expires in ${ttl} s`)
  clock.advance(1500)
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  await publishAsOriginal(client, numbered(1))
  await until(async () => (await reportOf(client))?.running !== null, 'the next report')
  const second = { ...first, running: hash(numbered(1)), reported_at: '2026-01-01T00:00:01.500Z' }
  assert.deepEqual(await reportOf(client), second)
})

test('a publication that the server missed is told when it is back', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const stored: string[] = []
  const publisher = startPublisher(t, redis, stored)
  await publishWhenConnected(publisher, numbered(1))
  await redis.stop()
  await until(
    () =>
      publisher.publish(numbered(2)).then(
        () => false,
        () => true,
      ),
    'the connection to be lost',
  )
  await redis.start()
  const client = redis.client()
  await until(async () => (await client.get(KEY)) === numbered(2), 'the owed publication')
  stored.unshift(numbered(3))
  await publisher.publish(numbered(3))
  await redis.restart()
  await until(async () => (await client.get(KEY)) === numbered(3), 'the newest, not what was once owed')
})

test('controller and node as two programs speak over a real server, and the node outlives it', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using redis = await startRedis()
  const flags = ['--redis-url', redis.url]
  await using controller = await Program.start('controller', { flags })
  await using node = await Program.start('node', { flags })
  const client = redis.client()
  await until(async () => (await client.pubsub('NUMSUB', CHANNEL))[1] === 1, 'the subscription')
  await controller.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
  const published = await controller.publish()
  assert.equal(published['subscribers_notified'], 1)
  await node.until(() => node.stderr.includes('configuration applied'), 'the rule')
  await redis.stop()
  await node.sendTcp('DEBUG: test log\nINFO: test log\n')
  await node.until(() => node.lines.length > 0, 'a line')
  assert.deepEqual(node.lines, ['INFO: test log'])
  await controller.api('POST', '/rules', { id: 'drop_info', type: 'filter', params: { value: 'INFO' } })
  assert.equal((await controller.publish())['status'], 503)
  await redis.start()
  await node.until(() => node.stderr.split('configuration applied').length === 3, 'what was owed')
  await node.sendTcp('INFO: test log\nWARN: test log\n')
  await node.until(() => node.lines.length > 1, 'another line')
  assert.deepEqual(node.lines, ['INFO: test log', 'WARN: test log'])
  assert.equal(await node.stop(), 0)
  assert.equal(await controller.stop(), 0)
})
