/** `dead_letters.added`: for each few minutes in which there were some. */
import type { AlertingContext } from './alerting.ts'
import { enqueue } from './enqueue.ts'
import { advance, subscribedOrgs, watchedTo } from './progress.ts'
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
  for (const org of await subscribedOrgs(db, ['dead_letters.added'])) {
    try {
      const before = await watchedTo(db, org, 'dead_letters')
      if (before !== undefined && to - before < TELL_EVERY_MS) continue
      const from = Math.max(before ?? to - MINUTE_MS, to - catchUpMs)
      const minutes = await source.minutes(org, {}, from, to)
      const records = minutes.reduce((sum, { deadLetters }) => sum + (deadLetters ?? 0), 0)
      await db.transaction().execute(async (tx) => {
        if (!(await advance(tx, org, 'dead_letters', before, to)) || records === 0) return
        const at = clock.wall()
        const text = `${records} records were refused for good and kept as dead letters`
        await enqueue(tx, org, { type: 'dead_letters.added', at, data: { records, from, to, text } })
      })
    } catch (error) {
      log.error({ org, error: String(error) }, 'dead letters could not be looked for')
    }
  }
}
