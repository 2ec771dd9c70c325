import { loadConfig, REDIS_DEFAULT } from '#config/load.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { systemClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { trimMemory } from '#std/trim-memory.ts'
import { printBanner, redisText } from './banner.ts'
import {
  type Command,
  configOption,
  dataOption,
  gatewayOptions,
  logOption,
  nodeOptions,
  redisOption,
} from './command.ts'
import { canRestart, untilStopped } from './lifetime.ts'
import { serverOf } from './node-link.ts'
import { startNodeProcess } from './node-process.ts'
import { version } from './terminal.ts'

type RedisOptions = ConstructorParameters<typeof import('#control/sync/redis-watcher.ts').RedisWatcher>[0]

export const node: Command = {
  name: 'node',
  summary: 'Run a node alone; configurations come over OpAMP or Redis',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configOption, ...dataOption, ...nodeOptions, ...gatewayOptions, ...redisOption, ...logOption },
  examples: [
    'OPAMP_TOKEN=sgr_… streamgate node --opamp-endpoint wss://controller.internal:4320/v1/opamp',
    'streamgate node --redis-url redis://redis.internal:6379',
    'streamgate node --config streamgate.yaml',
  ],
  async run(flags) {
    enableLinearRegex()
    const loaded = loadConfig(flags, process.env, registry)
    const { settings } = loaded
    const log = createLogger(settings.logLevel)
    for (const warning of loaded.warnings) log.warn({}, warning)
    const running = await startNodeProcess(loaded, flags, log, undefined)
    const { follower } = running
    const { controller } = settings
    const restart = Promise.withResolvers<void>()
    if (controller !== undefined) await running.follow(serverOf(controller), canRestart ? restart.resolve : undefined)
    // As the original node had it: without anybody to follow it looks for Redis where that usually is.
    const address = settings.redis ?? (controller === undefined ? REDIS_DEFAULT : undefined)
    const watcher =
      address === undefined
        ? undefined
        : await watchRedis({ address, nodeId: settings.nodeId, version, follower, clock: systemClock, log })
    // Whoever reads the banner may stop us: who listens to signals must be there before.
    const stopped = untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      restart: restart.promise,
      reread: () => running.reread(),
      async stop() {
        watcher?.close()
        return await running.stop(settings.shutdownTimeoutMs)
      },
    })
    trimMemory()
    printBanner({
      listening: running.node.addresses(),
      admin: running.admin.address,
      follows: controller?.endpoint,
      redis: address === undefined ? undefined : redisText(address),
      dataDir: settings.dataDir,
    })
    return await stopped
  },
}

/** Its client is loaded only where there is a Redis to follow. */
async function watchRedis(options: RedisOptions): Promise<{ close(): void }> {
  const { RedisWatcher } = await import('#control/sync/redis-watcher.ts')
  return new RedisWatcher(options)
}
