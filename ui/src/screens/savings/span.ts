/** Stretches of time that the ledger can show: whole days (UTC) of up to 90, or whole months of up to 12. */
import type { Query } from '#ui/api/client.ts'

export const spans = ['7d', '30d', '90d', 'month', 'last-month', '3m', '6m', '12m'] as const
export type Span = (typeof spans)[number]
export const SPAN_DEFAULT: Span = '30d'

export const spanWords: Record<Span, string> = {
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
  month: 'This month',
  'last-month': 'Last month',
  '3m': 'Last 3 months',
  '6m': 'Last 6 months',
  '12m': 'Last 12 months',
}

export interface Stretch extends Query {
  /** Unix milliseconds; `to` is not included. */
  from: number
  to: number
  by: 'day' | 'month'
}

const DAY_MS = 86_400_000

/** Today belongs to it, but for `last-month`. The same all day long, so that it can be the key of a query. */
export function stretchOf(span: Span, now: number): Stretch {
  const today = Math.floor(now / DAY_MS) * DAY_MS
  const to = today + DAY_MS
  if (span === 'month') return { from: monthAt(now, 0), to, by: 'day' }
  if (span === 'last-month') return { from: monthAt(now, -1), to: monthAt(now, 0), by: 'day' }
  const length = Number.parseInt(span, 10)
  if (span.endsWith('d')) return { from: to - length * DAY_MS, to, by: 'day' }
  return { from: monthAt(now, 1 - length), to, by: 'month' }
}

/** `21 Nov 2026`, or `Nov 2026`, in UTC, as the ledger's days are. */
export function bucketName(from: number, by: 'day' | 'month'): string {
  return (by === 'day' ? dayName : monthName).format(from)
}

/** `2026-11-21` */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

const dayName = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' })
const monthName = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short', year: 'numeric' })

/** First day of the month that is so many months later. */
function monthAt(now: number, later: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1)
}
