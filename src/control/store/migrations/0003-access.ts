/** Organisations, users, sessions, API keys, one-time tokens and failed logins. Repeated answers keep their headers. */
import { DEFAULT_ORG, type Tx } from '../database.ts'
import type { Migration } from '../migrations.ts'

export const access: Migration = {
  name: '0003-access',
  async up(tx) {
    await createPeople(tx)
    await createCredentials(tx)
    await tx.schema.alterTable('idempotency').addColumn('headers', 'text').execute()
    await tx.insertInto('orgs').values({ org_id: DEFAULT_ORG, name: 'Default', created_at: Date.now() }).execute()
  },
}

async function createPeople(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('orgs')
    .addColumn('org_id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('users')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('email', 'text', (c) => c.notNull().unique())
    .addColumn('password_hash', 'text')
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('grants', 'text', (c) => c.notNull())
    .addColumn('disabled', 'integer', (c) => c.notNull())
    .addColumn('totp_sealed', 'text')
    .addColumn('totp_confirmed', 'integer', (c) => c.notNull())
    .addColumn('totp_last_step', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_login_at', 'bigint')
    .addPrimaryKeyConstraint('users_key', ['org_id', 'id'])
    .execute()
  await tx.schema
    .createTable('recovery_codes')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('code_hash', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('recovery_codes_key', ['org_id', 'user_id', 'code_hash'])
    .execute()
}

async function createCredentials(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('sessions')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('client', 'text', (c) => c.notNull())
    .execute()
  await tx.schema.createIndex('sessions_of_user').on('sessions').columns(['org_id', 'user_id']).execute()
  await tx.schema
    .createTable('api_keys')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('secret_hash', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('grants', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text')
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addPrimaryKeyConstraint('api_keys_key', ['org_id', 'id'])
    .addUniqueConstraint('api_keys_name', ['org_id', 'name'])
    .execute()
  await tx.schema
    .createTable('one_time_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('one_time_tokens_of_user', ['org_id', 'user_id'])
    .execute()
  await tx.schema
    .createTable('login_attempts')
    .addColumn('subject', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('failed_at', 'bigint', (c) => c.notNull())
    .addColumn('locked_until', 'bigint', (c) => c.notNull())
    .execute()
}
