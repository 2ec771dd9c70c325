/** Stretches of time that end now, by name. */

const HOUR_MS = 3_600_000

const spans = {
  '15m': HOUR_MS / 4,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
} as const
export type RangeName = keyof typeof spans

export const rangeNames = Object.keys(spans) as RangeName[]

export const rangeWords: Record<RangeName, string> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}

/** In milliseconds. */
export function spanOf(name: RangeName): number {
  return spans[name]
}
