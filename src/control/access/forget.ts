/** What nobody needs any more: ended sessions, old one-time tokens, failed logins of long ago. */
import type { ControlContext } from '../context.ts'
import { FORGOTTEN_AFTER_MS } from './attempts.ts'
import { IDLE_MAX_MS, LIFE_MAX_MS } from './sessions.ts'

/** To be called now and then; several at once do no harm. */
export async function forgetAccess({ db, clock }: Pick<ControlContext, 'db' | 'clock'>): Promise<void> {
  const now = clock.wall()
  await db
    .deleteFrom('sessions')
    .where((eb) => eb.or([eb('created_at', '<=', now - LIFE_MAX_MS), eb('used_at', '<=', now - IDLE_MAX_MS)]))
    .execute()
  await db.deleteFrom('one_time_tokens').where('expires_at', '<=', now).execute()
  await db
    .deleteFrom('login_attempts')
    .where('failed_at', '<', now - FORGOTTEN_AFTER_MS)
    .where('locked_until', '<=', now)
    .execute()
}
