/**
 * One key seals all that is secret in a store. Another one would open nothing: gateways would be told of versions without their
 * secrets, and a node in the process would start without its published rules. So the store knows its key by a fingerprint.
 */
import { StreamgateError } from '#contract/error.ts'
import type { SecretBox } from './secret-box.ts'
import { type Db, DEFAULT_ORG } from './store/database.ts'

const NAME = 'secret_key'

/** The first key that comes is the store's. Rejects with `SG_STORE` for any other. */
export async function checkSecretKey(db: Db, box: SecretBox): Promise<void> {
  const own = box.fingerprint('secret key')
  const row = { org_id: DEFAULT_ORG, name: NAME, value: own }
  await db
    .insertInto('settings')
    .values(row)
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doNothing())
    .execute()
  const { value } = await db
    .selectFrom('settings')
    .select('value')
    .where('org_id', '=', DEFAULT_ORG)
    .where('name', '=', NAME)
    .executeTakeFirstOrThrow()
  if (value === own) return
  throw new StreamgateError(
    'SG_STORE',
    'what is secret in the store is sealed with another key: give the right one in STREAMGATE_SECRET_KEY, or put secret.key back into ' +
      `the data directory. If it is lost: DELETE FROM settings WHERE name = '${NAME}', and set secrets and second factors anew`,
  )
}
