/** Words for what the API names in one. */
import type { Attempt, Gateway, GatewaySummary } from '#contract/fleet.ts'
import type { Tone } from '#ui/kit/badge.tsx'

export const transportWords: Record<GatewaySummary['transport'], string> = {
  websocket: 'WebSocket',
  http: 'HTTP, polling',
  memory: 'same process',
}

export const credentialWords: Record<Gateway['credential'], string> = {
  open: 'None: the controller lets in whoever reaches it',
  token: 'The registration token that it came with',
  credential: 'One of its own, which it got when it came in',
  certificate: 'A client certificate',
  revoked: 'Revoked: it cannot come in again',
}

export const resultWords: Record<NonNullable<Attempt['result']>, { word: string; tone: Tone }> = {
  applied: { word: 'Applied', tone: 'ok' },
  failed: { word: 'Failed', tone: 'bad' },
  timed_out: { word: 'No result in time', tone: 'warn' },
  rolled_back: { word: 'Rolled back', tone: 'bad' },
}
