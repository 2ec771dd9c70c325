/** How far the hours of an organisation are made. */
import type { Db, Tx } from '../store/database.ts'
import { HOUR_MS } from './limits.ts'

/** Hours that are made again each time, because what arrives after a gap goes back in time. */
export const ROLLED_AGAIN_HOURS = 3
const NAME = 'series.rolled_until'

/** End of the last hour that has been rolled up, Unix milliseconds; 0 before there is one. */
export async function rolledUntil(db: Db | Tx, org: string): Promise<number> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('org_id', '=', org)
    .where('name', '=', NAME)
    .executeTakeFirst()
  return Number(row?.value ?? 0)
}

export async function noteRolled(db: Db | Tx, org: string, until: number): Promise<void> {
  const value = String(until)
  await db
    .insertInto('settings')
    .values({ org_id: org, name: NAME, value })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ value }))
    .execute()
}

/** Hours before this stand in the rows of hours for good; later ones are read from the minutes. Unix milliseconds. */
export async function hoursEndAt(db: Db | Tx, org: string): Promise<number> {
  return Math.max(0, (await rolledUntil(db, org)) - ROLLED_AGAIN_HOURS * HOUR_MS)
}
