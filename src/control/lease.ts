/** Periodic work that only one controller may do at a time: whoever holds the lease row does it. */
import type { ControlContext } from './context.ts'

/** True: until `forMs` from now nobody else gets it. Renews what `holder` has. */
export async function takeLease(
  { db, clock }: Pick<ControlContext, 'db' | 'clock'>,
  name: string,
  holder: string,
  forMs: number,
): Promise<boolean> {
  const now = clock.wall()
  const values = { holder, until: now + forMs }
  const result = await db
    .insertInto('leases')
    .values({ name, ...values })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet(values)
        .where((eb) => eb.or([eb('leases.until', '<', now), eb('leases.holder', '=', holder)])),
    )
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}
