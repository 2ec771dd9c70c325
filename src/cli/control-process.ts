/** A controller in this process: its database, the key that seals secrets, and what is live when it starts. */
import { join } from 'node:path'
import type { Settings } from '#config/load.ts'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import type { NodeStats } from '#contract/stats.ts'
import { Passwords } from '#control/access/passwords.ts'
import { findConfiguration, liveVersion } from '#control/configurations/configurations.ts'
import { secretsFor } from '#control/configurations/secrets.ts'
import { type Controller, startController } from '#control/controller.ts'
import { openSecretBox, type SecretBox } from '#control/secret-box.ts'
import { checkSecretKey } from '#control/secret-key.ts'
import { type Database, DEFAULT_ORG, openDatabase } from '#control/store/database.ts'
import { ManifestBus } from '#control/sync/manifest-bus.ts'
import type { RedisPublisher } from '#control/sync/redis-publisher.ts'
import type { Logger } from '#observe/log.ts'
import { runtimeOf } from './control-runtime.ts'
import { ProductDashboard } from './dashboard.ts'
import type { Overlay } from './node-configuration.ts'
import { version } from './terminal.ts'

export interface ControlStore {
  database: Database
  box: SecretBox
  /** What is live in the default configuration; undefined before the first publication. */
  live: Overlay | undefined
}

/** Rejects with `SG_STORE`. */
export async function openControl({ dataDir, control }: Settings): Promise<ControlStore> {
  const box = openSecretBox(control.secretKey, join(dataDir, 'secret.key'))
  const location =
    control.databaseUrl === undefined ? { file: join(dataDir, 'control.db') } : { url: control.databaseUrl }
  const database = await openDatabase(location)
  const { db } = database
  await checkSecretKey(db, box).catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  const row = await findConfiguration(db, DEFAULT_ORG, DEFAULT_CONFIGURATION)
  const live = row === undefined ? undefined : await liveVersion(db, row)
  if (live === undefined) return { database, box, live: undefined }
  const secrets = await secretsFor(db, box, DEFAULT_ORG, live.content)
  return { database, box, live: { kind: 'document', text: live.content, secrets } }
}

/** With where people find the dashboard, if there is one. */
export interface RunningControl extends Controller {
  dashboard: string | undefined
}

/** Rejects with `SG_LISTEN`. */
export async function startControl(
  { database, box }: ControlStore,
  { control, opamp }: Settings,
  redis: RedisPublisher | undefined,
  stats: () => NodeStats | undefined,
  log: Logger,
): Promise<RunningControl> {
  const { host, port, tls, publicUrl, trustedProxies, auth } = control
  const dashboard = control.dashboard ? new ProductDashboard(log) : undefined
  const controller = await startController({
    host,
    port,
    tls,
    publicUrl,
    trustedProxies,
    version,
    database,
    box,
    runtime: runtimeOf(stats),
    publishers: redis === undefined ? [] : [new ManifestBus(redis)],
    access: {
      mode: auth,
      passwords: new Passwords(),
      secureCookies: tls !== undefined || publicUrl?.startsWith('https:') === true,
      hosts: publicUrl === undefined ? [] : [new URL(publicUrl).hostname],
    },
    opamp: {
      host: opamp.host,
      port: opamp.port,
      auth: opamp.auth,
      tls: opamp.tls === undefined ? undefined : tlsOf(opamp.tls),
    },
    ownMetrics: opamp.ownMetrics,
    dashboard,
    webhooksAllowPrivate: control.webhooksAllowPrivate,
    log,
  })
  // Only now, so that building it does not compete with the start.
  void dashboard?.state()
  return {
    ...controller,
    dashboard: dashboard === undefined ? undefined : `${controller.address}/ui/`,
    async close() {
      dashboard?.close()
      await controller.close()
    },
  }
}

function tlsOf({ cert_file, key_file, client_ca_file }: NonNullable<Settings['opamp']['tls']>) {
  return { certFile: cert_file, keyFile: key_file, clientCaFile: client_ca_file }
}
