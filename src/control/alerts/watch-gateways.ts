/** `gateway.online`, `gateway.offline`, `gateway.config_failed`: all gateways of which it became true since last time, in one. */
import type { WebhookEventType } from '#contract/webhook.ts'
import type { Tx } from '../store/database.ts'
import type { AlertingContext } from './alerting.ts'
import { enqueue } from './enqueue.ts'
import { advance, subscribedOrgs, watchedTo } from './progress.ts'
import { type AlertSource, type GatewayObservation, MINUTE_MS } from './source.ts'

const LOOK_EVERY_MS = MINUTE_MS
/** What was seen longer ago is no news: it is taken as it stands. */
const REMEMBER_MS = 3_600_000
/** So many are named in one event; beside them stands how many there are. */
export const GATEWAYS_NAMED_MAX = 100
const ROWS_AT_ONCE = 500

const TYPES = ['gateway.online', 'gateway.offline', 'gateway.config_failed'] as const satisfies WebhookEventType[]

/** Organisations of which nobody is subscribed are not looked at. */
export async function watchGateways({ db, clock, log }: AlertingContext, source: AlertSource): Promise<void> {
  for (const org of await subscribedOrgs(db, TYPES)) {
    try {
      const now = clock.wall()
      const before = await watchedTo(db, org, 'gateways')
      if (before !== undefined && now - before < LOOK_EVERY_MS) continue
      const gateways = await source.gateways(org)
      const isNews = before !== undefined && now - before <= REMEMBER_MS
      await db.transaction().execute(async (tx) => {
        if (!(await advance(tx, org, 'gateways', before, now))) return
        const changes = await remember(tx, org, gateways)
        if (isNews) for (const type of TYPES) await tell(tx, org, type, changes[type], now)
      })
    } catch (error) {
      log.error({ org, error: String(error) }, 'changes of gateways could not be looked for')
    }
  }
}

type Changes = Record<(typeof TYPES)[number], GatewayObservation[]>

/** Returns what is otherwise than it was. A gateway that is new and offline is nothing to tell of. */
async function remember(tx: Tx, org: string, gateways: readonly GatewayObservation[]): Promise<Changes> {
  const rows = await tx.selectFrom('alert_gateways').selectAll().where('org_id', '=', org).execute()
  const known = new Map(rows.map((row) => [row.uid, row]))
  const changes: Changes = { 'gateway.online': [], 'gateway.offline': [], 'gateway.config_failed': [] }
  const changed: typeof rows = []
  for (const gateway of gateways) {
    const { uid, online, failed } = gateway
    const row = known.get(uid)
    known.delete(uid)
    const wasOnline = row?.online === 1
    const failed_version = failed?.version ?? null
    if (online && !wasOnline) changes['gateway.online'].push(gateway)
    if (!online && wasOnline) changes['gateway.offline'].push(gateway)
    if (failed_version !== null && failed_version !== row?.failed_version)
      changes['gateway.config_failed'].push(gateway)
    if (row === undefined || online !== wasOnline || failed_version !== row.failed_version)
      changed.push({ org_id: org, uid, online: online ? 1 : 0, failed_version })
  }
  for (let i = 0; i < changed.length; i += ROWS_AT_ONCE) {
    await tx
      .insertInto('alert_gateways')
      .values(changed.slice(i, i + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict.columns(['org_id', 'uid']).doUpdateSet((eb) => ({
          online: eb.ref('excluded.online'),
          failed_version: eb.ref('excluded.failed_version'),
        })),
      )
      .execute()
  }
  const gone = [...known.keys()]
  for (let i = 0; i < gone.length; i += ROWS_AT_ONCE) {
    const some = gone.slice(i, i + ROWS_AT_ONCE)
    await tx.deleteFrom('alert_gateways').where('org_id', '=', org).where('uid', 'in', some).execute()
  }
  return changes
}

async function tell(
  tx: Tx,
  org: string,
  type: (typeof TYPES)[number],
  gateways: readonly GatewayObservation[],
  at: number,
): Promise<void> {
  if (gateways.length === 0) return
  const named = gateways.slice(0, GATEWAYS_NAMED_MAX).map(({ uid: id, name, configuration, since, failed }) => {
    const place = { id, name, configuration }
    return type === 'gateway.config_failed'
      ? { ...place, version: failed?.version, at: failed?.at }
      : { ...place, since }
  })
  const names = named.map(({ name }) => name).join(', ')
  const what = {
    'gateway.online': 'online',
    'gateway.offline': 'offline',
    'gateway.config_failed': 'refused a version',
  }
  const text = `${what[type]}: ${names}${gateways.length > named.length ? ', …' : ''}`
  await enqueue(tx, org, { type, at, data: { count: gateways.length, gateways: named, text } })
}
