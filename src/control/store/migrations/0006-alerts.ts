/** Alerts and webhooks. */
import type { Tx } from '../database.ts'
import type { Migration } from '../migrations.ts'

export const alerts: Migration = {
  name: '0006-alerts',
  async up(tx) {
    await createRules(tx)
    await createWebhooks(tx)
  },
}

async function createRules(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('alert_rules')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('definition', 'text', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('revision', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .addColumn('silence', 'text')
    .addColumn('standing', 'text', (c) => c.notNull())
    .addColumn('evaluated_to', 'bigint')
    .addColumn('event_id', 'text')
    .addPrimaryKeyConstraint('alert_rules_key', ['org_id', 'id'])
    .execute()
  await tx.schema
    .createTable('alert_events')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('rule', 'text', (c) => c.notNull())
    .addColumn('rule_name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('cause', 'text', (c) => c.notNull())
    .addColumn('value', 'double precision')
    .addColumn('subjects', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('resolved_at', 'bigint')
    .addColumn('resolved_by', 'text')
    .addColumn('notified', 'integer', (c) => c.notNull())
    .addColumn('acknowledged_at', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('acknowledged_note', 'text')
    .addPrimaryKeyConstraint('alert_events_key', ['org_id', 'id'])
    .execute()
  await tx.schema
    .createTable('alert_progress')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('what', 'text', (c) => c.notNull())
    .addColumn('watched_to', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('alert_progress_key', ['org_id', 'what'])
    .execute()
  await tx.schema
    .createTable('alert_gateways')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('uid', 'text', (c) => c.notNull())
    .addColumn('online', 'integer', (c) => c.notNull())
    .addColumn('failed_version', 'text')
    .addPrimaryKeyConstraint('alert_gateways_key', ['org_id', 'uid'])
    .execute()
}

async function createWebhooks(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('webhooks')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('events', 'text', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('disabled_reason', 'text')
    .addColumn('url_shown', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('webhooks_key', ['org_id', 'id'])
    .execute()
  await tx.schema
    .createTable('webhook_deliveries')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('webhook', 'text', (c) => c.notNull())
    .addColumn('message_id', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('next_at', 'bigint', (c) => c.notNull())
    .addColumn('give_up_at', 'bigint', (c) => c.notNull())
    .addColumn('finished_at', 'bigint')
    .addColumn('claimed_until', 'bigint', (c) => c.notNull())
    .addColumn('claim', 'text')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('attempts_in_row', 'integer', (c) => c.notNull())
    .addColumn('recent_attempts', 'text', (c) => c.notNull())
    .addColumn('response', 'text')
    .addPrimaryKeyConstraint('webhook_deliveries_key', ['org_id', 'id'])
    .execute()
  // What is due is asked for every second, over all organisations.
  await tx.schema.createIndex('webhook_deliveries_due').on('webhook_deliveries').columns(['state', 'next_at']).execute()
}
