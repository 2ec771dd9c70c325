/** Links and keys that are shown once, and until when they work. */

const DAY_MS = 86_400_000

/** What stands behind the `#` is in no log. */
export function setupLink(origin: string, token: string): string {
  return `${origin.replace(/\/+$/, '')}/setup#token=${token}`
}

/** Something to try the key with at once. */
export function keyCommand(origin: string, key: string): string {
  return `curl -H 'authorization: Bearer ${key}' ${origin.replace(/\/+$/, '')}/api/v1/me`
}

export const keyLifetimes = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'never', label: 'Never' },
] as const
export type KeyLifetime = (typeof keyLifetimes)[number]['value']

/** In Unix milliseconds; null: never. */
export function expiryAfter(lifetime: KeyLifetime, now: number): number | null {
  return lifetime === 'never' ? null : now + Number(lifetime) * DAY_MS
}

/** `over`: it works no more; `soon`: within a week. */
export function expiryState(expiresAt: number | null, now: number): 'over' | 'soon' | 'later' | 'never' {
  if (expiresAt === null) return 'never'
  if (expiresAt <= now) return 'over'
  return expiresAt - now < 7 * DAY_MS ? 'soon' : 'later'
}
