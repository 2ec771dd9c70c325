import { loadConfig } from '#config/load.ts'
import { publicationsIn } from '#control/sync/manifest-bus.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { systemClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { trimMemory } from '#std/trim-memory.ts'
import { printBanner, redisText } from './banner.ts'
import {
  type Command,
  configOption,
  controlOptions,
  dataOption,
  logOption,
  nodeOptions,
  opampOptions,
  redisOption,
} from './command.ts'
import { openControl, startControl } from './control-process.ts'
import { untilStopped } from './lifetime.ts'
import { startNodeProcess } from './node-process.ts'
import { version } from './terminal.ts'

export const up: Command = {
  name: 'up',
  summary: 'Run controller and node in one process, with everything embedded',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configOption,
    ...dataOption,
    ...nodeOptions,
    ...controlOptions,
    ...opampOptions,
    ...redisOption,
    ...logOption,
  },
  examples: ['streamgate up', 'streamgate up --config streamgate.yaml --data-dir /var/lib/streamgate'],
  async run(flags) {
    enableLinearRegex()
    const loaded = loadConfig(flags, process.env, registry)
    const { settings } = loaded
    const log = createLogger(settings.logLevel)
    for (const warning of loaded.warnings) log.warn({}, warning)
    const store = await openControl(settings)
    const running = await startNodeProcess(loaded, flags, log, store.live)
    const { node, follower } = running
    const redis = settings.redis === undefined ? undefined : await connect(settings.redis)
    async function connect(address: NonNullable<typeof settings.redis>) {
      const { RedisPublisher } = await import('#control/sync/redis-publisher.ts')
      const { RedisWatcher } = await import('#control/sync/redis-watcher.ts')
      const watcher = { address, nodeId: settings.nodeId, version, follower, clock: systemClock, log }
      return {
        publisher: new RedisPublisher(address, log, publicationsIn(store.database.db)),
        watcher: new RedisWatcher(watcher),
      }
    }
    const controller = await startControl(store, settings, redis?.publisher, () => node.stats(), log)
    await running.follow((agent) => controller.fleet.connect(agent), undefined)
    // Whoever reads the banner may stop us: who listens to signals must be there before.
    const stopped = untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      reread: () => running.reread(),
      async stop() {
        await running.unfollow()
        await controller.close()
        redis?.watcher.close()
        redis?.publisher.close()
        const drained = await running.stop(settings.shutdownTimeoutMs)
        await store.database.close()
        return drained
      },
    })
    trimMemory()
    printBanner({
      listening: running.node.addresses(),
      admin: running.admin.address,
      control: { ...controller, auth: settings.control.auth },
      redis: settings.redis === undefined ? undefined : redisText(settings.redis),
      dataDir: settings.dataDir,
    })
    return await stopped
  },
}
