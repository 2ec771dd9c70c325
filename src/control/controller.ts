/** The controller: its API and its OpAMP server over one store, and the ways to tell gateways. */

import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { CONFIGURATIONS_MAX } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { type Access, authenticator } from './access/authenticator.ts'
import { firstAdminLink } from './access/setup.ts'
import { Alerts } from './alerts/alerts.ts'
import { type AboutProcess, aboutRoutes } from './api/about-routes.ts'
import { accessRoutes } from './api/access-routes.ts'
import { alertsRoutes } from './api/alerts-routes.ts'
import { auditRoutes } from './api/audit-routes.ts'
import { componentRoutes } from './api/component-routes.ts'
import { configurationRoutes } from './api/configuration-routes.ts'
import { type Dashboard, dashboardRoutes, setupRedirect } from './api/dashboard.ts'
import { fleetRoutes } from './api/fleet-routes.ts'
import type { Authenticate } from './api/guard.ts'
import { idempotency } from './api/idempotency.ts'
import { keptRoutes } from './api/kept-routes.ts'
import { liveRoutes } from './api/live-routes.ts'
import { planRoutes } from './api/plan-routes.ts'
import { pricesRoutes } from './api/prices-routes.ts'
import { receiptRoutes } from './api/receipt-routes.ts'
import { samplesRoutes } from './api/samples-routes.ts'
import { secretRoutes } from './api/secret-routes.ts'
import { seedCommandRoutes, seedRoutes } from './api/seed-routes.ts'
import { seriesRoutes } from './api/series-routes.ts'
import { buildServer, type TlsFiles } from './api/server.ts'
import { statsRoutes } from './api/stats-routes.ts'
import { suggestionRoutes } from './api/suggestion-routes.ts'
import { tapRoutes } from './api/tap-routes.ts'
import { versionRoutes } from './api/version-routes.ts'
import { webhooksRoutes } from './api/webhooks-routes.ts'
import { listConfigurations } from './configurations/configurations.ts'
import { LiveVersions } from './configurations/desired.ts'
import { Announcer } from './configurations/publication.ts'
import type { ControlContext } from './context.ts'
import { Fleet } from './fleet/fleet.ts'
import { type OpampServer, type OpampServerOptions, startOpampServer } from './fleet/opamp-server.ts'
import type { TelemetryEndpoint } from './fleet/settings.ts'
import type { GatewayRecords, Publisher, Runtime } from './runtime.ts'
import type { SecretBox } from './secret-box.ts'
import { StatsInbox } from './series/inbox.ts'
import { pricesOfOutputs } from './series/prices.ts'
import { Sampling } from './series/sampling.ts'
import { SeriesUpkeep } from './series/upkeep.ts'
import type { Database } from './store/database.ts'
import { Upkeep } from './upkeep.ts'

/** How long gateways may take to show their samples. */
const SAMPLES_MS_MAX = 3_000

export interface ControllerOptions {
  host: string
  port: number
  tls?: TlsFiles | undefined
  /** How people reach it; by default where it listens. */
  publicUrl?: string | undefined
  /** Addresses and networks of proxies that say truly who asks. */
  trustedProxies?: readonly string[]
  version: string
  database: Database
  box: SecretBox
  runtime: Runtime
  /** Beside OpAMP. */
  publishers: readonly Publisher[]
  access: Access
  /** Takes the place of what `access` says; for tests. */
  authenticate?: Authenticate
  /** Undefined: no gateway can connect but the one in this process. */
  opamp?: OpampServerOptions | undefined
  /** Where gateways are told to send their own metrics. */
  ownMetrics?: TelemetryEndpoint | undefined
  /** Undefined: there is none. */
  dashboard?: Dashboard | undefined
  /** Whether webhooks may go to private addresses. */
  webhooksAllowPrivate?: boolean
  log: Logger
  clock?: Clock
}

export interface Controller {
  /** Such as `http://127.0.0.1:8000`, with the real port. */
  address: string
  /** Of the OpAMP server, if there is one. */
  opamp: string | undefined
  fleet: Fleet
  /** A link with which the first owner gets in, once; undefined when there are users already, or none are needed. */
  firstLogin: string | undefined
  close(): Promise<void>
}

