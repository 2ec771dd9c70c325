/** Lists by pages. A cursor names the last entry of the page before, so pages do not shift when entries come or go. */
import { z } from 'zod'
import { Problem } from './problem.ts'

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 500

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z.string().max(1024).optional().describe('The `next_cursor` of the page before.'),
})
export type PageQuery = z.output<typeof pageQuery>

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}

/** `entries`: one more than `limit` where there are more. `keyOf`: what the next page begins behind. */
export function toPage<Entry, Item>(
  entries: readonly Entry[],
  limit: number,
  keyOf: (entry: Entry) => string | number,
  toItem: (entry: Entry) => Item,
): { items: Item[]; next_cursor: string | null } {
  const shown = entries.slice(0, limit)
  const last = entries.length > limit ? shown.at(-1) : undefined
  const cursor = last === undefined ? null : Buffer.from(JSON.stringify(keyOf(last))).toString('base64url')
  return { items: shown.map(toItem), next_cursor: cursor }
}

/** What a cursor names. 422 when it is none of ours. */
export function keyFrom<Key extends 'string' | 'number'>(
  cursor: string | undefined,
  type: Key,
): (Key extends 'string' ? string : number) | undefined {
  if (cursor === undefined) return undefined
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (typeof key === type && isKept(key)) return key as Key extends 'string' ? string : number
  } catch {
    // Answered below.
  }
  throw new Problem(422, 'the cursor is none that this list has given', [
    { pointer: '/cursor', detail: 'is not valid' },
  ])
}

/** What no database can be asked about is none of ours. */
function isKept(key: unknown): boolean {
  return typeof key === 'string' ? !key.includes('\0') : Number.isSafeInteger(key)
}
