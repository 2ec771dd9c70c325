/** All of alerts and webhooks that runs by itself in a controller, with what their routes need. */
import type { ControlContext } from '../context.ts'
import { Alerting } from './alerting.ts'
import { Deliverer } from './deliverer.ts'
import { fleetGateways } from './fleet-gateways.ts'
import type { AlertSource } from './source.ts'
import { type LiveBooks, StoredSource } from './stored-source.ts'

export interface AlertsOptions {
  /** Names this controller among those of the database; another one with each start. */
  holder: string
  /** Webhooks may go to loopback and private addresses: `webhooks.allow_private`. */
  allowPrivate: boolean
  /** What gateways have said last, as `StatsInbox.live`. */
  live?: LiveBooks | undefined
  /** How often gateways are heard at least, as `Fleet.offlineIntervalMs`. */
  heartbeatMs?: number | undefined
}

export class Alerts {
  /** For `alertsRoutes` and `webhooksRoutes`. */
  readonly alertSource: AlertSource
  readonly webhooks: { allowPrivate: boolean }
  readonly #alerting: Alerting
  readonly #deliverer: Deliverer

  constructor(context: ControlContext, { holder, allowPrivate, live, heartbeatMs }: AlertsOptions) {
    const { db, clock } = context
    const gateways = (org: string) => fleetGateways(db, org, clock.wall(), heartbeatMs)
    this.alertSource = new StoredSource(db, { live, gateways })
    this.webhooks = { allowPrivate }
    this.#alerting = new Alerting(context, this.alertSource, holder)
    this.#deliverer = new Deliverer(context, this.webhooks)
  }

  start(): void {
    this.#alerting.start()
    this.#deliverer.start()
  }

  /** Resolves when nothing runs any more; the database may be closed then. */
  async stop(): Promise<void> {
    await Promise.all([this.#alerting.stop(), this.#deliverer.stop()])
  }
}
