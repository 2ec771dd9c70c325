/** What is on its way to webhooks: who takes it, what became of it, and once more. */
import type { DeliveryAttempt, DeliveryState, WebhookDelivery } from '#contract/webhook.ts'
import { randomHex } from '#std/random.ts'
import type { Db, Tx } from '../store/database.ts'
import type { AlertTables } from '../store/tables/alerts.ts'
import { GIVE_UP_MS } from './enqueue.ts'

export type DeliveryRow = AlertTables['webhook_deliveries']

/** Longer than a request may take. When a controller dies with it, another takes it then. */
export const CLAIM_MS = 60_000
export const RECENT_ATTEMPTS_MAX = 10
const RETRY_BASE_MS = 5_000
const RETRY_CAP_MS = 3_600_000
const CLAIM_BYTES = 16

export interface DeliveryFilter {
  webhook: string | undefined
  state: DeliveryState | undefined
  /** Id of the last one of the page before. */
  before: string | undefined
}

export interface Receiver {
  org_id: string
  webhook: string
}

export function listDeliveries(db: Db, org: string, filter: DeliveryFilter, limit: number): Promise<DeliveryRow[]> {
  let query = db.selectFrom('webhook_deliveries').selectAll().where('org_id', '=', org)
  if (filter.webhook !== undefined) query = query.where('webhook', '=', filter.webhook)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.before !== undefined) query = query.where('id', '<', filter.before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}

export function findDelivery(db: Db, org: string, id: string): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('org_id', '=', org)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Webhooks for which something is due, whoever has waited longest first. */
export async function dueReceivers(db: Db, now: number, limit: number): Promise<Receiver[]> {
  return db
    .selectFrom('webhook_deliveries')
    .select(['org_id', 'webhook'])
    .where('state', '=', 'pending')
    .where('next_at', '<=', now)
    .where('claimed_until', '<', now)
    .groupBy(['org_id', 'webhook'])
    .orderBy((eb) => eb.fn.min('next_at'))
    .limit(limit)
    .execute()
}

/** Takes up to `limit` due deliveries of a receiver. What is returned nobody else has until `CLAIM_MS` from now. */
export async function claimDue(
  db: Db,
  { org_id, webhook }: Receiver,
  now: number,
  limit: number,
): Promise<DeliveryRow[]> {
  const candidates = await db
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('org_id', '=', org_id)
    .where('webhook', '=', webhook)
    .where('state', '=', 'pending')
    .where('next_at', '<=', now)
    .where('claimed_until', '<', now)
    .orderBy('next_at')
    .limit(limit)
    .execute()
  const claimed: DeliveryRow[] = []
  for (const { id } of candidates) {
    const claim = randomHex(CLAIM_BYTES)
    const result = await db
      .updateTable('webhook_deliveries')
      .set({ claimed_until: now + CLAIM_MS, claim })
      .where('org_id', '=', org_id)
      .where('id', '=', id)
      .where('state', '=', 'pending')
      .where('next_at', '<=', now)
      .where('claimed_until', '<', now)
      .executeTakeFirst()
    if (Number(result.numUpdatedRows) !== 1) continue
    const row = await findDelivery(db, org_id, id)
    if (row?.claim === claim) claimed.push(row)
  }
  return claimed
}

export interface Attempt extends DeliveryAttempt {
  response: string | null
}

export type Verdict = { state: 'delivered' | 'dead' } | { state: 'pending'; retryAfterMs: number }

/**
 * Notes what became of an attempt, and when the next one is. Returns the state that it left; undefined: the claim had run out
 * and somebody else has it now, or it is gone.
 */
export async function recordAttempt(
  tx: Db,
  row: DeliveryRow,
  { response, ...attempt }: Attempt,
  verdict: Verdict,
  now: number,
  random: () => number,
): Promise<DeliveryState | undefined> {
  const attempts_in_row = row.attempts_in_row + 1
  const wait = verdict.state === 'pending' ? waitMs(attempts_in_row, verdict.retryAfterMs, random) : 0
  // A last attempt is made when the time is over, unless there was one just now.
  const isOver = verdict.state === 'pending' && now >= row.give_up_at
  const state = isOver ? 'dead' : verdict.state
  const recent: DeliveryAttempt[] = [...JSON.parse(row.recent_attempts), attempt].slice(-RECENT_ATTEMPTS_MAX)
  const result = await tx
    .updateTable('webhook_deliveries')
    .set({
      state,
      next_at: Math.min(now + wait, row.give_up_at),
      finished_at: state === 'pending' ? null : now,
      claimed_until: 0,
      claim: null,
      attempts: row.attempts + 1,
      attempts_in_row,
      recent_attempts: JSON.stringify(recent),
      response,
    })
    .where('org_id', '=', row.org_id)
    .where('id', '=', row.id)
    .where('claim', '=', row.claim)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1 ? state : undefined
}

/** Gives a claim back, such as when the controller stops before it has sent. */
export async function releaseClaim(db: Db, { org_id, id, claim }: DeliveryRow): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set({ claimed_until: 0, claim: null })
    .where('org_id', '=', org_id)
    .where('id', '=', id)
    .where('claim', '=', claim)
    .execute()
}

/** Once more from now on, with the same `webhook-id`. False: it is still on its way, or gone. */
export async function replayDelivery(tx: Tx, org: string, id: string, now: number): Promise<boolean> {
  const result = await tx
    .updateTable('webhook_deliveries')
    .set({
      state: 'pending',
      next_at: now,
      give_up_at: now + GIVE_UP_MS,
      finished_at: null,
      attempts_in_row: 0,
      claimed_until: 0,
      claim: null,
    })
    .where('org_id', '=', org)
    .where('id', '=', id)
    .where('state', '!=', 'pending')
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

/** Exponential backoff with full jitter. `failed`: attempts in a row, from 1. */
export function waitMs(failed: number, retryAfterMs: number, random: () => number): number {
  const bound = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (failed - 1))
  return Math.max(Math.ceil(random() * bound), retryAfterMs)
}

export function showDelivery(row: DeliveryRow): WebhookDelivery {
  const { id, webhook, message_id, type, created_at, next_at, give_up_at, finished_at, attempts, response } = row
  return {
    id,
    webhook,
    message_id,
    type,
    state: row.state as DeliveryState,
    created_at,
    next_attempt_at: row.state === 'pending' ? next_at : null,
    give_up_at,
    finished_at,
    attempts,
    recent_attempts: JSON.parse(row.recent_attempts),
    response,
  }
}