/** Resolves when everything listens. Rejects with `SG_LISTEN`. The database stays the caller's to close. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { database, box, runtime, log, host, port, version, access, dashboard } = options
  const { db, dialect } = database
  const context: ControlContext = { db, dialect, clock: options.clock ?? systemClock, log, runtime, box, version }
  const fleet = new Fleet(context, { desired: new LiveVersions(context), ownMetrics: options.ownMetrics })
  const inbox = new StatsInbox(context)
  fleet.observers.onStats(({ org, gateway, configuration, stats }) => inbox.offer(org, gateway, configuration, stats))
  const sampling = new Sampling(context, inbox, (org, configuration, since) =>
    fleet.observers.requestSamples(org, configuration, SAMPLES_MS_MAX, since),
  )
  const announcer = new Announcer([overOpamp(fleet), ...options.publishers], log)
  const upkeep = new Upkeep(context)
  const seriesUpkeep = new SeriesUpkeep(context)
  const alerts = new Alerts(context, {
    holder: randomUUID(),
    allowPrivate: options.webhooksAllowPrivate ?? false,
    live: inbox.live,
    heartbeatMs: fleet.offlineIntervalMs,
  })
  const authenticate = options.authenticate ?? authenticator(context, access)
  const app = await buildServer(context, authenticate, mount, options.tls, options.trustedProxies)
  async function mount(app: FastifyInstance) {
    idempotency(app, context)
    await app.register(setupRedirect, dashboard === undefined ? {} : { dashboard })
    if (dashboard !== undefined) await app.register(dashboardRoutes, { dashboard, access })
    for (const prefix of ['/', '/api/v1']) {
      await app.register(seedRoutes, { ...context, announcer, prefix })
      await app.register(seedCommandRoutes, { ...context, announcer, prefix })
    }
    await app.register(mountApi, { prefix: '/api/v1' })
  }
  async function mountApi(api: FastifyInstance) {
    const secretsChanged = (org: string) => void offerAnew(context, fleet, org)
    const parts = { ...context, access, announcer, fleet, live: inbox.live, gateways: recordsOf(fleet) }
    const { alertSource, webhooks } = alerts
    const own = { ...parts, about, alertSource, webhooks, prices: pricesOfOutputs, secretsChanged }
    await api.register(accessRoutes, own)
    await api.register(auditRoutes, own)
    await api.register(componentRoutes, own)
    await api.register(configurationRoutes, own)
    await api.register(versionRoutes, own)
    await api.register(planRoutes, own)
    await api.register(receiptRoutes, own)
    await api.register(suggestionRoutes, own)
    await api.register(samplesRoutes, own)
    await api.register(secretRoutes, own)
    await api.register(fleetRoutes, own)
    await api.register(keptRoutes, own)
    await api.register(tapRoutes, own)
    await api.register(seriesRoutes, own)
    await api.register(pricesRoutes, own)
    await api.register(liveRoutes, own)
    await api.register(alertsRoutes, own)
    await api.register(webhooksRoutes, own)
    await api.register(statsRoutes, own)
    await api.register(aboutRoutes, own)
  }
  let opamp: OpampServer | undefined
  const startedAt = context.clock.wall()
  function about(): AboutProcess {
    return {
      started_at: startedAt,
      auth_mode: access.mode,
      redis: options.publishers.some(({ name }) => name === 'redis'),
      public_url: options.publicUrl ?? null,
      opamp: opamp === undefined ? null : { address: opamp.address, auth: options.opamp!.auth },
    }
  }
  const close = async () => {
    upkeep.stop()
    sampling.stop()
    await alerts.stop()
    await seriesUpkeep.close()
    await opamp?.close()
    await app.close()
    await fleet.close()
    await inbox.close()
  }
  try {
    if (options.opamp !== undefined) opamp = await startOpampServer(fleet, options.opamp)
    const address = await listen(() => app.listen({ host, port }), host, port)
    upkeep.start()
    seriesUpkeep.start()
    sampling.start()
    alerts.start()
    const link = access.mode === 'required' ? await firstAdminLink(context, options.publicUrl ?? address) : undefined
    return { address, opamp: opamp?.address, fleet, firstLogin: link, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function listen(open: () => Promise<string>, host: string, port: number): Promise<string> {
  try {
    return await open()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const remedy = 'free the port, or set another with --control-port or CONTROL_PORT'
    throw new StreamgateError('SG_LISTEN', `the controller cannot listen on ${host}:${port}: ${reason}; ${remedy}`, {
      cause: error,
    })
  }
}

function overOpamp(fleet: Fleet): Publisher {
  return {
    name: 'opamp',
    async publish({ org_id: org, configuration }) {
      await fleet.published(org, configuration)
      return fleet.followers(org, configuration)
    },
  }
}

/** A secret has changed: whoever needs it gets it with what is live. */
async function offerAnew({ db, log }: ControlContext, fleet: Fleet, org: string): Promise<void> {
  try {
    for (const { name } of await listConfigurations(db, org, '', CONFIGURATIONS_MAX)) await fleet.published(org, name)
  } catch (error) {
    log.warn({ reason: String(error) }, 'gateways get the changed secret at the next look')
  }
}

function recordsOf({ observers }: Fleet): GatewayRecords {
  return { samples: (org, configuration) => observers.requestSamples(org, configuration, SAMPLES_MS_MAX) }
}
