/** What webhooks are told of without a rule: `dead_letters.added`, for each few minutes in which there were some. */
import type { Db, Tx } from '../store/database.ts'
import type { AlertingContext } from './alerting.ts'
import { enqueue, isSubscribed } from './enqueue.ts'
import { type AlertSource, MINUTE_MS } from './source.ts'

/** A rule is for who wants to know sooner. */
const TELL_EVERY_MS = 5 * MINUTE_MS

/** `to`: end of the last complete minute. Organisations of which nobody is subscribed are not looked at. */
export async function watchDeadLetters(
  { db, clock, log }: AlertingContext,
  source: AlertSource,
  to: number,
  catchUpMs: number,
): Promise<void> {
  for (const org of await subscribedOrgs(db)) {
    try {
      const progress = await db.selectFrom('alert_progress').selectAll().where('org_id', '=', org).executeTakeFirst()
      const before = progress?.watched_to
      if (before !== undefined && to - before < TELL_EVERY_MS) continue
      const from = Math.max(before ?? to - MINUTE_MS, to - catchUpMs)
      const minutes = await source.minutes(org, {}, from, to)
      const records = minutes.reduce((sum, { deadLetters }) => sum + (deadLetters ?? 0), 0)
      await db.transaction().execute(async (tx) => {
        if (!(await advance(tx, org, before, to)) || records === 0) return
        const at = clock.wall()
        await enqueue(tx, org, { type: 'dead_letters.added', at, data: { records, from, to } })
      })
    } catch (error) {
      log.error({ org, error: String(error) }, 'dead letters could not be looked for')
    }
  }
}

async function subscribedOrgs(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('webhooks').select(['org_id', 'events']).where('enabled', '=', 1).execute()
  const subscribed = rows.filter(({ events }) => isSubscribed(JSON.parse(events), 'dead_letters.added'))
  return [...new Set(subscribed.map(({ org_id }) => org_id))]
}

/** False: another controller has looked already. */
async function advance(tx: Tx, org: string, before: number | undefined, to: number): Promise<boolean> {
  const result = await tx
    .insertInto('alert_progress')
    .values({ org_id: org, watched_to: to })
    .onConflict((conflict) =>
      conflict
        .column('org_id')
        .doUpdateSet({ watched_to: to })
        .where('alert_progress.watched_to', '=', before ?? -1),
    )
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}
