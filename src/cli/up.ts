import { loadConfig } from '#config/load.ts'
import { openPrincipal } from '#control/access/principal.ts'
import { startController } from '#control/controller.ts'
import { ManifestBus } from '#control/sync/manifest-bus.ts'
import { MemoryBus } from '#control/sync/memory-bus.ts'
import { RedisPublisher } from '#control/sync/redis-publisher.ts'
import { RedisWatcher } from '#control/sync/redis-watcher.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { systemClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { printBanner, redisText } from './banner.ts'
import {
  type Command,
  configOption,
  controlOptions,
  dataOption,
  logOption,
  nodeOptions,
  redisOption,
} from './command.ts'
import { openControl } from './control-process.ts'
import { runtimeOf } from './control-runtime.ts'
import { untilStopped } from './lifetime.ts'
import { startNodeProcess } from './node-process.ts'
import { version } from './terminal.ts'

export const up: Command = {
  name: 'up',
  summary: 'Run controller and node in one process, with everything embedded',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configOption, ...dataOption, ...nodeOptions, ...controlOptions, ...redisOption, ...logOption },
  examples: ['streamgate up', 'streamgate up --config streamgate.yaml --data-dir /var/lib/streamgate'],
  async run(flags) {
    enableLinearRegex()
    const loaded = loadConfig(flags, process.env, registry)
    const { settings } = loaded
    const log = createLogger(settings.logLevel)
    for (const warning of loaded.warnings) log.warn({}, warning)
    const { database, box, published } = await openControl(settings)
    const running = await startNodeProcess(loaded, flags, log, published)
    const bus = new MemoryBus()
    bus.subscribe((manifest) => running.follower.offer(manifest))
    const redis = settings.redis === undefined ? undefined : connect(settings.redis)
    function connect(address: NonNullable<typeof settings.redis>) {
      const watcher = { address, nodeId: settings.nodeId, version, follower: running.follower, clock: systemClock, log }
      return { publisher: new RedisPublisher(address, log, published), watcher: new RedisWatcher(watcher) }
    }
    const ways = redis === undefined ? [bus] : [bus, redis.publisher]
    const publishers = ways.map((way) => new ManifestBus(way))
    const authenticate = async () => openPrincipal
    const runtime = runtimeOf(() => running.node.stats())
    const controller = await startController({
      ...settings.control,
      version,
      database,
      box,
      runtime,
      publishers,
      authenticate,
      log,
    })
    printBanner({
      listening: running.node.addresses(),
      admin: running.admin.address,
      control: controller.address,
      redis: settings.redis === undefined ? undefined : redisText(settings.redis),
      dataDir: settings.dataDir,
    })
    return await untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      reread: () => running.reread(),
      async stop() {
        await controller.close()
        redis?.watcher.close()
        redis?.publisher.close()
        const drained = await running.stop(settings.shutdownTimeoutMs)
        await database.close()
        return drained
      },
    })
  },
}
