/** Series by minute and hour, what gateways have last told, and prices. */
import { type CreateTableBuilder, sql } from 'kysely'
import type { Tx } from '../database.ts'
import type { Migration } from '../migrations.ts'

const amounts = (...names: string[]) => names.flatMap((name) => [`${name}_records`, `${name}_bytes`])

const PIPELINE = amounts('in', 'emitted', 'edited', 'dropped', 'sampled', 'deduplicated', 'aggregated')
const PIPELINE_REST = amounts('quarantined', 'rejected', 'overwritten', 'forwarded', 'bypassed')
const RULE = [...amounts('ended', 'quarantined', 'edited'), 'errors']
const OUTPUT = [
  ...amounts('forwarded', 'replayed', 'delivered', 'rejected', 'expired', 'overwritten', 'lost', 'kept', 'dead_letter'),
  'retries',
  'queue_bytes',
  'spool_bytes',
]
const GATEWAY = [...amounts('in', 'out', 'bypassed'), 'refused_records', 'lost_records', 'held', 'spool_bytes']
const ESTIMATE = amounts('in', 'forwarded', 'dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined')

export const series: Migration = {
  name: '0005-series',
  async up(tx, dialect) {
    await place(tx, dialect, 'series_pipelines', ['pipeline'], [...PIPELINE, ...PIPELINE_REST, 'held'])
    await place(tx, dialect, 'series_rules', ['pipeline', 'rule', 'type'], RULE)
    await place(tx, dialect, 'series_outputs', ['output', 'type'], OUTPUT)
    await place(tx, dialect, 'series_gateways', ['gateway'], GATEWAY)
    await place(tx, dialect, 'series_estimates', ['dimension', 'pipeline', 'name'], ESTIMATE, 'double precision')
    await tx.schema
      .createTable('series_baselines')
      .addColumn('org_id', 'text', (c) => c.notNull())
      .addColumn('gateway', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('seen_at', 'bigint', (c) => c.notNull())
      .addColumn('revision', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('series_baselines_key', ['org_id', 'gateway', 'started_at'])
      .execute()
    await tx.schema
      .createTable('prices')
      .addColumn('org_id', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('configuration', 'text', (c) => c.notNull())
      .addColumn('output', 'text', (c) => c.notNull())
      .addColumn('output_type', 'text', (c) => c.notNull())
      .addColumn('currency', 'text', (c) => c.notNull())
      .addColumn('per_unit', 'double precision')
      .addColumn('unit', 'text', (c) => c.notNull())
      .addColumn('per_million_events', 'double precision')
      .addColumn('since', 'text', (c) => c.notNull())
      .addColumn('note', 'text', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('prices_key', ['org_id', 'id'])
      .addUniqueConstraint('prices_once', ['org_id', 'configuration', 'output', 'output_type', 'since'])
      .execute()
  },
}

/** A table of one kind of series. In SQLite its rows lie in the order of the key, as they are written and read. */
async function place(
  tx: Tx,
  dialect: 'sqlite' | 'postgres',
  table: string,
  names: readonly string[],
  values: readonly string[],
  type: 'bigint' | 'double precision' = 'bigint',
): Promise<void> {
  let create: CreateTableBuilder<string, string> = tx.schema
    .createTable(table)
    .addColumn('org_id', 'text', (c) => c.notNull())
    .addColumn('configuration', 'text', (c) => c.notNull())
    .addColumn('step', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
  for (const name of names) create = create.addColumn(name, 'text', (c) => c.notNull())
  if (table === 'series_estimates') create = create.addColumn('samples', 'bigint', (c) => c.notNull())
  for (const value of values) create = create.addColumn(value, type, (c) => c.notNull())
  const key = ['org_id', 'configuration', 'step', 'at', ...names]
  create = create.addPrimaryKeyConstraint(`${table}_key`, key)
  if (dialect === 'sqlite') create = create.modifyEnd(sql`WITHOUT ROWID`)
  await create.execute()
}
