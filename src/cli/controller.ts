import { loadConfig, REDIS_DEFAULT } from '#config/load.ts'
import { publicationsIn } from '#control/sync/manifest-bus.ts'
import { RedisPublisher } from '#control/sync/redis-publisher.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { trimMemory } from '#std/trim-memory.ts'
import { printBanner, redisText } from './banner.ts'
import {
  type Command,
  configOption,
  controlOptions,
  dataOption,
  logOption,
  opampOptions,
  redisOption,
} from './command.ts'
import { openControl, startControl } from './control-process.ts'
import { untilStopped } from './lifetime.ts'

export const controller: Command = {
  name: 'controller',
  summary: 'Run a controller alone; gateways come over OpAMP or Redis',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configOption, ...dataOption, ...controlOptions, ...opampOptions, ...redisOption, ...logOption },
  examples: ['streamgate controller --redis-url redis://redis.internal:6379'],
  async run(flags) {
    enableLinearRegex()
    const { settings } = loadConfig(flags, process.env, registry)
    const log = createLogger(settings.logLevel)
    const store = await openControl(settings)
    const address = settings.redis ?? REDIS_DEFAULT
    const redis = new RedisPublisher(address, log, publicationsIn(store.database.db))
    const running = await startControl(store, settings, redis, () => undefined, log)
    // Whoever reads the banner may stop us: who listens to signals must be there before.
    const stopped = untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      async stop() {
        await running.close()
        redis.close()
        await store.database.close()
        return true
      },
    })
    trimMemory()
    printBanner({
      listening: [],
      control: { ...running, auth: settings.control.auth },
      redis: redisText(address),
      dataDir: store.database.where,
    })
    return await stopped
  },
}
