/**
 * Configurations with drafts and versions take the place of the one list of rules; what was there becomes the draft of the
 * default configuration, and what was published its first version. With them come the audit log, leases and secrets.
 */
import { sql } from 'kysely'
import { DEFAULT_ORG, type Tx } from '../database.ts'
import { type LegacyRows, legacyDocuments } from '../legacy.ts'
import type { Migration } from '../migrations.ts'

export const configurations: Migration = {
  name: '0002-configurations',
  async up(tx, dialect) {
    const legacy = dialect === 'sqlite' ? await takeLegacy(tx) : undefined
    await createSystem(tx)
    await createConfigurations(tx)
    const now = Date.now()
    const { draft, published } = legacyDocuments(legacy)
    await tx
      .insertInto('configurations')
      .values({
        org_id: DEFAULT_ORG,
        name: 'default',
        kind: 'streamgate',
        draft: draft,
        revision: 1,
        live_version: published === undefined ? null : 1,
        policy: '{}',
        created_at: now,
        updated_at: now,
        updated_by: 'system',
      })
      .execute()
    if (published === undefined) return
    await tx
      .insertInto('versions')
      .values({
        org_id: DEFAULT_ORG,
        configuration: 'default',
        number: 1,
        sha256: published.sha256,
        content: published.content,
        parent: null,
        restored_from: null,
        author: 'system',
        message: 'Published before there were versions',
        created_at: published.at,
        receipt: null,
      })
      .execute()
  },
}

async function takeLegacy(tx: Tx): Promise<LegacyRows> {
  const rules = await sql<LegacyRows['rules'][number]>`SELECT * FROM rules ORDER BY position`.execute(tx)
  const outputs = await sql<LegacyRows['outputs'][number]>`SELECT * FROM outputs ORDER BY position`.execute(tx)
  const settings = await sql<LegacyRows['settings'][number]>`SELECT * FROM settings`.execute(tx)
  const published = await sql<LegacyRows['published'][number]>`SELECT * FROM published`.execute(tx)
  for (const table of ['rules', 'outputs', 'settings', 'published']) await tx.schema.dropTable(table).execute()
  return { rules: rules.rows, outputs: outputs.rows, settings: settings.rows, published: published.rows }
}

async function createSystem(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('settings')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('settings_key', ['org_id', 'name'])
    .execute()
  await tx.schema
    .createTable('audit')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('via', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('object', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('previous_hash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('audit_key', ['org_id', 'seq'])
    .execute()
  await tx.schema
    .createTable('audit_heads')
    .addColumn('org_id', 'text', (c) => c.primaryKey())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('leases')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .execute()
  await tx.schema
    .createTable('idempotency')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('request_hash', 'text', (c) => c.notNull())
    .addColumn('status', 'integer')
    .addColumn('content_type', 'text')
    .addColumn('body', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('idempotency_key', ['org_id', 'key'])
    .execute()
}

async function createConfigurations(tx: Tx): Promise<void> {
  await tx.schema
    .createTable('configurations')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('draft', 'text', (c) => c.notNull())
    .addColumn('revision', 'bigint', (c) => c.notNull())
    .addColumn('live_version', 'integer')
    .addColumn('policy', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('configurations_key', ['org_id', 'name'])
    .execute()
  await tx.schema
    .createTable('versions')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('configuration', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('parent', 'integer')
    .addColumn('restored_from', 'integer')
    .addColumn('author', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('receipt', 'text')
    .addPrimaryKeyConstraint('versions_key', ['org_id', 'configuration', 'number'])
    .execute()
  await tx.schema
    .createTable('receipts')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('configuration', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('receipt', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('receipts_key', ['org_id', 'id'])
    .execute()
  await tx.schema
    .createTable('secrets')
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_by', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('secrets_key', ['org_id', 'name'])
    .execute()
}
