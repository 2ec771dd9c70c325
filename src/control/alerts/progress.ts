/** What webhooks are told of without a rule: who wants to know, and how far has been looked, so that it is told once. */
import type { WebhookEventType } from '#contract/webhook.ts'
import type { Db, Tx } from '../store/database.ts'
import { isSubscribed } from './enqueue.ts'

export type Watched = 'dead_letters' | 'gateways'

/** Organisations of which some enabled webhook is subscribed to one of the types. */
export async function subscribedOrgs(db: Db, types: readonly WebhookEventType[]): Promise<string[]> {
  const rows = await db.selectFrom('webhooks').select(['org_id', 'events']).where('enabled', '=', 1).execute()
  const subscribed = rows.filter(({ events }) => {
    const list = JSON.parse(events) as string[]
    return types.some((type) => isSubscribed(list, type))
  })
  return [...new Set(subscribed.map(({ org_id }) => org_id))]
}

/** Unix milliseconds; undefined before the first time. */
export async function watchedTo(db: Db, org: string, what: Watched): Promise<number | undefined> {
  const row = await db
    .selectFrom('alert_progress')
    .select('watched_to')
    .where('org_id', '=', org)
    .where('what', '=', what)
    .executeTakeFirst()
  return row?.watched_to
}

/** False: another controller has looked in the meantime. Else nobody else does until the transaction ends. */
export async function advance(
  tx: Tx,
  org: string,
  what: Watched,
  before: number | undefined,
  to: number,
): Promise<boolean> {
  const result = await tx
    .insertInto('alert_progress')
    .values({ org_id: org, what, watched_to: to })
    .onConflict((conflict) =>
      conflict
        .columns(['org_id', 'what'])
        .doUpdateSet({ watched_to: to })
        .where('alert_progress.watched_to', '=', before ?? -1),
    )
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}
