/** How a gateway is, in a word; and why it does not run what it should, with what to do. */
import type { DriftCause, GatewaySummary } from '#contract/fleet.ts'
import type { Tone } from '#ui/kit/badge.tsx'

export interface Verdict {
  tone: Tone
  word: string
}

type Shown = Pick<GatewaySummary, 'online' | 'in_sync' | 'drift' | 'states'>

/** Why a gateway does not run what it should, and what helps. */
export const driftWords: Record<DriftCause, { word: string; tone: Tone; why: string; todo: string }> = {
  pending: {
    word: 'Pending',
    tone: 'busy',
    why: 'It was offered the version and has not come to a result yet.',
    todo: 'Wait a moment.',
  },
  failed: {
    word: 'Failed',
    tone: 'bad',
    why: 'It refused the version and goes on with the one before.',
    todo: 'Look at the error, put it right, then retry; or publish another version.',
  },
  rolled_back: {
    word: 'Rolled back',
    tone: 'bad',
    why: 'It tried the version and went back to what it had.',
    todo: 'Look at the error, put it right, then retry; or publish another version.',
  },
  stale: {
    word: 'No result',
    tone: 'warn',
    why: 'It has not come to a result in ten minutes.',
    todo: 'Look at its log. It is offered the version again when it comes back.',
  },
  local_override: {
    word: 'Changed there',
    tone: 'warn',
    why: 'It says that it applied the version, and runs something else.',
    todo: 'Somebody has changed it on the gateway: compare desired and effective on the tab Config.',
  },
  unreachable: {
    word: 'Unreachable',
    tone: 'warn',
    why: 'It is not connected, and runs on with what it has.',
    todo: 'It is given the rest when it is back. Look whether its process runs and reaches the controller.',
  },
  no_capability: {
    word: 'Only watched',
    tone: 'neutral',
    why: 'It takes no configurations.',
    todo: 'Switch on remote configuration there, if it is to take them.',
  },
}

/** In one word: what one needs to know of this gateway first. */
export function verdictOf({ online, in_sync, drift, states }: Shown): Verdict {
  if (drift !== null && (online || drift !== 'pending')) return driftWords[drift]
  if (!online) return { word: 'Offline', tone: 'warn' }
  if (states.health?.healthy === false) return { word: 'Unhealthy', tone: 'bad' }
  if (in_sync) return { word: 'In sync', tone: 'ok' }
  if (states.desired === null) return { word: 'Nothing published', tone: 'neutral' }
  return { word: 'Settling', tone: 'busy' }
}

/** What it says itself of why it is not as it should be. */
export function whyOf({ online, drift, states: { health, reported } }: Shown): string | undefined {
  if ((drift === 'failed' || drift === 'rolled_back') && reported?.error) return reported.error
  return online && health?.healthy === false && health.last_error !== '' ? health.last_error : undefined
}
