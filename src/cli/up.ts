import { join } from 'node:path'
import { loadConfig } from '#config/load.ts'
import { outputProblems, processorProblems } from '#config/manifest.ts'
import { pointer } from '#config/problems.ts'
import type { NodeStats } from '#contract/stats.ts'
import { startController } from '#control/controller.ts'
import type { Publisher, Runtime } from '#control/runtime.ts'
import { Store } from '#control/store/store.ts'
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
    const store = Store.open(join(settings.dataDir, 'control.db'))
    const published = await store.published()
    const running = await startNodeProcess(loaded, flags, log, published?.manifest)
    const bus = new MemoryBus()
    bus.subscribe((manifest) => running.follower.offer(manifest))
    const redis = settings.redis === undefined ? undefined : connect(settings.redis)
    function connect(address: NonNullable<typeof settings.redis>) {
      const watcher = { address, nodeId: settings.nodeId, version, follower: running.follower, clock: systemClock, log }
      return { publisher: new RedisPublisher(address, log, published?.manifest), watcher: new RedisWatcher(watcher) }
    }
    const publishers: Publisher[] = redis === undefined ? [bus] : [bus, redis.publisher]
    const runtime = runtimeOf(() => running.node.stats())
    const controller = await startController({ ...settings.control, version, store, runtime, publishers, log })
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
        await store.close()
        return drained
      },
    })
  },
}

/** What the controller may ask of this program. */
export function runtimeOf(stats: () => NodeStats | undefined): Runtime {
  const complaints = (problems: ReturnType<typeof processorProblems>) =>
    problems.map(({ path, message }) => ({ pointer: pointer(path), detail: message }))
  return {
    stats,
    checkRule: (rule) => complaints(processorProblems(rule, registry)),
    checkOutput: (output) => complaints(outputProblems(output, registry)),
  }
}
