/** Prices of outputs, with their history: what a day cost stays what it cost. */
import type { Price, PriceBody } from '#contract/savings.ts'
import { PRICES_MAX } from '#contract/savings.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { Db, Tx } from '../store/database.ts'
import type { SeriesTables } from '../store/tables/series.ts'

export type PriceRefusal = 'taken' | 'full'

/** `after`: id of the last one of the page before. Oldest first. One more than `limit` where there are more. */
export async function listPrices(db: Db | Tx, org: string, limit: number, after = ''): Promise<Price[]> {
  const rows = await db
    .selectFrom('prices')
    .selectAll()
    .where('org_id', '=', org)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  return rows.map(toPrice)
}

export async function readPrice(db: Db | Tx, org: string, id: string): Promise<Price | undefined> {
  const row = await db
    .selectFrom('prices')
    .selectAll()
    .where('org_id', '=', org)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : toPrice(row)
}

/** Refuses a second price of the same thing since the same day. */
export async function addPrice(
  tx: Tx,
  org: string,
  body: PriceBody,
  by: string,
  now: number,
): Promise<Price | PriceRefusal> {
  const { count } = await tx
    .selectFrom('prices')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('org_id', '=', org)
    .executeTakeFirstOrThrow()
  if (Number(count) >= PRICES_MAX) return 'full'
  const row = toRow(org, uuidv7(now), body, by, now)
  const result = await tx
    .insertInto('prices')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1 ? toPrice(row) : 'taken'
}

export async function replacePrice(
  tx: Tx,
  org: string,
  id: string,
  body: PriceBody,
  by: string,
  now: number,
): Promise<Price | 'taken'> {
  const row = toRow(org, id, body, by, now)
  const same = await tx
    .selectFrom('prices')
    .select('id')
    .where('org_id', '=', org)
    .where('id', '!=', id)
    .where('configuration', '=', row.configuration)
    .where('output', '=', row.output)
    .where('output_type', '=', row.output_type)
    .where('since', '=', row.since)
    .executeTakeFirst()
  if (same !== undefined) return 'taken'
  await tx.updateTable('prices').set(row).where('org_id', '=', org).where('id', '=', id).execute()
  return toPrice(row)
}

export async function deletePrice(tx: Tx, org: string, id: string): Promise<void> {
  await tx.deleteFrom('prices').where('org_id', '=', org).where('id', '=', id).execute()
}

/**
 * The price of an output on a day (`YYYY-MM-DD`): one for this output in this configuration, else for this output, else
 * for its type; of these the latest that had come by then.
 */
export function priceOn(
  prices: readonly Price[],
  configuration: string,
  output: string,
  type: string,
  day: string,
): Price | undefined {
  let best: Price | undefined
  let bestRank = 0
  for (const price of prices) {
    const rank = rankOf(price, configuration, output, type)
    if (rank === 0 || rank < bestRank || price.since > day) continue
    if (rank === bestRank && best !== undefined && price.since <= best.since) continue
    best = price
    bestRank = rank
  }
  return best
}

function rankOf(price: Price, configuration: string, output: string, type: string): number {
  if (price.output === null) return price.output_type === type ? 1 : 0
  if (price.output !== output) return 0
  if (price.configuration === null) return 2
  return price.configuration === configuration ? 3 : 0
}

/**
 * Of the outputs of a document, at a time, as impact receipts take them: for each 10^9 bytes. `configuration`: empty
 * where it is not known; then prices for one configuration alone do not count.
 */
export async function pricesOfOutputs(
  db: Db | Tx,
  org: string,
  { outputs }: { outputs: readonly { id: string; type: string }[] },
  at: number,
  configuration = '',
): Promise<{ output: string; currency: string; per_gb: number; per_million_events: number; since: number }[]> {
  const prices = await listPrices(db, org, PRICES_MAX)
  const day = new Date(at).toISOString().slice(0, 10)
  return outputs.flatMap(({ id, type }) => {
    const price = priceOn(prices, configuration, id, type, day)
    if (price === undefined) return []
    const { perByte } = ratesOf(price)
    return {
      output: id,
      currency: price.currency,
      per_gb: price.unit === 'GB' ? (price.per_gb ?? 0) : perByte * GB,
      per_million_events: price.per_million_events ?? 0,
      since: Date.parse(price.since),
    }
  })
}

const GB = 1e9
const GIB = 2 ** 30

/** In units of the currency. */
export function ratesOf({ per_gb, unit, per_million_events }: Price): { perByte: number; perRecord: number } {
  return {
    perByte: (per_gb ?? 0) / (unit === 'GB' ? GB : GIB),
    perRecord: (per_million_events ?? 0) / 1e6,
  }
}

function toRow(org: string, id: string, body: PriceBody, by: string, now: number): SeriesTables['prices'] {
  return {
    org_id: org,
    id,
    configuration: body.configuration ?? '',
    output: body.output ?? '',
    output_type: body.output_type ?? '',
    currency: body.currency,
    per_unit: body.per_gb,
    unit: body.unit,
    per_million_events: body.per_million_events,
    since: body.since,
    note: body.note,
    updated_at: now,
    updated_by: by,
  }
}

function toPrice(row: SeriesTables['prices']): Price {
  return {
    id: row.id,
    output: row.output || null,
    output_type: row.output_type || null,
    configuration: row.configuration || null,
    currency: row.currency,
    per_gb: row.per_unit,
    unit: row.unit === 'GiB' ? 'GiB' : 'GB',
    per_million_events: row.per_million_events,
    since: row.since,
    note: row.note,
    updated_at: row.updated_at,
    updated_by: row.updated_by,
  }
}
