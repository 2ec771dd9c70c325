/** A node in this process: the engine, its admin port, and the configurations that come to it. */
import { extname } from 'node:path'
import type { ServerAddress } from '#agent/connection.ts'
import { Follower } from '#agent/follower.ts'
import type { Link } from '#agent/link.ts'
import type { MemoryConnect } from '#agent/memory.ts'
import type { Flags, Loaded } from '#config/load.ts'
import { hashOf } from '#config/resolve.ts'
import { Node } from '#engine/node.ts'
import { type Admin, startAdmin } from '#observe/admin.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import type { Logger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { NodeConfiguration, type Overlay } from './node-configuration.ts'
import { version } from './terminal.ts'

/** From source this is a TypeScript file, compiled it is a JavaScript file; the worker is the same. */
const WORKER_URL = new URL(`../engine-worker${extname(import.meta.url)}`, import.meta.url)

export interface NodeProcess {
  node: Node
  follower: Follower
  admin: Admin
  /** Reads the configuration file again and applies it, with the published manifest over it. */
  reread(): Promise<void>
  /** Takes configurations from an OpAMP server, and tells it how the node does. `restart`: what to do when it asks for that. */
  follow(server: ServerAddress | MemoryConnect, restart: (() => void) | undefined): Promise<void>
  /** Says goodbye to the OpAMP server. */
  unfollow(): Promise<void>
  stop(timeoutMs: number): Promise<boolean>
}

/** `given` is what to run from the start, if anything is: otherwise what worked last, from disk. */
export async function startNodeProcess(
  loaded: Loaded,
  flags: Flags,
  log: Logger,
  given: Overlay | undefined,
): Promise<NodeProcess> {
  const { settings } = loaded
  const configuration = new NodeConfiguration(loaded, flags, log)
  const node = new Node({
    id: settings.nodeId,
    version,
    registry,
    limits: settings.limits,
    workerUrl: WORKER_URL,
    log,
    dataDir: settings.dataDir,
  })
  await node.start(configuration.initial(given))
  configuration.started((plan) => node.apply(plan))
  const follower = new Follower((text) => configuration.takeManifest(text), log)
  if (configuration.manifest !== undefined) follower.started(hashOf(configuration.manifest))
  configuration.onChange = () => {
    if (configuration.manifest !== undefined) follower.started(hashOf(configuration.manifest))
    link?.changed('effectiveConfig', 'health')
  }
  let link: Link | undefined
  const admin = await startAdmin({
    ...settings.admin,
    stats: () => node.stats(),
    ready: () => node.ready(),
    kept: () => keptOf(node),
  })
  return {
    node,
    follower,
    admin,
    async reread() {
      try {
        await configuration.reread()
        log.info({}, 'configuration file read again')
      } catch (error) {
        log.error(
          { reason: error instanceof Error ? error.message : String(error) },
          'the file was not applied; the old configuration keeps running',
        )
      }
    },
    async follow(server, restart) {
      // A node that follows nobody does not hold the agent.
      const { startLink } = await import('./node-link.ts')
      const kept = () => keptOf(node)
      link = startLink({ server, settings, node, configuration, kept, log, restart })
    },
    async unfollow() {
      await link?.close()
      link = undefined
    },
    async stop(timeoutMs) {
      await link?.close()
      const { drained } = await node.stop(timeoutMs)
      await admin.close()
      return drained
    },
  }
}

function keptOf(node: Node): KeptRecords | undefined {
  const { keeping } = node
  if (keeping === undefined) return undefined
  return {
    deadLetterSummary: () => keeping.deadLetters.summary(),
    listDeadLetters: (filter, limit, whole) => keeping.listDeadLetters(filter, limit, whole),
    countDeadLetters: ({ output, code, ids }) => keeping.deadLetters.count({ output, code, ids }),
    dropDeadLetters: ({ output, code, ids }) => keeping.deadLetters.remove({ output, code, ids }),
    replayDeadLetters: (selection) => node.replayDeadLetters(selection),
    droppedSummary: () => keeping.dropped.summary(),
    listDropped: (filter, limit) => keeping.listDropped(filter, limit),
    countDropped: (selection) => keeping.dropped.count(selection),
    replayDropped: (selection) => node.replayDropped(selection),
  }
}
