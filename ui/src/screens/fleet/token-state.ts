/** Whether a registration token still brings anybody in, in a word. */
import type { RegistrationToken } from '#contract/fleet.ts'
import type { Tone } from '#ui/kit/badge.tsx'

type Shown = Pick<RegistrationToken, 'revoked_at' | 'expires_at' | 'uses' | 'uses_max'>

export function tokenStateOf(
  { revoked_at, expires_at, uses, uses_max }: Shown,
  now: number,
): { word: string; tone: Tone } {
  if (revoked_at !== null) return { word: 'Revoked', tone: 'neutral' }
  if (expires_at !== null && expires_at <= now) return { word: 'Expired', tone: 'neutral' }
  if (uses_max !== null && uses >= uses_max) return { word: 'Used up', tone: 'neutral' }
  return { word: 'Valid', tone: 'ok' }
}
