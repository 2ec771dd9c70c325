/** The node in this process at the other end of an OpAMP server. */
import type { ServerAddress } from '#agent/connection.ts'
import { nodeHealth } from '#agent/health.ts'
import { Link } from '#agent/link.ts'
import type { MemoryConnect } from '#agent/memory.ts'
import { OwnMetricsSender } from '#agent/own-metrics.ts'
import type { OwnMetrics } from '#agent/settings-offers.ts'
import type { ControllerSettings, Settings } from '#config/load.ts'
import type { Node } from '#engine/node.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import type { Logger } from '#observe/log.ts'
import { metricsAsOtlp } from '#observe/metrics-otlp.ts'
import { systemClock } from '#std/clock.ts'
import type { NodeConfiguration } from './node-configuration.ts'
import { version } from './terminal.ts'

interface LinkParts {
  server: ServerAddress | MemoryConnect
  settings: Settings
  node: Node
  configuration: NodeConfiguration
  kept: () => KeptRecords | undefined
  log: Logger
  restart: (() => void) | undefined
}

export function startLink({ server, settings, node, configuration, kept, log, restart }: LinkParts): Link {
  const sender = new OwnMetricsSender({
    collect: () => metricsAsOtlp(node.stats(), systemClock.wall()),
    clock: systemClock,
    log,
  })
  // A controller in the same process has the metrics at hand.
  const ownMetrics = typeof server === 'function' ? undefined : (wanted: OwnMetrics) => sender.use(wanted)
  const link = new Link({
    server,
    description: { version, id: settings.nodeId, labels: settings.controller?.labels ?? {} },
    dataDir: settings.dataDir,
    clock: systemClock,
    random: Math.random,
    log,
    node: {
      apply: (files) => configuration.takeFiles(files),
      effectiveConfig: () => configuration.effective(),
      stats: () => node.stats(),
      health: () => nodeHealth(node.stats(), systemClock.wall()),
      samples: () => node.samples(),
      tap: (selection, sink) => ({ stop: node.tap(selection, sink) }),
      kept,
      left: () => sender.stop(),
      ...(ownMetrics !== undefined && { ownMetrics }),
      ...(restart !== undefined && { restart }),
    },
  })
  // What the server gave once and does not run now is to be given again.
  if (!configuration.isWhole) link.forgetRemoteConfig()
  link.start()
  return link
}

export function serverOf({ endpoint, token, caFile, certFile, keyFile }: ControllerSettings): ServerAddress {
  return { endpoint, token, tls: { caFile, certFile, keyFile } }
}
