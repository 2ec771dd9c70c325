/** How long a server asks to be left alone. */

/** Nobody is believed to be busy for longer. */
export const RETRY_AFTER_MS_MAX = 3_600_000
/** So much is added at most, at random: a fleet that was sent away together must not come back together. */
const SPREAD = 0.2

/** Of the header `Retry-After` (RFC 9110, 10.2.3): seconds or a date. In milliseconds from `wallMs`; 0: it says nothing. */
export function retryAfterMs(header: string | undefined, wallMs: number, random: () => number): number {
  if (header === undefined) return 0
  const text = header.trim()
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - wallMs
  return Number.isFinite(ms) && ms > 0 ? spreadMs(ms, random) : 0
}

/** A wait that was asked for, bounded and spread. */
export function spreadMs(ms: number, random: () => number): number {
  return Math.ceil(Math.min(ms, RETRY_AFTER_MS_MAX) * (1 + SPREAD * random()))
}
