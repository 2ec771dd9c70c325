/** Hands an event to the webhooks, inside the transaction of the change that it tells of: both happen, or neither. */
import type { WebhookEventType } from '#contract/webhook.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { Tx } from '../store/database.ts'

/** For each organisation; the oldest finished ones go first, and when there are none, the oldest that wait. */
export const DELIVERIES_MAX = 5000
/** What is larger is told without its data. Standard Webhooks 1.0 recommends less than 20 kB. */
export const EVENT_BYTES_MAX = 64 * 1024
/** How long a delivery is tried. */
export const GIVE_UP_MS = 24 * 3_600_000

export interface WebhookEvent {
  type: WebhookEventType
  /** Now, Unix milliseconds. */
  at: number
  /** Becomes JSON; holds no secrets. */
  data: unknown
  /** Ids of the only ones that are told. Left out: all that are subscribed to the type. */
  webhooks?: readonly string[]
}

/** Returns the ids of the new deliveries: none, when nobody is subscribed. */
export async function enqueue(tx: Tx, org: string, event: WebhookEvent): Promise<string[]> {
  const receivers = await receiversOf(tx, org, event)
  if (receivers.length === 0) return []
  const { type, at } = event
  const body = bodyOf(event)
  // One for all receivers. Its signature joins it with dots, so it has none.
  const message_id = `msg_${uuidv7(at).replaceAll('-', '')}`
  const rows = receivers.map((webhook) => ({
    org_id: org,
    id: uuidv7(at),
    webhook,
    message_id,
    type,
    body,
    state: 'pending',
    created_at: at,
    next_at: at,
    give_up_at: at + GIVE_UP_MS,
    finished_at: null,
    claimed_until: 0,
    claim: null,
    attempts: 0,
    attempts_in_row: 0,
    recent_attempts: '[]',
    response: null,
  }))
  await tx.insertInto('webhook_deliveries').values(rows).execute()
  await trim(tx, org)
  return rows.map(({ id }) => id)
}

export function isSubscribed(events: readonly string[], type: string): boolean {
  return events.some((event) => event === '*' || event === type || event === `${type.split('.')[0]}.*`)
}

async function receiversOf(tx: Tx, org: string, { type, webhooks }: WebhookEvent): Promise<string[]> {
  const rows = await tx.selectFrom('webhooks').select(['id', 'events', 'enabled']).where('org_id', '=', org).execute()
  const isReceiver = ({ id, events, enabled }: (typeof rows)[number]) => {
    // A test is for seeing whether it could be enabled.
    if (enabled === 0 && type !== 'webhook.test') return false
    return webhooks === undefined ? isSubscribed(JSON.parse(events), type) : webhooks.includes(id)
  }
  return rows.filter(isReceiver).map(({ id }) => id)
}

/** Standard Webhooks 1.0, "Payload structure". */
function bodyOf({ type, at, data }: WebhookEvent): string {
  const timestamp = new Date(at).toISOString()
  const body = JSON.stringify({ type, timestamp, data })
  if (Buffer.byteLength(body) <= EVENT_BYTES_MAX) return body
  return JSON.stringify({ type, timestamp, data: { omitted: `larger than ${EVENT_BYTES_MAX} bytes` } })
}

async function trim(tx: Tx, org: string): Promise<void> {
  const { count } = await tx
    .selectFrom('webhook_deliveries')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  let surplus = Number(count) - DELIVERIES_MAX
  for (const states of [['delivered', 'dead'], ['pending']]) {
    if (surplus <= 0) return
    const old = tx
      .selectFrom('webhook_deliveries')
      .select('id')
      .where('org_id', '=', org)
      .where('state', 'in', states)
      .orderBy('id')
      .limit(surplus)
    const result = await tx
      .deleteFrom('webhook_deliveries')
      .where('org_id', '=', org)
      .where('id', 'in', old)
      .executeTakeFirst()
    surplus -= Number(result.numDeletedRows)
  }
}
