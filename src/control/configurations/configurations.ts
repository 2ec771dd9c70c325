/** Configurations and their versions in the store. What is not in the organisation is not there. */
import { createHash } from 'node:crypto'
import {
  type CollectorDocument,
  type ConfigurationDocument,
  type ConfigurationKind,
  collectorDocument,
  configurationDocument,
  type PublishPolicy,
  publishPolicy,
} from '#contract/configuration.ts'
import type { Db, Tx } from '../store/database.ts'
import type { ConfigurationTables } from '../store/tables/configurations.ts'
import { documentOf } from './projection.ts'

export type ConfigurationRow = ConfigurationTables['configurations']
export type VersionRow = ConfigurationTables['versions']
export type AnyDocument = ConfigurationDocument | CollectorDocument

export async function listConfigurations(
  db: Db,
  org: string,
  after: string,
  limit: number,
): Promise<ConfigurationRow[]> {
  return await db
    .selectFrom('configurations')
    .selectAll()
    .where('org_id', '=', org)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute()
}

export async function findConfiguration(db: Db, org: string, name: string): Promise<ConfigurationRow | undefined> {
  return await db
    .selectFrom('configurations')
    .selectAll()
    .where('org_id', '=', org)
    .where('name', '=', name)
    .executeTakeFirst()
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockConfiguration(
  tx: Tx,
  dialect: 'sqlite' | 'postgres',
  org: string,
  name: string,
): Promise<ConfigurationRow | undefined> {
  const query = tx.selectFrom('configurations').selectAll().where('org_id', '=', org).where('name', '=', name)
  // In SQLite the transaction has the whole database already.
  return await (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
}

/** False: the name is taken. */
export async function addConfiguration(
  tx: Tx,
  org: string,
  name: string,
  kind: ConfigurationKind,
  draft: AnyDocument,
  at: number,
  by: string,
): Promise<boolean> {
  const times = { created_at: at, updated_at: at, updated_by: by }
  const state = { draft: JSON.stringify(draft), revision: 1, live_version: null, policy: '{}' }
  const result = await tx
    .insertInto('configurations')
    .values({ org_id: org, name, kind, ...state, ...times })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
}

export async function countConfigurations(db: Db, org: string): Promise<number> {
  const row = await db
    .selectFrom('configurations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function updateConfiguration(
  tx: Tx,
  { org_id, name }: Pick<ConfigurationRow, 'org_id' | 'name'>,
  values: Partial<
    Pick<ConfigurationRow, 'draft' | 'revision' | 'live_version' | 'policy' | 'updated_at' | 'updated_by'>
  >,
): Promise<void> {
  await tx.updateTable('configurations').set(values).where('org_id', '=', org_id).where('name', '=', name).execute()
}

export async function deleteConfiguration(tx: Tx, org: string, name: string): Promise<void> {
  await tx.deleteFrom('receipts').where('org_id', '=', org).where('configuration', '=', name).execute()
  await tx.deleteFrom('versions').where('org_id', '=', org).where('configuration', '=', name).execute()
  await tx.deleteFrom('configurations').where('org_id', '=', org).where('name', '=', name).execute()
}

/** Newest first. `before`: the number that the page before ended with. */
export async function listVersions(
  db: Db,
  org: string,
  configuration: string,
  before: number | undefined,
  limit: number,
): Promise<VersionRow[]> {
  let query = db
    .selectFrom('versions')
    .selectAll()
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
    .orderBy('number', 'desc')
    .limit(limit)
  if (before !== undefined) query = query.where('number', '<', before)
  return await query.execute()
}

export async function findVersion(
  db: Db,
  org: string,
  configuration: string,
  number: number,
): Promise<VersionRow | undefined> {
  return await db
    .selectFrom('versions')
    .selectAll()
    .where('org_id', '=', org)
    .where('configuration', '=', configuration)
    .where('number', '=', number)
    .executeTakeFirst()
}

export async function liveVersion(db: Db, row: ConfigurationRow): Promise<VersionRow | undefined> {
  if (row.live_version === null) return undefined
  return await findVersion(db, row.org_id, row.name, row.live_version)
}

/** What is live before anything was published. */
export const EMPTY_CONTENT: Record<ConfigurationKind, string> = {
  streamgate: JSON.stringify(configurationDocument.parse({})),
  otel_collector: JSON.stringify({ files: {} }),
}

/** That of `default`, and of an organisation's first: the pipeline that the routes of rules and outputs are a view on. */
const FIRST_DRAFT = JSON.stringify(documentOf([], []))

/** Whether there is something to publish. Before the first version: whether somebody has put something into the draft. */
export function hasChanges(row: Pick<ConfigurationRow, 'draft' | 'kind'>, live: VersionRow | undefined): boolean {
  if (live !== undefined) return live.content !== row.draft
  return row.draft !== EMPTY_CONTENT[row.kind as ConfigurationKind] && row.draft !== FIRST_DRAFT
}

export function draftOf(row: Pick<ConfigurationRow, 'draft' | 'kind'>): AnyDocument {
  return parseContent(row.kind, row.draft)
}

/** Of what is stored, which was checked when it came. */
export function parseContent(kind: string, content: string): AnyDocument {
  const value: unknown = JSON.parse(content)
  return kind === 'otel_collector' ? collectorDocument.parse(value) : configurationDocument.parse(value)
}

export function policyOf(row: ConfigurationRow): PublishPolicy {
  return publishPolicy.parse(JSON.parse(row.policy))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
