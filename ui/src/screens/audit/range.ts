/** The stretch of time as the audit log is asked for it. */
import type { RangeSearch } from '#ui/kit/time-range.tsx'
import { spanOf } from '#ui/kit/time-span.ts'

const STEP_MS = 60_000

/** Without one: all there is. */
export function rangeOf({ range, from, to }: RangeSearch, now = Date.now()): { since?: number; until?: number } {
  if (from !== undefined && to !== undefined) return { since: from, until: to }
  return range === undefined ? {} : { since: Math.floor(now / STEP_MS) * STEP_MS - spanOf(range) }
}
