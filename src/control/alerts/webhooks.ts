/** Webhooks as they are stored: URL and secrets sealed together, since a URL is often a credential too. */
import type { NewWebhook, Webhook, WebhookBody, WebhookKind } from '#contract/webhook.ts'
import { MASK, Secret } from '#std/secret.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Db, Tx } from '../store/database.ts'
import type { AlertTables } from '../store/tables/alerts.ts'
import type { Doing } from './rules.ts'
import { newSigningSecret } from './signature.ts'

export type WebhookRow = AlertTables['webhooks']

/** After a change of the secret, deliveries are signed with the old one too. */
export const OLD_SECRET_MS = 24 * 3_600_000

/** What is sealed. */
export interface WebhookTarget {
  url: Secret
  secret: Secret | undefined
  /** Unix milliseconds. */
  previous: { secret: Secret; until: number } | undefined
}

export function listWebhooks(db: Db, org: string, after: string | undefined, limit: number): Promise<WebhookRow[]> {
  let query = db.selectFrom('webhooks').selectAll().where('org_id', '=', org)
  if (after !== undefined) query = query.where('id', '>', after)
  return query.orderBy('id').limit(limit).execute()
}

export function findWebhook(db: Db, org: string, id: string): Promise<WebhookRow | undefined> {
  return db.selectFrom('webhooks').selectAll().where('org_id', '=', org).where('id', '=', id).executeTakeFirst()
}

/** As `findWebhook`; nobody else changes it before the transaction ends. */
export async function lockWebhook(tx: Tx, org: string, id: string): Promise<WebhookRow | undefined> {
  await tx
    .updateTable('webhooks')
    .set((eb) => ({ enabled: eb.ref('enabled') }))
    .where('org_id', '=', org)
    .where('id', '=', id)
    .execute()
  return findWebhook(tx, org, id)
}

export async function countWebhooks(db: Db, org: string): Promise<number> {
  const { count } = await db
    .selectFrom('webhooks')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Undefined: there is one with this id. `made`: the secret, where none was given. */
export async function insertWebhook(
  tx: Tx,
  box: SecretBox,
  org: string,
  body: NewWebhook,
  { by, at }: Doing,
): Promise<{ row: WebhookRow; made: Secret | undefined } | undefined> {
  const { id, kind, name, events, enabled } = body
  const made = kind === 'standard' && body.secret === undefined ? newSigningSecret() : undefined
  const secret = body.secret === undefined ? made : new Secret(body.secret)
  const target: WebhookTarget = { url: new Secret(body.url), secret, previous: undefined }
  const row: WebhookRow = {
    org_id: org,
    id,
    kind,
    name,
    events: JSON.stringify(events),
    enabled: enabled ? 1 : 0,
    disabled_reason: null,
    url_shown: shownUrl(kind, body.url),
    sealed: sealTarget(box, org, id, target),
    updated_at: at,
    updated_by: by,
  }
  const result = await tx
    .insertInto('webhooks')
    .values(row)
    .onConflict((conflict) => conflict.columns(['org_id', 'id']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1 ? { row, made } : undefined
}

/** `row` comes from `lockWebhook`. Undefined: what it has sealed does not open, and the body does not bring all of it. */
export async function replaceWebhook(
  tx: Tx,
  box: SecretBox,
  row: WebhookRow,
  body: WebhookBody,
  { by, at }: Doing,
): Promise<WebhookRow | undefined> {
  const { org_id, id } = row
  const old = openTarget(box, row)
  const url = body.url === undefined ? old?.url : new Secret(body.url)
  const secret = body.secret === undefined ? old?.secret : new Secret(body.secret)
  if (url === undefined || (row.kind === 'standard' && secret === undefined)) return undefined
  const isNew = old?.secret !== undefined && old.secret.reveal() !== secret?.reveal()
  const previous = isNew ? { secret: old.secret!, until: at + OLD_SECRET_MS } : old?.previous
  const changed: WebhookRow = {
    ...row,
    name: body.name,
    events: JSON.stringify(body.events),
    enabled: body.enabled ? 1 : 0,
    disabled_reason: body.enabled ? null : row.disabled_reason,
    url_shown: shownUrl(row.kind as WebhookKind, url.reveal()),
    sealed: sealTarget(box, org_id, id, { url, secret, previous }),
    updated_at: at,
    updated_by: by,
  }
  await tx.updateTable('webhooks').set(changed).where('org_id', '=', org_id).where('id', '=', id).execute()
  return changed
}

/** With what is on its way to it. */
export async function deleteWebhook(tx: Tx, org: string, id: string): Promise<void> {
  await tx.deleteFrom('webhook_deliveries').where('org_id', '=', org).where('webhook', '=', id).execute()
  await tx.deleteFrom('webhooks').where('org_id', '=', org).where('id', '=', id).execute()
}

/** It has said that it wants no more. */
export async function disableWebhook(tx: Tx, org: string, id: string, reason: string): Promise<void> {
  await tx
    .updateTable('webhooks')
    .set({ enabled: 0, disabled_reason: reason })
    .where('org_id', '=', org)
    .where('id', '=', id)
    .execute()
}

export function showWebhook(row: WebhookRow): Webhook {
  const { id, name, url_shown, events, enabled, disabled_reason, updated_at, updated_by } = row
  const kind = row.kind as WebhookKind
  return {
    id,
    kind,
    name,
    url: url_shown,
    events: JSON.parse(events),
    enabled: enabled === 1,
    disabled_reason,
    updated_at,
    updated_by,
  }
}

/** Undefined: it was sealed with another key. */
export function openTarget(box: SecretBox, { org_id, id, sealed }: WebhookRow): WebhookTarget | undefined {
  const opened = box.open(sealed, placeOf(org_id, id))
  if (opened === undefined) return undefined
  const { url, secret, previous } = JSON.parse(opened.reveal()) as SealedTarget
  return {
    url: new Secret(url),
    secret: secret === undefined ? undefined : new Secret(secret),
    previous: previous === undefined ? undefined : { secret: new Secret(previous.secret), until: previous.until },
  }
}

interface SealedTarget {
  url: string
  secret?: string
  previous?: { secret: string; until: number }
}

function sealTarget(box: SecretBox, org: string, id: string, { url, secret, previous }: WebhookTarget): string {
  const plain: SealedTarget = {
    url: url.reveal(),
    ...(secret !== undefined && { secret: secret.reveal() }),
    ...(previous !== undefined && { previous: { secret: previous.secret.reveal(), until: previous.until } }),
  }
  return box.seal(new Secret(JSON.stringify(plain)), placeOf(org, id))
}

function placeOf(org: string, id: string): string {
  return `${org}/webhooks/${id}`
}

/** Slack's URL is the credential; elsewhere it may stand in the query. */
function shownUrl(kind: WebhookKind, text: string): string {
  const url = new URL(text)
  if (kind === 'slack') return `${url.origin}/${MASK}`
  return `${url.origin}${url.pathname}${url.search === '' ? '' : `?${MASK}`}`
}
