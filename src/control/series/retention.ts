/** For how long an organisation keeps its series. */
import { type Retention, retention } from '#contract/series.ts'
import type { Db, Tx } from '../store/database.ts'

export type { Retention }

const NAME = 'series.retention'

export async function readRetention(db: Db | Tx, org: string): Promise<Retention> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('org_id', '=', org)
    .where('name', '=', NAME)
    .executeTakeFirst()
  return retention.parse(JSON.parse(row?.value ?? '{}'))
}

export async function writeRetention(tx: Tx, org: string, kept: Retention): Promise<void> {
  const value = JSON.stringify(kept)
  await tx
    .insertInto('settings')
    .values({ org_id: org, name: NAME, value })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ value }))
    .execute()
}
