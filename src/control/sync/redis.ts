/**
 * Redis as the original product uses it: the key `streamgate_config` holds the manifest, a message on `streamgate_updates`
 * says that it has changed. Nothing but the key is ever believed.
 */
import { Redis } from 'ioredis'
import type { Logger } from '#observe/log.ts'

export type RedisAddress = { url: string } | { host: string; port: number }

const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_BASE_MS = 100
const RECONNECT_CAP_MS = 5_000
/** A command that is not answered by then has failed; the connection may be half open. */
const COMMAND_TIMEOUT_MS = 5_000
/** How often an open connection is asked whether anyone is there. One that only listens would never find out. */
const HEARTBEAT_MS = 10_000

/** A heartbeat is longer than the timeout, so that only one is under way. */
export interface Timing {
  commandTimeoutMs: number
  heartbeatMs: number
}
const DEFAULT_TIMING: Timing = { commandTimeoutMs: COMMAND_TIMEOUT_MS, heartbeatMs: HEARTBEAT_MS }

/**
 * A connection that comes up when it can and again when it breaks or falls silent, with full-jitter backoff, and never
 * throws for being down. Commands do not wait for it: while it is down they fail at once.
 */
export function connectRedis(address: RedisAddress, log: Logger, role: string, timing = DEFAULT_TIMING): Redis {
  const options = {
    // RESP2: every server speaks it, and proxies between often nothing else.
    protocol: 2 as const,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: timing.commandTimeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    lazyConnect: true,
    retryStrategy: (attempt: number) =>
      Math.ceil(Math.random() * Math.min(RECONNECT_CAP_MS, RECONNECT_BASE_MS * 2 ** Math.min(attempt, 16))) + 1,
  }
  const redis = 'url' in address ? new Redis(address.url, options) : new Redis(address.port, address.host, options)
  let down = false
  redis.on('error', (error: Error) => {
    if (!down) log.warn({ role, reason: error.message }, 'redis is away; trying again')
    down = true
  })
  redis.on('ready', () => {
    if (down) log.info({ role }, 'redis is back')
    down = false
  })
  let heartbeat: NodeJS.Timeout | undefined
  redis.on('ready', () => {
    heartbeat = setInterval(() => {
      redis.ping().catch((error: Error) => {
        if (redis.status !== 'ready') return
        log.warn({ role, reason: error.message }, 'redis has fallen silent; connecting again')
        // Closing takes a while when nobody answers.
        clearInterval(heartbeat)
        redis.disconnect(true)
      })
    }, timing.heartbeatMs)
    heartbeat.unref()
  })
  redis.on('close', () => clearInterval(heartbeat))
  // A first attempt that fails is tried again like any other.
  redis.connect().catch(() => undefined)
  return redis
}

/** Ends a connection in whatever state it is. */
export function closeRedis(redis: Redis): void {
  redis.disconnect()
}
