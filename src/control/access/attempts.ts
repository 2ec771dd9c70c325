/**
 * Failed logins, counted in the store so that all controllers count together: by account, whether there is one or not, and
 * by address. An attempt counts before its password is looked at, so that many at once are as slow as one after the other;
 * who gets in takes it back.
 */
import { isIPv6 } from 'node:net'
import type { ControlContext } from '../context.ts'
import type { Tx } from '../store/database.ts'

const FAILURES_MAX = { account: 5, address: 20 }
export const LOCK_FIRST_MS = 30_000
export const LOCK_MAX_MS = 15 * 60_000
/** Without a failure for so long, it starts over. */
export const FORGOTTEN_AFTER_MS = 60 * 60_000

export interface Attempt {
  account: string
  address: string
  /** Of the account, this one included. */
  failures: number
}

/** Counts an attempt as failed. `lockedMs`: how long no other is taken; then this one was not. */
export async function admit(
  { db, clock, box }: ControlContext,
  email: string,
  address: string,
): Promise<Attempt | { lockedMs: number }> {
  const now = clock.wall()
  const account = `account:${box.fingerprint(`login:${email}`)}`
  const from = `address:${box.fingerprint(`login:${networkOf(address)}`)}`
  // Always in the same order, or two transactions could wait for each other.
  const subjects = [account, from]
  const locked = await db
    .selectFrom('login_attempts')
    .select('locked_until')
    .where('subject', 'in', subjects)
    .where('locked_until', '>', now)
    .execute()
  if (locked.length > 0) return { lockedMs: Math.max(...locked.map((row) => row.locked_until)) - now }
  return await db.transaction().execute(async (tx) => {
    const rows = []
    for (const subject of subjects) rows.push(await hold(tx, subject, now))
    const until = Math.max(...rows.map((row) => row.locked_until))
    if (until > now) return { lockedMs: until - now }
    let ofAccount = 0
    for (const row of rows) {
      const failures = (now - row.failed_at > FORGOTTEN_AFTER_MS ? 0 : row.failures) + 1
      const max = row.subject === account ? FAILURES_MAX.account : FAILURES_MAX.address
      const changed = { failures, failed_at: now, locked_until: failures < max ? 0 : now + lockMs(failures - max) }
      await tx.updateTable('login_attempts').set(changed).where('subject', '=', row.subject).execute()
      if (row.subject === account) ofAccount = failures
    }
    return { account, address: from, failures: ofAccount }
  })
}

/** The attempt was right. An address keeps its other failures: an account of one's own is no way to get rid of them. */
export async function forgive(tx: Tx, { account, address }: Attempt): Promise<void> {
  await tx.deleteFrom('login_attempts').where('subject', '=', account).execute()
  await tx
    .updateTable('login_attempts')
    .set((eb) => ({ failures: eb('failures', '-', 1), locked_until: 0 }))
    .where('subject', '=', address)
    .execute()
}

/** The log would fill up with a guesser's attempts: of many failures in a row, the 1st, 2nd, 4th, 8th … are noted. */
export function isNoted(failures: number): boolean {
  return (failures & (failures - 1)) === 0
}

/** Reads a row that nobody else changes until the transaction ends. */
async function hold(tx: Tx, subject: string, now: number) {
  await tx
    .insertInto('login_attempts')
    .values({ subject, failures: 0, failed_at: now, locked_until: 0 })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet((eb) => ({ failures: eb.ref('login_attempts.failures') })),
    )
    .execute()
  return await tx.selectFrom('login_attempts').selectAll().where('subject', '=', subject).executeTakeFirstOrThrow()
}

function lockMs(over: number): number {
  return Math.min(LOCK_FIRST_MS * 2 ** over, LOCK_MAX_MS)
}

/** One customer has a whole /64 of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address.replace('::ffff:', '')
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
