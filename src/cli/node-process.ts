/** A node in this process: the engine, its admin port, and the configurations that come to it. */
import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { Follower } from '#agent/follower.ts'
import { readLastGood, writeLastGood } from '#agent/last-good.ts'
import type { Flags } from '#config/load.ts'
import { type Loaded, loadConfig } from '#config/load.ts'
import { overlayManifest } from '#config/manifest.ts'
import { StreamgateError } from '#contract/error.ts'
import { Node } from '#engine/node.ts'
import { type Admin, startAdmin } from '#observe/admin.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import type { Logger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { version } from './terminal.ts'

/** From source this is a TypeScript file, compiled it is a JavaScript file; the worker is the same. */
const WORKER_URL = new URL(`../engine-worker${extname(import.meta.url)}`, import.meta.url)

export interface NodeProcess {
  node: Node
  follower: Follower
  admin: Admin
  /** Reads the configuration file again and applies it, with the published manifest over it. */
  reread(): Promise<void>
  stop(timeoutMs: number): Promise<boolean>
}

/** `published` is what to run from the start, if anything is: otherwise the last good manifest on disk. */
export async function startNodeProcess(
  loaded: Loaded,
  flags: Flags,
  log: Logger,
  published: string | undefined,
): Promise<NodeProcess> {
  const { settings } = loaded
  let base = loaded.plan
  let manifest = published ?? readLastGood(settings.dataDir, log)
  const withManifest = (text: string) => {
    const { plan, warnings } = overlayManifest(base, text, registry)
    for (const warning of warnings) log.warn({ hash: plan.hash }, warning)
    return plan
  }
  const node = new Node({
    id: settings.nodeId,
    version,
    registry,
    limits: settings.limits,
    workerUrl: WORKER_URL,
    log,
    dataDir: settings.dataDir,
  })
  const follower = new Follower(async (text) => {
    await node.apply(withManifest(text))
    manifest = text
    writeLastGood(settings.dataDir, text, log)
  }, log)
  const first = manifest === undefined ? undefined : planOrNothing(() => withManifest(manifest!), log)
  await node.start(first ?? base)
  if (first !== undefined && manifest !== undefined)
    follower.started(createHash('sha256').update(manifest).digest('hex'))
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
        base = loadConfig(flags, process.env, registry).plan
        await node.apply(manifest === undefined ? base : withManifest(manifest))
        log.info({}, 'configuration file read again')
      } catch (error) {
        log.error(
          { reason: error instanceof Error ? error.message : String(error) },
          'the file was not applied; the old configuration keeps running',
        )
      }
    },
    async stop(timeoutMs) {
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
    dropDeadLetters: ({ output, code, ids }) => keeping.deadLetters.remove({ output, code, ids }),
    replayDeadLetters: (selection) => node.replayDeadLetters(selection),
    droppedSummary: () => keeping.dropped.summary(),
    listDropped: (filter, limit) => keeping.listDropped(filter, limit),
    replayDropped: (selection) => node.replayDropped(selection),
  }
}

/** A manifest from disk or store that no longer fits must not keep the node from starting. */
function planOrNothing<Plan>(make: () => Plan, log: Logger): Plan | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof StreamgateError)) throw error
    log.error({ reason: error.message }, 'the last published configuration does not fit; starting without it')
    return undefined
  }
}
