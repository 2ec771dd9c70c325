import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Redis } from 'ioredis'
import { silentLogger } from '#observe/log.ts'
import { freePort, startRedis } from '#test/support/redis.ts'
import { requireService } from '#test/support/services.ts'
import { closeRedis, connectRedis } from './redis.ts'

/** Unlike `once` of `node:events`, an error on the way is nothing to stop at. */
const next = (redis: Redis, event: string) => new Promise((resolve) => redis.once(event, resolve))

const QUICK = { commandTimeoutMs: 100, heartbeatMs: 150 }

test('a server that falls silent counts as lost, also for who only listens, and is found again', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using server = await startRedis()
  const warnings: string[] = []
  const log = { ...silentLogger, warn: (_fields: object, message: string) => warnings.push(message) }
  const redis = connectRedis(server, log, 'subscriber', QUICK)
  t.after(() => closeRedis(redis))
  await next(redis, 'ready')
  await redis.subscribe('channel')
  const lost = next(redis, 'close')
  server.pause()
  await lost
  assert.ok(warnings.includes('redis has fallen silent; connecting again'))
  const found = next(redis, 'ready')
  server.resume()
  await found
  assert.match(String(await redis.ping()), /pong/i)
})

test('while the server is away commands fail at once and nothing is thrown', async (t) => {
  const redis = connectRedis({ host: '127.0.0.1', port: await freePort() }, silentLogger, 'publisher')
  t.after(() => closeRedis(redis))
  await assert.rejects(redis.get('key'))
  await next(redis, 'reconnecting')
  await assert.rejects(redis.get('key'))
})

test('a connection can be closed in any state', async (t) => {
  if (!requireService(t, 'redis-server')) return
  await using server = await startRedis()
  const open = connectRedis(server, silentLogger, 'open')
  const away = connectRedis({ host: '127.0.0.1', port: await freePort() }, silentLogger, 'away')
  const connecting = connectRedis(server, silentLogger, 'connecting')
  t.after(() => [open, away].forEach(closeRedis))
  closeRedis(connecting)
  if (open.status !== 'ready') await next(open, 'ready')
  if (away.status !== 'reconnecting') await next(away, 'reconnecting')
  const ended = next(open, 'end')
  closeRedis(open)
  closeRedis(away)
  await ended
  await assert.rejects(open.ping())
  await assert.rejects(away.ping())
})
