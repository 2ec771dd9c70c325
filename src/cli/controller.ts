import { loadConfig, REDIS_DEFAULT } from '#config/load.ts'
import { openPrincipal } from '#control/access/principal.ts'
import { startController } from '#control/controller.ts'
import { ManifestBus } from '#control/sync/manifest-bus.ts'
import { RedisPublisher } from '#control/sync/redis-publisher.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { printBanner, redisText } from './banner.ts'
import { type Command, configOption, controlOptions, dataOption, logOption, redisOption } from './command.ts'
import { openControl } from './control-process.ts'
import { runtimeOf } from './control-runtime.ts'
import { untilStopped } from './lifetime.ts'
import { version } from './terminal.ts'

export const controller: Command = {
  name: 'controller',
  summary: 'Run a controller alone; it publishes over Redis',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configOption, ...dataOption, ...controlOptions, ...redisOption, ...logOption },
  examples: ['streamgate controller --redis-url redis://redis.internal:6379'],
  async run(flags) {
    enableLinearRegex()
    const { settings } = loadConfig(flags, process.env, registry)
    const log = createLogger(settings.logLevel)
    const { database, box, published } = await openControl(settings)
    const address = settings.redis ?? REDIS_DEFAULT
    const redis = new RedisPublisher(address, log, published)
    const publishers = [new ManifestBus(redis)]
    const authenticate = async () => openPrincipal
    const runtime = runtimeOf(() => undefined)
    const running = await startController({
      ...settings.control,
      version,
      database,
      box,
      runtime,
      publishers,
      authenticate,
      log,
    })
    printBanner({ listening: [], control: running.address, redis: redisText(address), dataDir: settings.dataDir })
    return await untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      async stop() {
        await running.close()
        redis.close()
        await database.close()
        return true
      },
    })
  },
}
