import { loadConfig, REDIS_DEFAULT } from '#config/load.ts'
import { RedisWatcher } from '#control/sync/redis-watcher.ts'
import { createLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { systemClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { printBanner, redisText } from './banner.ts'
import { type Command, configOption, dataOption, logOption, nodeOptions, redisOption } from './command.ts'
import { untilStopped } from './lifetime.ts'
import { startNodeProcess } from './node-process.ts'
import { version } from './terminal.ts'

export const node: Command = {
  name: 'node',
  summary: 'Run a node alone; configurations come over Redis',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configOption, ...dataOption, ...nodeOptions, ...redisOption, ...logOption },
  examples: ['streamgate node --redis-url redis://redis.internal:6379', 'streamgate node --config streamgate.yaml'],
  async run(flags) {
    enableLinearRegex()
    const loaded = loadConfig(flags, process.env, registry)
    const { settings } = loaded
    const log = createLogger(settings.logLevel)
    for (const warning of loaded.warnings) log.warn({}, warning)
    const running = await startNodeProcess(loaded, flags, log, undefined)
    const address = settings.redis ?? REDIS_DEFAULT
    const { follower } = running
    const watcher = new RedisWatcher({ address, nodeId: settings.nodeId, version, follower, clock: systemClock, log })
    printBanner({
      listening: running.node.addresses(),
      admin: running.admin.address,
      redis: redisText(address),
      dataDir: settings.dataDir,
    })
    return await untilStopped({
      log,
      timeoutMs: settings.shutdownTimeoutMs,
      reread: () => running.reread(),
      async stop() {
        watcher.close()
        return await running.stop(settings.shutdownTimeoutMs)
      },
    })
  },
}
